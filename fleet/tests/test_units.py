"""The parts of the package that need no cluster."""

import fcntl
import json
import os
import stat
import time
from pathlib import Path

import pytest
from conftest import KEYSWEEP, make_repository, program, token

from keysweep_fleet.cli import main
from keysweep_fleet.refusal import refusal, shown
from keysweep_fleet.repositories import Repository, in_order, read_list, read_sizes
from keysweep_fleet.results import Results, ResultsError
from keysweep_fleet.scan import Command, Result, scan
from keysweep_fleet.sweep import Limits, Lost, NoNodes, Sweep

SUMMARY = '{"type":"summary","repository":"a"}'


def test_lists_keep_odd_bytes_and_lose_repeated_lines() -> None:
    assert read_list([b"b\r\n", b"\n", b"a\xff\n", b"b\n"]) == ["b", "a\udcff"]
    assert Repository("a\udcff").key != Repository("a").key


def test_the_largest_come_first_after_unknown_ones(tmp_path: Path) -> None:
    for name, size in (("small", 1), ("large", 100)):
        (tmp_path / name / "objects/pack").mkdir(parents=True)
        (tmp_path / name / "objects/pack/a.pack").write_bytes(bytes(size))
    lines = [str(tmp_path / "small"), str(tmp_path / "large"), "https://h/known", "https://h/unknown"]
    ordered = [one.line.rpartition("/")[2] for one in in_order(lines, read_sizes(["50\thttps://h/known"]))]
    assert ordered == ["unknown", "large", "known", "small"]
    with pytest.raises(ValueError, match="line 1"):
        read_sizes(["https://h/known\t50"])


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("https://user:{}@h/a", "https://…@h/a"),
        ("https://{}@h/a", "https://…@h/a"),
        ("ssh://user:{}@h/a", "ssh://…@h/a"),
        ("https://h/a?key={}", "https://h/a"),
    ],
)
def test_addresses_with_a_secret_are_refused_and_not_shown(line: str, name: str) -> None:
    line = line.format(token())
    assert refusal(line) is not None
    assert shown(line) == name
    assert line not in repr(Repository(line))


def test_other_addresses_are_sent() -> None:
    for line in ("https://h/a.git", "ssh://git@h/a", "git@h:a", "/srv/a@b?c#d", "a"):
        assert refusal(line) is None
        assert shown(line) == line
    assert token() not in shown(f"/srv/{token()}/a")
    assert shown("/srv/sk" + "_live_" + "a" * 24) == "/srv/sk_…"


def test_results_are_private_and_whole_or_not_there(tmp_path: Path) -> None:
    results = Results(tmp_path / "results")
    repository = Repository("a")
    assert results.read(repository) is None
    wanted = Result((SUMMARY, '{"type":"error","repository":"\u2028"}'))
    results.write(repository, wanted)
    assert results.read(repository) == wanted
    assert list(results.lines()) == list(wanted.lines)
    assert stat.S_IMODE(results.path(repository).stat().st_mode) == 0o600
    (results.path(repository).parent / ".new-cut").write_text("{")
    results.begin({"options": []})
    assert [path.name for path in results.path(repository).parent.iterdir()] == [f"{repository.key}.jsonl"]
    with pytest.raises(ResultsError, match="other options"):
        results.begin({"options": ["--archives"]})
    with pytest.raises(ResultsError, match="in use"):
        Results(tmp_path / "results")
    results.close()


@pytest.mark.parametrize(
    ("body", "code", "why"),
    [
        (f"echo '{SUMMARY}'", 0, None),
        (f"echo '{SUMMARY}'; printf '{{\"type\":\"find'; exit 0", 2, "does not fit"),
        ("exit 0", 2, "does not fit"),
        (f"echo '{SUMMARY}'; kill -9 $$", 2, "ended with -9"),
        ("trap '' TERM; sleep 60 & sleep 60", 2, "given up after 1 seconds"),
    ],
)
def test_every_failure_of_keysweep_is_an_error(tmp_path: Path, body: str, code: int, why: str | None) -> None:
    begin = time.monotonic()
    result = scan("a", Command(program(tmp_path / "keysweep", body), 1.0, grace=0.5))
    assert result.exit_code == code, result.lines
    assert why is None or why in json.loads(result.lines[-1])["why"]
    assert time.monotonic() - begin < 30


