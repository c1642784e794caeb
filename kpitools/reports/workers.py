"""Several reports at once, each in a process that nothing of another report can harm."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    Executor,
    Future,
    ProcessPoolExecutor,
    ThreadPoolExecutor,
    wait,
)
from typing import Any, TypeVar

Task = TypeVar("Task")
Done = TypeVar("Done")

#: Seconds until Ctrl-C is heard. Once Polars is imported, a wait without end is not interrupted by it.
HEARD_WITHIN = 0.2
DIED = "The process that made it died; it may have run out of memory."


class Workers(Executor):
    """A process per worker, started afresh (never forked, as Polars does not survive that).

    Each process has a pool of its own, so that one that dies takes only the report it was making with it.
    """

    def __init__(self, workers: int) -> None:
        self._pools: set[ProcessPoolExecutor] = set()
        self._mine = threading.local()
        self._threads = ThreadPoolExecutor(workers)

    def submit(self, work: Callable[..., Done], /, *arguments: Any, **named: Any) -> Future[Done]:
        """Have it done by the next worker that is free."""
        return self._threads.submit(self._do, work, *arguments, **named)

    def _do(self, work: Callable[..., Done], *arguments: Any, **named: Any) -> Done:
        pool = getattr(self._mine, "pool", None) or self._fresh()
        try:
            return pool.submit(work, *arguments, **named).result()
        except BrokenExecutor:
            self._mine.pool = None
            raise

    def _fresh(self) -> ProcessPoolExecutor:
        spawn = multiprocessing.get_context("spawn")
        self._mine.pool = ProcessPoolExecutor(1, mp_context=spawn, initializer=_ready)
        self._pools.add(self._mine.pool)
        return self._mine.pool

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the workers; with `cancel_futures` at once, kernels included."""
        if cancel_futures:
            for pool in self._pools:
                for process in list((pool._processes or {}).values()):
                    process.terminate()
        self._threads.shutdown(wait, cancel_futures=cancel_futures)
        for pool in self._pools:
            pool.shutdown(wait, cancel_futures=cancel_futures)


def _ready() -> None:
    """A worker leaves Ctrl-C to its parent, ends its kernel when told to end, and ends when its parent is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    if parent := multiprocessing.parent_process():
        parent.join()
        os._exit(1)


def do_all(
    work: Callable[[Task], Done], tasks: Sequence[Task], executor: Executor | None, workers: int
) -> Iterator[tuple[Task, Done | BaseException]]:
    """Each task with what came of it, as they finish; what went wrong is handed over, not raised.

    Tasks lost with an executor of the caller's are done by workers of our own.
    """
    lost: list[Task] = []
    if executor is None:
        lost = list(tasks)
    else:
        for task, done in _finished(work, tasks, executor):
            if isinstance(done, BrokenExecutor):
                lost.append(task)
            else:
                yield task, done
    if lost:
        own = Workers(min(workers, len(lost)))
        try:
            yield from _finished(work, lost, own)
        except BaseException:
            own.shutdown(cancel_futures=True)
            raise
        own.shutdown()


def _finished(
    work: Callable[[Task], Done], tasks: Sequence[Task], executor: Executor
) -> Iterator[tuple[Task, Done | BaseException]]:
    futures: dict[Future[Done], Task] = {}
    try:
        for task in tasks:
            futures[_submitted(executor, work, task)] = task
        waiting = set(futures)
        while waiting:
            done, waiting = wait(waiting, timeout=HEARD_WITHIN, return_when=FIRST_COMPLETED)
            for future in done:
                yield futures[future], future.exception() or future.result()
    finally:
        for future in futures:
            future.cancel()


def _submitted(executor: Executor, work: Callable[[Task], Done], task: Task) -> Future[Done]:
    try:
        return executor.submit(work, task)
    except BrokenExecutor as broken:
        failed: Future[Done] = Future()
        failed.set_exception(broken)
        return failed
