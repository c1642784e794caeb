"""Whether groups of deals are won at different rates: each group beside all others, deals still open allowed for."""

from __future__ import annotations

from math import exp, log, sqrt
from statistics import NormalDist
from typing import Any

import polars as pl

from kpitools.analyses.chance import Interval, Share
from kpitools.analyses.conversion import WINDOW, days, opened_deals
from kpitools.analyses.incidence import aalen_johansen, at_age
from kpitools.analyses.view import AsOf, Schema, seen, shaped
from kpitools.evaluation.intervals import CONFIDENCE, SMALL
from kpitools.model.calendar import Period
from kpitools.model.dataset import Dataset

APART: Schema = {
    "group": pl.String,
    "within": pl.Int64,
    "deals": pl.Int64,
    "conversion": pl.Float64,
    "others": pl.Float64,
    "difference": pl.Float64,
    "lower": pl.Float64,
    "upper": pl.Float64,
}


def conversion_apart(
    data: Dataset,
    *,
    period: str | Period,
    by: str,
    as_of: AsOf = None,
    within: int = WINDOW,
    reopened: str = "last",
) -> pl.DataFrame:
    """The share of each group's deals won within a window less that of all others, and whether chance may explain it.

    The two shares are cumulative incidences (Aalen-Johansen). The interval of their difference is put together from
    the intervals of both (as Newcombe's is from Wilson's; the method is called MOVER), wide enough that all the
    comparisons of the frame hold together in 95 of 100 cases (Bonferroni). Groups of few deals are left out.

    Args:
        data: as for `conversion`.
        period: the deals opened on its days.
        by: the dimension whose groups are compared.
        as_of: the day (to its end) or instant from which the data is seen; the last day of the data unless given.
        within: the window in days since the deal was opened.
        reopened: by which outcome a re-opened deal counts, as for `funnel`.

    Returns:
        group, within, deals, conversion and others (percent), difference (percentage points) with its interval lower
        and upper; null where either was not seen long enough. Of two groups only the first by name has a row.

    Raises:
        EvaluationError: the data lacks what is needed, cannot be broken down so, or the window is not a day or more.
        UnknownNameError: no such dimension or outcome.
    """
    days(within)
    opened = opened_deals(seen(data, as_of), period, by, reopened)
    enough = opened.filter(pl.len().over("group") >= SMALL)
    names = enough["group"].unique().sort(nulls_last=True).to_list()
    asked = names[:1] if len(names) == 2 else names if len(names) > 2 else []
    rows = [_row(enough, name, within, len(asked)) for name in asked]
    return shaped(pl.DataFrame(rows, schema=APART), APART, by)


def _row(opened: pl.DataFrame, group: str | None, within: int, comparisons: int) -> dict[str, Any]:
    own = pl.col("group").eq_missing(group)
    parts = opened.filter(own), opened.filter(~own)
    (one, bounds), (other, others) = (_share(part, within, comparisons) for part in parts)
    row = {"group": group, "within": within, "deals": parts[0].height, "conversion": one, "others": other}
    if one is None or other is None:
        return row | {"difference": None, "lower": None, "upper": None}
    reach = None if bounds is None or others is None else _reach(one, bounds, other, others)
    low, high = (None, None) if reach is None else (one - other - reach[0], one - other + reach[1])
    return row | {"difference": one - other, "lower": low, "upper": high}


def _reach(one: float, bounds: Interval, other: float, others: Interval) -> Interval:
    below = sqrt((one - bounds[0]) ** 2 + (others[1] - other) ** 2)
    return below, sqrt((bounds[1] - one) ** 2 + (other - others[0]) ** 2)


def _share(deals: pl.DataFrame, within: int, comparisons: int) -> tuple[float | None, Interval | None]:
    """The share won by the end of the window with its bounds, in percent.

    Where none was won the curve has no interval; then it is Wilson's of the deals that were seen for the whole window,
    which are fewer than have a say in the curve.
    """
    curve = aalen_johansen(deals.with_columns(group=pl.lit(0)))
    share, lower, upper = at_age(curve, within).select("won", "lower", "upper").row(0)
    if share == 0:
        ripe = deals.filter(pl.col("seen") >= within).height
        return share, Share(0, ripe).interval(comparisons) if ripe else None
    return share, None if lower is None else _widened(share, (lower, upper), comparisons)


def _widened(share: float, bounds: Interval, comparisons: int) -> Interval:
    """The log-log bounds for one of several comparisons: their distance grows with the normal quantile."""
    z, wider = (NormalDist().inv_cdf(1 - (1 - CONFIDENCE) / 2 / n) for n in (1, comparisons))
    own = log(share / 100)
    low, high = (100 * exp(own * (log(bound / 100) / own) ** (wider / z)) for bound in bounds)
    return low, high
