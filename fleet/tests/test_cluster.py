"""Sweeps on a real Ray cluster of two nodes."""

import json
import subprocess
import threading
import time
from pathlib import Path
from typing import Any

import listening
from conftest import KEYSWEEP, TwoNodes, make_repository, program, token

from keysweep_fleet.cli import main
from keysweep_fleet.cluster import LOCAL, RayCluster
from keysweep_fleet.repositories import Repository
from keysweep_fleet.scan import Command
from keysweep_fleet.sweep import Limits, Sweep


def sweep(address: str, folder: Path, lines: list[str], *options: str, keysweep: str = KEYSWEEP) -> int:
    (folder / "list").write_text("\n".join(lines))
    words = ["sweep", str(folder / "list"), "--results", str(folder / "results"), "--address", address]
    return main([*words, "--no-progress", "--keysweep", keysweep, *options])


def result_lines(folder: Path) -> list[dict[str, Any]]:
    files = sorted((folder / "results").glob("??/*.jsonl"))
    return [json.loads(line) for path in files for line in path.read_text().splitlines()]


def comparable(lines: list[dict[str, Any]]) -> list[str]:
    """Without the seconds that a scan took."""
    return sorted(json.dumps({k: v for k, v in one.items() if k not in ("seconds", "elapsed")}) for one in lines)


def test_the_answer_equals_that_of_one_process(two_nodes: TwoNodes, tmp_path: Path, repositories: list[str]) -> None:
    lines = [*repositories, str(tmp_path / "missing"), "http://example.com/a"]
    code = sweep(two_nodes.address, tmp_path, lines, "--", "--cache", str(tmp_path / "cache"))
    words = [KEYSWEEP, "fleet", "--threads", "1", "--cache", str(tmp_path / "cache"), str(tmp_path / "list")]
    single = subprocess.run(words, capture_output=True, check=False)
    assert code == single.returncode == 2
    wanted = [json.loads(line) for line in single.stdout.splitlines()]
    assert comparable(result_lines(tmp_path)) == comparable(wanted)
    assert sum(one["type"] == "finding" for one in wanted) == 4


def test_a_repository_that_hangs_is_given_up(two_nodes: TwoNodes, tmp_path: Path, repositories: list[str]) -> None:
    hangs = make_repository(tmp_path / "hangs", "plain\n")
    body = "read line\ncase $line in */hangs) sleep 600;; esac\n"
    keysweep = program(tmp_path / "hanging", f'{body}echo "$line" | exec \'{KEYSWEEP}\' "$@"')
    command = Command(keysweep, 40.0, grace=1.0)
    cluster = RayCluster(two_nodes.address, 1)
    try:
        lines = [Repository(line) for line in (hangs, *repositories[:2])]
        results = {repository.line: result for repository, result in Sweep(cluster, lines, command, Limits())}
    finally:
        cluster.close()
    (error,) = results.pop(hangs).lines
    assert json.loads(error)["why"] == "given up after 40 seconds"
    assert {line: result.exit_code for line, result in results.items()} == {repositories[0]: 0, repositories[1]: 1}


def test_a_local_cluster_listens_on_loopback_only() -> None:
    before = listening.addresses()
    cluster = RayCluster(LOCAL, 1, 1)
    try:
        opened = listening.addresses() - before
    finally:
        cluster.close()
    assert opened
    assert {host for host, _ in opened} <= {"127.0.0.1", "::1"}, opened


def test_a_token_in_a_path_is_in_no_result_of_a_lost_task(tmp_path: Path) -> None:
    secret = token()
    path = make_repository(tmp_path / secret, "plain\n")
    keysweep = program(tmp_path / "broken", f"case $1 in --version) exec '{KEYSWEEP}' \"$@\";; esac\nexit 3")
    assert sweep(LOCAL, tmp_path, [path], "--workers", "1", keysweep=keysweep) == 2
    (error,) = result_lines(tmp_path)
    assert error["type"] == "error"
    assert secret not in json.dumps(error)


def test_a_killed_node_loses_and_doubles_nothing(two_nodes: TwoNodes, tmp_path: Path, repositories: list[str]) -> None:
    # Each scan records its start, so that the test sees when both nodes are busy, and which scans were cut off.
    starts = tmp_path / "starts"
    slow = program(
        tmp_path / "slow", f"echo $PPID >> '{starts}'\ncase $1 in fleet) sleep 1.5;; esac\nexec '{KEYSWEEP}' \"$@\""
    )

    def kill_one() -> None:
        # The first start asks for the version.
        while not starts.exists() or len(starts.read_text().split()) < 5:
            time.sleep(0.05)
        two_nodes.kill_one()

    killer = threading.Thread(target=kill_one)
    killer.start()
    code = sweep(two_nodes.address, tmp_path, repositories, "--", "--cache", str(tmp_path / "cache"), keysweep=slow)
    killer.join()
    lines = result_lines(tmp_path)
    assert code == 1
    assert sorted(one["repository"] for one in lines if one["type"] == "summary") == sorted(repositories)
    assert sorted(one["repository"] for one in lines if one["type"] == "finding") == sorted(repositories[1::2])
    assert len(starts.read_text().split()) > len(repositories) + 1, "no scan was cut off, so the test tests nothing"
