"""Who will buy again, how often and for how much: BG/NBD for the orders to come, Gamma-Gamma for what they are worth.

BG/NBD: a customer buys at a steady rate of their own until, after some purchase, they have gone for good, which nobody
sees; rates and chances of going differ between customers. Gamma-Gamma: what a customer spends varies around a mean of
their own that has nothing to do with how often they buy. Both are from what customers did, not from who they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import polars as pl

from kpitools.analyses.lifetime import ENOUGH, likeliest, scipy
from kpitools.analyses.lives import SOLD
from kpitools.analyses.view import AsOf, Schema, cents, last_day, money, need, seen, shaped
from kpitools.errors import EvaluationError
from kpitools.model.dataset import Dataset

#: Time is counted in weeks.
WEEK = 7.0
BUYERS: Schema = {
    "account_id": pl.String,
    "repeats": pl.Int64,
    "last": pl.Float64,
    "seen": pl.Float64,
    "spend": pl.Float64,
}
#: The highest number of repeat purchases shown by itself; the row after it holds all higher ones.
MOST_REPEATS = 6


def buyers(data: Dataset, *, as_of: AsOf = None) -> pl.DataFrame:
    """What the models are fitted to: each customer's repeat purchases, orders of one day being one purchase.

    Args:
        data: orders with account_id, ordered_at and amount.
        as_of: the day (to its end) or instant from which the data is seen.

    Returns:
        account_id, repeats (purchases after the first), last (weeks from the first to the last), seen (weeks from the
        first until now), spend (mean amount of a repeat purchase; null where none is known).

    Raises:
        EvaluationError: the data lacks what is needed.

    >>> from datetime import datetime
    >>> times = [datetime(2026, 1, 1), datetime(2026, 1, 15, 9), datetime(2026, 1, 15, 17)]
    >>> orders = pl.DataFrame({"order_id": ["1", "2", "3"], "account_id": ["a"] * 3, "ordered_at": times,
    ...     "amount": [5.0, 10.0, 20.0]})
    >>> buyers(Dataset.of({"orders": orders}), as_of="2026-01-29").row(0)
    ('a', 1, 2.0, 4.0, 30.0)
    """
    view = seen(data, as_of)
    need("A model of repeat purchases", view, *SOLD)
    day, until = pl.col("ordered_at").cast(pl.Date), pl.lit(last_day(view), pl.Date)
    orders = view["orders"].filter(pl.col("account_id").is_not_null(), pl.col("ordered_at").is_not_null())
    amount = pl.when(pl.col("amount").is_not_null().any()).then(cents(pl.col("amount")).sum())
    days = orders.group_by("account_id", day.alias("day")).agg(amount.alias("amount"))
    first, later = pl.col("day").min(), pl.col("day") > pl.col("day").min()
    weeks = {"last": pl.col("day").max() - first, "seen": until - first}
    rows = days.group_by("account_id").agg(
        later.sum().alias("repeats"),
        *((apart.dt.total_days() / WEEK).alias(name) for name, apart in weeks.items()),
        money(pl.col("amount").filter(later).mean()).alias("spend"),
    )
    return shaped(rows.sort("account_id").collect(), BUYERS)


@dataclass(frozen=True)
class RepeatPurchases:
    """BG/NBD: rates of buying spread as a gamma distribution (r, alpha), chances of going as a beta one (a, b).

    Attributes:
        r: shape of the rates; r / alpha is the mean rate of buying, a week.
        alpha: their scale, in weeks.
        a: of the chance of going after a purchase; a / (a + b) is its mean.
        b: its other parameter.
    """

    r: float
    alpha: float
    a: float
    b: float

    def likelihood(self, frame: pl.DataFrame) -> float:
        """The log-likelihood of the customers of a frame of `buyers`."""
        import numpy as np

        special = scipy("special")
        x, last, until = _arrays(frame)
        rate = special.gammaln(self.r + x) - special.gammaln(self.r) + self.r * np.log(self.alpha)
        stay = special.betaln(self.a, self.b + x) - special.betaln(self.a, self.b)
        still = -(self.r + x) * np.log(self.alpha + until)
        bought = np.maximum(x, 1)
        gone = np.log(self.a) - np.log(self.b + bought - 1) - (self.r + x) * np.log(self.alpha + last)
        return float((rate + stay + np.where(x > 0, np.logaddexp(still, gone), still)).sum())

    def alive(self, frame: pl.DataFrame) -> Any:
        """The chance of each customer still to be one (0 to 1)."""
        import numpy as np

        x, last, until = _arrays(frame)
        odds = self.a / (self.b + np.maximum(x, 1) - 1) * ((self.alpha + until) / (self.alpha + last)) ** (self.r + x)
        return 1 / (1 + np.where(x > 0, odds, 0.0))

    def orders(self, frame: pl.DataFrame, weeks: float) -> Any:
        """How many purchases to expect of each customer in the next weeks."""
        x, _, until = _arrays(frame)
        shape, kept, all_ = self.r + x, self.b + x, self.a + self.b + x - 1
        then = self.alpha + until + weeks
        series = scipy("special").hyp2f1(shape, kept, all_, weeks / then)
        return all_ / (self.a - 1) * (1 - ((self.alpha + until) / then) ** shape * series) * self.alive(frame)

    def chance(self, repeats: int, until: Any) -> Any:
        """The chance of so many repeat purchases within each number of weeks since the first."""
        import numpy as np

        special = scipy("special")
        share = until / (self.alpha + until)

        def bought(n: int) -> Any:
            ways = special.gammaln(self.r + n) - special.gammaln(self.r) - special.gammaln(n + 1)
            return np.exp(ways) * (1 - share) ** self.r * share**n

        base = special.betaln(self.a, self.b)
        still = np.exp(special.betaln(self.a, self.b + repeats) - base) * bought(repeats)
        if repeats == 0:
            return still
        gone = np.exp(special.betaln(self.a + 1, self.b + repeats - 1) - base)
        return still + gone * (1 - sum(bought(n) for n in range(repeats)))


@dataclass(frozen=True)
class Spend:
    """Gamma-Gamma: amounts vary around a customer's own mean (p), and the means between customers (q, v).

    Attributes:
        p: shape of the amounts of one customer.
        q: shape of the spread between customers.
        v: its scale, in currency.
    """

    p: float
    q: float
    v: float

    def likelihood(self, frame: pl.DataFrame) -> float:
        """The log-likelihood of the mean amounts of those who bought again."""
        import numpy as np

        gammaln = scipy("special").gammaln
        x, mean = _spent(frame)
        shape = self.p * x
        ways = gammaln(shape + self.q) - gammaln(shape) - gammaln(self.q) + self.q * np.log(self.v)
        size = (shape - 1) * np.log(mean) + shape * np.log(x) - (shape + self.q) * np.log(self.v + mean * x)
        return float((ways + size).sum())

    def expected(self, frame: pl.DataFrame) -> Any:
        """The mean amount to expect of each customer; of one of whom no repeat amount is known, that of all.

        NaN where there is none to expect: with q of at most 1 the spread between customers has no mean.
        """
        import numpy as np

        x = frame.select(pl.when(pl.col("spend").is_not_null()).then("repeats").otherwise(0)).to_series().to_numpy()
        total = frame["spend"].fill_null(0).to_numpy() * x
        weight = self.p * x + self.q - 1
        return self.p * (self.v + total) / np.where(weight > 0, weight, np.nan)


def fit_repeats(frame: pl.DataFrame) -> RepeatPurchases:
    """The BG/NBD model under which the purchases of a frame of `buyers` are likeliest.

    Raises:
        EvaluationError: scipy is not installed, too few bought again, or the parameters do not settle.
    """
    _enough(frame.filter(pl.col("repeats") > 0).height)
    from math import exp

    found = likeliest(lambda logs: RepeatPurchases(*map(exp, logs)).likelihood(frame), "repeat purchases", 4)
    return RepeatPurchases(*found)


def fit_spend(frame: pl.DataFrame) -> Spend:
    """The Gamma-Gamma model under which the mean amounts of a frame of `buyers` are likeliest.

    Raises:
        EvaluationError: scipy is not installed, too few bought again for an amount, or the parameters do not settle.
    """
    from math import exp

    paid = frame.filter(pl.col("repeats") > 0, pl.col("spend") > 0)
    _enough(paid.height)
    typical = float(paid.select(pl.col("spend").median()).item())
    scaled = paid.with_columns(pl.col("spend") / typical)
    p, q, v = likeliest(lambda logs: Spend(*map(exp, logs)).likelihood(scaled), "amounts", 3)
    return Spend(p, q, v * typical)


def repeats_fit(frame: pl.DataFrame, model: RepeatPurchases) -> pl.DataFrame:
    """The model beside the data: how many customers bought again so often, and how many should have.

    Returns:
        repeats (as text; the last row holds all higher ones), customers, modelled.
    """
    until = frame["seen"].to_numpy()
    chances = [float(model.chance(n, until).sum()) for n in range(MOST_REPEATS + 1)]
    counts = [frame.filter(pl.col("repeats") == n).height for n in range(MOST_REPEATS + 1)]
    names = [str(n) for n in range(MOST_REPEATS + 1)]
    return pl.DataFrame(
        {
            "repeats": [*names, f"{MOST_REPEATS + 1} or more"],
            "customers": [*counts, frame.height - sum(counts)],
            "modelled": [*chances, frame.height - sum(chances)],
        },
        schema={"repeats": pl.String, "customers": pl.Int64, "modelled": pl.Float64},
    )


def customer_values(frame: pl.DataFrame, model: RepeatPurchases, spend: Spend, *, weeks: float = 52) -> pl.DataFrame:
    """What each customer is expected to buy in the next weeks, undiscounted.

    Returns:
        the frame of `buyers` with alive (percent), orders, amount (of one order) and value (orders times amount).
    """
    found = frame.with_columns(
        alive=pl.Series(100 * model.alive(frame)),
        orders=pl.Series(model.orders(frame, weeks)),
        amount=pl.Series(spend.expected(frame)).fill_nan(None),
    )
    return found.with_columns(value=pl.col("orders") * pl.col("amount"))


def _enough(again: int) -> None:
    if again < ENOUGH:
        raise EvaluationError(f"A model of orders needs {ENOUGH} customers who bought again, and there are {again}.")


def _arrays(frame: pl.DataFrame) -> tuple[Any, Any, Any]:
    x, last, until = (frame[name].cast(pl.Float64).to_numpy() for name in ("repeats", "last", "seen"))
    return x, last, until


def _spent(frame: pl.DataFrame) -> tuple[Any, Any]:
    paid = frame.filter(pl.col("repeats") > 0, pl.col("spend") > 0)
    return paid["repeats"].cast(pl.Float64).to_numpy(), paid["spend"].to_numpy()
