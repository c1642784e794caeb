"""`python -m tests.benchmarks.explore`: from a control's change to the new chart, and what the page takes of memory.

A page is opened as in a notebook, with the kernel's loop running, and its controls are set as a user's choices set
them, at random but the same in each run. Timed is what the kernel does: from the change to the first chart's outputs,
and to those of the last section. Then the same again without waiting, as one who knows where to go: memory after each
hundred changes. Times are those of the machine; what a reader should look at are the sizes beside each other.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import psutil
from IPython.core.interactiveshell import InteractiveShell

from kpitools import explore
from kpitools.explore import Explorer
from kpitools.pages.controls import Controls
from tests.benchmarks.generate import dataset, generated

EXPLORERS = {"funnel": explore.funnel, "pipeline": explore.pipeline}
PERIODS = 8


def main() -> None:
    """Generate, open, change, print."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.explore", description=__doc__)
    parser.add_argument("--deals", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--changes", type=int, default=60, help="timed, each waited for")
    parser.add_argument("--hurried", type=int, default=500, help="not waited for, at the last size")
    parser.add_argument("--data", type=Path, default=Path(tempfile.gettempdir()) / "kpitools-explore")
    given = parser.parse_args()
    InteractiveShell.instance()
    print(f"{'explorer':10}{'deals':>10}{'open s':>8}{'median ms':>11}{'95th ms':>9}{'all: median':>13}{'95th ms':>9}")
    for name, make in EXPLORERS.items():
        for deals in given.deals:
            folder = generated(given.data, deals=deals)
            asyncio.run(timed(name, make, folder, deals, given.changes))
    hurried = given.hurried if given.deals else 0
    asyncio.run(remembered(generated(given.data, deals=given.deals[-1]), hurried))


async def timed(name: str, make: Callable[[Any], Explorer], folder: Path, deals: int, changes: int) -> None:
    """One line: how long the page takes to open, and to answer."""
    began = time.perf_counter()
    page, controls = opened(make(dataset(folder)))
    taken = time.perf_counter() - began
    first, last, answered = [], [], answers(page)
    for change in chosen(controls, changes):
        began = time.perf_counter()
        change()
        if not page._live[0][1].waiting:
            continue  # refused: nothing would be left
        await answered.wait()
        first.append(1000 * (time.perf_counter() - began))
        await settled(page)
        last.append(1000 * (time.perf_counter() - began))
    told = [figure for times in (first, last) for figure in (median(times), quantiles(times, n=20)[-1])]
    print(
        f"{name:10}{deals:>10,}{taken:>8.2f}{told[0]:>11.0f}{told[1]:>9.0f}{told[2]:>13.0f}{told[3]:>9.0f}", flush=True
    )


async def remembered(folder: Path, changes: int) -> None:
    """Memory after each hundred changes that nobody waits for."""
    page, controls = opened(explore.funnel(dataset(folder)))
    process, told = psutil.Process(), []
    for done, change in enumerate(chosen(controls, changes), start=1):
        change()
        await asyncio.sleep(0.02)
        if done % 100 == 0:
            await settled(page)
            told.append(f"{done}: {process.memory_info().rss / 2**20:,.0f} MiB")
    print(f"Memory after so many changes: {', '.join(told)}")


def opened(explorer: Explorer) -> tuple[explore.Page, Controls]:
    """The page with its sections shown, as by a cell."""
    controls = Controls(explorer.page)
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


def chosen(controls: Controls, changes: int) -> Iterator[Callable[[], None]]:
    """Choices a user could make: a value of a dimension, all of them again, another period, undo."""
    dice = random.Random(7)
    names = sorted(name for name, choice in controls.where.items() if not choice.searched)
    for _ in range(changes):
        kind = dice.choice([*names, "period", "undo", "reset"])
        yield lambda kind=kind: change_of(controls, kind, dice)


def change_of(controls: Controls, kind: str, dice: random.Random) -> None:
    """Make one change, one that changes something."""
    if kind == "reset" and not controls.reset.disabled:
        controls.reset.click()
    elif kind == "undo" and not controls.undo.disabled:
        controls.undo.click()
    elif kind in controls.where:
        box = controls.where[kind].widget
        box.value = dice.choice([value for _, value in box.options if value != box.value])
    else:
        periods = [value for _, value in controls.period.options[:PERIODS] if value != controls.period.value]
        controls.period.value = dice.choice(periods)


if __name__ == "__main__":
    main()