def test_a_missing_keysweep_is_an_error() -> None:
    (line,) = scan("a", Command("/nonexistent/keysweep", 1.0)).lines
    assert "does not start" in json.loads(line)["why"]


class FakeCluster:
    """Two nodes. `losses` says how many tasks of a repository are lost."""

    def __init__(self, slots: dict[str, int], losses: dict[str, int] | None = None, hang: str | None = None) -> None:
        self.nodes, self.losses, self.hang = slots, losses or {}, hang
        self.running: dict[int, tuple[str, str]] = {}
        self.started: list[tuple[str, str]] = []
        self.most: dict[str, int] = {}
        self.cancelled: list[int] = []

    def slots(self) -> dict[str, int]:
        return dict(self.nodes)

    def start(self, node: str, line: str, command: Command) -> int:
        self.started.append((node, line))
        self.running[len(self.started)] = (node, line)
        on_node = sum(other == node for other, _ in self.running.values())
        self.most[node] = max(self.most.get(node, 0), on_node)
        return len(self.started)

    def wait(self, handles: list[int], seconds: float) -> list[int]:
        return [one for one in handles if self.running[one][1] != self.hang][:1]

    def result(self, handle: int) -> Result:
        _, line = self.running.pop(handle)
        if self.losses.get(line, 0):
            self.losses[line] -= 1
            raise Lost("its node ended")
        return Result((SUMMARY,))

    def cancel(self, handle: int) -> None:
        self.cancelled.append(handle)


def run(cluster: FakeCluster, lines: str, limits: Limits, sizes: dict[str, int] | None = None) -> dict[str, int]:
    ticks = iter(range(10_000))
    repositories = [Repository(line, (sizes or {}).get(line, 1)) for line in lines]
    sweep = Sweep(cluster, repositories, Command("keysweep", 5.0, grace=1.0), limits, lambda: float(next(ticks)))
    ended = [(repository.line, result.exit_code) for repository, result in sweep]
    assert sorted(line for line, _ in ended) == sorted(lines), "each repository once"
    return dict(ended)


def test_a_node_gets_no_more_than_its_limit() -> None:
    cluster = FakeCluster({"one": 8, "two": 2})
    run(cluster, "abcdefghij", Limits(per_node=3))
    assert cluster.most == {"one": 3, "two": 2}


def test_bytes_are_spread_over_the_nodes() -> None:
    cluster = FakeCluster({"one": 3, "two": 3})
    run(cluster, "abcd", Limits(), {"a": 100})
    node = cluster.started[0][0]
    assert [other == node for other, _ in cluster.started[:4]] == [True, False, False, False]


def test_lost_tasks_are_tried_again_up_to_the_limit() -> None:
    cluster = FakeCluster({"one": 1}, {"a": 2, "b": 9})
    assert run(cluster, "abc", Limits(retries=2)) == {"a": 0, "b": 2, "c": 0}
    assert [line for _, line in cluster.started].count("b") == 3


def test_a_node_that_answers_no_more_is_given_up() -> None:
    cluster = FakeCluster({"one": 2}, hang="a")
    assert run(cluster, "abc", Limits()) == {"a": 2, "b": 0, "c": 0}
    assert cluster.cancelled == [1]


def test_a_cluster_without_nodes_ends_the_sweep() -> None:
    with pytest.raises(NoNodes):
        run(FakeCluster({"one": 0}), "a", Limits())


def finished(folder: Path, lines: list[str], results: list[str]) -> list[str]:
    """The words of a sweep of which these results are there already, so that no cluster is needed."""
    (folder / "list").write_text("\n".join(lines))
    store = Results(folder / "results")
    for line, text in zip(lines, results, strict=True):
        store.write(Repository(line), Result((text,)))
    store.close()
    return ["sweep", str(folder / "list"), "--results", str(folder / "results"), "--keysweep", KEYSWEEP]


