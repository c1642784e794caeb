"""Work beside the kernel: sections worked out one after the other, ended when nobody waits for them any more."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

#: A new task does not wait for the step of an old one that can no longer be ended.
THREADS = 2


class Step(NamedTuple):
    """A piece of work: `make` runs beside the kernel, `show` puts what it made in place."""

    make: Callable[[], Any]
    show: Callable[[Any], None]


class Work:
    """Steps done in their order. Others that are given before the last is done take their place.

    Args:
        told: called with how many steps are done and how many there are, where the work is done beside the kernel;
            not after it was ended.
    """

    def __init__(self, told: Callable[[int, int], None]) -> None:
        self._told = told
        self._pool: ThreadPoolExecutor | None = None
        self._task: asyncio.Task[None] | None = None

    def do(self, steps: Iterable[Step]) -> None:
        """Do these steps from now on: beside the kernel where its loop runs, else at once."""
        self.stop()
        todo = list(steps)
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            for step in todo:
                step.show(step.make())
        else:
            self._task = loop.create_task(self._one_by_one(todo))

    def stop(self) -> bool:
        """End the work. A step that has begun runs out, and nobody sees what it made.

        Returns:
            Whether there was any to end.
        """
        running = self._task is not None and not self._task.done()
        if self._task is not None:
            self._task.cancel()
        return running

    async def _one_by_one(self, steps: list[Step]) -> None:
        self._pool = self._pool or ThreadPoolExecutor(THREADS, thread_name_prefix="kpitools")
        loop = asyncio.get_running_loop()
        for done, step in enumerate(steps):
            self._told(done, len(steps))
            step.show(await loop.run_in_executor(self._pool, step.make))
        self._told(len(steps), len(steps))
