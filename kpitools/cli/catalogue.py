"""`kpitools kpis`."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import click

from kpitools.cli.figures import aligned
from kpitools.cli.options import settings
from kpitools.kpis.kpi import Kpi


@click.command()
@click.argument("name", required=False)
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
@click.option("--config", type=click.Path(dir_okay=False), help="Settings; kpitools.toml here, if there is one.")
def kpis(name: str | None, form: str, config: str | None) -> None:
    """List the KPIs, or tell all about one: definition, formula, unit, benchmark, inputs.

    \b
    kpitools kpis
    kpitools kpis win_rate
    kpitools kpis NRR --format json
    """
    from kpitools.kpis.catalogue import find

    catalogue = dict(settings(config).kpis)
    chosen = [find(name, catalogue)] if name else list(catalogue.values())
    facts = [told(kpi) for kpi in chosen]
    if form == "json":
        click.echo(json.dumps(facts[0] if name else facts, indent=1, ensure_ascii=False))
    elif name:
        click.echo(_sheet(facts[0], chosen[0]))
    else:
        click.echo(_list(chosen))


def told(kpi: Kpi) -> dict[str, Any]:
    """All there is to know about a KPI, as plain data."""
    from kpitools.evaluation.audit import needs

    benchmark = kpi.benchmark
    return {
        "id": kpi.id,
        "label": kpi.label,
        "aliases": list(kpi.aliases),
        "area": kpi.area,
        "definition": kpi.definition,
        "formula": kpi.words,
        "unit": kpi.unit,
        "better": kpi.better,
        "benchmark": None
        if benchmark is None
        else {"low": benchmark.low, "high": benchmark.high, "scope": benchmark.scope},
        "roles": list(kpi.roles),
        "timing": kpi.timing,
        "kind": kpi.kind,
        "measures": {measure.id: " ".join(measure.definition.split()) for measure in kpi.measures()},
        "inputs": needs(kpi),
    }


def _sheet(facts: dict[str, Any], kpi: Kpi) -> str:
    from kpitools.formats import format_benchmark

    lines = [f"{facts['label']} ({facts['id']})", "", kpi.doc, ""]
    rows = [
        ["formula", facts["formula"]],
        ["unit", facts["unit"]],
        ["better", facts["better"]],
        [
            "benchmark",
            f"{format_benchmark(kpi.benchmark, kpi.unit)} ({kpi.benchmark.scope})" if kpi.benchmark else "none",
        ],
        ["for", ", ".join(facts["roles"])],
        ["timing, kind", f"{facts['timing']}, {facts['kind']}"],
        ["also called", ", ".join(facts["aliases"]) or "-"],
        ["inputs", ", ".join(facts["inputs"])],
    ]
    measures = [[f"  {name}", text] for name, text in facts["measures"].items()]
    return "\n".join([*lines, *_pairs(rows), "measures", *_pairs(measures)])


def _pairs(rows: list[list[str]]) -> list[str]:
    wide = max(len(name) for name, _ in rows)
    return [f"{name.ljust(wide)}  {text}" for name, text in rows]


def _list(chosen: Iterable[Kpi]) -> str:
    return aligned(
        ["KPI", "area", "unit", "what it is"], [[k.id, k.area, k.unit, k.definition.split(". ")[0]] for k in chosen]
    )
