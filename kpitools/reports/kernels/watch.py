"""Watches a kernel while it works: how much memory it holds, and how long it takes."""

from __future__ import annotations

import contextlib
import threading
import time
from types import TracebackType
from typing import Self

import psutil

#: Seconds between two looks.
LOOKS_EVERY = 0.05


class Watch:
    """Ends a kernel that goes beyond a limit.

    Args:
        seconds: how long it may take from now; no limit where None.
        memory: how many bytes it may hold; no limit where None.
    """

    def __init__(self, seconds: float | None = None, memory: int | None = None) -> None:
        self._seconds, self._memory = seconds, memory
        self._until = time.monotonic() + seconds if seconds is not None else None
        self._over = threading.Event()
        self._thread: threading.Thread | None = None
        #: The most bytes that it held, and why it was ended, if it was.
        self.peak, self.reason = 0, ""

    def follow(self, pid: int) -> None:
        """Watch this kernel from now on, instead of any other."""
        self.stop()
        self._over.clear()
        self._thread = threading.Thread(target=self._look, args=(pid,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Watch no more."""
        self._over.set()
        if self._thread is not None:
            self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        self.stop()

    def _look(self, pid: int) -> None:
        with contextlib.suppress(psutil.NoSuchProcess):
            kernel = psutil.Process(pid)
            while not self._over.wait(LOOKS_EVERY):
                held = kernel.memory_info().rss
                self.peak = max(self.peak, held)
                self.reason = self._beyond(held)
                if self.reason:
                    end(kernel)
                    return

    def _beyond(self, held: int) -> str:
        if self._memory is not None and held > self._memory:
            return f"Its kernel held {held / 1e6:,.0f} MB, more than the limit of {self._memory / 1e6:,.0f} MB."
        if self._until is not None and time.monotonic() > self._until:
            return f"It took longer than {self._seconds:g} seconds."
        return ""


def end(process: psutil.Process) -> None:
    """Kill a process and all that it started."""
    with contextlib.suppress(psutil.NoSuchProcess):
        for one in (*process.children(recursive=True), process):
            with contextlib.suppress(psutil.NoSuchProcess):
                one.kill()
