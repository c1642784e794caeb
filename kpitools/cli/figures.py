"""`kpitools evaluate`."""

from __future__ import annotations

import json

import click
import polars as pl

from kpitools.cli.options import data_options, opened, settings, where_option
from kpitools.evaluation.result import OTHERS, PERIODS, Result

COMPARISONS = click.Choice([*PERIODS, *OTHERS])
SHOWN = ("value", "lower", "upper", "n")


@click.command()
@click.argument("kpis", nargs=-1, required=True, metavar="KPI...")
@data_options
@click.option("--period", required=True, help="A period or a range: 2026Q3, 2025Q1..2026Q3, 2026-09, 2026-W37, ...")
@click.option("--by", multiple=True, help="A dimension to break down by; may be repeated.")
@click.option("--where", multiple=True, metavar="NAME=VALUE", help="Only these rows; may be repeated.")
@click.option("--as-of", help="The day from whose end the data is seen; all of the data by default.")
@click.option("--compare", multiple=True, type=COMPARISONS, help="What to compare with; may be repeated.")
@click.option("--scope", help="The industry or kind of company whose benchmarks count: saas, retail, ...")
@click.option("--totals", is_flag=True, help="Add the total over all groups, worked out anew.")
@click.option("--format", "form", type=click.Choice(["table", "csv", "json"]), default="table", show_default=True)
def evaluate(
    kpis: tuple[str, ...], data: str | None, folder: str | None, config: str | None, period: str, by: tuple[str, ...],
    where: tuple[str, ...], as_of: str | None, compare: tuple[str, ...], scope: str | None, totals: bool,
    form: str,
) -> None:  # fmt: skip
    """Figures without a notebook: one record per group, period and KPI.

    \b
    kpitools evaluate win_rate average_deal_size --data data/sample --by team --period 2026Q3 --compare previous
    kpitools evaluate net_revenue_retention --data data/sample --period 2025Q1..2026Q3 --format csv
    """
    from kpitools.evaluation.evaluate import evaluate as evaluated
    from kpitools.kpis.catalogue import find
    from kpitools.model.calendar import parse_periods

    own = settings(config)
    chosen = [find(name, dict(own.kpis)) for name in kpis]
    periods = parse_periods(period, fiscal_start=own.fiscal_start)
    found = opened(data, folder, own).where(where_option(where))
    result = evaluated(
        chosen,
        found,
        periods=periods,
        by=by,
        as_of=as_of,
        compare=compare,
        targets=own.targets,
        scope=scope,
        totals=totals,
    )
    click.echo(WRITERS[form](result), nl=form != "csv")


def as_table(result: Result) -> str:
    """The figures as text: label, value and interval in the KPI's unit, comparisons beside them."""
    from kpitools.formats import format_difference, format_interval, format_value

    kpis = {kpi.id: kpi for kpi in result.kpis}
    compared = [name for name in (*PERIODS, *OTHERS) if name in result.frame.columns]
    heads = [*result.by, "period", "KPI", "value", "95 % interval", "n", *(f"vs {name}" for name in compared)]
    lines = []
    for row in result.frame.iter_rows(named=True):
        unit = kpis[row["kpi"]].unit
        period = row["period"] + ("" if row["complete"] else " (to date)")
        interval = format_interval(row["lower"], row["upper"], unit)
        n = "" if row["n"] is None else f"{row['n']:,}{' (small)' if row['small'] else ''}"
        groups = ["(unassigned)" if row[name] is None else row[name] for name in result.by]
        beside = [_beside(row, name, unit, format_difference) for name in compared]
        lines.append([*groups, period, kpis[row["kpi"]].label, format_value(row["value"], unit), interval, n, *beside])
    return aligned(heads, lines, right={"value", "n", "95 % interval"})


def _beside(row: dict[str, object], name: str, unit: str, form: object) -> str:
    difference = form(row[f"{name}_difference"], unit)  # type: ignore[operator]
    status = row[f"{name}_status"]
    return f"{difference} ({status})" if status else difference


def aligned(heads: list[str], lines: list[list[str]], *, right: set[str] = frozenset()) -> str:  # type: ignore[assignment]
    """Rows as text in columns.

    >>> print(aligned(["team", "n"], [["North", "12"], ["South", "3"]], right={"n"}))
    team    n
    -----  --
    North  12
    South   3
    """
    wide = [max(len(str(line[place])) for line in [heads, *lines]) for place in range(len(heads))]

    def line(cells: list[str]) -> str:
        told = (
            str(cell).rjust(width) if head in right else str(cell).ljust(width)
            for head, cell, width in zip(heads, cells, wide, strict=True)
        )
        return "  ".join(told).rstrip()

    return "\n".join([line(heads), "  ".join("-" * width for width in wide), *map(line, lines)])


def _as_csv(result: Result) -> str:
    return result.frame.with_columns(pl.col(pl.Boolean).cast(pl.String)).write_csv()


def _as_json(result: Result) -> str:
    return json.dumps(result.records(), indent=1, ensure_ascii=False, allow_nan=False)


WRITERS = {"table": as_table, "csv": _as_csv, "json": _as_json}
