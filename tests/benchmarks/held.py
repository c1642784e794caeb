"""What this process and those that it started hold in memory, looked at while something runs."""

from __future__ import annotations

import contextlib
import threading
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Self

import psutil

LOOKS_EVERY = 0.5


class Held:
    """Looks every half second.

    Args:
        progress: tells what share of the work is done.
    """

    def __init__(self, progress: Callable[[], float] = lambda: 0.0) -> None:
        self._progress = progress
        self._seen: list[tuple[float, Mapping[str, int]]] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        #: The most bytes that all processes held together, shared memory counted once.
        self.peak = 0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def at(self, share: float) -> Mapping[str, int]:
        """Bytes held when so much was done: by this process, and by the largest worker and zygote."""
        return min(self._seen, key=lambda one: abs(one[0] - share))[1]

    def _look(self) -> None:
        while not self._over.wait(LOOKS_EVERY):
            me, held, together = psutil.Process(), defaultdict(int), 0
            for process in (me, *me.children(recursive=True)):
                with contextlib.suppress(psutil.Error):
                    memory, role = process.memory_full_info(), _role(process, me.pid)
                    together += memory.pss
                    held[role] = max(held[role], memory.rss)
            self.peak = max(self.peak, together)
            self._seen.append((self._progress(), dict(held)))


def _role(process: psutil.Process, me: int) -> str:
    """What a process is for; a kernel carries its zygote's name and is started by it."""
    words = " ".join(process.cmdline())
    if process.pid == me:
        return "this process"
    if "zygote" not in words:
        return "worker" if "spawn_main" in words else "other"
    above = process.parent()
    return "kernel" if above and "zygote" in " ".join(above.cmdline()) else "zygote"
