"""Finding KPIs by word, area, role, industry and table."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from kpitools.errors import UnknownNameError
from kpitools.kpis.kpi import ROLES, Kpi


def search(
    kpis: Iterable[Kpi],
    *,
    words: str = "",
    area: str | None = None,
    role: str | None = None,
    table: str | None = None,
    among: Collection[str] | None = None,
) -> list[Kpi]:
    """The KPIs that fit all that is asked, those whose name has the words first.

    Args:
        kpis: where to look.
        words: each must stand in the id, label, an alias or the definition, whatever the case.
        area: retention, conversion, ...
        role: whom it is for.
        table: one that it is computed from.
        among: ids, as of the KPIs of an industry.

    Raises:
        UnknownNameError: an area, role or table that no KPI has.

    >>> from kpitools.kpis.catalogue import CATALOGUE
    >>> [kpi.id for kpi in search(CATALOGUE.values(), words="net retention", table="subscriptions")]
    ['net_revenue_retention']
    """
    found = list(kpis)
    _known("area", area, dict.fromkeys(kpi.area for kpi in found))
    _known("role", role, ROLES)
    _known("table of any KPI", table, dict.fromkeys(name for kpi in found for name in tables(kpi)))
    wanted = words.casefold().split()
    fitting = [
        kpi
        for kpi in found
        if (area in (None, kpi.area))
        and (role is None or role in kpi.roles)
        and (table is None or table in tables(kpi))
        and (among is None or kpi.id in among)
        and all(word in _text(kpi) for word in wanted)
    ]
    return sorted(fitting, key=lambda kpi: not all(word in _names(kpi) for word in wanted))


def tables(kpi: Kpi) -> list[str]:
    """The tables a KPI is computed from, its own first, then those of attributes and along keys."""
    own = {measure.table.name: None for measure in kpi.measures()}
    return list(own | {table: None for measure in kpi.measures() for table, _ in measure.reads})


def _known(what: str, name: str | None, there_are: Collection[str]) -> None:
    if name is not None and name not in there_are:
        raise UnknownNameError(what, name, there_are)


def _names(kpi: Kpi) -> str:
    return " ".join((kpi.id, kpi.id.replace("_", " "), kpi.label, *kpi.aliases)).casefold()


def _text(kpi: Kpi) -> str:
    return f"{_names(kpi)} {kpi.definition.casefold()}"
