"""The catalogue as one HTML page: every KPI with its definition, formula and benchmark; search needs no network."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from markupsafe import Markup

from kpitools.analyses.about import facts
from kpitools.kpis.kpi import ROLES, Kpi
from kpitools.kpis.sets import INDUSTRIES
from kpitools.reports.export import environment, policy, style
from kpitools.reports.look import PLAIN, Look
from kpitools.reports.run import put

NAME = "kpi_catalogue.html"
_SCRIPT = Path(__file__).with_name("catalogue.js")


def write_catalogue(kpis: Mapping[str, Kpi], folder: Path, look: Look = PLAIN) -> Path:
    """Write the page into a folder; pages of reports beside it link to its anchors."""
    place = folder / NAME
    page = catalogue_html(kpis, look.lang)
    put(place, (look.words.reading().html(page) if look.words else page).encode())
    return place


def catalogue_html(kpis: Mapping[str, Kpi], lang: str = "en") -> str:
    """The page: one entry per KPI under the anchor of its id, with search and filters; same KPIs, same bytes.

    Args:
        kpis: what is on it.
        lang: the language that its words are going to be in.
    """
    script = Markup(_SCRIPT.read_text(encoding="utf-8"))
    areas: dict[str, list[dict[str, object]]] = {}
    for kpi in kpis.values():
        areas.setdefault(kpi.area, []).append(_entry(kpi, kpis))
    return environment().get_template("catalogue.html.j2").render(
        areas=areas,
        labels={name: kpi.label for name, kpi in kpis.items()},
        lang=lang,
        count=len(kpis),
        roles=ROLES,
        industries={name: chosen.label for name, chosen in INDUSTRIES.items()},
        tables=sorted({name for several in areas.values() for one in several for name in one["tables"]}),  # type: ignore[attr-defined]
        style=Markup(style("page.css", "catalogue.css")),
        script=script,
        policy=policy(script),
    )  # fmt: skip


def _entry(kpi: Kpi, kpis: Mapping[str, Kpi]) -> dict[str, object]:
    """The facts of a KPI in words."""
    told = facts(kpi, kpis)
    return {
        **told,
        "industries": [name for name, chosen in INDUSTRIES.items() if kpi.id in chosen.kpis],
        "set": [
            f"{name}.{key} = {value!r}".replace("'", '"')
            for name, values in told["settings"].items()
            for key, value in values.items()
        ],
    }
