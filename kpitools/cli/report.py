"""`kpitools report`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from kpitools.cli.options import data_options, opened, pairs, settings
from kpitools.model.calendar import parse_period


@click.command()
@data_options
@click.option("--period", required=True, help="What to report on: 2026Q3, 2026-09, 2026-W37, FY2026Q2, ...")
@click.option("--by", help="The dimension whose members each get their reports.  [default: team]")
@click.option("--template", "templates", multiple=True, help="Only this template; may be repeated. All by default.")
@click.option("--only", multiple=True, help="Only this member of --by; may be repeated. All by default.")
@click.option("--as-of", help="The day from whose end the data is seen; the last day of the period by default.")
@click.option("--out", type=click.Path(file_okay=False), help="Where the reports go.  [default: out]")
@click.option("--parameter", "parameters", multiple=True, metavar="NAME=VALUE", help="A parameter of the templates.")
@click.option("--templates-folder", type=click.Path(file_okay=False), help="Your own folder of templates.")
@click.option("--workers", type=click.IntRange(1, 64), help="How many reports at once; one per core by default.")
@click.option("--min-peers", type=click.IntRange(2), help="Members behind a company figure, at least.  [default: 3]")
def report(
    data: str | None, folder: str | None, config: str | None, period: str, by: str | None, templates: tuple[str, ...],
    only: tuple[str, ...], as_of: str | None, out: str | None, parameters: tuple[str, ...],
    templates_folder: str | None, workers: int | None, min_peers: int | None,
) -> None:  # fmt: skip
    """Make a notebook and an offline page per template and team, with an index.

    Everything is checked before anything runs; a report that fails is marked and the others are made. Ends with 0
    when all is well, with 1 when a report failed or the slices do not add up to the whole.

    \b
    kpitools report --data data/sample --period 2026Q3 --by team --out out
    kpitools report --data data/crm_sales.toml --period 2017Q3 --by manager --template scorecard
    """
    from kpitools.reports import make_reports
    from kpitools.reports.company import company_aggregates

    own = settings(config)
    set_ = own.reports
    batch = make_reports(
        opened(data, folder, own),
        out=Path(out or set_.get("out") or "out"),
        period=parse_period(period, fiscal_start=own.fiscal_start),
        by=by or set_.get("by") or "team",
        templates=templates or set_.get("templates") or None,
        only=only or None,
        as_of=as_of,
        parameters=pairs(parameters, "--parameter"),
        folder=templates_folder,
        workers=workers,
        min_peers=min_peers or set_.get("min_peers") or 3,
        aggregates=company_aggregates,
        kpis=own.kpis,
    )
    click.echo(batch.summary())
    sys.exit(batch.exit_code)
