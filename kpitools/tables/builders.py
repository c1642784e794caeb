"""The tables that reports show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from kpitools.errors import EvaluationError, UnknownNameError
from kpitools.formats import ShownKpi, format_interval, format_value, heading
from kpitools.tables.table import Column, Table

COMPARISONS = {
    "previous": "Period before",
    "year_ago": "Year ago",
    "same_point": "Same point before",
    "target": "Target",
    "peers": "Peers",
}


def scorecard_table(
    frame: pl.DataFrame,
    kpis: Sequence[ShownKpi],
    *,
    compare: Sequence[str] | None = None,
    trend: pl.DataFrame | None = None,
    caption: str = "Scorecard",
) -> Table:
    """The core figures of one slice: value, interval, comparisons, benchmark, sample size, trend.

    Args:
        frame: `Result.frame` of one slice without dimensions. Of several periods the last is shown.
        kpis: The KPIs to show, in this order; one that the frame lacks is shown without a figure.
        compare: The comparisons to show out of previous, year_ago, same_point, target, peers; all the frame has
            unless said otherwise. The benchmark is always shown where the frame has it.
        trend: `Result.frame` of the periods for the sparkline; `frame` itself unless said otherwise.
        caption: The heading.

    Raises:
        UnknownNameError: The frame lacks a column, or a comparison that was asked for.
        EvaluationError: A KPI has several rows in a period.
    """
    there = [name for name in COMPARISONS if name in frame.columns]
    for name in compare or ():
        if name not in there:
            raise UnknownNameError("comparison", name, there)
    _need(frame, "kpi", "start", "period", "value")
    history = frame if trend is None else trend
    shown = there if compare is None else list(compare)
    latest = frame.filter(pl.col("start") == pl.col("start").max())
    tiles = [_tile(kpi, _one(latest, kpi), history, shown) for kpi in kpis]
    columns = _tile_columns(shown, tiles, benchmark="benchmark_status" in frame.columns)
    return Table(caption, columns, tiles, _tile_note(latest, tiles))


def _one(frame: pl.DataFrame, kpi: ShownKpi) -> dict[str, Any]:
    rows = frame.filter(pl.col("kpi") == kpi.id)
    if rows.height > 1:
        raise EvaluationError(f"{kpi.label} has {rows.height} rows in one period. Filter the frame to one group first.")
    return rows.row(0, named=True) if rows.height else {}


def _tile(kpi: ShownKpi, row: Mapping[str, Any], history: pl.DataFrame, compare: Sequence[str]) -> dict[str, Any]:
    past = history.filter(pl.col("kpi") == kpi.id).sort("start")
    tile = {
        "kpi": kpi.label,
        "unit": kpi.unit,
        "value": row.get("value"),
        "interval": [row.get("lower"), row.get("upper")],
        "n": [row.get("n"), row.get("small")],
        "benchmark": [_benchmark(kpi), row.get("benchmark_status")],
        "trend": past["value"].to_list(),
    }
    for name in compare:
        tile[name] = [row.get(name), row.get(f"{name}_difference"), row.get(f"{name}_status")]
    return tile


def _benchmark(kpi: ShownKpi) -> str:
    low, high = (kpi.benchmark.low, kpi.benchmark.high) if kpi.benchmark else (None, None)
    if low is not None and high is not None:
        return format_interval(low, high, kpi.unit)
    if low is None and high is None:
        return "none"
    return f"at least {format_value(low, kpi.unit)}" if low is not None else f"at most {format_value(high, kpi.unit)}"


def _tile_columns(compare: Sequence[str], tiles: Sequence[Mapping[str, Any]], *, benchmark: bool) -> list[Column]:
    columns = [
        Column("kpi", "KPI"),
        Column("value", "Value", "number"),
        Column("interval", "95 % interval", "interval"),
    ]
    for name in compare:
        columns.append(Column(name, COMPARISONS[name], "comparison"))
    if benchmark:
        columns.append(Column("benchmark", "Benchmark", "benchmark"))
    columns.append(Column("n", "Cases", "sample"))
    long_enough = any(len(tile["trend"]) > 1 for tile in tiles)
    return [*columns, Column("trend", "Trend", "spark")] if long_enough else columns


def _tile_note(latest: pl.DataFrame, tiles: Sequence[Mapping[str, Any]]) -> str:
    periods = ", ".join(dict.fromkeys(latest["period"]))
    over = latest["complete"].all() if "complete" in latest.columns else True
    return " ".join(
        [
            f"Period: {periods}{'' if over else ', not over yet'}." if periods else "",
            "A small sample says little: read its interval first." if any(tile["n"][1] for tile in tiles) else "",
        ]
    ).strip()


def leaderboard_table(
    frame: pl.DataFrame, kpi_label: str, unit: str, *, better: str = "higher", caption: str | None = None
) -> Table:
    """One KPI of each rep, best first.

    Args:
        frame: The frame of `charts.rep_leaderboard`: `rep`, `value`, `lower`, `upper`, `n`, `small`, `peers`, and
            `attainment` (percent of quota) where there is one.
        kpi_label: What the value is, in words.
        unit: The unit of value, interval and peers.
        better: "higher" puts the greatest value first, "lower" the least.
        caption: The heading, "<KPI> by rep" unless said otherwise.

    Raises:
        UnknownNameError: The frame lacks a column.
    """
    _need(frame, "rep", "value", "lower", "upper", "n", "small", "peers")
    frame = frame.sort("value", descending=better != "lower", nulls_last=True, maintain_order=True)
    rows = [
        {**row, "interval": [row["lower"], row["upper"]], "n": [row["n"], row["small"]]} for row in frame.to_dicts()
    ]
    quota = [Column("attainment", "Of quota", "number", "percent")] if "attainment" in frame.columns else []
    columns = [
        Column("rep", "Rep"),
        Column("value", heading(kpi_label, unit), "number", unit),
        Column("interval", heading("95 % interval", unit), "interval", unit),
        Column("peers", heading("Mean of the others", unit), "number", unit),
        *quota,
        Column("n", "Cases", "sample"),
    ]
    return Table(caption or f"{kpi_label} by rep", columns, rows)


def frame_table(
    frame: pl.DataFrame,
    *,
    caption: str,
    labels: Mapping[str, str] | None = None,
    units: Mapping[str, str] | None = None,
    note: str = "",
    folded: bool = False,
) -> Table:
    """Any frame as a table, its columns shown as what they are; a heading says the unit where its cells do not.

    Args:
        frame: The rows. The first column names the row.
        caption: The heading.
        labels: A heading for a column; its name in words unless said otherwise.
        units: The unit of a number column.
        note: A line under the table.
        folded: Whether it is shut until a reader opens it.

    Raises:
        UnknownNameError: A label or a unit is for a column that the frame lacks, or there is no such unit.

    >>> frame = pl.DataFrame({"team": ["North"], "win_rate": [63.15], "deals": [6711]})
    >>> print(frame_table(frame, caption="Teams", units={"win_rate": "percent"}).to_text())
    Teams
    Team   Win rate  Deals
    -----  --------  -----
    North    63.2 %  6,711
    """
    labels, units = labels or {}, units or {}
    for name in [*labels, *units]:
        if name not in frame.columns:
            raise UnknownNameError("column", name, frame.columns)
    columns = [
        Column(name, heading(labels.get(name, _in_words(name)), unit or "number"), _kind(dtype), unit)
        for name, dtype in frame.schema.items()
        for unit in [units.get(name, "")]
    ]
    return Table(caption, columns, frame, note, folded)


def _in_words(name: str) -> str:
    return (name[:1].upper() + name[1:]).replace("_", " ")


def _kind(dtype: pl.DataType) -> str:
    if dtype.is_numeric():
        return "number"
    return "date" if dtype in (pl.Date, pl.Datetime) else "text"


def _need(frame: pl.DataFrame, *columns: str) -> None:
    for column in columns:
        if column not in frame.columns:
            raise UnknownNameError("column", column, frame.columns, hint=f"This table needs: {', '.join(columns)}.")
