"""How much work figures are, told before any of them is worked out."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator

from kpitools.evaluation.leaves import leaves
from kpitools.evaluation.query import group_key
from kpitools.kpis.kpi import Kpi
from kpitools.measures.measure import Measure, PerEntity

#: A row whose attributes are looked up in other tables is as much work as so many that are counted as they stand; so is
#: one of an entity's, one whose value is held for a median or a count of different ones, and one that counts in every
#: window in which it is alive.
LOOKED_UP, OF_ENTITY, VALUE_HELD, ALIVE = 10, 10, 4, 3


def least_work(kpis: Iterable[Kpi], rows: Callable[[str], int], most: int) -> list[Kpi]:
    """Of some KPIs those that are told soonest, at least one, in the order of the KPIs.

    Args:
        kpis: the KPIs.
        rows: how many rows a table has.
        most: so many rows may be read for them together; those read for one KPI cost nothing for the next.

    >>> from kpitools.kpis.catalogue import find
    >>> several = [find(name) for name in ("deal_win_probability", "win_rate", "average_deal_size")]
    >>> [kpi.id for kpi in least_work(several, lambda table: 1000, most=2000)]
    ['win_rate', 'average_deal_size']
    """
    several = list(kpis)
    works = {kpi.id: dict(_readings(kpi, rows)) for kpi in several}
    chosen: dict[Hashable, int] = {}
    found: set[str] = set()
    for name in sorted(works, key=lambda name: sum(works[name].values())):
        together = chosen | works[name]
        if found and sum(together.values()) > most:
            break
        chosen = together
        found.add(name)
    return [kpi for kpi in several if kpi.id in found]


def _readings(kpi: Kpi, rows: Callable[[str], int]) -> Iterator[tuple[Hashable, int]]:
    """The queries that a KPI takes, each with the work it is."""
    for leaf in leaves(kpi):
        if isinstance(leaf.source, Measure):
            yield group_key(leaf.source, None), _work(leaf.source, rows)
        elif isinstance(leaf.source, PerEntity):
            for inner in leaf.source.inputs.values():
                if isinstance(inner.source, Measure):
                    entity = leaf.source.entity
                    yield group_key(inner.source, entity), OF_ENTITY * _work(inner.source, rows)


def _work(measure: Measure, rows: Callable[[str], int]) -> int:
    times = LOOKED_UP if measure.uses else VALUE_HELD if measure.aggregate.statistic in ("median", "distinct") else 1
    return rows(measure.table.name) * times * (1 if measure.when.timing == "at" else ALIVE)
