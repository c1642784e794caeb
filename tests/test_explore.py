"""A page live and headless: the same slice gives the same sections, and a wrong one changes nothing."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from IPython.display import Markdown

from kpitools.errors import UnknownNameError
from kpitools.model.slice import Slice
from kpitools.pages import Page, View
from kpitools.pages.controls import Controls
from kpitools.pages.page import Lacking


@pytest.fixture
def page(data) -> Page:
    return Page(View.of(data, Slice.parse("period=2026Q3")), interactive=True)


@pytest.fixture
def shown(page: Page) -> list[str]:
    """What a section was shown for, slice by slice."""
    seen: list[str] = []

    def section(view: View) -> Iterable[Any]:
        seen.append(str(view.slice))
        return [Markdown(str(view.data["deals"].collect().height))]

    page.show(section)
    return seen


def test_a_view_fills_in_the_period_and_the_day(data):
    view = View.of(data, Slice.parse("team=Nordics"))
    assert str(view.slice) == "team=Nordics&period=2026Q3&as_of=2026-09-30"
    assert view.day.isoformat() == "2026-09-30"


def test_a_fiscal_period_keeps_its_first_month(data):
    view = View.of(data, Slice(period="FY2026Q2@2"))
    assert (str(view.period.start), view.slice.period) == ("2025-05-01", "FY2026Q2@2")


def test_every_section_follows_the_slice(page, shown):
    page.follow(page.of(Slice.parse("team=DACH&period=2026Q2")))
    assert shown == ["period=2026Q3&as_of=2026-09-30", "team=DACH&period=2026Q2&as_of=2026-06-30"]


def test_a_wrong_slice_leaves_the_page_as_it_was(page, shown):
    with pytest.raises(UnknownNameError, match="team"):
        page.of(Slice.parse("taem=DACH"))
    assert str(page.view.slice) == "period=2026Q3&as_of=2026-09-30"
    assert len(shown) == 1


def test_controls_set_the_slice_and_show_it_as_text(page, shown):
    controls = Controls(page)
    controls.where["team"].widget.value = ("Nordics",)
    assert controls.text.value == "team=Nordics&period=2026Q3&as_of=2026-09-30" == shown[-1]
    controls.period.value = "2026Q1"
    assert controls.text.value == "team=Nordics&period=2026Q1&as_of=2026-03-31" == shown[-1]
    controls.where["team"].widget.value = ()
    assert shown[-1] == "period=2026Q1&as_of=2026-03-31"


def test_a_pasted_slice_moves_the_controls(page, shown):
    controls = Controls(page)
    controls.text.value = "segment=smb&period=2025Q4"
    assert controls.where["segment"].widget.value == ("smb",)
    assert controls.period.value == "2025Q4"
    controls.text.value = "nonsense"
    assert "is not a slice" in controls.said.value
    assert shown[-1] == "segment=smb&period=2025Q4&as_of=2025-12-31"


def test_headless_shows_no_widget(data, capsys):
    page = Page(View.of(data, Slice.parse("period=2026Q3")), interactive=False)
    page.controls()
    page.show(lambda view: [Markdown("shown")])
    said = capsys.readouterr().out
    assert "Markdown" in said
    assert "Dropdown" not in said
    assert "Output" not in said


def test_what_the_data_cannot_give_is_said_in_its_place(data, capsys):
    def section(view: View) -> Iterable[Any]:
        raise UnknownNameError("KPI", "<b>x</b>", [])

    page = Page(View.of(data, Slice.parse("period=2026Q3")), interactive=False)
    page.show(section, lambda view: [Markdown("next")], section)
    lacking, shown = capsys.readouterr().out.splitlines()
    assert lacking.startswith("Not shown: There is no KPI '<b>x</b>'"), "said once of both"
    assert "Markdown" in shown
    assert Lacking("<b>x</b>")._repr_markdown_() == r"*Not shown: \<b\>x\</b\>*"
