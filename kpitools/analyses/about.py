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

_SOURCE = "Source:"


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
            "words": _words(one, kpi.unit),
        }
        for one in kpi.benchmarks
    ]


def _words(one: Benchmark, unit: str) -> str:
    """Bounds, the period they are for and the band, then the note."""
    bounds = format_benchmark(one, unit)
    figure = " ".join(filter(None, (bounds, one.per and f"a {one.per}", f"({one.band})"))) if bounds else ""
    return "; ".join(filter(None, (figure, one.note))) or "no number is usual"


def flags(kpi: Kpi) -> list[dict[str, Any]]:
    """The red flags that look at it: what each says, and what is likely behind it."""
    return [
        {"id": rule.id, "when": rule.label, "says": rule.says, "causes": " ".join(rule.advice(kpi).causes)}
        for rule in rules_of(kpi.id, RULES.values())
    ]


def notes(kpi: Kpi) -> str:
    """What the docstring says beside the definition and the source."""
    return " ".join(part for part in _paragraphs(kpi) if not part.startswith(_SOURCE))


def source(kpi: Kpi) -> str:
    """Where the definition comes from."""
    found = [
        part.removeprefix(_SOURCE).strip().removesuffix(".") for part in _paragraphs(kpi) if part.startswith(_SOURCE)
    ]
    return " ".join(found) or "own"


def _paragraphs(kpi: Kpi) -> list[str]:
    """The docstring after the definition, paragraph by paragraph, without its examples."""
    parts = (" ".join(part.split()) for part in kpi.doc.split("\n\n")[1:])
    return [part for part in parts if part and not part.startswith(">>>")]


def variants(kpi: Kpi, others: Iterable[Kpi]) -> list[Kpi]:
    """KPIs that say the same another way (by value or count, mean or median): the one's name has the other's words."""
    words = set(kpi.id.split("_"))
    return [other for other in others if _says_more(words, set(other.id.split("_")))]


def _says_more(one: set[str], other: set[str]) -> bool:
    """Whether two names differ, share two words at least, and one only adds words to the other."""
    return (one < other or other < one) and len(one & other) > 1


def expressions(kpi: Kpi) -> dict[str, str]:
    """Each measure as the Polars expression it is."""
    found = {measure.id: str(measure.aggregate.expr()) for measure in kpi.measures()}
    return {name: re.sub(r"dyn \w+: |^\.", "", text) for name, text in found.items()}
