"""The result folder: one file a repository, which is there only if the repository is finished."""

import fcntl
import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from keysweep_fleet.repositories import Repository
from keysweep_fleet.scan import Result

_STATE = "sweep.json"


class ResultsError(Exception):
    """The folder cannot be used."""


class Results:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lock = os.open(folder, os.O_RDONLY)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._lock)
            raise ResultsError(f"{folder} is in use by another keysweep-fleet") from None

    def close(self) -> None:
        os.close(self._lock)

    def begin(self, settings: dict[str, Any]) -> None:
        """Records the settings. Results of other settings are no part of this sweep."""
        state = self._state()
        if state and state["settings"] != settings:
            raise ResultsError(f"{self.folder} has results of other options or another keysweep: name an empty folder")
        self._remove_leftovers()
        self._write_state({"settings": settings, "complete": False})

    def finish(self) -> None:
        self._write_state({**self._state(), "complete": True})

    def is_complete(self) -> bool:
        return bool(self._state().get("complete"))

    def path(self, repository: Repository) -> Path:
        # Subfolders keep a sweep of millions of repositories from being one folder.
        return self.folder / repository.key[:2] / f"{repository.key}.jsonl"

    def read(self, repository: Repository) -> Result | None:
        """The result of a repository that is finished."""
        try:
            return Result(tuple(_lines(self.path(repository))))
        except FileNotFoundError:
            return None

    def write(self, repository: Repository, result: Result) -> None:
        text = "".join(f"{line}\n" for line in result.lines)
        write_atomically(self.path(repository), text.encode("utf-8", "surrogateescape"))

    def lines(self) -> Iterator[str]:
        """All lines, repository by repository, in an order that stays the same."""
        for path in sorted(self.folder.glob("??/*.jsonl")):
            yield from _lines(path)

    def _remove_leftovers(self) -> None:
        """Removes files that a killed sweep did not finish."""
        for path in self.folder.glob("??/.new-*"):
            path.unlink()

    def _state(self) -> dict[str, Any]:
        try:
            state = json.loads((self.folder / _STATE).read_bytes())
        except FileNotFoundError:
            return {}
        except ValueError:
            raise ResultsError(f"{self.folder / _STATE} is damaged: name an empty folder") from None
        return dict(state)

    def _write_state(self, state: dict[str, Any]) -> None:
        write_atomically(self.folder / _STATE, json.dumps(state).encode())


def _lines(path: Path) -> list[str]:
    # `str.splitlines` would also split at characters that JSON allows in a text.
    return path.read_text("utf-8", "surrogateescape").removesuffix("\n").split("\n")


def write_atomically(path: Path, content: bytes) -> None:
    """Writes a temporary file of mode 0600, and renames it."""
    path.parent.mkdir(mode=0o700, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=".new-", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            # Without it, a power cut could leave an empty file that counts as finished.
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
