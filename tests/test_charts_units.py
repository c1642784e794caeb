"""No figure without its unit: every axis, legend, tooltip and column of the templates' pages says what it counts."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from test_charts import Kpi, trend

from kpitools.charts import kpi_trend, notebook, rep_leaderboard
from kpitools.formats import UNITS, axis_title
from kpitools.kpis.catalogue import CATALOGUE
from kpitools.model.dataset import Dataset
from kpitools.reports import chartdata
from kpitools.reports.tiles import tiles
from kpitools.tables import MIME as TABLE
from kpitools.tables import Column, Table, leaderboard_table
from kpitools.tables.cells import cell_text, row_name

TEMPLATES = sorted((Path(__file__).parents[1] / "templates").glob("*.ipynb"))
#: What a title or heading may say: a unit, or what is counted.
SAYS = re.compile(
    r"\((%|amount|amount per day|days|hours|minutes|months|quarters|seconds|years|ratio|points|0 to 1)\)|ratio"
    r"|\b(accounts|activities|amount|cases|customers|days|deals|forecasts|leads|months|moves|opportunities|orders"
    r"|probability|rank|renewals|reps|score|sellers|times|visits|years)\b",
    re.IGNORECASE,
)
#: A figure, or an interval, alone.
BARE = re.compile(r"[+−]?\d[\d,]*(\.\d+)?((–| to −?)\d[\d,]*(\.\d+)?)?( [kMBT])?")
GUIDED = ("x", "y", "color", "size", "opacity", "theta")
#: Units without a sign: the label says what is counted.
LABELLED = {"count", "number"}
FIGURES = ("number", "interval", "comparison", "sample", "text")


@pytest.fixture(scope="module")
def pages(data: Dataset) -> dict[str, list[dict[str, Any]]]:
    """What each template puts out for the whole sample."""
    shell = InteractiveShell.instance()
    try:
        return {path.stem: list(outputs(shell, path, data)) for path in TEMPLATES}
    finally:
        InteractiveShell.clear_instance()


def outputs(shell: InteractiveShell, path: Path, data: Dataset) -> Iterator[dict[str, Any]]:
    cells = [cell for cell in json.loads(path.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == "code"]
    for place, cell in enumerate(cells):
        with capture_output() as caught:
            shell.run_cell("".join(cell["source"])).raise_error()
        if place == 0:
            shell.user_ns |= {"data": data, "interactive": False}
        yield from (one.data for one in caught.outputs)


def specs(shown: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [one[notebook.MIME] for one in shown if notebook.MIME in one]


def tables(shown: list[dict[str, Any]]) -> list[Table]:
    return [Table.from_json(one[TABLE]) for one in shown if TABLE in one]


def channels(spec: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Each channel of every view of a chart."""
    if isinstance(spec, Mapping):
        for name, one in (spec.get("encoding") or {}).items():
            yield from ((name, channel) for channel in (one if isinstance(one, list) else [one]))
        spec = [inner for name, inner in spec.items() if name not in ("data", "datasets", "encoding")]
    if isinstance(spec, list):
        for inner in spec:
            yield from channels(inner)


def texts(spec: Mapping[str, Any], field: str) -> list[str]:
    """What stands in a field of the chart's data."""
    rows = [row for rows in spec.get("datasets", {}).values() for row in rows]
    return [str(row[field]) for row in rows if row.get(field) is not None]


def unsaid(spec: Mapping[str, Any]) -> list[str]:
    """The axes, legends and tooltip lines of a chart that leave open what their figures are."""
    found = []
    guides: dict[str, list[str]] = {}
    for name, channel in channels(spec):
        title = channel.get("title")
        title = " ".join(title) if isinstance(title, list) else title or ""
        if name == "tooltip":
            bare = any(BARE.fullmatch(text) for text in texts(spec, channel["field"]))
            found += [f"tooltip {title!r}"] if bare and not SAYS.search(title) else []
        elif name in GUIDED and channel.get("type") == "quantitative" and channel.get("legend", title) is not None:
            guides.setdefault(name, []).append(title)
    # layers share an axis: what one of them says is said, and all say the same
    found += [f"{name} {said}" for name, said in guides.items() if len({*filter(None, said)}) > 1]
    return found + [f"{name} without a unit" for name, said in guides.items() if not SAYS.search(" ".join(said))]


