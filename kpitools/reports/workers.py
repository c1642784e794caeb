"""Several reports at once, each in a process that nothing of another report can harm."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import sys
import threading
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
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
from typing import Any, Self, TypeVar

import psutil

from kpitools.errors import ReportError
from kpitools.reports.kernels.forked import BrokenZygoteError
from kpitools.reports.run import TRIES, Outcome, Task, put

Done = TypeVar("Done")

#: Seconds until Ctrl-C is heard. Once Polars is imported, a wait without end is not interrupted by it.
HEARD_WITHIN = 0.2
#: Seconds between two tries to end processes.
LOOKS_EVERY = 0.1
#: Tasks under way for each worker, and on an executor of whose workers nobody knows, before no further slice is cut.
AHEAD, AHEAD_ELSEWHERE = 8, 1000
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
        #: What workers do that were started before there was work.
        self.starting: set[Future[None]] = set()

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """End the workers; at once, kernels included, where something was raised."""
        self.shutdown(cancel_futures=kind is not None)

    def start(self, count: int, work: Callable[..., None], *arguments: Any) -> None:
        """Have so many workers start at once, and get ready by this work, rather than with the first report."""
        self.starting = {self._threads.submit(self._do, work, *arguments) for _ in range(count)}

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
        ending = threading.Thread(
            target=self._threads.shutdown, args=(wait,), kwargs={"cancel_futures": cancel_futures}
        )
        ending.start()
        while cancel_futures and ending.is_alive():  # a process that is only just starting is not listed yet
            for process in (one for pool in list(self._pools) for one in _processes(pool)):
                process.terminate()
            ending.join(LOOKS_EVERY)
        ending.join()
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
    work: Callable[[Task], Outcome], slices: Iterator[Sequence[Task]], executor: Executor | None, own: Workers,
    ahead: int,
) -> Iterator[tuple[Task, Outcome | BaseException]]:  # fmt: skip
    """Each task with what came of it, as they finish; what went wrong is handed over, not raised.

    Tasks lost with a process, or with an executor of the caller's, are tried once more by workers of our own.

    Args:
        work: what is done with a task.
        slices: the tasks of one slice after the other. The next are asked for while others are under way, in a
            thread of their own.
        executor: the caller's, if any.
        own: workers of our own.
        ahead: no further slice is asked for while so many tasks are under way.

    Raises:
        ReportError: no kernel can be started here.
    """
    line = _Line(partial(once, work, uuid.uuid4().hex), executor or own, own)
    with ThreadPoolExecutor(1) as cutter, line:
        coming: Future[Sequence[Task] | None] | None = cutter.submit(next, slices, None)
        more = True
        while more or line.under_way:
            if coming is None and more and len(line.under_way) < ahead:
                coming = cutter.submit(next, slices, None)
            yield from line.finished(coming)
            if coming is not None and coming.done():
                tasks, coming = coming.result(), None
                more = tasks is not None
                line.add(tasks or ())


class _Line:
    """Tasks under way.

    Args:
        work: what is done with each.
        executor: does it.
        own: does it where that failed.
    """

    def __init__(self, work: Callable[[Task], Outcome], executor: Executor, own: Workers) -> None:
        self._work, self._executor, self._own = work, executor, own
        #: Each task with how often it was begun.
        self.under_way: dict[Future[Outcome], tuple[Task, int]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for future in self.under_way:
            future.cancel()

    def add(self, tasks: Iterable[Task]) -> None:
        """Hand tasks over."""
        for task in tasks:
            self.under_way[_submitted(self._executor, self._work, task)] = task, 1

    def finished(self, coming: Future[Any] | None) -> Iterator[tuple[Task, Outcome | BaseException]]:
        """What is finished by now; waits a moment for the first of them, or for `coming`."""
        awaited: set[Future[Any]] = {*self.under_way, *self._own.starting, *([coming] if coming else [])}
        for future in wait(awaited, timeout=HEARD_WITHIN, return_when=FIRST_COMPLETED).done:
            if future in self._own.starting:
                self._own.starting.discard(future)
                _came_of(future)
            elif future is not coming:
                yield from self._settled(*self.under_way.pop(future), _came_of(future))

    def _settled(
        self, task: Task, tries: int, done: Outcome | BaseException
    ) -> Iterator[tuple[Task, Outcome | BaseException]]:
        """What came of a task, unless it is lost and may be tried again."""
        if isinstance(done, Outcome):
            yield task, replace(done, tries=done.tries + tries - 1)
        elif tries < TRIES:
            self.under_way[_submitted(self._own, self._work, task)] = task, tries + 1
        else:
            yield task, done


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


def _came_of(future: Future[Done]) -> Done | BaseException:
    """What there is, or what went wrong.

    Raises:
        ReportError: no kernel can be started here.
    """
    try:
        return future.result()
    except BrokenZygoteError as broken:
        why = str(broken).rstrip(".")
        raise ReportError(
            f"No kernel can be started here, so no report can be made: {why}. Repair the installation, or try kernels"
            " that are started afresh with --kernel stock."
        ) from None
    except (Exception, CancelledError) as error:  # the latter by an executor that was closed
        return error


def _submitted(executor: Executor, work: Callable[[Task], Outcome], task: Task) -> Future[Outcome]:
    try:
        return executor.submit(work, task)
    except Exception as broken:  # whatever an executor says that takes no more
        failed: Future[Outcome] = Future()
        failed.set_exception(broken)
        return failed
