"""The kernel of one report: forked or started afresh, on private sockets, without the waits meant for people."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from queue import Empty
from tempfile import TemporaryDirectory
from typing import Any

import zmq
from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning import LocalProvisioner
from traitlets import Int, Type, default
from zmq.asyncio import Context

from kpitools.reports.kernels.forked import environment, fork
from kpitools.reports.kernels.zygote import SKIPPED
from kpitools.reports.log import LOG

#: The stock kernel, less the modules that no report needs.
LAUNCH = (
    "import runpy, sys; "
    + "".join(f"sys.modules.setdefault({name!r}, None); " for name in SKIPPED)
    + "runpy.run_module('ipykernel_launcher', run_name='__main__', alter_sys=True)"
)
#: Where it is written how to reach the kernel.
CONNECTION = "kernel.json"
#: Longest path of a Unix socket that every system takes, less what jupyter_client appends.
LONGEST_SOCKET = 90
#: Milliseconds and seconds between two tries to reach a kernel that is just starting.
RECONNECT, AGAIN = 5, 0.1
#: Seconds that a killed kernel's memory may take to be given back.
DYING = 5.0


class Client(AsyncKernelClient):
    """A client that takes a kernel for ready as soon as it has answered on both channels."""

    def start_channels(self, *_: Any, **__: Any) -> None:
        """The channels of a run that nobody sits in front of: no keyboard; the manager knows whether it is alive."""
        super().start_channels(stdin=False, hb=False)

    async def wait_for_ready(self, timeout: float | None = None) -> None:
        """Wait until the kernel has answered and its outputs arrive.

        Raises:
            RuntimeError: it died, or did not answer in time.
        """
        until = time.monotonic() + (timeout or float("inf"))
        while not await self._answers(self.kernel_info()):
            if not await self.is_alive():
                raise RuntimeError("Kernel died before replying to kernel_info")
            if time.monotonic() > until:
                raise RuntimeError(f"Kernel didn't respond in {timeout} seconds")

    async def _answers(self, asked: str) -> bool:
        """Whether the kernel says on the outputs' channel that it is done with what it was asked."""
        try:
            while True:
                said = await self.get_iopub_msg(timeout=AGAIN)
                if said["parent_header"].get("msg_id") == asked and said["content"].get("execution_state") == "idle":
                    return True
        except Empty:
            return False


class Forked(LocalProvisioner):
    """Has kernels forked from this process's zygote."""

    threads = Int(1, help="how many threads a query may use")

    async def launch_kernel(self, cmd: list[str], **settings: Any) -> Any:
        """Fork a kernel that reads the connection file named in `cmd`."""
        cwd = str(settings.get("cwd") or Path.cwd())
        request = {"argv": cmd[cmd.index("-f") :], "env": settings["env"], "cwd": cwd, "log": settings["stderr"].name}
        process = fork(request, self.threads)
        self.process = process  # type: ignore[assignment]  # as much of a Popen as is needed
        self.pid = self.pgid = process.pid
        self.cwd = cwd
        return self.connection_info


class Private(AsyncKernelManager):
    """A kernel of the Python that runs the batch, whichever kernels are installed.

    Args:
        folder: a private folder, for its sockets and its log.
        forked: whether it is forked from the zygote.
        threads: how many threads a query may use.
        started: is told the kernel's process.
    """

    client_factory = Type(Client)

    def __init__(
        self, folder: Path, *, forked: bool, threads: int = 1, started: Callable[[int], None] | None = None
    ) -> None:
        self._apart = _short(folder)
        super().__init__(
            kernel_name="python3",
            connection_file=str(Path(self._apart.name if self._apart else folder) / CONNECTION),
            transport="ipc" if os.name == "posix" else "tcp",
        )
        self.output, self.started = folder / LOG, started
        self._kernel_spec = KernelSpec(
            argv=[sys.executable, "-c", LAUNCH, "-f", "{connection_file}"],
            display_name="Python 3",
            language="python",
            env=environment(threads),
        )
        if forked:
            self.provisioner = Forked(kernel_spec=self._kernel_spec, parent=self, threads=threads)

    @default("context")
    def _context_default(self) -> Context:
        """Sockets that look again soon for a kernel that has not yet opened its own."""
        self._created_context = True
        context = Context()
        context.setsockopt(zmq.RECONNECT_IVL, RECONNECT)
        return context

    async def start_kernel(self, **settings: Any) -> None:  # type: ignore[override]
        """Start it; what it says outside any cell goes into its log."""
        with self.output.open("ab") as output:
            await super().start_kernel(stdout=output, stderr=output, **settings)
        if self.started:
            self.started(self.provisioner.pid)  # type: ignore[union-attr]

    async def cleanup_resources(self, restart: bool = False) -> None:  # type: ignore[override]
        """Take away what it talked over."""
        await super().cleanup_resources(restart=restart)
        if self._apart and not restart:
            self._apart.cleanup()

    async def _async_kill_kernel(self, restart: bool = False) -> None:
        """Kill it, and be told of its end rather than look ten times a second."""
        provisioner = self.provisioner
        if isinstance(provisioner, LocalProvisioner) and (process := provisioner.process):
            await provisioner.kill(restart=restart)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(DYING)
        await super()._async_kill_kernel(restart=restart)


def _short(folder: Path) -> TemporaryDirectory[str] | None:
    """Another private folder, where the name of this one is too long for sockets, as an open port is worse."""
    if os.name != "posix" or len(str(folder / CONNECTION)) < LONGEST_SOCKET:
        return None
    return TemporaryDirectory(prefix="kpi-", dir=min(tempfile.gettempdir(), "/tmp", key=len))