def bare(column: Column, row_label: str, text: str) -> bool:
    """Whether a cell is a figure whose unit stands neither in it nor over it nor before it."""
    if column.kind not in FIGURES:
        return False
    first = text.partition(" (")[0]
    return bool(BARE.fullmatch(first)) and not SAYS.search(column.label) and not SAYS.search(row_label)


def bare_cells(table: Table) -> set[tuple[str, str, str]]:
    """The cells of a table whose unit is nowhere, by caption and heading."""
    return {
        (table.caption, column.label, text)
        for (_, name, of), *cells in table.cells
        for column, value, unit in cells
        if bare(column, row_name(name, of), text := cell_text(column.kind, value, unit))
    }


@pytest.mark.parametrize("template", [path.stem for path in TEMPLATES])
def test_every_axis_legend_and_tooltip_says_what_it_counts(pages, template):
    charts = specs(pages[template])
    assert charts
    assert {chartdata.title_of(spec): wrong for spec in charts if (wrong := unsaid(spec))} == {}


@pytest.mark.parametrize("template", [path.stem for path in TEMPLATES])
def test_every_figure_in_a_table_has_its_unit_in_it_or_beside_it(pages, template):
    shown = tables(pages[template])
    assert shown
    assert set().union(*map(bare_cells, shown)) == set()


def test_every_headline_figure_has_its_unit_once(pages):
    shown = tiles(one[TABLE] for one in pages["scorecard"] if TABLE in one)
    assert [(tile.label, tile.unit) for tile in shown if BARE.fullmatch(tile.value)] == [
        ("Average deal size", "(amount)"),
        ("Pipeline coverage ratio", ""),
    ]
    assert not any(tile.unit for tile in shown if not BARE.fullmatch(tile.value))


@pytest.mark.parametrize("template", [path.stem for path in TEMPLATES])
def test_the_figures_behind_a_chart_have_units_and_no_two_columns_one_name(pages, template):
    for spec in specs(pages[template]):
        for rows in chartdata.behind(spec):
            named = [heading for heading, _ in rows.headings]
            assert len(set(named)) == len(named) > 1
            written = {name: text for line in rows.cells for name, (text, _) in zip(named, line, strict=True)}
            assert [name for name, text in written.items() if BARE.fullmatch(text) and not SAYS.search(name)] == []


@pytest.mark.parametrize("unit", sorted(UNITS.keys() - LABELLED))
def test_a_unit_that_a_figure_does_not_bear_stands_on_the_axis_and_in_the_tooltip(unit):
    label = "Something"
    frame = trend().with_columns(value=pl.lit(0.25), lower=pl.lit(0.125), upper=pl.lit(0.5))
    reps = frame.with_columns(rep="period", peers="value")
    for chart in (kpi_trend(frame, Kpi("some", label, unit)), rep_leaderboard(reps, label, unit)):
        assert unsaid(chart.to_dict()) == []
    assert bare_cells(leaderboard_table(reps, label, unit)) == set()


def test_the_check_finds_what_is_missing():
    spec = rep_leaderboard(trend().with_columns(rep="period", peers="value"), "Something", "ratio").to_dict()
    said = json.dumps(spec).replace("Something (ratio)", "Something").replace("Value (ratio)", "Value")
    assert unsaid(json.loads(said)) == ["tooltip 'Value'", "x without a unit"]


@pytest.mark.parametrize("kpi", [kpi for kpi in CATALOGUE.values() if kpi.unit not in LABELLED], ids=lambda kpi: kpi.id)
def test_every_kpi_has_an_axis_with_a_unit(kpi):
    assert SAYS.search(axis_title(kpi.label, kpi.unit)) or "per day" in axis_title(kpi.label, kpi.unit)
