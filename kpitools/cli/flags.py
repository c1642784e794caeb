"""`kpitools flags`."""

from __future__ import annotations

import json

import click

from kpitools.cli.figures import aligned
from kpitools.cli.options import data_options, opened, settings, where_option


@click.command()
@data_options
@click.option("--period", required=True, help="The period to judge: 2026Q3, 2026-09, ...")
@click.option("--by", multiple=True, help="A dimension whose groups are judged each for itself; may be repeated.")
@click.option("--where", multiple=True, metavar="NAME=VALUE", help="Only these rows; may be repeated.")
@click.option("--as-of", help="The day from whose end the data is seen; all of the data by default.")
@click.option("--most", type=click.IntRange(1), default=20, show_default=True, help="So many, the weightiest first.")
@click.option("--unchecked", is_flag=True, help="List the rules that could not be checked, with the reason.")
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
def flags(
    data: str | None, folder: str | None, config: str | None, period: str, by: tuple[str, ...],
    where: tuple[str, ...], as_of: str | None, most: int, unchecked: bool, form: str,
) -> None:  # fmt: skip
    """What wants attention: red flags with the figures that raised them, the weightiest first.

    \b
    kpitools flags --data data/sample --period 2026Q3
    kpitools flags --data data/sample --period 2026Q3 --by team --format json
    """
    from kpitools.analyses.flags.catalogue import RULES
    from kpitools.analyses.flags.check import flags as found_in
    from kpitools.analyses.flags.rules import with_limits
    from kpitools.model.calendar import parse_period

    own = settings(config)
    slice_ = opened(data, folder, own).where(where_option(where))
    found = found_in(
        slice_, period=parse_period(period, fiscal_start=own.fiscal_start), by=by, as_of=as_of,
        rules=with_limits(RULES, own.flags), catalogue=own.kpis,
    )  # fmt: skip
    if form == "json":
        click.echo(json.dumps(found.frame.head(most).to_dicts(), indent=1, ensure_ascii=False, default=str))
        return
    for row in found.frame.head(most).iter_rows(named=True):
        click.echo(f"{row['rank']:3}  {row['text']}")
    click.echo(
        f"{found.frame.height} flags of {len(found.checked)} rules; {found.unchecked.height} could not be checked."
    )
    if unchecked:
        rows = [[row["flag"], row["reason"]] for row in found.unchecked.iter_rows(named=True)]
        click.echo(aligned(["rule", "why it was not checked"], rows))
