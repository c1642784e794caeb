"""Several reports at once, each in a process that nothing of another report can harm."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import sys
import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    CancelledError,
    Executor,
    Future,
    ProcessPoolExecutor,
    ThreadPoolExecutor,
    wait,
)
from dataclasses import asdict, replace
from functools import partial
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, TypeVar

import psutil

from kpitools.reports.run import Outcome, Task, put

Done = TypeVar("Done")

#: Seconds until Ctrl-C is heard. Once Polars is imported, a wait without end is not interrupted by it.
HEARD_WITHIN = 0.2
DIED = "The process that made it died; it may have run out of memory."
HANGS = "The process that made it did not answer any more."
#: Seconds for starting a kernel and writing the page, above the time limit of a report.
GRACE = 120.0
#: Bytes that a worker with its zygote holds, and a kernel beside it: what was measured on the sample, doubled.
WORKER, KERNEL = 350_000_000, 300_000_000


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
            return pool.submit(work, *arguments, **named).result(_patience(*arguments))
        except TimeoutError:
            for process in _processes(pool):
                process.kill()
            self._mine.pool = None
            raise BrokenExecutor(HANGS) from None
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
                for process in _processes(pool):
                    process.terminate()
        self._threads.shutdown(wait, cancel_futures=cancel_futures)
        for pool in self._pools:
            pool.shutdown(wait, cancel_futures=cancel_futures)


def _patience(*arguments: Any) -> float | None:
    """Seconds that a worker may be silent: it ends a kernel that takes too long, unless it hangs itself."""
    limit = getattr(arguments[-1], "limit", None) if arguments else None
    return None if limit is None else limit + GRACE


def _processes(pool: ProcessPoolExecutor) -> list[BaseProcess]:
    return list((pool._processes or {}).values())


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
    work: Callable[[Task], Outcome], tasks: Sequence[Task], executor: Executor | None, workers: int
) -> Iterator[tuple[Task, Outcome | BaseException]]:
    """Each task with what came of it, as they finish; what went wrong is handed over, not raised.

    Tasks lost with a process, or with an executor of the caller's, are tried once more by workers of our own.
    """
    lost: list[Task] = []
    work = partial(once, work, uuid.uuid4().hex)
    for task, done in _finished(work, tasks, executor) if executor else _by_own(work, tasks, workers):
        if isinstance(done, BaseException):
            lost.append(task)
        else:
            yield task, done
    for task, done in _by_own(work, lost, workers):
        yield task, done if isinstance(done, BaseException) else replace(done, tries=done.tries + 1)


def once(work: Callable[[Task], Outcome], batch: str, task: Task) -> Outcome:
    """The work, unless a process had done it whose answer was lost when it died: its receipt lies beside the slice."""
    receipt = task.data.parent / f"{task.stem}-{batch}.json"
    if receipt.exists():
        return Outcome.read(json.loads(receipt.read_text(encoding="utf-8")))
    done = work(task)
    put(receipt, json.dumps(asdict(done)).encode("utf-8"))
    return done


def at_once(asked: int | None = None, memory: int | None = None) -> int:
    """How many reports to make at once: as asked, else one per core; never more than memory has room for.

    Args:
        asked: how many are wanted.
        memory: the bytes that a kernel may hold, where it is limited.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    room = free_memory() // (WORKER + (memory or KERNEL))
    return max(1, min(asked or cores, room))


def free_memory(group: Path = Path("/sys/fs/cgroup")) -> int:
    """The bytes that may still be taken: of the machine, and of the container where that has less.

    Args:
        group: where the system tells what a container may take.
    """
    free = psutil.virtual_memory().available
    try:
        limit, taken = ((group / name).read_text().strip() for name in ("memory.max", "memory.current"))
    except OSError:
        return free
    return free if limit == "max" else max(0, min(free, int(limit) - int(taken)))


def _by_own(
    work: Callable[[Task], Outcome], tasks: Sequence[Task], workers: int
) -> Iterator[tuple[Task, Outcome | BaseException]]:
    if not tasks:
        return
    own = Workers(min(workers, len(tasks)))
    try:
        yield from _finished(work, tasks, own)
    except BaseException:
        own.shutdown(cancel_futures=True)
        raise
    own.shutdown()


def _finished(
    work: Callable[[Task], Outcome], tasks: Sequence[Task], executor: Executor
) -> Iterator[tuple[Task, Outcome | BaseException]]:
    futures: dict[Future[Outcome], Task] = {}
    try:
        for task in tasks:
            futures[_submitted(executor, work, task)] = task
        waiting = set(futures)
        while waiting:
            done, waiting = wait(waiting, timeout=HEARD_WITHIN, return_when=FIRST_COMPLETED)
            for future in done:
                yield futures.pop(future), _came_of(future)
    finally:
        for future in futures:
            future.cancel()


def _came_of(future: Future[Outcome]) -> Outcome | BaseException:
    try:
        return future.exception() or future.result()
    except CancelledError as cancelled:  # by an executor that was closed
        return cancelled


def _submitted(executor: Executor, work: Callable[[Task], Outcome], task: Task) -> Future[Outcome]:
    try:
        return executor.submit(work, task)
    except Exception as broken:  # whatever an executor says that takes no more
        failed: Future[Outcome] = Future()
        failed.set_exception(broken)
        return failed