def test_finished_repositories_are_not_scanned_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("keysweep_fleet.cli.RayCluster", lambda *_: pytest.fail("a cluster was started"))
    assert main(finished(tmp_path, ["a"], [SUMMARY])) == 0
    assert main(finished(tmp_path, ["a"], ['{"type":"error","repository":"a"}'])) == 2


def test_a_stopped_sweep_resumes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nodes = FakeCluster({"one": 1})
    nodes.close = lambda: None  # type: ignore[attr-defined]
    monkeypatch.setattr("keysweep_fleet.cli.RayCluster", lambda *_: nodes)
    words = finished(tmp_path, ["a"], [SUMMARY])
    (tmp_path / "list").write_text("a\nb\nc\nhttps://user:" + "word@h/a\n")
    results, count = nodes.result, []

    def stop(handle: int) -> Result:
        count.append(handle)
        if len(count) == 2:
            raise KeyboardInterrupt
        return results(handle)

    nodes.result = stop  # type: ignore[method-assign]
    assert main(words) == 130
    assert main(["merge", str(tmp_path / "results"), "--keysweep", KEYSWEEP]) == 2
    first = [line for _, line in nodes.started]
    assert main(words) == 2
    assert first == ["b", "c"]
    assert [line for _, line in nodes.started[2:]] == ["c"], "b and the refused line are finished"


def test_results_are_merged_by_a_keysweep_that_can(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    words = finished(tmp_path, ["a"], [SUMMARY])
    assert main(words) == 0
    body = (
        'case $* in *--help) echo "Usage: keysweep fleet merge FILE...";; fleet*) cat "$3"; echo "$4 $5"; exit 1;; esac'
    )
    new, old = program(tmp_path / "new", body), program(tmp_path / "old", "echo 'Usage: keysweep fleet [LIST]'")
    assert main(["merge", str(tmp_path / "results"), "--format", "sarif", "--keysweep", new]) == 1
    assert capfd.readouterr().out == f"{SUMMARY}\n--format sarif\n"
    assert main(["merge", str(tmp_path / "results"), "--keysweep", old]) == 0
    assert capfd.readouterr().out == f"{SUMMARY}\n"
    assert main(["merge", str(tmp_path / "results"), "--format", "json", "--keysweep", old]) == 2


def test_results_are_merged_by_the_real_keysweep(
    tmp_path: Path, repositories: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    again = str(repositories[1]) + "/.git"
    results = Results(tmp_path / "results")
    results.begin({})
    for line in (*repositories, again):
        results.write(Repository(line), scan(line, Command(KEYSWEEP, 60.0)))
    results.finish()
    results.close()
    assert main(["merge", str(tmp_path / "results"), "--format", "json", "--keysweep", KEYSWEEP]) == 1
    tokens = json.loads(capfd.readouterr().out)["tokens"]
    places = [sorted(place["repository"] for place in one["places"]) for one in tokens]
    assert places[0] == sorted([repositories[1], again]), "the token in most repositories is first"
    assert sorted(places[1:]) == [[line] for line in sorted(repositories[3::2])]
    assert [one["at_head"] for one in tokens] == [2, 1, 1, 1]


def test_an_error_in_a_result_is_in_the_real_merge(
    tmp_path: Path, repositories: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    results = Results(tmp_path / "results")
    results.begin({})
    for line in (repositories[1], str(tmp_path / "missing")):
        results.write(Repository(line), scan(line, Command(KEYSWEEP, 60.0)))
    results.finish()
    results.close()
    assert main(["merge", str(tmp_path / "results"), "--keysweep", KEYSWEEP]) == 2
    report = capfd.readouterr()
    assert "missing" in report.out + report.err
    assert repositories[1] in report.out


def test_a_real_scan(tmp_path: Path) -> None:
    secret = token()
    path = make_repository(tmp_path / "a", f'key = "{secret}"\n')
    result = scan(path, Command(KEYSWEEP, 60.0))
    assert result.exit_code == 1
    assert secret not in "".join(result.lines)


def test_the_lock_ends_with_the_process(tmp_path: Path) -> None:
    Results(tmp_path).close()
    handle = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    os.close(handle)
