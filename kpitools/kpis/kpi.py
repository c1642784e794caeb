"""KPIs: formulas over measures, with the facts a report relies on.

A KPI is declared as a function whose parameters default to measures (or to other KPIs). Called, it is a Polars
expression for any frame that has the columns; `evaluate` takes its measures from as many tables as it needs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, get_args

import polars as pl

from kpitools.errors import DeclarationError, EvaluationError
from kpitools.measures.anchors import Anchorable, Anchored
from kpitools.measures.measure import Measure, PerEntity, Unit, check_unit, definition_of, inputs_of

Better = Literal["higher", "lower", "band", "none"]
LeadOrLag = Literal["leading", "lagging"]
Kind = Literal["outcome", "activity", "quality"]
Form = Literal["proportion", "ratio", "plain"]

ROLES = ("rep", "sdr", "ae", "am", "manager", "team", "executive")


@dataclass(frozen=True)
class Benchmark:
    """What is usual or good elsewhere: from `low` to `high`, either of which may be open.

    >>> at_least(30).judge(28.0, "higher"), between(3, 4).judge(3.5, "higher"), at_most(1).judge(0.5, "lower")
    ('worse', 'within', 'within')
    """

    low: float | None = None
    high: float | None = None
    scope: str = "general"

    def judge(self, value: float | None, better: Better) -> str | None:
        """Where a value stands: better or worse than the range, or within it; of a band, outside is worse."""
        if value is None or better == "none":
            return None
        below = self.low is not None and value < self.low
        above = self.high is not None and value > self.high
        if not below and not above:
            return "within"
        good_side = {"higher": above, "lower": below, "band": False}[better]
        return "better" if good_side else "worse"

    def distance(self, value: float | None) -> float | None:
        """How far a value lies from the range; 0 within it."""
        if value is None:
            return None
        if self.low is not None and value < self.low:
            return value - self.low
        if self.high is not None and value > self.high:
            return value - self.high
        return 0.0


def at_least(low: float, scope: str = "general") -> Benchmark:
    """A benchmark to reach."""
    return Benchmark(low, None, scope)


def at_most(high: float, scope: str = "general") -> Benchmark:
    """A benchmark to stay under."""
    return Benchmark(None, high, scope)


def between(low: float, high: float, scope: str = "general") -> Benchmark:
    """A benchmark range."""
    return Benchmark(low, high, scope)


@dataclass(frozen=True, eq=False)
class Kpi(Anchorable):
    """A formula over measures. `id` is the function's name, `definition` the first paragraph of its docstring."""

    id: str
    label: str
    unit: Unit
    better: Better
    benchmark: Benchmark | None
    roles: tuple[str, ...]
    timing: LeadOrLag
    kind: Kind
    form: Form
    aliases: tuple[str, ...]
    area: str
    doc: str
    inputs: dict[str, Anchored]
    formula: Callable[..., pl.Expr]

    @property
    def definition(self) -> str:
        """What it means for the business, in one paragraph."""
        return " ".join(self.doc.split("\n\n")[0].split())

    def __call__(self) -> pl.Expr:
        """The KPI as a Polars expression over any frame that has its columns.

        Raises:
            EvaluationError: it needs several tables, another time or entities first; `evaluate` does that.

        >>> from kpitools.kpis.conversion import win_rate
        >>> deals = pl.DataFrame({"team": ["N", "N", "S"], "status": ["won", "lost", "open"]})
        >>> deals.group_by("team", maintain_order=True).agg(win_rate())["win_rate"].to_list()
        [50.0, None]
        """
        if reason := self._only_evaluated():
            raise EvaluationError(f"{self.id} {reason}; use evaluate([{self.id}], data, by=..., periods=...).")
        return self.apply({name: anchored.source() for name, anchored in self.inputs.items()})

    def apply(self, values: dict[str, pl.Expr]) -> pl.Expr:
        """The formula over the values of its inputs; what is not a finite number is null, here and nowhere else."""
        result = self.formula(**{name: value.cast(pl.Float64) for name, value in values.items()}).cast(pl.Float64)
        return pl.when(result.is_finite()).then(result).alias(self.id)

    def measures(self) -> Iterator[Measure]:
        """Every measure it rests on, through KPIs and entities."""
        seen: set[str] = set()
        for found in _measures(self):
            if found.id not in seen:
                seen.add(found.id)
                yield found

    @cached_property
    def words(self) -> str:
        """The formula in words: how its inputs are put together."""
        named = {name: pl.col(anchored.id) for name, anchored in self.inputs.items()}
        text = re.sub(r'dyn \w+: |col\("|"\)|[\[\]]', "", str(self.formula(**named)))
        return re.sub(r"\(([\w.]+)\)", r"\1", text)

    def _only_evaluated(self) -> str:
        if any(anchored.shift or anchored.place not in ("period", "end") for anchored in self.inputs.values()):
            return "looks at another time"
        sources = [anchored.source for anchored in self.inputs.values()]
        if any(isinstance(source, PerEntity) for source in sources):
            return "is taken per entity first"
        if not all(isinstance(source, Measure | Kpi) for source in sources):
            return "needs the length of the period"
        tables = sorted({measure.table.name for measure in self.measures()})
        return f"needs the tables {', '.join(tables)}" if len(tables) > 1 else ""


