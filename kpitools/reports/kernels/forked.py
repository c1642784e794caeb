"""The zygote as its owner sees it: started when first needed, replaced when it is gone or does not answer."""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from typing import Any

#: What a zygote says once kernels can be forked.
READY = "ready"
#: Whether kernels can be forked here: a process that is no child can only be watched by a handle of Linux.
CAN_FORK = sys.platform == "linux" and hasattr(os, "pidfd_open")
#: Like a stock kernel it imports nothing from the folder that the batch was started in, which comes first in the path.
COMMAND = "import sys; del sys.path[0]; from kpitools.reports.kernels.zygote import main; main()"
#: Seconds that a zygote may take to import everything, and to fork.
STARTS_WITHIN, FORKS_WITHIN = 120.0, 20.0
#: Libraries of numbers start threads when imported, unless told.
SINGLE = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


def environment(threads: int) -> dict[str, str]:
    """What a kernel finds in its environment: Polars alone may use several threads, and asks of few rows at a time."""
    return {**dict.fromkeys(SINGLE, "1"), "POLARS_MAX_THREADS": str(threads), "POLARS_ENGINE_AFFINITY": "in-memory"}


class ZygoteError(RuntimeError):
    """The process that forks kernels ended, or does not answer."""


class BrokenZygoteError(ZygoteError):
    """The process that forks kernels cannot be started: no report would be made."""


class Zygote:
    """One process that forks kernels for this one.

    Args:
        threads: how many threads a query may use; Polars asks for it when it is imported.
    """

    def __init__(self, threads: int) -> None:
        self.threads = threads
        self._process = subprocess.Popen(
            [sys.executable, "-c", COMMAND], env={**os.environ, **environment(threads)},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True,
        )  # fmt: skip
        self.pid, self._owner = self._process.pid, os.getpid()
        self._ready = False

    def fork(self, request: Mapping[str, Any]) -> ForkedProcess:
        """A kernel.

        Raises:
            ZygoteError: the zygote is gone or silent; it has then been ended.
        """
        self.wait()
        try:
            assert self._process.stdin is not None
            self._process.stdin.write(json.dumps(request).encode() + b"\n")
            self._process.stdin.flush()
            return ForkedProcess(int(self._answer(FORKS_WITHIN)))
        except (OSError, ValueError) as error:
            self.end()
            raise ZygoteError("The process that starts kernels is gone or does not answer.") from error

    def wait(self) -> None:
        """Wait until it can fork.

        Raises:
            BrokenZygoteError: it says that it cannot.
            ZygoteError: it is gone or silent; it has then been ended.
        """
        if self._ready:
            return
        try:
            said = self._answer(STARTS_WITHIN).decode("utf-8", "replace")
        except TimeoutError:
            said = ""
        if said != READY:
            self.end()
            if said:
                raise BrokenZygoteError(said)
            raise ZygoteError("The process that starts kernels ended, or did not answer, before it was ready.")
        self._ready = True

    @property
    def alive(self) -> bool:
        """Whether it still runs, and is this process's own."""
        return self._owner == os.getpid() and self._process.poll() is None

    def end(self) -> None:
        """End it, and its kernels with it; one that another process started is left to that."""
        for pipe in (self._process.stdin, self._process.stdout):
            with contextlib.suppress(OSError):
                pipe.close()  # type: ignore[union-attr]
        if self._owner == os.getpid():
            self._process.kill()
            self._process.wait()

    def _answer(self, within: float) -> bytes:
        assert self._process.stdout is not None
        if not _readable(self._process.stdout.fileno(), within):
            raise TimeoutError(within)
        return self._process.stdout.readline().strip()


class ForkedProcess:
    """As much of `subprocess.Popen` as a kernel's provisioner uses, for a process that is not our child."""

    stdin = stdout = stderr = None

    def __init__(self, pid: int) -> None:
        self.pid = pid
        try:
            self._handle: int | None = os.pidfd_open(pid)
        except ProcessLookupError:  # it has ended already
            self._handle = None

    def poll(self) -> int | None:
        """None while it runs."""
        return self.wait(0)

    def wait(self, timeout: float | None = None) -> int | None:
        """Wait for its end; None where it still runs after `timeout` seconds."""
        if self._handle is not None:
            if not _readable(self._handle, timeout):
                return None
            os.close(self._handle)
            self._handle = None
        return 0

    def send_signal(self, number: int) -> None:
        """Send a signal, never to another process that got its number."""
        if self._handle is not None:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._handle, number)

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)


def _readable(handle: int, within: float | None) -> bool:
    waiting = select.poll()
    waiting.register(handle, select.POLLIN)
    return bool(waiting.poll(None if within is None else within * 1000))


#: This process's zygotes, by the threads that their kernels may use; one, unless a caller asks otherwise.
_zygotes: dict[int, Zygote] = {}
_one_at_a_time = threading.Lock()


def fork(request: Mapping[str, Any], threads: int) -> ForkedProcess:
    """A kernel forked from this process's zygote, which is started or replaced where need be.

    Args:
        request: the kernel's `argv`, `env`, `cwd` and the file for its `log`.
        threads: how many threads a query may use.

    Raises:
        ZygoteError: twice in a row.
    """
    with _one_at_a_time:
        try:
            return zygote(threads).fork(request)
        except ZygoteError:
            return zygote(threads).fork(request)


def prepare(threads: int) -> None:
    """Have the zygote start importing, so that it is ready when the first kernel is needed."""
    if CAN_FORK:
        with _one_at_a_time:
            zygote(threads)


def ready(threads: int) -> None:
    """Wait until kernels can be forked.

    Raises:
        BrokenZygoteError: they cannot: the zygote says why, or ends twice before it is ready.
    """
    if not CAN_FORK:
        return
    with _one_at_a_time:
        try:
            zygote(threads).wait()
        except BrokenZygoteError:
            raise
        except ZygoteError:
            _second_try(threads)


def _second_try(threads: int) -> None:
    try:
        zygote(threads).wait()
    except ZygoteError as error:
        raise BrokenZygoteError(str(error)) from None


def zygote(threads: int) -> Zygote:
    """This process's zygote; a new one where there is none, or it has ended."""
    found = _zygotes.get(threads)
    if found is None or not found.alive:
        if found:
            found.end()
        found = _zygotes[threads] = Zygote(threads)
    return found


@atexit.register
def _end() -> None:
    for one in _zygotes.values():
        one.end()
