"""Still pictures and the making of charts: the same again each time, and what is shared on the way changes nothing."""

from __future__ import annotations

from pathlib import Path

import altair as alt
import polars as pl
import pytest
from altair.utils import schemapi

from kpitools.charts import notebook, render
from kpitools.charts.data import inline
from kpitools.formats import Separators
from kpitools.model.dataset import Dataset
from kpitools.pages import open_page, script
from kpitools.reports.drawing import compiled, picture
from kpitools.views.counting import Counted

ROWS = pl.DataFrame({"a": [1.0, 2.0], "b": [3.0, 1.0]})


def brushed() -> alt.Chart:
    return alt.Chart(inline(ROWS)).mark_point(clip=True).encode(x="a:Q", y="b:Q").add_params(alt.selection_interval())


def test_a_picture_does_not_depend_on_those_drawn_before():
    chart = compiled(brushed().to_dict(), Separators())
    first, second = picture(chart, "c1-"), picture(chart, "c1-")
    assert first == second
    assert 'clip-path="url(#c1-i1)"' in first
    assert 'id="c1-i1"' in first


def test_pictures_and_scripts_are_of_one_vega_lite():
    """Named twice, as neither may import the other: charts know nothing of pages, whose script comes without Altair."""
    assert render.VEGA_LITE == script.VEGA_LITE


def test_texts_are_measured_in_the_librarys_own_fonts_and_others_are_left_to_be_found(tmp_path: Path):
    for name in (
        "sans/LiberationSans-Bold.ttf",
        "mixed/LiberationSans-Bold.ttf",
        "mixed/Other.ttf",
        "deep/cjk/Han.otf",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert list(render._others(tmp_path)) == [tmp_path / "deep", tmp_path / "mixed"]
    assert list(render._others(tmp_path / "nowhere")) == []


def test_copies_of_a_chart_share_its_rows_and_nothing_else():
    chart = brushed()
    copy = chart.copy().encode(x="b:Q")
    assert copy.data is chart.data
    assert chart.to_dict()["encoding"]["x"]["field"] == "a"
    assert chart.data.to_dict()["values"] == ROWS.to_dicts()


def test_a_channel_given_as_a_value_is_the_same_checked_and_unchecked():
    def chart() -> dict:
        colour = alt.condition("datum.a > 1", alt.value("red"), alt.value("blue"))
        return alt.Chart(inline(ROWS)).mark_point().encode(x="a:Q", color=colour, opacity=alt.value(0.5)).to_dict()

    usual = schemapi._FromDict
    checked = chart()
    with notebook.unchecked():
        assert chart() == checked
    assert schemapi._FromDict is usual


@pytest.mark.parametrize(("module", "passes"), [("kpitools.views.own", True), ("a_users_own", False)])
def test_sections_that_are_counted_are_checked_as_any_others_are(module: str, passes: bool):
    deals = pl.DataFrame(
        {"deal_id": ["a"], "status": ["won"], "closed_at": ["2026-07-01"], "created_at": ["2026-07-01"]}
    )
    dated = deals.with_columns(pl.col("closed_at", "created_at").str.to_datetime())
    page = open_page(Dataset.of({"deals": dated}), period="2026Q3", interactive=False)
    counted = Counted(page, rule="reached", reopened="last", window_days=0)
    seen = []

    def section(view, counting):
        seen.append(schemapi.DEBUG_MODE)
        return []

    section.__module__ = module
    counted.show(section)
    assert seen == [not passes]
