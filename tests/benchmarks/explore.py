"""`python -m tests.benchmarks.explore`: from a control's change to the new chart, and what the page takes of memory.

A page is opened as in a notebook, with the kernel's loop running, and its controls are set as a user's choices set
them, at random but the same in each run. Timed is what the kernel does: from the change to the first section's outputs
(where it is shown in two goes, to the first of them), how long the processor worked on that, and to those of the last
section; for all changes of an explorer, and under that for each kind of change. After each there is a pause, as for
reading. Then the same again without waiting, as one who knows where to go: memory after each hundred changes. Times are
those of the machine; what a reader should look at are the sizes beside each other.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Coroutine, Iterator
from datetime import date, timedelta
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import psutil
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

from kpitools import explore
from kpitools.explore import Explorer
from kpitools.pages.controls import Controls
from tests.benchmarks.generate import dataset, generated

EXPLORERS: dict[str, Callable[[Any], Explorer]] = {
    "funnel": explore.funnel,
    "pipeline": explore.pipeline,
    "scorecard": explore.scorecard,
    "reps": explore.reps,
    "retention": explore.retention,
    "kpi": partial(explore.kpi, which="win_rate"),
}
#: Milliseconds from a change to the first section, of these the processor's on all cores, and to the last section.
Times = tuple[float, float, float]
PERIODS = 8
HEADS = "   95th    cpu   95th    all   95th"
#: Kinds of change that stand for several dimensions each, or for none.
OTHERS = ("period", "period", "as_of", "compare", "kpi_set", "undo", "reset")


def main() -> None:
    """Generate, open, change, print."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.explore", description=__doc__)
    parser.add_argument("--deals", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--explorers", nargs="+", choices=EXPLORERS, default=list(EXPLORERS))
    parser.add_argument("--changes", type=int, default=60, help="timed, each waited for")
    parser.add_argument("--first", action="store_true", help="show the first section of each explorer alone")
    parser.add_argument("--hurried", type=int, default=500, help="not waited for, at the last size")
    parser.add_argument("--data", type=Path, default=Path(tempfile.gettempdir()) / "kpitools-explore")
    given = parser.parse_args()
    print(f"{'explorer':22}{'deals':>10}{'open s':>8}{'changes':>9}{'first: median ms':>18}{HEADS}")
    for name in given.explorers:
        for deals in given.deals:
            folder = generated(given.data, deals=deals)
            apart(timed, name, folder, deals, given.changes, given.first)
    if given.hurried:
        apart(remembered, generated(given.data, deals=given.deals[-1]), given.hurried)


def apart(measured: Callable[..., Coroutine[Any, Any, None]], *given: Any) -> None:
    """Measure in a process of its own: the widgets of a page, and with them its data, last as long as the process."""
    process = get_context("spawn").Process(target=_measure, args=(measured, *given))
    process.start()
    process.join()


def _measure(measured: Callable[..., Coroutine[Any, Any, None]], *given: Any) -> None:
    InteractiveShell.instance()
    asyncio.run(measured(*given))


async def timed(name: str, folder: Path, deals: int, changes: int, first_alone: bool) -> None:
    """Some lines: how long the page takes to open, and to answer to each kind of change."""
    began = time.perf_counter()
    explorer = EXPLORERS[name](dataset(folder))
    if first_alone:
        explorer.sections = explorer.sections[:1]
    page, controls = opened(explorer)
    taken, answered = time.perf_counter() - began, answers(page)
    await asyncio.wait([page._work._rest])  # what a page gets ready while its first figures are read
    found: dict[str, list[Times]] = defaultdict(list)
    for kind, change in chosen(controls, changes):
        began, spent = time.perf_counter(), time.process_time()
        change()
        if not page._live[0][1].waiting:
            continue  # refused: nothing would be left
        await answered.wait()
        first, cpu = 1000 * (time.perf_counter() - began), 1000 * (time.process_time() - spent)
        await settled(page)
        found[kind].append((first, cpu, 1000 * (time.perf_counter() - began)))
        await asyncio.wait([page._work._rest])  # as long as it takes to read what was answered
    everything = [times for several in found.values() for times in several]
    print(f"{name:22}{deals:>10,}{taken:>8.2f}{figures(everything)}", flush=True)
    for kind, several in sorted(found.items()):
        print(f"  {kind:38}{figures(several)}", flush=True)


def figures(several: list[Times]) -> str:
    """How many, and median and 95th percentile of each time."""
    shown = [figure for times in zip(*several, strict=True) for figure in (median(times), percentile(times))]
    return f"{len(several):>9}{shown[0]:>18.0f}" + "".join(f"{figure:>7.0f}" for figure in shown[1:])


def percentile(times: tuple[float, ...]) -> float:
    """The 95th percentile; of fewer than twenty the longest."""
    return quantiles(times, n=20)[-1] if len(times) >= 20 else max(times)


async def remembered(folder: Path, changes: int) -> None:
    """Memory after each hundred changes that nobody waits for."""
    page, controls = opened(explore.funnel(dataset(folder)))
    process, told = psutil.Process(), []
    for done, (_, change) in enumerate(chosen(controls, changes), start=1):
        change()
        await asyncio.sleep(0.02)
        if done % 100 == 0:
            await settled(page)
            told.append(f"{done}: {process.memory_info().rss / 2**20:,.0f} MiB")
    print(f"Memory after so many changes: {', '.join(told)}")


def opened(explorer: Explorer) -> tuple[explore.Page, Controls]:
    """The page with its sections shown, as by a cell."""
    controls = Controls(explorer.page)
    with capture_output():
        explorer.page.show(*explorer.sections)
    return explorer.page, controls


def answers(page: explore.Page) -> asyncio.Event:
    """Set whenever the first section shows what was asked for."""
    answered, place = asyncio.Event(), page._live[0][1]
    place._output.observe(lambda _: answered.clear() if place.waiting else answered.set(), names="_dom_classes")
    return answered


async def settled(page: explore.Page) -> None:
    """Wait until nothing is worked out any more."""
    task = page._work._task
    if task is not None:
        await asyncio.wait([task])


def chosen(controls: Controls, changes: int) -> Iterator[tuple[str, Callable[[], None]]]:
    """Choices a user could make, each with its kind: a value of a dimension, another period or day, undo."""
    dice = random.Random(7)
    names = sorted(name for name, choice in controls.where.items() if not choice.searched)
    offered = {"compare": controls.compare, "kpi_set": controls.kpi_set}
    kinds = [*names, *(kind for kind in OTHERS if kind not in offered or offered[kind].value)]
    for _ in range(changes):
        kind = dice.choice([one for one in kinds if possible(controls, one)])
        yield "value" if kind in names else kind, partial(change_of, controls, kind, dice)


def possible(controls: Controls, kind: str) -> bool:
    """Whether there is something to undo or to reset, where that is the kind of change."""
    buttons = {"undo": controls.undo, "reset": controls.reset}
    return kind not in buttons or not buttons[kind].disabled


def change_of(controls: Controls, kind: str, dice: random.Random) -> None:
    """Make one change, one that changes something."""
    if kind in ("undo", "reset"):
        getattr(controls, kind).click()
    elif kind == "as_of":
        controls.as_of.value = another_day(controls, dice)
    elif kind == "period":
        periods = [value for _, value in controls.period.options[:PERIODS] if value != controls.period.value]
        controls.period.value = dice.choice(periods)
    else:
        box = controls.where[kind].widget if kind in controls.where else getattr(controls, kind)
        box.value = dice.choice([value for _, value in box.options if value != box.value])


def another_day(controls: Controls, dice: random.Random) -> date:
    """A day within half a year before or after the one chosen, none that is after the data."""
    last = controls._periods._last or controls.as_of.value
    days = [controls.as_of.value + timedelta(days=days) for days in range(-180, 181) if days]
    return dice.choice([day for day in days if day <= last])


if __name__ == "__main__":
    main()
