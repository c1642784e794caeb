"""KPIs: formulas over measures, with the facts a report relies on.

A KPI is declared as a function whose parameters default to measures (or to other KPIs). Called, it is a Polars
expression for any frame that has the columns; `evaluate` takes its measures from as many tables as it needs.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal, get_args

import polars as pl

from kpitools.errors import DeclarationError, EvaluationError
from kpitools.kpis.benchmarks import OWN, Benchmark, Better, data, in_scope
from kpitools.kpis.benchmarks import at_least as at_least
from kpitools.kpis.benchmarks import at_most as at_most
from kpitools.kpis.benchmarks import between as between
from kpitools.measures.anchors import Anchorable, Anchored
from kpitools.measures.attribute import definition_of
from kpitools.measures.measure import Measure, PerEntity, Unit, check_unit, inputs_of

LeadOrLag = Literal["leading", "lagging"]
Kind = Literal["outcome", "activity", "quality"]
Form = Literal["proportion", "ratio", "plain"]

ROLES = ("rep", "sdr", "ae", "am", "manager", "team", "executive")


@dataclass(frozen=True, eq=False)
class Kpi(Anchorable):
    """A formula over measures. `id` is the function's name, `definition` the first paragraph of its docstring."""

    id: str
    label: str
    unit: Unit
    better: Better
    benchmarks: tuple[Benchmark, ...]
    roles: tuple[str, ...]
    timing: LeadOrLag
    kind: Kind
    form: Form
    aliases: tuple[str, ...]
    area: str
    doc: str
    inputs: dict[str, Anchored]
    formula: Callable[..., pl.Expr]
    weights: Mapping[str, float] = field(default_factory=dict)

    @property
    def benchmark(self) -> Benchmark | None:
        """The range it is compared with: of the scope chosen, else its default; None where there is no number."""
        first = self.benchmarks[0] if self.benchmarks else None
        return first if first is not None and first.can_judge else None

    @property
    def bands(self) -> tuple[Benchmark, ...]:
        """The typical, good and top ranges in the scope of its benchmark, as far as there are numbers."""
        chosen = self.benchmark
        return tuple(each for each in self.benchmarks if chosen and each.can_judge and each.scope == chosen.scope)

    def in_scope(self, scope: str) -> Kpi:
        """The same KPI, compared with an industry or kind of company; with nothing where no number of that is known.

        >>> from kpitools.kpis.retention import net_revenue_retention
        >>> net_revenue_retention.benchmark.low, net_revenue_retention.in_scope("saas_enterprise").benchmark.low
        (100.0, 120.0)
        """
        chosen = in_scope(self.benchmarks, scope) or (Benchmark(scope=scope),)
        return replace(self, benchmarks=(*chosen, *(each for each in self.benchmarks if each not in chosen)))

    def with_own_benchmark(self, low: float | None, high: float | None) -> Kpi:
        """The same KPI with a company's own range before all others, whatever the scope."""
        return replace(self, benchmarks=(Benchmark(low, high, OWN), *self.benchmarks))

    @property
    def parts(self) -> dict[str, tuple[Kpi, float]]:
        """Of a composite score, the KPIs it is the weighted mean of, with their weights; empty for any other KPI."""
        return {name: (self.inputs[name].source, weight) for name, weight in self.weights.items()}

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
        if self.weights:
            weighted = " + ".join(f"{weight:g} * {self.inputs[name].id}" for name, weight in self.weights.items())
            return f"({weighted}) / the weights of the parts that are known"
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
        benchmark: what is usual elsewhere, of a KPI that is not in the data of benchmarks.
        form: `proportion` where the first input counts some of what the second counts (gives a Wilson interval),
            `ratio` where the first is divided by the second, else `plain`. A single mean has a t interval by itself.
        label: the name in words; made from the id where it says nothing else.
        aliases: other names it is found by.

    Raises:
        DeclarationError: no docstring, an unknown unit, direction, role, timing or kind, an input without a measure.
    """

    def declare(formula: Callable[..., pl.Expr]) -> Kpi:
        name = formula.__name__
        made = Kpi(
            id=name,
            label=label or name.replace("_", " ").capitalize(),
            unit=unit,
            better=better,
            benchmarks=data().get(name) or ((benchmark,) if benchmark else ()),
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
        _check(made)
        return made

    return declare


def _check(made: Kpi) -> None:
    """Refuse facts that nobody could read or judge by, and a formula that rests on nothing."""
    name = made.id
    check_unit(name, made.unit)
    for what, kinds in {"better": Better, "timing": LeadOrLag, "kind": Kind, "form": Form}.items():
        _check_choice(name, what, getattr(made, what), get_args(kinds))
    for role in made.roles:
        _check_choice(name, "role", role, ROLES)
    if not any(made.measures()):
        raise DeclarationError(f"{name}: a KPI rests on at least one measure; it has {[*made.inputs] or 'none'}.")
    if made.form != "plain" and len(made.inputs) < 2:
        raise DeclarationError(f"{name}: a {made.form} needs a numerator and a denominator as its first two inputs.")


def composite(
    *,
    weights: Mapping[str, float],
    better: Better,
    roles: tuple[str, ...],
    timing: LeadOrLag,
    kind: Kind,
    unit: Unit = "score",
    benchmark: Benchmark | None = None,
    label: str = "",
    aliases: tuple[str, ...] = (),
) -> Callable[[Callable[..., None]], Kpi]:
    """Declare a score that is the weighted mean of its parts, each a KPI on one scale; a part that is not known is left
    out and the others count for more.

    The function is declared like a KPI's, with a part as each parameter's default, and has a docstring for its body.

    Args:
        weights: parameter -> weight; they need not add up to one, and `kpitools.toml` may set them.
        better, roles, timing, kind, unit, benchmark, label, aliases: as of any KPI.

    Raises:
        DeclarationError: as of any KPI, or the weights are not of the parts.

    >>> from kpitools.kpis.conversion import win_rate
    >>> facts = {"better": "higher", "roles": ("team",), "timing": "lagging", "kind": "quality"}
    >>> @composite(weights={"wins": 1.0}, **facts)
    ... def success(wins=win_rate) -> None:
    ...     '''How well it goes.'''
    >>> success.parts["wins"][0].id
    'win_rate'
    """

    def declare(described: Callable[..., None]) -> Kpi:
        name, inputs = described.__name__, inputs_of(described)
        if weights.keys() != inputs.keys() or not all(isinstance(each.source, Kpi) for each in inputs.values()):
            raise DeclarationError(
                f"{name}: the weights are of {[*weights]}, the parts are {[*inputs]}; each is a KPI."
            )
        formula = weighted_mean(weights)
        formula.__name__, formula.__module__ = name, described.__module__
        formula.__doc__, formula.__signature__ = described.__doc__, inspect.signature(described)  # type: ignore[attr-defined]
        made = kpi(
            unit=unit, better=better, roles=roles, timing=timing, kind=kind, benchmark=benchmark, label=label,
            aliases=aliases,
        )(formula)  # fmt: skip
        return replace(made, weights=dict(weights))

    return declare


def weighted_mean(weights: Mapping[str, float]) -> Callable[..., pl.Expr]:
    """The formula of a composite: the mean of its known parts by their weights."""

    def formula(**parts: pl.Expr) -> pl.Expr:
        weighed = [pl.when(parts[name].is_finite()).then(parts[name] * weight) for name, weight in weights.items()]
        known = [pl.when(parts[name].is_finite()).then(weight) for name, weight in weights.items()]
        return pl.sum_horizontal(weighed) / pl.sum_horizontal(known)

    return formula


def _check_choice(name: str, what: str, chosen: str, choices: tuple[str, ...]) -> None:
    if chosen not in choices:
        raise DeclarationError(f"{name}: {what} {chosen!r} is not one of {', '.join(choices)}.")
