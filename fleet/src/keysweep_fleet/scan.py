"""Runs `keysweep fleet` for one repository. This runs on the nodes."""

import contextlib
import json
import os
import signal
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from keysweep_fleet.refusal import shown

# keysweep itself gives a repository up at the limit. This is the time that it has to end, before it is ended.
GRACE = 30.0
_PASS_THROUGH_ERRORS = 2


@dataclass(frozen=True)
class Command:
    """How to run keysweep."""

    program: str
    limit: float
    options: tuple[str, ...] = ()
    cwd: str = "/"
    grace: float = GRACE

    def words(self) -> list[str]:
        limit = str(max(1, round(self.limit)))
        return [self.program, "fleet", "--quiet", "--no-progress", "--timeout", limit, *self.options, "-"]


@dataclass(frozen=True)
class Result:
    """The lines about one repository. They contain no token, since keysweep prints none."""

    lines: tuple[str, ...] = field(repr=False)

    @property
    def exit_code(self) -> int:
        """The exit code of keysweep for these lines: 2 after an error, 1 with a finding, else 0."""
        kinds = self._kinds()
        if "error" in kinds or "summary" not in kinds:
            return 2
        return 1 if "finding" in kinds else 0

    @property
    def has_findings(self) -> bool:
        return "finding" in self._kinds()

    def _kinds(self) -> set[str]:
        return {json.loads(line)["type"] for line in self.lines}


def error_line(line: str, why: str, help_: str) -> str:
    """A line about a repository that was not scanned, with the keys of keysweep."""
    error = {"type": "error", "what": "cannot scan the repository", "why": why, "help": help_}
    return json.dumps({**error, "repository": shown(line)}, ensure_ascii=False)


def failed(line: str, why: str, help_: str) -> Result:
    return Result((error_line(line, why, help_),))


def scan(line: str, command: Command) -> Result:
    """Scans the repository. Every failure is a line of the result."""
    # Git's programs would keep the pipe open, so the whole group is ended.
    cwd = command.cwd if Path(command.cwd).is_dir() else "/"
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    try:
        process = subprocess.Popen(command.words(), cwd=cwd, start_new_session=True, **pipes)  # type: ignore[call-overload]
    except OSError as err:
        return failed(
            line, f"keysweep does not start: {err.strerror}", "install keysweep on every node, or use --keysweep"
        )
    try:
        address = line.encode("utf-8", "surrogateescape")
        out, _ = process.communicate(address, timeout=command.limit + command.grace)
    except subprocess.TimeoutExpired:
        return failed(line, f"given up after {command.limit:.0f} seconds", "raise the limit with --timeout")
    finally:
        # Also after an interruption of the sweep.
        _end(process)
    return _result(line, out, process.returncode)


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Ends what is left of the process group. keysweep removes its temporary files after SIGTERM."""
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(5)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _result(line: str, out: bytes, code: int) -> Result:
    """The lines, and an error if they are not whole: a killed keysweep can end in the middle of a line."""
    # `str.splitlines` would also split at characters that JSON allows in a text.
    text = out.decode("utf-8", "replace")
    lines = text.removesuffix("\n").split("\n") if text else []
    whole = [one for one in lines if _is_line(one)]
    result = Result(tuple(whole))
    if len(whole) == len(lines) and code == result.exit_code:
        return result
    if code in (0, 1, _PASS_THROUGH_ERRORS):
        why = f"keysweep ended with {code}, which does not fit its lines"
    else:
        why = f"keysweep ended with {code}"
    return Result((*whole, error_line(line, why, "run keysweep fleet on this repository by itself")))


def _is_line(text: str) -> bool:
    try:
        value = json.loads(text)
    except ValueError:
        return False
    return isinstance(value, dict) and value.get("type") in ("finding", "error", "summary") and "repository" in value
