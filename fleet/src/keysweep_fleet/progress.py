"""The progress of a sweep on standard error."""

import sys
import time
from dataclasses import dataclass, field


@dataclass
class Totals:
    all: int = 0
    finished: int = 0
    with_tokens: int = 0
    failed: int = 0

    def add(self, exit_code: int, has_findings: bool) -> None:
        self.finished += 1
        self.with_tokens += has_findings
        self.failed += exit_code == 2  # noqa: PLR2004

    @property
    def exit_code(self) -> int:
        if self.failed or self.finished < self.all:
            return 2
        return 1 if self.with_tokens else 0

    def sentence(self) -> str:
        counts = f"{self.finished:,} of {self.all:,} repositories"
        return f"{counts}: {self.with_tokens:,} with tokens, {self.failed:,} with errors"


@dataclass
class Progress:
    """One line that is replaced on a terminal. Elsewhere, a line every minute."""

    totals: Totals
    is_shown: bool
    _last: float = field(default_factory=time.monotonic)

    def show(self) -> None:
        is_terminal = sys.stderr.isatty()
        now = time.monotonic()
        if not self.is_shown or now - self._last < (0.1 if is_terminal else 60):
            return
        self._last = now
        start, end = ("\r\x1b[K", "") if is_terminal else ("", "\n")
        print(f"{start}keysweep-fleet: {self.totals.sentence()}", end=end, file=sys.stderr, flush=True)

    def clear(self) -> None:
        if self.is_shown and sys.stderr.isatty():
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
