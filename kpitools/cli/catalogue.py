"""`kpitools kpis`."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from kpitools.cli.figures import aligned
from kpitools.cli.options import settings
from kpitools.errors import UnknownNameError
from kpitools.kpis.kpi import Kpi


@click.command()
@click.argument("name", required=False)
@click.option("--search", "words", default="", metavar="WORDS", help="Those whose name or definition has these words.")
@click.option("--area", help="Those of an area: retention, conversion, ...")
@click.option("--role", help="Those for a role: rep, sdr, ae, am, manager, team, executive.")
@click.option("--industry", help="Those of an industry's set: saas, insurance, ...")
@click.option("--table", help="Those computed from a table: deals, subscriptions, ...")
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
@click.option("--html", type=click.Path(dir_okay=False), help="Write the whole catalogue as a page with search.")
@click.option("--config", type=click.Path(dir_okay=False), help="Settings; kpitools.toml here, if there is one.")
def kpis(
    name: str | None, words: str, area: str | None, role: str | None, industry: str | None, table: str | None,
    form: str, html: str | None, config: str | None,
) -> None:  # fmt: skip
    """List the KPIs, look for some, or tell all about one: definition, formula, benchmarks, inputs, flags, levers.

    \b
    kpitools kpis --search churn --table subscriptions
    kpitools kpis win_rate
    kpitools kpis NRR --format json
    kpitools kpis --html kpi_catalogue.html
    """
    from kpitools.kpis.catalogue import find
    from kpitools.kpis.search import search

    catalogue = dict(settings(config).kpis)
    if html:
        _write(Path(html), catalogue)
    elif name:
        _tell(find(name, catalogue), catalogue, form)
    else:
        chosen = search(catalogue.values(), words=words, area=area, role=role, table=table, among=_among(industry))
        _list(chosen, catalogue, form)


def _among(industry: str | None) -> tuple[str, ...] | None:
    """The ids of an industry's KPIs; None where no industry is asked for."""
    from kpitools.kpis.sets import INDUSTRIES

    if industry is not None and industry not in INDUSTRIES:
        raise UnknownNameError("industry", industry, INDUSTRIES)
    return INDUSTRIES[industry].kpis if industry else None


def _write(place: Path, catalogue: dict[str, Kpi]) -> None:
    from kpitools.reports.catalogue import catalogue_html
    from kpitools.reports.run import put

    put(place, catalogue_html(catalogue).encode())
    click.echo(f"{len(catalogue)} KPIs: {place}")


def _list(found: list[Kpi], catalogue: dict[str, Kpi], form: str) -> None:
    from kpitools.analyses.about import facts

    if form == "json":
        click.echo(json.dumps([facts(kpi, catalogue) for kpi in found], indent=1, ensure_ascii=False))
    elif found:
        rows = [[kpi.id, kpi.area, kpi.unit, kpi.definition.split(". ")[0]] for kpi in found]
        click.echo(aligned(["KPI", "area", "unit", "what it is"], rows))
    else:
        click.echo("No KPI is like that; leave one of the conditions out.")


def _tell(kpi: Kpi, catalogue: dict[str, Kpi], form: str) -> None:
    from kpitools.analyses.about import facts

    told = facts(kpi, catalogue)
    click.echo(json.dumps(told, indent=1, ensure_ascii=False) if form == "json" else _sheet(told, kpi))


def _sheet(told: dict[str, Any], kpi: Kpi) -> str:
    rows = [
        ("formula", told["formula"]),
        ("unit", told["unit"]),
        ("better", told["better"]),
        ("for", ", ".join(told["roles"])),
        ("timing, kind", f"{told['timing']}, {told['kind']}"),
        ("also called", ", ".join(told["aliases"])),
        ("see also", ", ".join(told["variants"])),
        ("inputs", ", ".join(told["inputs"])),
        ("source", told["source"]),
    ]
    several: dict[str, Iterable[tuple[str, str]]] = {
        "benchmarks": [(one["scope"], one["words"]) for one in told["benchmarks"]],
        "parts": [(name, f"weight {weight:g}") for name, weight in told["parts"].items()],
        "settings": [(f"{of}.{key}", str(value)) for of, own in told["settings"].items() for key, value in own.items()],
        "measures": [(name, text) for name, text in told["measures"].items()],
        "as Polars": [(name, text) for name, text in told["polars"].items()],
        "red flags": [(one["when"], one["causes"]) for one in told["flags"]],
    }
    head = f"{told['label']} ({told['id']})\n\n{told['definition']}\n{told['notes']}".rstrip()
    parts = [head, _pairs([(name, text) for name, text in rows if text])]
    for title, found in several.items():
        parts += [f"{title}\n{_pairs([(f'  {name}', text) for name, text in found])}"] if found else []
    parts += ["levers\n" + "\n".join(f"  {lever}" for lever in told["levers"])] if told["levers"] else []
    return "\n\n".join(parts)


def _pairs(rows: Iterable[tuple[str, str]]) -> str:
    rows = list(rows)
    wide = max(len(name) for name, _ in rows)
    return "\n".join(f"{name.ljust(wide)}  {text}" for name, text in rows)
