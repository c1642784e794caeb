"""`kpitools report`."""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kpitools.cli.options import data_options, opened, pairs, settings
from kpitools.config import Config
from kpitools.model.calendar import Period, parse_period
from kpitools.model.slice import Slice, end_of

if TYPE_CHECKING:
    from kpitools.reports.look import Look

RHYTHMS = ("daily", "weekly", "monthly", "quarterly")
_SIZE = re.compile(r"(\d+(?:\.\d+)?) ?([KMG]?)i?B?", re.IGNORECASE)
_UNITS = {"": 1, "K": 2**10, "M": 2**20, "G": 2**30}


class Size(click.ParamType):
    """A number of bytes, such as 2GB."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The bytes that are meant."""
        match = _SIZE.fullmatch(str(value))
        if not match or not float(match[1]):
            self.fail(f"{value!r} is not a size; write 500MB or 2GB.", param, ctx)
        return round(float(match[1]) * _UNITS[match[2].upper()])


@click.command()
@data_options
@click.option("--period", help="What to report on: 2026Q3, 2026-09, 2026-W37, FY2026Q2, ...")
@click.option("--rhythm", type=click.Choice(RHYTHMS), help="The pack that is due, on the last period that is over.")
@click.option("--slice", metavar="TEXT", help="Only these rows, as copied from a notebook's controls: team=North&...")
@click.option("--by", help="The dimension whose members each get their reports.  [default: team, without --slice]")
@click.option("--template", "templates", multiple=True, help="Only this template; may be repeated. All by default.")
@click.option("--only", multiple=True, help="Only this member of --by; may be repeated. All by default.")
@click.option("--as-of", help="The day from whose end the data is seen; the last day of the period by default.")
@click.option("--out", type=click.Path(file_okay=False), help="Where the reports go.  [default: out]")
@click.option("--parameter", "parameters", multiple=True, metavar="NAME=VALUE", help="A parameter of the templates.")
@click.option("--templates-folder", type=click.Path(file_okay=False), help="Your own folder of templates.")
@click.option("--list", "listed", is_flag=True, help="Say what would be made, and why; make nothing.")
@click.option("--force", is_flag=True, help="Make every report, whether or not anything changed.")
@click.option("--retry-failed", is_flag=True, help="Make only the reports that failed the last time.")
@click.option("--limit", type=click.IntRange(1), help="Make only so many, the first that have to be made.")
@click.option("--workers", type=click.IntRange(1, 64), help="How many reports at once; one per core by default.")
@click.option("--kernel", type=click.Choice(["fork", "stock"]), help="How kernels are started.  [default: fork]")
@click.option("--time-limit", type=click.FloatRange(0, min_open=True), help="Seconds that a report may take.")
@click.option("--watch-memory", type=Size(), help="End a report whose kernel holds more: 500MB, 2GB, ...")
@click.option("--min-peers", type=click.IntRange(2), help="Members behind a company figure, at least.  [default: 3]")
@click.option("--compact", is_flag=True, default=None, help="Pages of less than half the size.")
@click.option("--site", is_flag=True, default=None, help="Pages that share script and style in files beside them.")
@click.option("--pdf", is_flag=True, help="A PDF beside each page (needs the extra `pdf`).")
@click.option("--xlsx", is_flag=True, help="A workbook of each page's tables (needs the extra `xlsx`).")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
def report(
    data: str | None, folder: str | None, config: str | None, listed: bool, as_json: bool, pdf: bool, xlsx: bool,
    compact: bool | None, site: bool | None, **asked: Any,
) -> None:  # fmt: skip
    """Make a notebook and an offline page per template and team, with an index.

    Everything is checked before anything runs; a report that fails is marked and the others are made. Reports that
    stand, with nothing changed that they follow from, are not made again. Ends with 0 when all is well, with 1 when a
    report failed or the slices do not add up to the whole. With --slice, one report per template about those rows; with
    --by too, they are divided further.

    \b
    kpitools report --data data/sample --period 2026Q3 --by team --out out
    kpitools report --data data/sample --period 2026Q3 --list
    kpitools report --data data/sample --slice "team=Nordics&segment=smb&period=2026Q3&as_of=2026-09-30"
    kpitools report --data data/sample --rhythm weekly --as-of 2026-09-13
    kpitools report --data data/crm_sales.toml --period 2017Q3 --by manager --template scorecard

    \b
    A line for cron, each Monday at seven: the pack of the week that is over.
    0 7 * * 1  cd /srv/sales && kpitools report --rhythm weekly
    """
    from kpitools.intake import version_of
    from kpitools.reports import make_reports
    from kpitools.reports import summary as told
    from kpitools.reports.company import company_aggregates
    from kpitools.reports.settings import read_settings

    own = settings(config)
    look = _look(own, compact, site)
    place = data or own.data
    version = version_of(place, folder=folder) if place else ""
    batch = make_reports(
        opened(data, folder, own),
        data_version=version,
        settings=read_settings(config),
        kpis=own.kpis,
        aggregates=partial(company_aggregates, kpis=own.kpis),
        look=look,
        formats=dict.fromkeys([*own.reports.get("formats", ()), *(["pdf"] * pdf), *(["xlsx"] * xlsx)]),
        dry_run=listed,
        **_asked(own, **asked),
    )
    said = (told.todo_json if as_json else told.todo) if listed else (told.as_json if as_json else told.words)
    click.echo(said(batch))
    sys.exit(batch.exit_code)


