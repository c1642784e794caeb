"""What stands at the foot of a page: the definitions of its figures, and where they come from."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from kpitools.evaluation.within import looks_beyond
from kpitools.formats import format_benchmark
from kpitools.kpis.kpi import Kpi
from kpitools.model.dataset import Dataset

if TYPE_CHECKING:
    from kpitools.pages.view import View

PROVENANCE = "application/vnd.kpitools.provenance+json"

#: What is said of a KPI that looks at rows a slice does not hold.
WITHIN = (
    "Measured within this slice alone: it also looks at rows of others, which are not here. "
    "In a breakdown of the whole company it can differ."
)


def foot(view: View) -> list[Foot]:
    """The foot of a template's page, as its last section."""
    return [Foot(view.kpis.values(), view.whole, headline=view.once("headline", str), within=view.slice.where)]


class Foot:
    """The foot of a report; the last expression of a template's last cell.

    Args:
        kpis: the KPIs on the page; each is defined once at its foot.
        data: the dataset they were computed from, for how many of its rows were kept, set aside or undated.
        headline: the one sentence that the index of the batch shows for this report.
        within: the dimensions of the slice that the data is; none where it is everything.
    """

    def __init__(
        self,
        kpis: Iterable[Kpi] = (),
        data: Dataset | None = None,
        *,
        headline: str = "",
        within: Collection[str] = (),
    ) -> None:
        self._content: dict[str, Any] = {
            "definitions": [definition(kpi, within) for kpi in kpis],
            "quality": [] if data is None else quality(data),
            "headline": headline,
        }

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        said = ", ".join(one["label"] for one in self._content["definitions"])
        return {PROVENANCE: self._content, "text/plain": f"Definitions: {said}" if said else "Provenance"}


def definition(kpi: Kpi, within: Collection[str] = ()) -> dict[str, str]:
    """A KPI as its definition on the page, all in words; `within` where a slice by these dimensions is not the whole.

    >>> from kpitools.kpis.catalogue import find
    >>> definition(find("win_rate"), ["team"])["within"], definition(find("product_mix_ratio"))["within"]
    ('', '')
    >>> definition(find("product_mix_ratio"), ["team"])["within"].partition(":")[0]
    'Measured within this slice alone'
    """
    return {
        "id": kpi.id,
        "label": kpi.label,
        "unit": kpi.unit.replace("_", " "),
        "definition": kpi.definition,
        "formula": kpi.words,
        "benchmark": format_benchmark(kpi.benchmark, kpi.unit),
        "within": WITHIN if looks_beyond(kpi, within) else "",
    }


def quality(data: Dataset) -> list[Mapping[str, Any]]:
    """What became of each table's rows when the data was loaded."""
    return [
        {"table": name, "read": one.read, "kept": one.kept, "aside": one.aside, "undated": one.undated}
        for name, one in sorted(data.quality.items())
    ]


def stated(page: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The lines at the foot that say which data and which programs made the page."""
    versions = ", ".join(f"{name} {number}" for name, number in page.get("versions", {}).items())
    lines = [("Slice", page.get("slice")), ("Data", page.get("source")), ("Data fingerprint", page.get("fingerprint"))]
    lines.append(("Data of the slice", page.get("age")))
    made = [("Template", page.get("template")), ("Made with", versions)]
    return [(name, value) for name, value in [*lines, *made] if value]
