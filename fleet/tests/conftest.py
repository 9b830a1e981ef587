"""Repositories with tokens that are made at run time, and a cluster of two nodes."""

import os
import secrets
import string
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# Before Ray is imported, which reads it then.
os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"

import pytest
from ray.cluster_utils import Cluster

KEYSWEEP = os.environ.get("KEYSWEEP", "keysweep")


def token() -> str:
    letters = "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(24))
    return "sk" + "_live_" + letters


def make_repository(folder: Path, text: str) -> str:
    folder.mkdir(parents=True)
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"}
    for name in ("AUTHOR", "COMMITTER"):
        environment |= {f"GIT_{name}_NAME": "a", f"GIT_{name}_EMAIL": "a@example.com"}
    (folder / "a.txt").write_text(text)
    for words in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "change"]):
        subprocess.run(["git", *words], cwd=folder, env=environment, check=True)
    return str(folder)


def program(path: Path, body: str) -> str:
    """A shell script."""
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return str(path)


@pytest.fixture
def repositories(tmp_path: Path) -> list[str]:
    """Eight repositories. Every second one has a token."""
    texts = [f'key = "{token()}"\n' if number % 2 else "plain\n" for number in range(8)]
    return [make_repository(tmp_path / "repositories" / str(number), text) for number, text in enumerate(texts)]


@dataclass
class TwoNodes:
    """A real cluster with a head that runs no task, and two nodes."""

    cluster: Any
    nodes: list[Any]

    @property
    def address(self) -> str:
        return str(self.cluster.address)

    def kill_one(self) -> None:
        self.cluster.remove_node(self.nodes.pop(), allow_graceful=False)


@pytest.fixture(scope="module")
def two_nodes() -> Iterator[TwoNodes]:
    """Starting it takes seconds, so the tests share it. Only the last one may kill a node."""
    head = {"num_cpus": 0, "include_dashboard": False}
    nodes: Any = Cluster(initialize_head=True, head_node_args=head)
    yield TwoNodes(nodes, [nodes.add_node(num_cpus=2), nodes.add_node(num_cpus=2)])
    nodes.shutdown()