def _asked(
    own: Config, *, period: str | None, rhythm: str | None, by: str | None, templates: tuple[str, ...],
    out: str | None, parameters: tuple[str, ...], templates_folder: str | None, watch_memory: int | None,
    kernel: str | None, time_limit: float | None, min_peers: int | None, only: tuple[str, ...], slice: str | None,
    **plain: Any,
) -> dict[str, Any]:  # fmt: skip
    """The arguments of `make_reports`: the command line's, else those of the rhythm, else of the settings."""
    from kpitools.reports.rhythm import rhythm as pack

    chosen = Slice.parse(slice or "")
    if (period and rhythm) or not (period or rhythm or chosen.period):
        raise click.UsageError("Give --period or --rhythm, one of the two, or a --slice that names a period.")
    set_, given = own.reports, pairs(parameters, "--parameter")
    templates_folder = templates_folder or set_.get("templates_folder")
    due: dict[str, Any] = {"parameters": {}}
    if rhythm:
        as_of = plain.get("as_of") or chosen.as_of
        today = end_of(as_of).date() if as_of else date.today()
        due = pack(rhythm, own, today, templates=templates, folder=templates_folder)
    return {
        "period": due.get("period") or _period(period, own),
        "slice": replace(chosen, period=getattr(_period(chosen.period, own), "text", None)),
        "by": by or (None if slice else due.get("by") or set_.get("by") or "team"),
        "templates": templates or due.get("templates") or set_.get("templates") or None,
        "out": Path(out or due.get("out") or set_.get("out") or "out"),
        "parameters": {**due["parameters"], **given},
        "folder": templates_folder,
        "only": only or None,
        "kernel": kernel or set_.get("kernel") or "fork",
        "time_limit": time_limit or set_.get("time_limit"),
        "memory_limit": watch_memory,
        "min_peers": min_peers or set_.get("min_peers") or 3,
        **plain,
    }


def _period(text: str | None, own: Config) -> Period | None:
    """The period that is meant, its fiscal year as in the settings."""
    return parse_period(text, fiscal_start=own.fiscal_start) if text else None


def _look(own: Config, compact: bool | None, site: bool | None) -> Look:
    """How pages look: as the settings say, and the flags before them."""
    from kpitools.reports.look import Look

    small = own.reports.get("compact", False) if compact is None else compact
    shared = own.reports.get("site", False) if site is None else site
    return Look.of({**own.brand, **own.formats}, compact=small, site=shared)
