"""Which repository goes to which node, what is tried again, and when a repository is given up.

Ray only runs tasks. The sweep places them itself, since Ray has no limit of tasks for each node. It starts a task only
when a node has room, so that Ray never holds the whole list.
"""

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from keysweep_fleet.repositories import Repository
from keysweep_fleet.scan import Command, Result, failed

# An unknown size is taken as that of a repository of medium size, to spread such repositories over the nodes.
_UNKNOWN_SIZE = 10_000_000
_REFRESH = 2.0
# Time for a node to start a process, in addition to the limit and the grace of a scan.
_START = 30.0
# Time for the scans to end after an interruption.
_END = 10.0

Handle = TypeVar("Handle")


class Lost(Exception):
    """A task ended without a result, because its process or its node ended."""


class Cluster(Protocol[Handle]):
    def slots(self) -> dict[str, int]:
        """The nodes that are alive, and how many tasks each can run."""

    def start(self, node: str, line: str, command: Command) -> Handle:
        """Starts a task on this node and no other."""

    def wait(self, handles: list[Handle], seconds: float) -> list[Handle]:
        """The tasks that ended, after at most this time."""

    def result(self, handle: Handle) -> Result:
        """The result of a task that ended. Raises `Lost`."""

    def cancel(self, handle: Handle) -> None:
        """Interrupts a task."""


@dataclass(frozen=True)
class Limits:
    per_node: int | None = None
    retries: int = 3
    # With no node for so long, the sweep ends.
    patience: float = 60.0
    # Longer than the limit of a scan, for a node that answers no more.
    deadline: float | None = None


@dataclass(frozen=True)
class _Attempt:
    repository: Repository
    number: int
    node: str
    started: float


class NoNodes(Exception):
    """The cluster has had no node with room for too long."""


class Sweep(Generic[Handle]):
    """Yields each repository once, with its result, in the order in which they end."""

    def __init__(
        self,
        cluster: Cluster[Handle],
        repositories: Iterable[Repository],
        command: Command,
        limits: Limits,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._cluster, self._command, self._limits, self._clock = cluster, command, limits, clock
        self._waiting = deque((repository, 1) for repository in repositories)
        self._running: dict[Handle, _Attempt] = {}
        self._ended: deque[tuple[Repository, Result]] = deque()
        self._slots: dict[str, int] = {}
        self._refreshed = self._last_seen = float("-inf")
        self._deadline = limits.deadline or command.limit + command.grace + _START

    def __iter__(self) -> Iterator[tuple[Repository, Result]]:
        return self

    def __next__(self) -> tuple[Repository, Result]:
        while not self._ended:
            if not self._waiting and not self._running:
                raise StopIteration
            self._start_tasks()
            self._collect()
        return self._ended.popleft()

    def cancel(self) -> None:
        """Ends the tasks that run, and waits for them, since each has to end its keysweep."""
        for handle in self._running:
            self._cluster.cancel(handle)
        end = self._clock() + _END
        while self._running and self._clock() < end:
            for handle in self._cluster.wait(list(self._running), 0.5):
                del self._running[handle]
        self._running.clear()

    def _start_tasks(self) -> None:
        self._refresh()
        while self._waiting and (node := self._next_node()) is not None:
            repository, number = self._waiting.popleft()
            handle = self._cluster.start(node, repository.line, self._command)
            self._running[handle] = _Attempt(repository, number, node, self._clock())

    def _refresh(self) -> None:
        now = self._clock()
        if self._last_seen == float("-inf"):
            self._last_seen = now
        if now - self._refreshed >= _REFRESH:
            slots = self._cluster.slots()
            most = self._limits.per_node
            self._slots = {node: count if most is None else min(count, most) for node, count in slots.items()}
            self._refreshed = now
        if any(self._slots.values()) or self._running:
            self._last_seen = now
        elif now - self._last_seen > self._limits.patience:
            raise NoNodes

    def _next_node(self) -> str | None:
        """The node with a free slot that has the fewest bytes to scan for each of its slots."""
        count = dict.fromkeys(self._slots, 0)
        load = dict.fromkeys(self._slots, 0)
        for attempt in self._running.values():
            if attempt.node in count:
                count[attempt.node] += 1
                size = attempt.repository.size
                load[attempt.node] += _UNKNOWN_SIZE if size is None else size
        free = [node for node, slots in self._slots.items() if count[node] < slots]
        return min(free, key=lambda node: (load[node] / self._slots[node], count[node], node), default=None)

    def _collect(self) -> None:
        for handle in self._cluster.wait(list(self._running), 0.5):
            attempt = self._running.pop(handle)
            try:
                self._ended.append((attempt.repository, self._cluster.result(handle)))
            except Lost as lost:
                self._retry(attempt, str(lost))
        now = self._clock()
        for handle, attempt in list(self._running.items()):
            if now - attempt.started > self._deadline:
                del self._running[handle]
                self._cluster.cancel(handle)
                why = f"its node did not answer within {self._deadline:.0f} seconds"
                self._give_up(attempt.repository, why)

    def _retry(self, attempt: _Attempt, why: str) -> None:
        # The node may be dead, which the next refresh shows.
        self._slots.pop(attempt.node, None)
        self._refreshed = float("-inf")
        if attempt.number > self._limits.retries:
            self._give_up(attempt.repository, f"{why}, {attempt.number} times")
        else:
            self._waiting.appendleft((attempt.repository, attempt.number + 1))

    def _give_up(self, repository: Repository, why: str) -> None:
        self._ended.append((repository, failed(repository.line, why, "run the sweep again with --retry-errors")))
