"""The scorecard's sections: figures stand beside those of the others, and chance is not called better or worse."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from small import dataset

from kpitools.analyses.words.figures import CHANCE
from kpitools.config import Config
from kpitools.evaluation.others import figures_beside, peer_figures
from kpitools.kpis.catalogue import find
from kpitools.kpis.conversion import win_rate
from kpitools.model.slice import Slice
from kpitools.pages.memory import Memory
from kpitools.pages.view import View
from kpitools.views import scorecard


def view(own: tuple[int, int], others: tuple[int, int]) -> View:
    """Won and lost deals of North, and of South beside it."""
    rows = [
        f"{rep}{outcome}{number} {rep} {outcome} 2026-08-01"
        for rep, counts in {"r1": own, "r2": others}.items()
        for outcome, count in zip(("won", "lost"), counts, strict=True)
        for number in range(count)
    ]
    deals = "\n".join(["deals: deal_id owner_rep_id status closed_at", *rows])
    data = dataset(f"{deals}\nreps: rep_id team\nr1 North\nr2 South")
    return View.of(data, Slice({"team": ("North",)}, "2026Q3"), compare="previous")


@pytest.mark.parametrize(
    ("own", "others", "status"),
    [
        ((60, 40), (30, 70), "better"),
        ((30, 70), (60, 40), "worse"),
        ((50, 50), (48, 52), CHANCE),
        ((2, 0), (48, 52), CHANCE),
    ],
)
def test_the_others_may_differ_by_chance(own, others, status):
    table, *_ = scorecard.headline("core")(view(own, others))
    (row,) = [row for row in table.rows if row["kpi"] == win_rate.label]
    value, _, said = row["peers"]
    assert (value, said) == (100 * others[0] / sum(others), status)


@pytest.fixture
def one_by_one(monkeypatch) -> None:
    """As with very many rows: a first go holds one KPI."""
    monkeypatch.setattr(scorecard, "MOST_ROWS", 0)


def tables(section: Iterable[Any]) -> list[Any]:
    return [one for one in section if hasattr(one, "rows")]


def without_peers(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{name: cell for name, cell in row.items() if name != "peers"} for row in rows]


def plainly(section: Iterable[Any]) -> list[Any]:
    """What a section tells, charts by their specification."""
    return [one.to_dict() if hasattr(one, "to_dict") else getattr(one, "data", None) for one in section]


@pytest.mark.usefixtures("one_by_one")
@pytest.mark.parametrize("asked", ["period=2026Q3", "team=DACH&period=2026Q2&as_of=2026-05-10", "team=DACH"])
@pytest.mark.parametrize("role", ["core", "general", "am", "edtech"])
def test_a_card_in_two_goes_is_the_card(data, role, asked):
    section, targets = scorecard.headline(role), Config(targets={"win_rate": 40.0})
    live = View.of(data, Slice.parse(asked), config=targets, memory=Memory(data))
    plain = View.of(data, Slice.parse(asked), config=targets)
    (soon,), (whole,), (expected,) = (tables(rows) for rows in (section.soon(live), section(live), section(plain)))
    assert (whole.rows, whole.columns) == (expected.rows, expected.columns)
    assert plainly(section(live)) == plainly(section(plain))
    known = [row for row in soon.rows if row["value"] is not None]
    first = [row for row in expected.rows if row["kpi"] in {row["kpi"] for row in known}]
    assert without_peers(known) == without_peers(first)
    assert len(known) < len(expected.rows)
    assert [row["kpi"] for row in soon.rows] == [row["kpi"] for row in expected.rows], "no row moves"
    assert soon.columns == expected.columns, "nor any column"
    for analysed in (scorecard.findings(role), scorecard.trends(role)):
        assert plainly(analysed(live)) == plainly(analysed(plain))


@pytest.mark.usefixtures("one_by_one")
def test_what_is_still_to_come_is_named(data):
    live = View.of(data, Slice.parse("period=2026Q3"), memory=Memory(data))
    section = scorecard.headline("core")
    (table, told), (whole, *_) = section.soon(live), section(live)
    left = [row["kpi"] for row, shown in zip(whole.rows, table.rows, strict=True) if shown["value"] is None]
    assert 0 < len(left) < len(whole.rows)
    assert told.data == f"- Being worked out: {', '.join(left[:-1])} and {left[-1]}."


def test_with_few_rows_there_is_nothing_left_for_a_second_go(data):
    live = View.of(data, Slice.parse("period=2026Q3"), memory=Memory(data))
    section = scorecard.headline("core")
    (soon, *said), (whole, *_) = section.soon(live), section(live)
    assert [row["kpi"] for row in soon.rows] == [row["kpi"] for row in whole.rows]
    assert not said


@pytest.mark.parametrize("by", ["team", "segment", "region", "rep"])
def test_one_member_stands_beside_what_each_stands_beside(data, by):
    live = View.of(data, Slice.parse("period=2026Q2"), memory=Memory(data))
    kpis = [find(name) for name in ("win_rate", "median_deal_size", "new_leads_added", "net_revenue_retention",
                                    "deal_win_probability", "market_penetration")]  # fmt: skip
    each = peer_figures(kpis, live.everyone, by=by, period=live.period)
    for member in data.members(by)[:2]:
        others = live.others(by, member)
        found = figures_beside(member, kpis, live.everyone, others, by=by, period=live.period)
        expected = each.filter(pl.col(by) == member).select("period", "kpi", "value")
        assert_frame_equal(found, expected, check_row_order=False)
        assert found["value"].null_count() < found.height
