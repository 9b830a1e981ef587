"""The arguments and the exit code, which is that of keysweep: 2 after an error, 1 if a token was found, else 0."""

import argparse
import contextlib
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from keysweep_fleet.cluster import LOCAL, RayCluster
from keysweep_fleet.merge import FORMATS, merge
from keysweep_fleet.progress import Progress, Totals
from keysweep_fleet.refusal import refusal
from keysweep_fleet.repositories import Repository, in_order, read_list, read_sizes
from keysweep_fleet.results import Results, ResultsError
from keysweep_fleet.scan import Command, Result, failed
from keysweep_fleet.sweep import Limits, NoNodes, Sweep

ERROR = 2
_INTERRUPTED = 130


class Failure(Exception):
    """An error of the whole sweep."""


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError
    return number


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="keysweep-fleet", description=__import__("keysweep_fleet").__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    sweep = commands.add_parser("sweep", help="scan the repositories of a list")
    sweep.set_defaults(run=_sweep)
    add = sweep.add_argument
    add("list", metavar="LIST", help="the list of repositories; - is standard input")
    add(
        "--results",
        metavar="DIR",
        type=Path,
        required=True,
        help="write one file a repository into DIR; a second run resumes",
    )
    add("--address", default=LOCAL, help="the address of a Ray cluster (default: one on this machine, on loopback)")
    add(
        "--workers",
        metavar="N",
        type=_positive,
        help="without --address: scan N repositories at once (default: one a processor)",
    )
    add("--per-node", metavar="N", type=_positive, help="scan at most N repositories at once on a node")
    add("--threads", metavar="N", type=_positive, default=1, help="use N processors for each repository (default: 1)")
    add(
        "--timeout",
        metavar="N",
        type=_positive,
        default=3600,
        help="give up a repository after N seconds (default: 3600)",
    )
    add("--retries", metavar="N", type=int, default=3, help="retry N times if a node or process ends (default: 3)")
    add("--retry-errors", action="store_true", help="scan repositories again whose result has an error")
    add("--sizes", metavar="FILE", type=Path, help="sizes of repositories: bytes, a tab, the repository")
    add("--keysweep", metavar="PROGRAM", default="keysweep", help="the program on each node (default: keysweep)")
    add("--no-progress", action="store_true", help="do not show progress")
    sweep.epilog = "Options after -- are passed to keysweep fleet, for example -- --since-last."
    joined = commands.add_parser("merge", help="join the results of a sweep")
    joined.set_defaults(run=_merge)
    joined.add_argument("results", metavar="DIR", type=Path)
    joined.add_argument("--format", choices=FORMATS)
    joined.add_argument("--keysweep", metavar="PROGRAM", default="keysweep")
    return parser


def main(words: Sequence[str] | None = None) -> int:
    words = list(sys.argv[1:] if words is None else words)
    # argparse does not support options that belong to another program.
    end = words.index("--") if "--" in words else len(words)
    args = _parser().parse_args(words[:end])
    args.options = words[end + 1 :]
    try:
        return int(args.run(args))
    except (Failure, ResultsError) as err:
        print(f"keysweep-fleet: {err}", file=sys.stderr)
        return ERROR
    except KeyboardInterrupt:
        print("keysweep-fleet: stopped; the same command resumes the sweep", file=sys.stderr)
        return _INTERRUPTED


def _version(program: str) -> str:
    try:
        return subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        raise Failure(f"cannot start {program}: install keysweep, or name it with --keysweep") from None


def _repositories(args: argparse.Namespace) -> list[Repository]:
    try:
        lines = (
            read_list(sys.stdin.buffer) if args.list == "-" else read_list(Path(args.list).read_bytes().split(b"\n"))
        )
        sizes = read_sizes(args.sizes.read_text("utf-8", "surrogateescape").splitlines()) if args.sizes else {}
    except OSError as err:
        raise Failure(f"cannot read {err.filename}: {err.strerror}") from None
    except ValueError as err:
        raise Failure(str(err)) from None
    return in_order(lines, sizes)


def _sweep(args: argparse.Namespace) -> int:
    signal.signal(signal.SIGTERM, _interrupt)
    repositories = _repositories(args)
    options = ("--threads", str(args.threads), *args.options)
    command = Command(args.keysweep, float(args.timeout), options, str(Path.cwd()))
    totals = Totals(len(repositories))
    with contextlib.closing(Results(args.results)) as results:
        results.begin({"keysweep": _version(args.keysweep), "options": list(options), "timeout": args.timeout})
        left = list(_unfinished(repositories, results, totals, args.retry_errors))
        if left:
            _scan(args, command, left, results, totals)
        if totals.finished == totals.all:
            results.finish()
    print(f"keysweep-fleet: {totals.sentence()}", file=sys.stderr)
    return totals.exit_code


def _interrupt(*_: Any) -> None:
    raise KeyboardInterrupt


def _unfinished(
    repositories: list[Repository], results: Results, totals: Totals, retry_errors: bool
) -> Iterator[Repository]:
    for repository in repositories:
        done = results.read(repository)
        if done is None and (why := refusal(repository.line)) is not None:
            done = failed(repository.line, why, "give git a credential helper on each node")
            results.write(repository, done)
        elif done is None or (retry_errors and done.exit_code == ERROR and refusal(repository.line) is None):
            yield repository
            continue
        _count(totals, done)


def _count(totals: Totals, result: Result) -> None:
    totals.add(result.exit_code, result.has_findings)


def _scan(args: argparse.Namespace, command: Command, left: list[Repository], results: Results, totals: Totals) -> None:
    progress = Progress(totals, not args.no_progress)
    try:
        cluster = RayCluster(args.address, args.threads, args.workers)
    except (ConnectionError, RuntimeError, ValueError) as err:
        raise Failure(f"cannot use the Ray cluster {args.address}: {type(err).__name__}") from None
    sweep = Sweep(cluster, left, command, Limits(args.per_node, args.retries))
    try:
        for repository, result in sweep:
            results.write(repository, result)
            _count(totals, result)
            progress.show()
    except NoNodes:
        raise Failure(f"no node has {args.threads} processors free; the same command resumes the sweep") from None
    finally:
        progress.clear()
        sweep.cancel()
        cluster.close()


def _merge(args: argparse.Namespace) -> int:
    if not args.results.is_dir():
        raise Failure(f"{args.results} is no folder with results")
    _version(args.keysweep)
    with contextlib.closing(Results(args.results)) as results:
        code = merge(args.keysweep, results.lines(), args.format)
        if not results.is_complete():
            raise Failure("the sweep is not complete, so repositories are missing: run it again")
    return code