def _measures(source: object) -> Iterator[Measure]:
    if isinstance(source, Measure):
        yield source
    elif isinstance(source, Kpi | PerEntity):
        for anchored in source.inputs.values():
            yield from _measures(anchored.source)


def kpi(
    *,
    unit: Unit,
    better: Better,
    roles: tuple[str, ...],
    timing: LeadOrLag,
    kind: Kind,
    benchmark: Benchmark | None = None,
    form: Form = "plain",
    label: str = "",
    aliases: tuple[str, ...] = (),
) -> Callable[[Callable[..., pl.Expr]], Kpi]:
    """Declare a KPI: the function's name is its id, its docstring the definition, its parameters' defaults the inputs.

    Args:
        unit: of the figure; percent is 0 to 100.
        better: which direction is good.
        roles: whom it is for.
        timing: whether it leads or lags the result.
        kind: outcome, activity or quality.
        benchmark: what is usual elsewhere.
        form: `proportion` where the first input counts some of what the second counts (gives a Wilson interval),
            `ratio` where the first is divided by the second, else `plain`. A single mean has a t interval by itself.
        label: the name in words; made from the id where it says nothing else.
        aliases: other names it is found by.

    Raises:
        DeclarationError: no docstring, an unknown unit, direction, role, timing or kind, an input without a measure.
    """

    def declare(formula: Callable[..., pl.Expr]) -> Kpi:
        name = formula.__name__
        check_unit(name, unit)
        _check_choice(name, "better", better, get_args(Better))
        _check_choice(name, "timing", timing, get_args(LeadOrLag))
        _check_choice(name, "kind", kind, get_args(Kind))
        _check_choice(name, "form", form, get_args(Form))
        for role in roles:
            _check_choice(name, "role", role, ROLES)
        made = Kpi(
            id=name,
            label=label or name.replace("_", " ").capitalize(),
            unit=unit,
            better=better,
            benchmark=benchmark,
            roles=roles,
            timing=timing,
            kind=kind,
            form=form,
            aliases=aliases,
            area=formula.__module__.rsplit(".", 1)[-1],
            doc=definition_of(formula),
            inputs=inputs_of(formula),
            formula=formula,
        )
        if not any(made.measures()):
            raise DeclarationError(f"{name}: a KPI rests on at least one measure; it has {[*made.inputs] or 'none'}.")
        if form != "plain" and len(made.inputs) < 2:
            raise DeclarationError(f"{name}: a {form} needs a numerator and a denominator as its first two inputs.")
        return made

    return declare


def _check_choice(name: str, what: str, chosen: str, choices: tuple[str, ...]) -> None:
    if chosen not in choices:
        raise DeclarationError(f"{name}: {what} {chosen!r} is not one of {', '.join(choices)}.")
