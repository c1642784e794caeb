"""How much work figures are, told before any of them is worked out."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator

from kpitools.evaluation.leaves import leaves
from kpitools.evaluation.query import group_key
from kpitools.kpis.kpi import Kpi
from kpitools.measures.measure import Measure, PerEntity

#: A row whose attributes are looked up in other tables is as much work as so many that are counted as they stand; so is
#: one of an entity's, one that counts in every window in which it is alive, one whose value is held, and for each key
#: along which a column of it is looked up.
LOOKED_UP, OF_ENTITY, ALIVE, ALONG = 10, 30, 3, 2
VALUE_HELD = {"median": 2, "distinct": 4}

#: What is read in one query -> how much work that is.
Works = dict[Hashable, int]


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
    works = {kpi.id: _together({}, _readings(kpi, rows)) for kpi in several}
    chosen: Works = {}
    found: set[str] = set()
    for name in sorted(works, key=lambda name: sum(works[name].values())):
        together = _together(chosen, works[name].items())
        if found and sum(together.values()) > most:
            break
        chosen = together
        found.add(name)
    return [kpi for kpi in several if kpi.id in found]


def _together(one: Works, other: Iterable[tuple[Hashable, int]]) -> Works:
    """The queries of both, each once, with the most work that any asks of it."""
    both = dict(one)
    for key, work in other:
        both[key] = max(work, both.get(key, 0))
    return both


def _readings(kpi: Kpi, rows: Callable[[str], int]) -> Iterator[tuple[Hashable, int]]:
    """The queries that a KPI takes, each with the work it is."""
    for leaf in leaves(kpi):
        if isinstance(leaf.source, Measure):
            yield group_key(leaf.source, None), _work(leaf.source, rows)
        elif isinstance(leaf.source, PerEntity):
            entity = leaf.source.entity
            for measure in _measures(leaf.source):
                yield group_key(measure, entity), OF_ENTITY * _work(measure, rows)


def _measures(source: PerEntity) -> Iterator[Measure]:
    inner = (anchored.source for anchored in source.inputs.values())
    yield from (measure for measure in inner if isinstance(measure, Measure))


def _work(measure: Measure, rows: Callable[[str], int]) -> int:
    times = LOOKED_UP if measure.uses else VALUE_HELD.get(measure.aggregate.statistic, 1)
    times += ALONG * len({column.split(".")[0] for column in measure.columns if "." in column})
    return rows(measure.table.name) * times * (1 if measure.when.timing == "at" else ALIVE)
