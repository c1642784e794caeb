"""Everything there is to know about a KPI: for the command line, the catalogue page and the catalogue notebook."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from kpitools.analyses.flags.catalogue import RULES
from kpitools.analyses.flags.rules import rules_of
from kpitools.evaluation.audit import needs
from kpitools.formats import format_benchmark
from kpitools.kpis.benchmarks import Benchmark
from kpitools.kpis.kpi import Kpi
from kpitools.kpis.levers import advice_of
from kpitools.kpis.search import tables
from kpitools.kpis.settings import settings

_SOURCE = re.compile(r"^Source: (.*?)\.?$", re.MULTILINE | re.DOTALL)


def facts(kpi: Kpi, catalogue: Mapping[str, Kpi]) -> dict[str, Any]:
    """All there is to know about a KPI, as plain data; `catalogue` is where its variants are looked for."""
    return {
        "id": kpi.id,
        "label": kpi.label,
        "aliases": list(kpi.aliases),
        "area": kpi.area,
        "definition": kpi.definition,
        "notes": notes(kpi),
        "variants": [other.id for other in variants(kpi, catalogue.values())],
        "formula": kpi.words,
        "polars": {name: " ".join(text.split()) for name, text in expressions(kpi).items()},
        "unit": kpi.unit,
        "better": kpi.better,
        "benchmarks": benchmarks(kpi),
        "roles": list(kpi.roles),
        "timing": kpi.timing,
        "kind": kpi.kind,
        "parts": {part.id: weight for part, weight in kpi.parts.values()},
        "settings": settings({kpi.id: kpi}),
        "measures": {measure.id: " ".join(measure.definition.split()) for measure in kpi.measures()},
        "tables": tables(kpi),
        "inputs": needs(kpi),
        "source": source(kpi),
        "flags": flags(kpi),
        "levers": list(advice_of(kpi).levers),
    }


def benchmarks(kpi: Kpi) -> list[dict[str, Any]]:
    """What is usual elsewhere, the default first: scope, band, bounds and the whole in words."""
    return [
        {
            "scope": one.scope.replace("_", " "),
            "band": one.band,
            "low": one.low,
            "high": one.high,
            "per": one.per,
            "words": " ".join(
                filter(None, (_range(one, kpi.unit), one.per and f"a {one.per}", f"({one.band})", one.note))
            ),
        }
        for one in kpi.benchmarks
    ]


def _range(one: Benchmark, unit: str) -> str:
    parts = (format_benchmark(one, unit) or "no number is usual", one.note)
    return "; ".join(part for part in parts if part)


def flags(kpi: Kpi) -> list[dict[str, Any]]:
    """The red flags that look at it: what each says, and what is likely behind it."""
    return [
        {"id": rule.id, "when": rule.label, "says": rule.says, "causes": " ".join(rule.advice(kpi).causes)}
        for rule in rules_of(kpi.id, RULES.values())
    ]


def notes(kpi: Kpi) -> str:
    """What the docstring says beside the definition and the source."""
    said = [" ".join(part.split()) for part in kpi.doc.split("\n\n")[1:] if not part.startswith("Source:")]
    return " ".join(part for part in said if not part.startswith(">>>"))


def source(kpi: Kpi) -> str:
    """Where the definition comes from."""
    found = _SOURCE.search(kpi.doc.split("\n\n>>>")[0])
    return " ".join(found[1].split()) if found else "own"


def variants(kpi: Kpi, others: Iterable[Kpi]) -> list[Kpi]:
    """KPIs that say the same another way: by value or count, mean or median, from another day on."""
    words = set(kpi.id.split("_"))
    return [
        other
        for other in others
        if other.id != kpi.id and (words < set(other.id.split("_")) or set(other.id.split("_")) < words)
        and len(words & set(other.id.split("_"))) > 1
    ]  # fmt: skip


def expressions(kpi: Kpi) -> dict[str, str]:
    """Each measure as the Polars expression it is."""
    found = {measure.id: str(measure.aggregate.expr()) for measure in kpi.measures()}
    return {name: re.sub(r"dyn \w+: |^\.", "", text) for name, text in found.items()}
