"""How fast the pipeline yields, and which of its four drivers made it faster or slower."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations
from math import prod

import polars as pl

from kpitools.analyses.view import EVERYTHING, AsOf, Schema, one_period, seen, shaped
from kpitools.errors import EvaluationError
from kpitools.evaluation.evaluate import evaluate
from kpitools.evaluation.windows import moment
from kpitools.kpis.conversion import win_rate
from kpitools.kpis.cycle_time import sales_cycle_length
from kpitools.kpis.kpi import kpi
from kpitools.kpis.pipeline import pipeline_velocity, qualified_opportunities
from kpitools.measures import deals
from kpitools.model.calendar import Period
from kpitools.model.dataset import Dataset


@kpi(unit="currency", better="higher", roles=("manager",), timing="leading", kind="outcome", label="Mean deal size")
def mean_worked_size(size: pl.Expr = deals.mean_worked_amount) -> pl.Expr:  # type: ignore[assignment]
    """Mean contract value of the deals open at some time in the period."""
    return size


#: What velocity is made of, in the order it is told; it is divided by the last.
DRIVERS = (qualified_opportunities, mean_worked_size, win_rate, sales_cycle_length)
VELOCITY: Schema = {
    "group": pl.String,
    "driver": pl.String,
    "label": pl.String,
    "unit": pl.String,
    "before": pl.Float64,
    "now": pl.Float64,
    "contribution": pl.Float64,
}


def velocity_change(
    data: Dataset,
    *,
    period: str | Period,
    against: str | Period | None = None,
    as_of: AsOf = None,
    by: str | None = None,
) -> pl.DataFrame:
    """What each driver did to the pipeline's velocity: deals worked, their mean size, the win rate and the days taken.

    A driver's contribution is what changing it alone does, as a mean over every order in which the four can change
    (Shapley): whichever is named first, the four sum to the whole change.

    Args:
        data: deals with created_at, closed_at, status and amount.
        period: the period to explain.
        against: the period to compare with; the one before unless given. Where the period is not over, as many of
            its first days.
        as_of: the day (to its end) or instant from which the data is seen.
        by: a dimension of deals.

    Returns:
        group where broken down, driver (a KPI's id), label, unit, before, now, contribution (currency per day), with
        `pipeline_velocity` itself as the last row, its contribution being the whole change. Contributions are null
        where a driver has no figure in one of the two periods.

    Raises:
        EvaluationError: the data lacks what is needed, cannot be broken down so, or there is no period before.
        UnknownNameError: there is no such dimension.
    """
    view, now = seen(data, as_of), one_period(period)
    before = now.previous() if against is None else one_period(against)
    if before is None:
        raise EvaluationError(f"There is no period before {now}; say what to compare it with.")
    if not (at := moment(now, view.seen_at)).complete:
        before = before.first_days(at.days)
    then, there = (_figures(view, each, by) for each in (before, now))
    rows = [row for group in there for row in _rows(group, then.get(group, {}), there[group])]
    return shaped(pl.DataFrame(rows, schema=VELOCITY, orient="row"), VELOCITY, by)


def product_split(before: Sequence[float], now: Sequence[float]) -> list[float]:
    """What each factor did to the change of a product, as a mean over every order in which they can change.

    >>> product_split([10, 2], [20, 3])
    [25.0, 15.0]
    >>> product_split([20, 3], [10, 0])
    [-15.0, -45.0]
    """
    orders = list(permutations(range(len(before))))
    parts = [0.0] * len(before)
    for order in orders:
        at = list(before)
        for driver in order:
            product = prod(at)
            at[driver] = now[driver]
            parts[driver] += (prod(at) - product) / len(orders)
    return parts


Figures = dict[str, float | None]


def _figures(view: Dataset, period: Period, by: str | None) -> dict[str | None, Figures]:
    frame = evaluate([*DRIVERS, pipeline_velocity], view, periods=[period], by=by or ()).frame
    found: dict[str | None, Figures] = {}
    for row in frame.select(pl.col(by) if by else pl.lit(EVERYTHING), "kpi", "value").rows():
        found.setdefault(row[0], {})[row[1]] = row[2]
    return found


def _rows(group: str | None, before: Figures, now: Figures) -> list[tuple[object, ...]]:
    factors = [factor for figures in (before, now) if (factor := _factors(figures)) is not None]
    parts = product_split(*factors) if len(factors) == 2 else [None] * len(DRIVERS)
    whole = sum(part for part in parts if part is not None) if len(factors) == 2 else None
    told = [*zip(DRIVERS, parts, strict=True), (pipeline_velocity, whole)]
    return [(group, one.id, one.label, one.unit, before.get(one.id), now.get(one.id), part) for one, part in told]


def _factors(figures: Figures) -> list[float] | None:
    """The drivers as factors: the rate as a share, the days as their inverse."""
    worked, size, rate, days = (figures.get(driver.id) for driver in DRIVERS)
    if worked is None or size is None or rate is None or not days:
        return None
    return [worked, size, rate / 100, 1 / days]
