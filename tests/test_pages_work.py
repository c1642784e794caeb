"""Sections worked out beside the kernel: the newest view wins, a stop is a stop, and what fails is shown."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest
from IPython.display import HTML, Markdown

from kpitools.model.slice import Slice
from kpitools.pages import Page, View, open_page
from kpitools.pages.place import STOPPED
from kpitools.pages.section import InTwoGoes
from kpitools.pages.work import Step, Work


class Held:
    """A section that waits until it is let go, and then tells for which team."""

    def __init__(self) -> None:
        self.begun, self.go = threading.Event(), threading.Event()
        self.hold = False

    def __call__(self, view: View) -> list[Any]:
        self.begun.set()
        if self.hold:
            assert self.go.wait(20)
        return [Markdown(str(view.slice.where))]


@pytest.fixture
def page(data) -> Page:
    return Page(View.of(data, Slice.parse("period=2026Q3")), interactive=True)


def texts(page: Page) -> list[str]:
    return [output["data"]["text/markdown"] for _, place in page._live for output in place._output.outputs]


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not true():
            await asyncio.sleep(0.005)


def test_steps_are_done_in_order_and_told():
    told: list[tuple[int, int]] = []
    shown: list[int] = []

    async def run() -> None:
        work = Work(lambda done, of: told.append((done, of)))
        work.do(Step(lambda number=number: number * 10, shown.append) for number in range(3))
        await until(lambda: (3, 3) in told)

    asyncio.run(run())
    assert shown == [0, 10, 20]
    assert told == [(0, 3), (1, 3), (2, 3), (3, 3)]


def test_without_a_loop_steps_are_done_at_once():
    shown: list[int] = []
    Work(lambda done, of: None).do([Step(lambda: 1, shown.append), Step(lambda: 2, shown.append)])
    assert shown == [1, 2]


def test_what_makes_the_next_steps_quicker_is_done_after_the_steps_and_once_nobody_waits():
    done: list[str] = []
    pieces = [lambda: done.append("first piece"), lambda: done.append("second piece")]

    async def run() -> None:
        work = Work(lambda done, of: None, lambda: pieces)
        work.do([Step(lambda: None, lambda _: done.append("step"))])
        await until(lambda: len(done) == 3)

    asyncio.run(run())
    assert done == ["step", "first piece", "second piece"]


def test_new_steps_do_not_wait_for_what_only_makes_them_quicker():
    begun, go, after = threading.Event(), threading.Event(), threading.Event()
    told: list[tuple[int, int]] = []

    def held() -> None:
        begun.set()
        assert go.wait(20)

    async def run() -> None:
        work = Work(lambda done, of: told.append((done, of)), lambda: [held, after.set])
        work.rest()
        await until(begun.is_set)
        assert not work.stop(), "nothing that anybody waits for"
        work.do([Step(lambda: "shown", shown.append)])
        await until(lambda: (1, 1) in told)
        go.set()

    shown: list[str] = []
    asyncio.run(run())
    assert shown == ["shown"]
    assert not after.is_set()


def test_what_cannot_be_got_ready_is_left_to_who_asks_for_it():
    def fails() -> None:
        raise ZeroDivisionError

    async def run() -> None:
        work = Work(lambda done, of: None, lambda: [fails])
        work.rest()
        assert work._rest is not None
        await work._rest

    asyncio.run(run())


def test_an_open_page_finds_where_keys_lead_before_anybody_chooses(data):
    page = open_page(data, period="2026Q3")
    page.show(lambda view: [Markdown(str(view.data["deals"].collect().height))])
    memory = page.view.memory
    assert memory is not None
    assert memory.unready()

    async def run() -> None:
        page.choose("team", ("Nordics",))
        await until(lambda: not memory.unready())

    asyncio.run(run())
    places = set(memory._held._places)
    page.choose("product_family", ("Analytics",))
    assert set(memory._held._places) == places, "this choice would have had to find where deals lead to products"


def test_the_kernel_listens_while_sections_are_worked_out_and_a_stale_answer_is_dropped(page):
    held = Held()
    page.show(held)
    held.hold = True

    async def run() -> None:
        held.begun.clear()
        page.choose("team", ("Nordics",))
        await until(held.begun.is_set)
        assert page._live[0][1].waiting
        held.hold = False
        page.choose("team", ("DACH",))
        await until(lambda: not page._live[0][1].waiting)
        assert texts(page) == ["{'team': ('DACH',)}"]
        held.go.set()
        await asyncio.sleep(0.1)
        assert texts(page) == ["{'team': ('DACH',)}"]

    asyncio.run(run())


def test_stopped_sections_say_so_and_show_no_figures_of_another_slice(page):
    held = Held()
    page.show(lambda view: [Markdown("quick")], held)
    held.hold = True

    async def run() -> None:
        held.begun.clear()
        page.choose("team", ("Nordics",))
        await until(held.begun.is_set)
        assert "section 2 of 2" in page.progress.said.value
        assert not page.progress.button.disabled
        page.progress.button.click()
        assert texts(page) == ["quick", STOPPED]
        held.go.set()
        await asyncio.sleep(0.1)
        assert texts(page) == ["quick", STOPPED]
        assert page.progress.button.disabled
        held.hold = False
        page.choose("team", ("DACH",))
        await until(lambda: not page._live[1][1].waiting)
        assert texts(page)[1] == "{'team': ('DACH',)}"

    asyncio.run(run())


def in_two_goes(held: Held) -> InTwoGoes:
    """A section that tells the team, and then what a held one tells."""
    return InTwoGoes(held, lambda view: [Markdown("soon")])


def test_a_section_in_two_goes_shows_what_is_quickly_told_and_then_all(page):
    held = Held()
    page.show(in_two_goes(held))
    assert texts(page) == ["{}"], "the first time all of it"
    held.hold = True

    async def run() -> None:
        page.choose("team", ("Nordics",))
        place = page._live[0][1]
        await until(lambda: place.unfinished)
        assert texts(page) == ["soon"]
        assert not place.waiting
        held.go.set()
        await until(lambda: not place.unfinished)
        assert texts(page) == ["{'team': ('Nordics',)}"]

    asyncio.run(run())


def test_between_its_goes_what_stood_behind_stays_in_its_place_and_is_marked(page):
    held = Held()
    table = HTML("<table></table>")
    page.show(InTwoGoes(lambda view: [*held(view), table], lambda view: [Markdown("soon")]))
    held.hold = True

    def shown() -> list[str]:
        return [output["data"].get("text/html", "") for output in page._live[0][1]._output.outputs]

    async def run() -> None:
        page.choose("team", ("Nordics",))
        await until(lambda: page._live[0][1].unfinished)
        assert shown() == ["", '<div class="kt-waiting"><table></table></div>']
        held.go.set()
        await until(lambda: not page._live[0][1].unfinished)
        assert shown() == ["", "<table></table>"]

    asyncio.run(run())


def test_a_section_stopped_between_its_goes_keeps_what_was_told_and_says_that_there_is_more(page):
    held = Held()
    page.show(in_two_goes(held))
    held.hold = True

    async def run() -> None:
        page.choose("team", ("Nordics",))
        await until(lambda: page._live[0][1].unfinished)
        page.progress.button.click()
        assert texts(page) == ["soon", STOPPED]
        held.go.set()
        await asyncio.sleep(0.1)
        assert texts(page) == ["soon", STOPPED]

    asyncio.run(run())


def test_how_a_section_fails_is_shown_in_its_place_and_the_next_goes_on(page):
    def fails(view: View) -> list[Any]:
        if view.slice.where:
            raise ZeroDivisionError("a section of one's own")
        return []

    page.show(fails, lambda view: [Markdown("next")])

    asyncio.run(chosen(page))
    (failed,) = page._live[0][1]._output.outputs
    assert (failed["output_type"], failed["ename"]) == ("error", "ZeroDivisionError")
    assert texts_of(page, 1) == ["next"]


async def chosen(page: Page) -> None:
    """Choose a team while the loop runs, and wait for the second section."""
    page.choose("team", ("Nordics",))
    await until(lambda: not page._live[1][1].waiting)


def texts_of(page: Page, number: int) -> list[str]:
    return [output["data"]["text/markdown"] for output in page._live[number][1]._output.outputs]


def test_going_back_to_a_view_finds_what_was_worked_out_for_it(page):
    page.choose("team", ("Nordics",))
    nordics = page.view
    page.choose("team", ("DACH",))
    page.choose("team", ("Nordics",))
    assert page.view is nordics


def test_going_back_to_the_first_view_from_another_period_finds_it_too(page):
    first = page.view
    page.follow(page.of(Slice({}, "2026Q2")))
    assert page.view is not first
    page.follow(page.of(first.slice))
    assert page.view is first
    assert page.of(Slice({}, "2026Q3")) is first, "a day that is left out is the end of the period"


def test_an_output_that_cannot_be_shown_is_told_in_its_place_and_the_next_goes_on(page):
    class Unshown(Markdown):
        def for_page(self, page: Page, before: Any) -> Any:
            if page.view.slice.where:
                raise ZeroDivisionError("a chart of one's own")
            return Markdown("shown")

    page.show(lambda view: [Unshown("")], lambda view: [Markdown("next")])

    asyncio.run(chosen(page))
    (failed,) = page._live[0][1]._output.outputs
    assert (failed["ename"], failed["evalue"]) == ("ZeroDivisionError", "a chart of one's own")
    assert texts_of(page, 1) == ["next"]
