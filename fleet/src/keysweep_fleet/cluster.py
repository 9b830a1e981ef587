"""The one place that uses Ray."""

import os
import time
from typing import Any

from keysweep_fleet.scan import Command, Result, scan
from keysweep_fleet.sweep import Lost

# Ray reads these when it is imported. It reports no usage, and a cluster of this machine alone opens no port to others.
os.environ["RAY_USAGE_STATS_ENABLED"] = "0"

LOCAL = "local"
_LOOPBACK = "127.0.0.1"


def prepare(address: str) -> None:
    """Sets what Ray reads at its import."""
    if address == LOCAL:
        # Otherwise Ray replaces a loopback address by the address in the network.
        os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"


class RayCluster:
    """Implements `sweep.Cluster`."""

    def __init__(self, address: str, threads: int, workers: int | None = None) -> None:
        prepare(address)
        import ray  # noqa: PLC0415

        self._ray: Any = ray
        self._threads = threads
        quiet: dict[str, Any] = {"log_to_driver": False, "configure_logging": False}
        if address == LOCAL:
            # Ray's dashboard and job API run any code without asking who sends it.
            own = {"include_dashboard": False, "_node_ip_address": _LOOPBACK, "num_cpus": workers and workers * threads}
            self._ray.init(address=LOCAL, **quiet, **own)
        else:
            self._ray.init(address=address, **quiet)
        # The sweep retries itself, so that a retry keeps to the limit a node.
        self._task: Any = ray.remote(num_cpus=threads, max_retries=0)(scan)

    def slots(self) -> dict[str, int]:
        alive = [node for node in self._ray.nodes() if node["Alive"]]
        return {node["NodeID"]: int(node["Resources"].get("CPU", 0) // self._threads) for node in alive}

    def start(self, node: str, line: str, command: Command) -> Any:
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy  # noqa: PLC0415

        where = NodeAffinitySchedulingStrategy(node_id=node, soft=False)
        return self._task.options(scheduling_strategy=where, name="keysweep").remote(line, command)

    def wait(self, handles: list[Any], seconds: float) -> list[Any]:
        if not handles:
            time.sleep(seconds)
            return []
        # One that ended wakes the sweep, which then takes all that did.
        ended, _ = self._ray.wait(handles, num_returns=1, timeout=seconds)
        return list(self._ray.wait(handles, num_returns=len(handles), timeout=0)[0]) if ended else []

    def result(self, handle: Any) -> Result:
        try:
            result: Result = self._ray.get(handle)
            return result
        except self._ray.exceptions.RayTaskError as err:
            # The message of such an error contains the traceback. Its type suffices.
            raise Lost(f"its task failed with {type(err.cause).__name__}") from None
        except self._ray.exceptions.RayError as err:
            raise Lost(f"its process or node ended ({type(err).__name__})") from None

    def cancel(self, handle: Any) -> None:
        # By force, the process would end at once, and leave keysweep behind.
        self._ray.cancel(handle, force=False)

    def close(self) -> None:
        self._ray.shutdown()
