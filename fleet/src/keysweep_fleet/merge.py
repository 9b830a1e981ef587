"""Joins the results: by `keysweep fleet merge`, or as plain JSON lines if this keysweep does not have it."""

import subprocess
import sys
import tempfile
from collections.abc import Iterable

FORMATS = ("human", "json", "sarif")


def can_merge(program: str) -> bool:
    """An older keysweep takes `merge` as the name of a list, and prints the help of `fleet`."""
    asked = subprocess.run([program, "fleet", "merge", "--help"], capture_output=True, text=True, check=False)
    return asked.returncode == 0 and "fleet merge" in asked.stdout


def merge(program: str, lines: Iterable[str], format_: str | None) -> int:
    """Writes the joined results to standard output. Returns the exit code of keysweep."""
    if not can_merge(program):
        if format_ is not None:
            print(
                "keysweep-fleet: this keysweep has no `fleet merge`; without --format, lines are joined",
                file=sys.stderr,
            )
            return 2
        return _join(lines)
    # Millions of files are too many arguments. A temporary file has mode 0600.
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", errors="surrogateescape", suffix=".jsonl") as joined:
        joined.writelines(f"{line}\n" for line in lines)
        joined.flush()
        words = [program, "fleet", "merge", joined.name, *(["--format", format_] if format_ else [])]
        return subprocess.run(words, check=False).returncode


def _join(lines: Iterable[str]) -> int:
    code = 0
    for line in lines:
        sys.stdout.write(f"{line}\n")
        if line.startswith('{"type":"error"') or line.startswith('{"type": "error"'):
            code = 2
        elif line.startswith('{"type":"finding"'):
            code = max(code, 1)
    return code
