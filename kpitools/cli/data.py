"""`kpitools check` and `kpitools sample`."""

from __future__ import annotations

import sys
from pathlib import Path

import click
import polars as pl

from kpitools.cli.figures import aligned
from kpitools.cli.options import data_options, settings
from kpitools.errors import DataError

#: So many tables and columns are named that would add most.
MOST_USEFUL = 10


@click.command()
@click.argument("source", required=False, metavar="[DATA]")
@data_options
@click.option("--out", type=click.Path(file_okay=False), default="quarantine", show_default=True,
              help="Where rows that are set aside are written, one file per table, with their reasons.")  # fmt: skip
@click.option("--all", "everything", is_flag=True, help="List what every KPI lacks that cannot be computed.")
def check(
    source: str | None, data: str | None, folder: str | None, config: str | None, out: str, everything: bool
) -> None:
    """Read the data, set aside the rows that break a rule, and say which KPIs can be computed.

    Ends with 1 when rows were set aside.

    \b
    kpitools check data/sample
    kpitools check data/crm_sales.toml --all
    """
    from kpitools.evaluation.audit import audit, unlocks
    from kpitools.intake import check as checked

    own = settings(config)
    place = source or data or own.data
    if place is None:
        raise DataError("No data was named; write kpitools check FOLDER, or `data` in kpitools.toml.")
    found = checked(place, folder=folder)
    counts = found.counts()
    click.echo(aligned(list(counts.columns), [[str(cell) for cell in row] for row in counts.iter_rows()],
                       right=set(counts.columns[1:])))  # fmt: skip
    for message in found.messages:
        click.echo(message, err=True)
    for path in found.write_quarantine(Path(out)) if found.aside else []:
        click.echo(f"Set aside: {path}")
    told = audit(found.data, own.kpis.values())
    able = told.filter("computable")
    click.echo(f"{able.height} of {told.height} KPIs can be computed from this data.")
    if able.height < told.height:
        click.echo(f"\nWhat one more table or column would add:\n{_would_add(unlocks(found.data, own.kpis.values()))}")
    if everything:
        lacking = [[row["kpi"], ", ".join(row["missing"])] for row in told.filter(~told["computable"]).to_dicts()]
        click.echo(aligned(["KPI", "missing"], lacking))
    sys.exit(1 if found.aside else 0)


def _would_add(found: pl.DataFrame) -> str:
    """The most useful tables and columns, with what they would show."""
    rows = found.filter(pl.col("unlocks") > 0).head(MOST_USEFUL).iter_rows(named=True)
    shown = [[row["missing"], str(row["unlocks"]), _some(row["kpis"])] for row in rows]
    return aligned(["missing", "KPIs", "it would show"], shown, right={"KPIs"})


def _some(names: list[str], most: int = 3) -> str:
    rest = len(names) - most
    return ", ".join(names[:most]) + (f" and {rest} more" if rest > 0 else "")


@click.command()
@click.argument("out", type=click.Path(file_okay=False), default="sample")
@click.option("--scale", type=click.IntRange(1, 10_000), default=1, show_default=True, help="So many times as large.")
@click.option("--seed", type=int, default=2026, show_default=True, help="Another seed makes another company.")
def sample(out: str, scale: int, seed: int) -> None:
    """Make the data of a sample company: three years of a B2B seller with eight teams.

    \b
    kpitools sample mydata
    kpitools sample large --scale 20
    """
    from kpitools.sample import write_sample

    written = write_sample(Path(out), scale=scale, seed=seed)
    size = sum(path.stat().st_size for path in written.values())
    click.echo(f"{len(written)} tables, {size / 1e6:.1f} MB, in {out}")
