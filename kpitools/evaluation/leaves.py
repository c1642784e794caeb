"""What a KPI rests on at a moment: its leaves, each a measure at a place in time, and the formula over them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from kpitools.evaluation.intervals import SMALL, t_interval, wilson
from kpitools.kpis.kpi import Kpi
from kpitools.measures.anchors import Anchored, PeriodDays
from kpitools.measures.measure import Measure, PerEntity


@dataclass(frozen=True)
class Leaf:
    """A measure at a place in time, all shifts on the way to it taken together."""

    source: Measure | PerEntity | PeriodDays
    anchored: Anchored

    @property
    def key(self) -> str:
        """The name of its column: one figure, one column, whichever KPIs ask for it."""
        return f"{self.anchored.id}:{self.anchored.periods}"

    @property
    def additive(self) -> bool:
        """Whether no rows means nothing rather than not known."""
        if isinstance(self.source, PerEntity):
            return self.source.aggregate.additive
        return isinstance(self.source, Measure) and self.source.aggregate.statistic in ("count", "total", "distinct")


def leaf(anchored: Anchored, outer: tuple[str, ...] = ()) -> Leaf:
    """The leaf of an input inside shifts that lie around it."""
    return Leaf(anchored.source, Anchored(anchored.source, anchored.place, (*outer, *anchored.shift), anchored.periods))  # type: ignore[arg-type]


def leaves(kpi: Kpi, outer: tuple[str, ...] = ()) -> Iterator[Leaf]:
    """Every leaf of a KPI, through the KPIs it is made of."""
    for anchored in kpi.inputs.values():
        if isinstance(anchored.source, Kpi):
            yield from leaves(anchored.source, (*outer, *anchored.shift))
        else:
            yield leaf(anchored, outer)


def with_inputs(frame: pl.LazyFrame, kpi: Kpi, outer: tuple[str, ...] = ()) -> pl.LazyFrame:
    """The leaves with a column for each input of the KPI, so that however often its formula and its interval read an
    input, it is worked out once. Where some of its measures have rows, an additive one without any is 0."""
    for anchored in kpi.inputs.values():
        if isinstance(anchored.source, Kpi):
            inner, shift = anchored.source, (*outer, *anchored.shift)
            frame = with_inputs(frame, inner, shift).with_columns(value(inner, shift).alias(_name(inner, shift)))
    return frame.with_columns(
        column.alias(_name(kpi, outer, name)) for name, column in _from_leaves(kpi, outer).items()
    )


def value(kpi: Kpi, outer: tuple[str, ...] = ()) -> pl.Expr:
    """The KPI over the columns of its inputs."""
    return kpi.apply(_inputs(kpi, outer))


def parts(kpi: Kpi) -> dict[str, pl.Expr]:
    """The columns of a KPI in the result: value, interval, numerator, denominator, n and whether n is small."""
    nothing = pl.lit(None, pl.Float64)
    found = {"value": value(kpi), "lower": nothing, "upper": nothing, "numerator": nothing, "denominator": nothing}
    inputs = _inputs(kpi, ())
    n = _smallest_n(kpi)
    if kpi.form != "plain":
        some, all_ = list(inputs.values())[:2]
        found |= {"numerator": some, "denominator": all_}
    if kpi.form == "proportion":
        lower, upper = wilson(some, all_)
        found |= {"lower": lower, "upper": upper}
        n = all_.cast(pl.Int64)
    if (mean := _lone_mean(kpi)) is not None:
        n = pl.col(f"{mean.key}.n")
        lower, upper = t_interval(found["value"], pl.col(f"{mean.key}.sd"), n.cast(pl.Float64))
        found |= {"lower": lower, "upper": upper, "numerator": found["value"] * n, "denominator": n.cast(pl.Float64)}
    judged = kpi.form == "proportion" or mean is not None
    return found | {"n": n, "small": (n < SMALL).fill_null(False) if judged else pl.lit(False)}


def grows_with_size(kpi: Kpi) -> bool:
    """Whether twice the rows make twice the figure, as of revenue, rather than the same one, as of a rate.

    >>> from kpitools.kpis.catalogue import find
    >>> grows_with_size(find("total_sales_revenue")), grows_with_size(find("win_rate"))
    (True, False)
    """
    found = {each.key: each for each in leaves(kpi)}
    once = {key: 2.0 + place / 7 for place, key in enumerate(found)}
    twice = {key: number * 2 if _is_size(found[key]) else number for key, number in once.items()}
    beside = [pl.lit(1).cast(pl.Int64).alias(f"{key}.n") for key in found]
    asked = [pl.lit(True).alias(f"{key}.asked") for key in found]
    frame = pl.LazyFrame([once, twice]).with_columns(*beside, *asked)
    small, large = with_inputs(frame, kpi).select(value(kpi)).collect().to_series()
    return small is not None and large is not None and abs(large - 2 * small) < 1e-9 * abs(small)


def _is_size(each: Leaf) -> bool:
    sizes = ("count", "total", "distinct", "other")
    return isinstance(each.source, Measure | PerEntity) and each.source.aggregate.statistic in sizes


def _inputs(kpi: Kpi, outer: tuple[str, ...]) -> dict[str, pl.Expr]:
    return {name: pl.col(_input(kpi, name, anchored, outer)) for name, anchored in kpi.inputs.items()}


def _input(kpi: Kpi, name: str, anchored: Anchored, outer: tuple[str, ...]) -> str:
    """The column of an input: the figure of a KPI, or what a leaf counts for in this KPI."""
    if isinstance(anchored.source, Kpi):
        return _name(anchored.source, (*outer, *anchored.shift))
    return _name(kpi, outer, name)


def _name(kpi: Kpi, outer: tuple[str, ...], name: str = "") -> str:
    return "|".join((kpi.id, *outer, "", name))


def _from_leaves(kpi: Kpi, outer: tuple[str, ...]) -> dict[str, pl.Expr]:
    found = [each for each in leaves(kpi, outer) if not isinstance(each.source, PeriodDays)]
    present = pl.any_horizontal([pl.col(f"{each.key}.n").is_not_null() for each in found])
    here = {
        name: leaf(anchored, outer) for name, anchored in kpi.inputs.items() if not isinstance(anchored.source, Kpi)
    }
    return {name: _known(each, present) for name, each in here.items()}


def _known(here: Leaf, present: pl.Expr) -> pl.Expr:
    column = pl.col(here.key)
    if not here.additive:
        return column
    absent = pl.col(f"{here.key}.n").is_null() & pl.col(f"{here.key}.asked")
    return pl.when(absent & present).then(0.0).otherwise(column)


def _smallest_n(kpi: Kpi) -> pl.Expr:
    """The fewest rows that any of its measures rests on; a plan such as a quota is not an observation."""
    counted = [each for each in leaves(kpi) if isinstance(each.source, Measure | PerEntity)]
    observed = [
        each for each in counted if not (isinstance(each.source, Measure) and each.source.when.timing == "spread")
    ]
    counts = [pl.col(f"{each.key}.n") for each in observed or counted]
    present = pl.any_horizontal([pl.col(f"{each.key}.n").is_not_null() for each in counted])
    return pl.when(present).then(pl.min_horizontal([n.fill_null(0) for n in counts])).cast(pl.Int64)


def _lone_mean(kpi: Kpi) -> Leaf | None:
    """The mean that a KPI is, where it is nothing but a mean."""
    if len(kpi.inputs) != 1:
        return None
    ((name, anchored),) = kpi.inputs.items()
    source = anchored.source
    if not isinstance(source, Measure) or source.aggregate.statistic != "mean":
        return None
    same = kpi.formula(**{name: pl.col(name)}).meta.eq(pl.col(name))
    return leaf(anchored) if same else None
