"""Proof that the slices make up the whole: no row lost, none twice, every amount accounted for."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from kpitools.evaluation.audit import computable, divisible
from kpitools.evaluation.evaluate import evaluate
from kpitools.evaluation.within import looks_beyond
from kpitools.kpis.kpi import Kpi
from kpitools.measures.measure import Measure
from kpitools.model.calendar import Period
from kpitools.model.dataset import Dataset
from kpitools.model.led import UNDIVIDED
from kpitools.model.tables import TABLES
from kpitools.reports.plan import Plan

#: Sums of floating-point amounts depend on the order of the rows; further apart than this they are different sums.
RELATIVE, ABSOLUTE = 1e-9, 0.005

#: Stands where a table's name does, for sums that are KPIs.
KPIS = "KPI"
Tally = dict[tuple[str, str], float]


@dataclass(frozen=True)
class Check:
    """One sum over all slices beside the same sum over the whole; `column` is "rows", an amount or a KPI."""

    table: str
    column: str
    whole: float
    slices: float

    @property
    def ok(self) -> bool:
        """Whether the two agree: rows exactly, amounts to the rounding of their sum."""
        allowed = 0 if self.column == "rows" else max(ABSOLUTE, RELATIVE * abs(self.whole))
        return abs(self.whole - self.slices) <= allowed

    def __str__(self) -> str:
        return f"{self.table}.{self.column}: {self.whole:,.10g} in the whole, {self.slices:,.10g} in the slices"


@dataclass(frozen=True)
class Sums:
    """What is added up in every slice and in the whole.

    Attributes:
        tables: those whose rows and amounts are.
        kpis: those whose figures are.
        period: in which.
    """

    tables: Sequence[str]
    kpis: list[Kpi]
    period: Period

    @classmethod
    def of(cls, whole: Dataset, made: Plan, kpis: Mapping[str, Kpi]) -> Sums:
        """All that the whole has and that the plan divides."""
        sums = additive(divisible(whole, made.where, kpis.values()), whole, made.dimensions)
        return cls(tables_by(whole, made.dimensions), sums, made.period)

    def in_(self, data: Dataset) -> Tally:
        """The sums of some data."""
        return tally(data, self.tables) | measured(data, self.kpis, self.period)


def tables_by(data: Dataset, by: Collection[str]) -> list[str]:
    """The tables whose rows are divided by these dimensions; lists of the company's are whole in every slice."""
    return [name for name in sorted(data.frames.keys() - UNDIVIDED) if set(by) <= {*data.dimensions(name)}]


def tally(data: Dataset, names: Sequence[str]) -> Tally:
    """Rows and amounts of tables; (table, "rows" or column) -> sum."""
    sums = pl.collect_all([data[name].select(_sums(data, name)) for name in names])
    return {
        (name, column): float(value or 0)
        for name, frame in zip(names, sums, strict=True)
        for column, value in frame.row(0, named=True).items()
    }


def _sums(data: Dataset, name: str) -> list[pl.Expr]:
    given = (each for each in data[name].collect_schema().items() if each[0] not in TABLES[name].derived)
    amounts = [column for column, kind in given if kind == pl.Float64]
    return [pl.len().cast(pl.Int64).alias("rows"), *(pl.col(column).sum() for column in amounts)]


def additive(kpis: Iterable[Kpi], data: Dataset, by: Collection[str]) -> list[Kpi]:
    """The KPIs that are nothing but a sum or a count of rows, as far as the data can give and divide them.

    One that also looks at rows of others, such as what another team did with the same account, is another figure in a
    slice than in the whole: it proves nothing.
    """
    sums = [kpi for kpi in kpis if _is_sum(kpi) and not looks_beyond(kpi, by)]
    return divisible(data, by, computable(data, sums))


def _is_sum(kpi: Kpi) -> bool:
    """Whether a KPI is an additive measure as it stands.

    >>> from kpitools.kpis.catalogue import CATALOGUE
    >>> [_is_sum(CATALOGUE[name]) for name in ("number_of_deals_closed", "average_deal_size", "win_rate")]
    [True, False, False]
    """
    inputs = list(kpi.inputs.values())
    return (
        len(inputs) == 1
        and kpi.words == inputs[0].id
        and isinstance(inputs[0].source, Measure)
        and inputs[0].source.additive
    )


def measured(data: Dataset, kpis: list[Kpi], period: Period) -> Tally:
    """The figures of additive KPIs in a period; a group without any has 0."""
    if not kpis:
        return {}
    figures = evaluate(kpis, data, periods=period).frame
    return {(KPIS, name): float(value or 0) for name, value in figures.select("kpi", "value").iter_rows()}


def reconcile(whole: Mapping[tuple[str, str], float], slices: Iterable[Mapping[tuple[str, str], float]]) -> list[Check]:
    """Each sum of the whole beside the sum of the slices' sums.

    >>> checks = reconcile({("deals", "rows"): 3}, [{("deals", "rows"): 2}, {}])
    >>> [(check.ok, str(check)) for check in checks]
    [(False, 'deals.rows: 3 in the whole, 2 in the slices')]
    """
    added: Tally = dict.fromkeys(whole, 0.0)
    for one in slices:
        for key, value in one.items():
            added[key] = added.get(key, 0.0) + value
    return [Check(table, column, whole.get((table, column), 0.0), added[table, column]) for table, column in added]
