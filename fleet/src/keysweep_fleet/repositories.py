"""The list of repositories, their sizes, and the order in which they are scanned."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from keysweep_fleet.refusal import is_path


@dataclass(frozen=True)
class Repository:
    """A line of the list. The line is in no `repr`, since tracebacks print these."""

    line: str = field(repr=False)
    size: int | None = None

    @property
    def key(self) -> str:
        """Names the result file."""
        return hashlib.sha256(self.line.encode("utf-8", "surrogateescape")).hexdigest()[:32]


def read_list(lines: Iterable[bytes]) -> list[str]:
    """The lines without empty and repeated ones. Bytes that are not UTF-8 survive."""
    decoded = (line.rstrip(b"\n").removesuffix(b"\r").decode("utf-8", "surrogateescape") for line in lines)
    return list(dict.fromkeys(line for line in decoded if line))


def read_sizes(lines: Iterable[str]) -> dict[str, int]:
    """Lines of a size in bytes, a tab and a repository."""
    sizes = {}
    for number, line in enumerate(lines, 1):
        size, tab, repository = line.rstrip("\r\n").partition("\t")
        if not tab or not size.isdecimal():
            raise ValueError(f"line {number} of the sizes is not a number, a tab and a repository")
        sizes[repository] = int(size)
    return sizes


def in_order(lines: Iterable[str], sizes: dict[str, int]) -> list[Repository]:
    """Largest first, so that no large repository starts when all others are done. Unknown sizes may be the largest."""
    repositories = [Repository(line, sizes.get(line, _size_on_disk(line))) for line in lines]
    return sorted(repositories, key=lambda one: (one.size is not None, -(one.size or 0)))


def _size_on_disk(line: str) -> int | None:
    """The size of the packs, if this machine can see the repository. Loose objects are small beside them."""
    path = Path(line if is_path(line) else line.removeprefix("file://"))
    for objects in (path / "objects", path / ".git/objects"):
        packs = objects / "pack"
        if packs.is_dir():
            return sum(_file_sizes(packs))
    return None


def _file_sizes(folder: Path) -> Iterator[int]:
    try:
        for path in folder.iterdir():
            yield path.stat().st_size
    except OSError:
        # A repack may remove a pack in between. The size decides only the order.
        return
