"""The explorers: all of each is shown for any slice, its numbers open into their rows, and its pieces work alone."""

from __future__ import annotations

from typing import Any

import pytest

from kpitools import explore
from kpitools.errors import UnknownNameError
from kpitools.evaluation.evaluate import evaluate
from kpitools.kpis.conversion import win_rate

EXPLORERS: dict[str, dict[str, Any]] = {
    "funnel": {},
    "kpi": {"which": "win_rate"},
    "pipeline": {},
    "reps": {},
    "retention": {},
    "scorecard": {},
}


def outputs(explorer: explore.Explorer) -> list[dict[str, Any]]:
    return [output for _, place in explorer.page._live for output in place._output.outputs]


def wrong(explorer: explore.Explorer) -> list[Any]:
    """What says that a section could not be shown, or how it failed."""
    return [
        output
        for output in outputs(explorer)
        if output["output_type"] == "error" or "Not shown" in output["data"].get("text/markdown", "")
    ]


def test_every_explorer_is_tried():
    assert set(EXPLORERS) == set(explore.EXPLORERS)
    with pytest.raises(AttributeError, match=r"no 'funel'; it has Explorer, Page, View, funnel"):
        explore.funel  # noqa: B018


@pytest.mark.parametrize("name", EXPLORERS)
def test_all_of_an_explorer_is_shown_and_follows(data, capsys, name):
    explorer = getattr(explore, name)(data, period="2026Q3", **EXPLORERS[name])
    explorer._ipython_display_()
    assert wrong(explorer) == []
    before = outputs(explorer)
    explorer.page.choose("team", ("Nordics",))
    assert wrong(explorer) == []
    assert outputs(explorer) != before
    assert "Nordics" in str(explorer.page.view.slice)


@pytest.mark.parametrize("name", EXPLORERS)
def test_headless_an_explorer_is_its_sections_without_widgets(data, capsys, name):
    explorer = getattr(explore, name)(data, period="2026Q3", interactive=False, **EXPLORERS[name])
    assert explorer.rows is None
    explorer._ipython_display_()
    said = capsys.readouterr().out
    assert said
    assert not any(word in said for word in ("Dropdown", "Output(", "LiveChart"))


def test_a_number_opens_into_its_rows(data, capsys):
    explorer = explore.kpi(data, win_rate, slice="team=Nordics&period=2026Q3")
    explorer._ipython_display_()
    explorer.rows.toggle.value = True
    cut = data.as_of("2026-09-30").where({"team": ["Nordics"]})
    n = evaluate(win_rate, cut, periods="2026Q3").frame["n"].item()
    assert explorer.rows.listing.frame.height == n


def test_an_unknown_kpi_is_refused_with_the_nearest(data):
    with pytest.raises(UnknownNameError, match="win_rate"):
        explore.kpi(data, "win_rat")


def test_the_slice_of_an_explorer_is_chosen_by_name(data, capsys):
    explorer = explore.funnel(data, slice="segment=smb&period=2026Q2")
    assert str(explorer.page.view.slice) == "segment=smb&period=2026Q2&as_of=2026-06-30"
