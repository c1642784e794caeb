"""Work beside the kernel: sections worked out one after the other, ended when nobody waits for them any more."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, NamedTuple

#: A new task does not wait for the step of an old one that can no longer be ended.
THREADS = 2
#: Seconds after which nobody seems to wait for anything.
QUIET = 0.5


class Step(NamedTuple):
    """A piece of work: `make` runs beside the kernel, `show` puts what it made in place."""

    make: Callable[[], Any]
    show: Callable[[Any], None]


#: Pieces of work whose outcome is kept where it is made.
Pieces = Iterable[Callable[[], object]]


class Work:
    """Steps done in their order. Others that are given before the last is done take their place.

    Args:
        told: called with how many steps are done and how many there are, where the work is done beside the kernel;
            not after it was ended.
        unready: gives what makes the next steps quicker, in short pieces: done when nobody waits for a step any more,
            and nobody is told of it.
    """

    def __init__(self, told: Callable[[int, int], None], unready: Callable[[], Pieces] = list) -> None:
        self._told = told
        self._unready = unready
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="kpitools")
        self._task: asyncio.Task[None] | None = None
        self._rest: asyncio.Task[None] | None = None

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
            self.rest()

    def stop(self) -> bool:
        """End the work. A step that has begun runs out, and nobody sees what it made.

        Returns:
            Whether there was any to end.
        """
        running = self._task is not None and not self._task.done()
        for task in (self._task, self._rest):
            if task is not None:
                task.cancel()
        return running

    def rest(self) -> None:
        """Get ready for further steps when those under way are done; without a loop nobody has time for that."""
        if self._rest is not None:
            self._rest.cancel()
        with suppress(RuntimeError):
            self._rest = asyncio.get_running_loop().create_task(self._get_ready(self._task))

    async def _one_by_one(self, steps: list[Step]) -> None:
        for done, step in enumerate(steps):
            self._told(done, len(steps))
            step.show(await self._beside(step.make))
        self._told(len(steps), len(steps))

    async def _get_ready(self, under_way: asyncio.Task[None] | None) -> None:
        if under_way is not None:
            await asyncio.wait([under_way])
        await asyncio.sleep(QUIET)
        with suppress(Exception):  # what fails here fails where it is asked for, and is told there
            for piece in self._unready():
                await self._beside(piece)

    async def _beside(self, make: Callable[[], Any]) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._pool, make)
