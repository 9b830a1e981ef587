"""The files in `deploy/`, as far as they can run without Kubernetes."""

import argparse
import importlib
import json
import os
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
from conftest import KEYSWEEP, program

from keysweep_fleet import cli

# Ray installs it, without types.
yaml: Any = importlib.import_module("yaml")

DEPLOY = Path(__file__).parents[1] / "deploy"


def test_the_pods_of_the_indexed_job_scan_each_repository_once(tmp_path: Path, repositories: list[str]) -> None:
    job = yaml.safe_load((DEPLOY / "indexed-job.yaml").read_text())
    (container,) = job["spec"]["template"]["spec"]["containers"]
    shell, flag, script = container["command"]
    script = script.replace("/sweep", str(tmp_path / "sweep")).replace("/cache", str(tmp_path / "cache"))
    (tmp_path / "sweep/results").mkdir(parents=True)
    (tmp_path / "bin").mkdir()
    program(tmp_path / "bin/keysweep", f"exec '{KEYSWEEP}' \"$@\"")
    lines = [*repositories, str(tmp_path / "missing")]
    (tmp_path / "sweep/repositories.txt").write_text("".join(f"{line}\n" for line in lines))
    for index in range(job["spec"]["completions"]):
        variables = {"JOB_COMPLETION_INDEX": str(index), "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}"}
        subprocess.run([shell, flag, script], env={**os.environ, **variables}, check=True)
    results = (tmp_path / "sweep/results").glob("*.jsonl")
    found = [json.loads(line) for path in results for line in path.read_text().splitlines()]
    ended = [one["repository"] for one in found if one["type"] in ("summary", "error")]
    assert sorted(ended) == sorted(lines)
    assert sum(one["type"] == "finding" for one in found) == 4


def test_the_ray_job_starts_a_sweep_with_options_that_exist(monkeypatch: pytest.MonkeyPatch) -> None:
    job = yaml.safe_load((DEPLOY / "rayjob.yaml").read_text())
    words = shlex.split(job["spec"]["entrypoint"])
    seen: list[argparse.Namespace] = []

    def sweep(args: argparse.Namespace) -> int:
        seen.append(args)
        return 0

    monkeypatch.setattr(cli, "_sweep", sweep)
    assert words[0] == "keysweep-fleet"
    assert cli.main(words[1:]) == 0
    assert seen[0].address == "auto"
    subprocess.run([KEYSWEEP, "fleet", *seen[0].options, "--help"], check=True, capture_output=True)
