"""What a section of a page is given: the data of the slice, and what it is compared with."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any, TypeVar

import polars as pl

from kpitools.config import Config
from kpitools.errors import EvaluationError, UnknownNameError
from kpitools.kpis.kpi import Kpi
from kpitools.kpis.sets import kpi_set as known_set
from kpitools.model.calendar import Period, RegularCalendar, parse_period
from kpitools.model.dataset import Dataset
from kpitools.model.seen import Since
from kpitools.model.slice import Slice
from kpitools.pages.memory import Memory

Found = TypeVar("Found")

#: What the figures of a page can be compared with, by name.
COMPARISONS = {"previous": "Period before", "year_ago": "Year ago"}


@dataclass(frozen=True, eq=False)
class View:
    """A slice of the data, as a section sees it.

    Attributes:
        whole: everything the notebook holds; of a report, the slice alone.
        slice: the rows, period and as-of asked for.
        peers: figures of the others, where the notebook was handed any.
        config: the company's own settings: KPIs, limits of red flags, targets.
        compare: what sections compare with, one of `COMPARISONS`; empty on a page without the choice.
        kpi_set: the set of KPIs to show, one of `SETS`; empty on a page without the choice.
        kpis: the KPIs that sections have shown, by id.
        memory: what the page has of its data in memory, where it is live.
    """

    whole: Dataset
    slice: Slice
    peers: pl.DataFrame | None = None
    config: Config = field(default_factory=Config)
    compare: str = ""
    kpi_set: str = ""
    kpis: dict[str, Kpi] = field(default_factory=dict)
    memory: Memory | None = None
    _made: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.compare and self.compare not in COMPARISONS:
            raise UnknownNameError("comparison", self.compare, COMPARISONS)
        if self.kpi_set:
            known_set(self.kpi_set)

    @classmethod
    def of(
        cls,
        whole: Dataset,
        chosen: Slice,
        peers: pl.DataFrame | None = None,
        config: Config | None = None,
        *,
        compare: str = "",
        kpi_set: str = "",
        memory: Memory | None = None,
    ) -> View:
        """The view of a slice: the last quarter of the data where it names no period, seen from the period's end
        where it names no day. Fiscal periods that do not say in which month they start follow the settings.

        Raises:
            EvaluationError: a period or day that cannot be read, or data without any date.
            UnknownNameError: a comparison or a set of KPIs that there is not.
        """
        config = config or Config()
        named = parse_period(chosen.period, fiscal_start=config.fiscal_start) if chosen.period else None
        period = named or _last_quarter(whole)
        filled = chosen.with_(period=period.text, as_of=chosen.as_of or period.last_day.isoformat())
        return cls(whole, filled, peers, config, compare, kpi_set, memory=memory)

    @cached_property
    def data(self) -> Dataset:
        """The rows of the slice, as seen on its as-of day; each table is worked out once, when it is first read."""
        if self.memory is None:
            return self.whole.where(self.slice).settled()
        return self.memory.part(self.as_of, self.slice.where)

    @cached_property
    def everyone(self) -> Dataset:
        """The same of everyone, whatever the slice."""
        if self.memory is None:
            return self.whole.as_of(self.as_of).settled()
        return self.memory.part(self.as_of, {})

    def others(self, name: str, member: str) -> Dataset:
        """The same of everyone but one member of a dimension."""
        members = self.memory.members(name) if self.memory else self.whole.members(name)
        where = {name: (*(other for other in members if other != member), None)}
        if self.memory is None:
            return self.everyone.where(where).settled()
        return self.memory.part(self.as_of, where)

    def deals_in(self, period: Period, *, opened: bool = False) -> Dataset:
        """The same without the deals that were over before a period.

        It is all that is needed to tell of deals that were opened, open or decided in the period, and where the data
        has years of deals much less than `data`; the other tables are those of `data`.

        Args:
            period: the period.
            opened: leave out those opened before it, too: nothing is asked of them.
        """
        memory = self.memory
        if memory is None:
            return self.data
        since = Since(min(period.start, self.day), opened)
        return self.once(f"deals {since}", lambda: memory.part(self.as_of, self.slice.where, since=since))

    @cached_property
    def period(self) -> Period:
        """The period of the slice."""
        return parse_period(str(self.slice.period))

    def once(self, name: str, make: Callable[[], Found]) -> Found:
        """What several sections of a page look at, worked out for the first of them."""
        if name not in self._made:
            self._made[name] = make()
        return self._made[name]

    def use(self, kpis: Iterable[Kpi]) -> None:
        """Note that these KPIs are on the page: each is defined once at its foot."""
        self.kpis.update({kpi.id: kpi for kpi in kpis})

    @property
    def as_of(self) -> str:
        """The day the data is seen on."""
        return str(self.slice.as_of)

    @property
    def day(self) -> date:
        """The as-of day as a date."""
        return date.fromisoformat(self.as_of[:10])


def _last_quarter(data: Dataset) -> Period:
    if data.last_day is None:
        raise EvaluationError("No row of this data has a date; name a period, such as 2026Q3.")
    return RegularCalendar("quarter").containing(data.last_day)
