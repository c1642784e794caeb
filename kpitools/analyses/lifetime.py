"""How long contracts will last: the shifted-beta-geometric model of renewals, its fit shown against the data.

Each customer has a chance of their own of leaving at every renewal, and those chances are spread over the customers as
a beta distribution. Retention then rises with age although no customer changes: who is likely to leave leaves first.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import exp, log
from typing import Any

import polars as pl

from kpitools.analyses.lives import PRICED, live_at, lives, months_after, subscription_spans, units_between
from kpitools.analyses.survival import kaplan_meier
from kpitools.analyses.view import AsOf, Schema, last_day, money, need, seen, shaped
from kpitools.errors import EvaluationError
from kpitools.model.dataset import Dataset

#: Logarithms of parameters are looked for between these: at the bounds the data do not settle them.
BOUND = 9.0
#: So many customers must have left, or come back to buy, before a model is fitted.
ENOUGH = 10
#: From this sum of alpha and beta the chances of customers lie within a few points of each other.
ALIKE = 1000
#: By which a term one later counts for less, as a share.
DISCOUNT = 0.1
CONTRACTS: Schema = {"age": pl.Int64, "lost": pl.Int64, "kept": pl.Int64}
FIT: Schema = {
    "age": pl.Int64,
    "at_risk": pl.Int64,
    "observed": pl.Float64,
    "lower": pl.Float64,
    "upper": pl.Float64,
    "modelled": pl.Float64,
}
CONTRACT_VALUES: Schema = {
    "account_id": pl.String,
    "age": pl.Int64,
    "mrr": pl.Float64,
    "renewals": pl.Float64,
    "value": pl.Float64,
}


@dataclass(frozen=True)
class ShiftedBetaGeometric:
    """The chances of leaving at a renewal, spread as a beta distribution.

    Attributes:
        alpha: its first parameter; alpha / (alpha + beta) of the customers leave at their first renewal.
        beta: its second one.
    """

    alpha: float
    beta: float

    def survival(self, age: int) -> float:
        """The percentage of customers still there after so many renewals.

        >>> [round(ShiftedBetaGeometric(0.668, 3.806).survival(age), 1) for age in (0, 1, 7)]
        [100.0, 85.1, 48.9]
        """
        left = 100.0
        for renewal in range(age):
            left *= (self.beta + renewal) / (self.alpha + self.beta + renewal)
        return left

    @property
    def alike(self) -> bool:
        """Whether customers hardly differ in their chance of leaving: the limit of one chance for all."""
        return self.alpha + self.beta > ALIKE

    def renewals(self, age: int = 0, discount: float = DISCOUNT) -> float:
        """How many renewals are still to come of a customer who has renewed so often, later ones counting for less.

        Args:
            age: renewals so far.
            discount: by which a renewal one unit later counts for less; more than 0, as the bare sum may have no end.
        """
        special = scipy("special")
        beta, both = self.beta + age, self.alpha + self.beta + age
        rate = 1 / (1 + discount)
        return float(rate * beta / both * special.hyp2f1(1, beta + 1, both + 1, rate))


def contract_ages(data: Dataset, *, as_of: AsOf = None, months: int = 12) -> pl.DataFrame:
    """How many customers left in each term of their contract, and how many have been kept so many terms so far.

    Args:
        data: accounts with became_customer_at and ended_at; where they do not say, subscriptions.
        as_of: the day (to its end) or instant from which the data is seen.
        months: of a term.

    Returns:
        age (terms), lost (left in the term of that number, or on the day it was up), kept (still there after so many
        terms, more not being over; age 0: none is, which says nothing yet). A term that is not over counts for nobody:
        those who left in it are known already, those who will stay are not.

    Raises:
        EvaluationError: the data lacks what is needed.
    """
    view, began, ended = seen(data, as_of), pl.col("began"), pl.col("ended")
    over = units_between(began, pl.lit(last_day(view), pl.Date), months)
    whole = units_between(began, ended, months)
    left_in = pl.max_horizontal(whole + (months_after(began, whole * months) < ended).cast(pl.Int32), 1)
    lost = ended.is_not_null() & (left_in <= over)
    found = lives(view, "A model of contracts").filter(over >= 0)
    ages = found.select(lost=lost, age=pl.when(lost).then(left_in).otherwise(over)).collect()
    counts = ages.group_by("age").agg(pl.col("lost").sum(), kept=(~pl.col("lost")).sum())
    return shaped(counts.sort("age"), CONTRACTS)


def fit_contracts(ages: pl.DataFrame) -> ShiftedBetaGeometric:
    """The model under which what was seen is likeliest.

    Args:
        ages: the frame of `contract_ages`.

    Raises:
        EvaluationError: scipy is not installed, too few left, or all in the same term.
    """
    if (left := int(ages["lost"].sum())) < ENOUGH:
        raise EvaluationError(f"A model of contracts needs {ENOUGH} customers who left, and there are {left}.")
    if ages.filter(pl.col("lost") > 0).height < 2:
        raise EvaluationError("A model of contracts needs customers who left in two different terms.")
    rows = ages.rows()

    def likelihood(logs: Sequence[float]) -> float:
        model = ShiftedBetaGeometric(*map(exp, logs))
        last = max(age for age, _, _ in rows)
        shares = [model.survival(age) / 100 for age in range(last + 1)]
        kept_out = sum(kept * log(shares[age]) for age, _, kept in rows if kept)
        return kept_out + sum(lost * log(shares[age - 1] - shares[age]) for age, lost, _ in rows if lost)

    return ShiftedBetaGeometric(*likeliest(likelihood, "contracts", 2, settle=False))


def contract_fit(ages: pl.DataFrame, model: ShiftedBetaGeometric) -> pl.DataFrame:
    """The model beside the data: who is still there after each term, as observed (Kaplan-Meier) and as modelled.

    Args:
        ages: the frame of `contract_ages`.
        model: what was fitted to it.

    Returns:
        age, at_risk, observed, lower, upper (percent; log-log), modelled (percent); a row for each term somebody left.

    >>> ages = pl.DataFrame({"age": [1, 2], "lost": [30, 20], "kept": [0, 50]})
    >>> contract_fit(ages, ShiftedBetaGeometric(3, 7)).select("age", "observed", pl.col("modelled").round(1)).rows()
    [(1, 70.0, 70.0), (2, 50.0, 50.9)]
    """
    each = [_each(ages, count).with_columns(ended=pl.lit(count == "lost")) for count in ("lost", "kept")]
    curve = kaplan_meier(pl.concat(each).with_columns(group=pl.lit("all"))).filter(pl.col("events") > 0)
    modelled = pl.Series("modelled", [model.survival(age) for age in curve["age"]], dtype=pl.Float64)
    return shaped(curve.rename({"survival": "observed"}).with_columns(modelled), FIT)


def contract_values(
    data: Dataset, model: ShiftedBetaGeometric, *, as_of: AsOf = None, months: int = 12, discount: float = DISCOUNT
) -> pl.DataFrame:
    """What each customer of today is expected to bring by renewing at today's price, beyond the term it is in.

    Args:
        data: as for `contract_ages`, and subscriptions with mrr.
        model: what was fitted to the contract ages.
        as_of: the day (to its end) or instant from which the data is seen.
        months: of a term.
        discount: by which a term later counts for less, as a share.

    Returns:
        account_id, age (terms so far), mrr, renewals (expected, discounted), value (mrr times months times renewals).

    Raises:
        EvaluationError: the data lacks what is needed, or scipy is not installed.
    """
    view = seen(data, as_of)
    need("The value of contracts", view, *PRICED)
    today = pl.lit(last_day(view), pl.Date)
    age = units_between(pl.col("began"), today, months)
    staying = lives(view, "The value of contracts").filter(pl.col("ended").is_null(), age >= 0)
    paid = subscription_spans(view).filter(live_at(today + pl.duration(days=1)))
    priced = paid.group_by("account_id").agg(mrr=money(pl.col("worth").sum()))
    found = staying.select("account_id", age=age).join(priced, on="account_id").sort("account_id").collect()
    renewals = {age: model.renewals(age, discount) for age in found["age"].unique()}
    valued = found.with_columns(pl.Series("renewals", [renewals[age] for age in found["age"]], dtype=pl.Float64))
    return shaped(valued.with_columns(value=pl.col("mrr") * months * pl.col("renewals")), CONTRACT_VALUES)


def _each(ages: pl.DataFrame, count: str) -> pl.DataFrame:
    return ages.select(pl.col("age").repeat_by(count).list.explode(empty_as_null=False, keep_nulls=False))


def likeliest(likelihood: Callable[[Any], float], what: str, parameters: int, *, settle: bool = True) -> list[float]:
    """The positive parameters of the greatest log-likelihood.

    Args:
        likelihood: the log-likelihood, of the logarithms of the parameters.
        what: is modelled, in words.
        parameters: how many there are.
        settle: whether parameters at a bound are an error; without, they are the limit that the data point to.

    Raises:
        EvaluationError: scipy is not installed, or the greatest is at no parameters inside the bounds.
    """
    found = scipy("optimize").minimize(
        lambda logs: -likelihood(logs),
        [0.0] * parameters,
        method="L-BFGS-B",
        bounds=[(-BOUND, BOUND)] * parameters,
        options={"ftol": 1e-14, "gtol": 1e-7, "maxiter": 2000},
    )
    if settle and max(map(abs, found.x)) > BOUND - 0.01:
        raise EvaluationError(f"The model of {what} does not settle on this data: no single best parameters.")
    return [exp(value) for value in found.x]


def scipy(part: str) -> Any:
    """A part of scipy, which only these models need.

    Raises:
        EvaluationError: it is not installed.
    """
    from importlib import import_module

    try:
        return import_module(f"scipy.{part}")
    except ImportError:
        raise EvaluationError(
            "There is no model of customers' lifetimes here: it needs scipy, which was not installed where this was "
            "worked out. What adds it: pip install 'kpitools[lifetime]'"
        ) from None
