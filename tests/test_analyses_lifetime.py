"""Lifetime models: the published example, the likelihoods as integrals, planted parameters, and the fit in words."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from math import exp, gamma, log
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from scipy import integrate, stats
from small import dataset

from kpitools.analyses.lifetime import (
    ShiftedBetaGeometric,
    contract_ages,
    contract_fit,
    contract_values,
    fit_contracts,
)
from kpitools.analyses.repurchase import (
    BUYERS,
    RepeatPurchases,
    Spend,
    buyers,
    customer_values,
    fit_repeats,
    fit_spend,
    repeats_fit,
)
from kpitools.analyses.words.retention import contract_words, repeat_words, value_words
from kpitools.errors import EvaluationError
from kpitools.model.dataset import Dataset

# --- Contracts --------------------------------------------------------------------------------------------------------

SEVEN_YEARS = [1000, 869, 743, 653, 593, 551, 517, 491]
RENEWED = pl.DataFrame(
    {"age": range(1, 8), "lost": -np.diff(SEVEN_YEARS), "kept": [0] * 6 + [SEVEN_YEARS[-1]]},
)


def test_the_published_seven_years():
    model = fit_contracts(RENEWED)
    assert (round(model.alpha, 3), round(model.beta, 3)) == (0.668, 3.806)


def test_the_fit_beside_the_published_seven_years():
    fit = contract_fit(RENEWED, fit_contracts(RENEWED))
    assert fit["observed"].to_list() == pytest.approx([left / 10 for left in SEVEN_YEARS[1:]])
    assert fit["modelled"].round(1).to_list() == [85.1, 74.7, 67.0, 61.0, 56.2, 52.2, 48.9]


@pytest.mark.parametrize("age", [0, 3])
def test_renewals_are_the_discounted_sum_of_those_still_there(age: int):
    model = ShiftedBetaGeometric(0.668, 3.806)
    ahead = range(age + 1, age + 1500)
    summed = sum(model.survival(later) / model.survival(age) / 1.1 ** (later - age) for later in ahead)
    assert model.renewals(age, discount=0.1) == pytest.approx(summed, rel=1e-9)


def test_planted_contracts_are_recovered_although_many_are_still_running():
    chances = np.random.default_rng(4).beta(1.5, 6, 20_000)
    left = np.random.default_rng(5).geometric(chances)
    seen = np.random.default_rng(6).integers(0, 7, left.size)
    lives = pl.DataFrame({"age": np.minimum(left, seen), "ended": left <= seen})
    ages = lives.group_by("age").agg(lost=pl.col("ended").sum(), kept=(~pl.col("ended")).sum())
    model = fit_contracts(ages)
    assert (model.alpha, model.beta) == (pytest.approx(1.5, rel=0.1), pytest.approx(6, rel=0.1))
    assert not model.alike


def test_customers_who_leave_at_one_chance_are_alike():
    ages = pl.DataFrame({"age": range(1, 6), "lost": [200, 160, 128, 102, 82], "kept": [0, 0, 0, 0, 328]})
    model = fit_contracts(ages)
    assert model.alike
    assert model.survival(1) == pytest.approx(80, abs=0.2)
    assert "about as likely to leave" in contract_words(contract_fit(ages, model), model)[0]


def test_the_terms_of_contracts():
    data = dataset("""
        accounts: account_id became_customer_at ended_at
        a 2023-01-01 2023-01-01
        b 2023-01-01 2023-06-01
        c 2023-01-01 2024-06-01
        d 2023-01-01 -
        e 2025-12-01 -
        f 2025-06-01 2025-09-01
    """)
    found = contract_ages(data, as_of="2026-01-10")
    assert found.rows() == [(0, 0, 2), (1, 2, 0), (2, 1, 0), (3, 0, 1)]  # f left in a year that is not over
    assert contract_ages(data, as_of="2024-02-01")["lost"].sum() == 2


def test_who_leaves_on_the_anniversary_leaves_in_the_term_that_ends_then():
    """Whatever leap days lie between: 366 days in 2024, 1,096 in three years."""
    data = dataset("""
        accounts: account_id became_customer_at ended_at
        a 2024-01-01 2025-01-01
        b 2022-03-01 2025-03-01
        c 2024-02-29 2025-02-28
        d 2024-01-31 2025-02-01
        e 2025-01-01 -
    """)
    # d is kept in its first term, and its second is not over before the end of January.
    assert contract_ages(data, as_of="2025-12-31").rows() == [(0, 0, 1), (1, 2, 1), (3, 1, 0)]
    assert contract_ages(data, as_of="2026-01-01").rows() == [(1, 2, 2), (3, 1, 0)]


def test_what_customers_bring_by_renewing():
    data = dataset("""
        accounts: account_id became_customer_at ended_at
        a 2024-01-10 -
        b 2025-01-10 2025-06-01
        c 2025-06-01 -
        d 2025-06-01 -
        subscriptions: subscription_id account_id mrr starts_on ends_on
        1 a 100 2024-01-10 2025-01-10
        2 a 150 2025-01-10 -
        3 a 0.5 2026-01-10 -
        4 b 70 2025-01-10 2025-06-01
        5 c 10 2025-06-01 -
    """)
    model = ShiftedBetaGeometric(0.668, 3.806)
    values = contract_values(data, model, as_of="2026-01-10")
    twice, never = model.renewals(2), model.renewals(0)
    assert values.rows() == [
        ("a", 2, 150.5, twice, pytest.approx(150.5 * 12 * twice)),
        ("c", 0, 10.0, never, pytest.approx(10 * 12 * never)),
    ]
    assert contract_values(data, model, as_of="2026-01-09")["age"].to_list() == [1, 0]
    with pytest.raises(EvaluationError, match="The value of contracts needs subscriptions, which"):
        contract_values(dataset("accounts: account_id became_customer_at ended_at\n a 2024-01-10 -"), model)


@pytest.mark.parametrize(("lost", "message"), [
    ([4, 5], "needs 10 customers who left, and there are 9"),
    ([40, 0], "left in two different terms"),
])  # fmt: skip
def test_too_little_for_a_model_of_contracts(lost: list[int], message: str):
    with pytest.raises(EvaluationError, match=message):
        fit_contracts(pl.DataFrame({"age": [1, 2], "lost": lost, "kept": [0, 9]}))


FIT = pl.DataFrame({"age": [1, 2], "lower": [80.0, 60.0], "upper": [90.0, 70.0], "modelled": [85.1, 74.7]})


@pytest.mark.parametrize(("fit", "said"), [
    (FIT, "The model is outside the 95 % interval of what was seen after 2 of 2 terms: "
     "read what it expects with care."),
    (FIT.head(1), "The model is within the 95 % interval of what was seen in 1 term."),
    (FIT.with_columns(lower=pl.lit(None, pl.Float64)),
     "Whether the model fits cannot be told: no term has an interval to hold it against."),
])  # fmt: skip
def test_the_fit_of_contracts_in_words(fit: pl.DataFrame, said: str):
    assert contract_words(fit, ShiftedBetaGeometric(0.668, 3.806)) == [
        "Of new customers, 85.1 % are expected to renew once and 56.2 % five times. "
        f"The last who were seen to leave left in term {fit.height}: what is said of later ones is the model's alone.",
        said,
    ]


def test_what_renewals_bring_in_words():
    values = pl.DataFrame({"mrr": [100.0, 50.0], "value": [2400.0, 600.0]})
    assert value_words(values) == [
        "The 2 customers of today, at 1,800 a year, are expected to renew for 3,000 in all, discounted."
    ]
    assert value_words(values.head(1))[0].startswith("The 1 customer of today, at 1,200 a year, is expected to renew")
    assert value_words(values.head(0)) == ["No customer of today has a price: what renewals will bring cannot be told."]


# --- Orders -----------------------------------------------------------------------------------------------------------

PUBLISHED = RepeatPurchases(r=0.243, alpha=4.414, a=0.793, b=2.426)


def customers(*rows: tuple[int, float, float, float | None]) -> pl.DataFrame:
    return pl.DataFrame([(str(i), *row) for i, row in enumerate(rows)], schema=BUYERS, orient="row")


def test_the_purchases_of_buyers():
    data = dataset("""
        orders: order_id account_id ordered_at amount
        1 a 2026-01-01 10
        2 a 2026-01-08T09:00 20
        3 a 2026-01-08T17:00 5
        4 a 2026-01-22 45
        5 b 2026-01-15 7
        6 - 2026-01-15 7
    """)
    assert buyers(data, as_of="2026-01-29").rows() == [("a", 2, 3.0, 4.0, 35.0), ("b", 0, 0.0, 2.0, None)]
    assert buyers(data, as_of="2026-01-10").rows() == [("a", 1, 1.0, 9 / 7, 25.0)]


def test_an_amount_that_is_not_known_is_not_an_amount_of_nothing():
    data = dataset("""
        orders: order_id account_id ordered_at amount
        1 a 2026-01-01 10
        2 a 2026-01-08 -
        3 b 2026-01-01 10
        4 b 2026-01-08 30
        5 b 2026-01-15 -
    """)
    frame = buyers(data, as_of="2026-01-29")
    assert frame["spend"].to_list() == [None, 30.0]
    new = customers((0, 0.0, 4.0, None))
    assert Spend(4.0, 3.5, 90.0).expected(frame)[0] == Spend(4.0, 3.5, 90.0).expected(new)[0]


def test_the_published_customer():
    """Twice in 39 weeks, last in week 30: 1.226 purchases in the next 39, with the parameters rounded as printed."""
    assert PUBLISHED.orders(customers((2, 30.43, 38.86, None)), 39)[0] == pytest.approx(1.226, abs=0.0005)


@pytest.fixture(scope="module")
def cdnow() -> pl.DataFrame:
    """A tenth of those who first bought of a shop early in 1997, from each order to 30 September, as in the papers."""
    package = find_spec("lifetimes")
    assert package
    assert package.origin
    lines = (Path(package.origin).parent / "datasets" / "CDNOW_sample.txt").read_text().splitlines()
    words = [line.split() for line in lines]
    orders = pl.DataFrame({"account_id": [row[1] for row in words], "amount": [float(row[4]) for row in words]})
    orders = orders.with_columns(
        order_id=pl.int_range(pl.len()).cast(pl.String),
        ordered_at=pl.Series([row[2] for row in words]).str.to_datetime("%Y%m%d"),
    )
    return buyers(Dataset.of({"orders": orders}), as_of="1997-09-30")


def test_the_published_shop(cdnow: pl.DataFrame):
    """Fader, Hardie and Lee, Counting Your Customers the Easy Way, 2005."""
    model = fit_repeats(cdnow)
    assert (cdnow.height, cdnow["repeats"].sum()) == (2357, 2457)
    assert [round(value, 3) for value in (model.r, model.alpha, model.a, model.b)] == [0.243, 4.414, 0.793, 2.426]


def test_the_published_amounts(cdnow: pl.DataFrame):
    """Fader and Hardie, The Gamma-Gamma Model of Monetary Value, 2013: the 946 who bought again."""
    spend = fit_spend(cdnow)
    assert cdnow["spend"].count() == 946
    assert [round(value, 2) for value in (spend.p, spend.q, spend.v)] == [6.25, 3.74, 15.44]


@pytest.mark.parametrize(("repeats", "last", "seen"), [(0, 0.0, 20.0), (1, 3.0, 20.0), (4, 18.0, 20.0)])
def test_the_likelihood_is_the_mean_over_all_rates_and_chances_of_going(repeats: int, last: float, seen: float):
    model = RepeatPurchases(r=1.3, alpha=5.0, a=1.7, b=3.2)

    def weighed(chance: float, rate: float) -> float:
        bought = rate**repeats * (1 - chance) ** repeats * exp(-rate * seen)
        gone = rate**repeats * chance * (1 - chance) ** (repeats - 1) * exp(-rate * last) if repeats else 0.0
        rates = rate ** (model.r - 1) * exp(-model.alpha * rate)
        return (bought + gone) * rates * chance ** (model.a - 1) * (1 - chance) ** (model.b - 1)

    whole = gamma(model.r) / model.alpha**model.r * gamma(model.a) * gamma(model.b) / gamma(model.a + model.b)
    over_all = integrate.dblquad(weighed, 0, 8, 0, 1, epsabs=1e-12, epsrel=1e-9)[0] / whole
    assert model.likelihood(customers((repeats, last, seen, None))) == pytest.approx(log(over_all), abs=1e-6)


def test_chances_of_repeat_purchases_sum_to_one():
    chances = [float(PUBLISHED.chance(n, np.array([39.0]))[0]) for n in range(400)]
    assert sum(chances) == pytest.approx(1, abs=1e-6)
    new = customers((0, 0.0, 0.0, None))
    assert PUBLISHED.orders(new, 39)[0] == pytest.approx(sum(n * chance for n, chance in enumerate(chances)), rel=1e-4)


def test_who_has_bought_for_long_and_then_no_more_has_gone():
    recent, long_ago, never = PUBLISHED.alive(
        customers((9, 38.0, 39.0, 5.0), (9, 10.0, 39.0, 5.0), (0, 0.0, 39.0, None))
    )
    assert recent > 0.9 > 0.1 > long_ago
    assert never == 1.0  # by this model nobody goes before a second purchase


def simulated(model: RepeatPurchases, spend: Spend, n: int, weeks: float, seed: int = 1) -> pl.DataFrame:
    draw = np.random.default_rng(seed)
    rows = []
    for _ in range(n):
        rate, going = draw.gamma(model.r, 1 / model.alpha), draw.beta(model.a, model.b)
        until, at, times = weeks * draw.uniform(0.5, 1), 0.0, []
        while draw.random() >= (going if times else 0.0) and (at := at + draw.exponential(1 / rate)) <= until:
            times.append(at)
        scale = 1 / draw.gamma(spend.q, 1 / spend.v)
        paid = float(draw.gamma(spend.p, scale, len(times)).mean()) if times else None
        rows.append((len(times), times[-1] if times else 0.0, until, paid))
    return customers(*rows)


PLANTED, PLANTED_SPEND = RepeatPurchases(1.2, 6.0, 0.9, 3.5), Spend(4.0, 3.5, 90.0)


@pytest.fixture(scope="module")
def planted() -> pl.DataFrame:
    return simulated(PLANTED, PLANTED_SPEND, 3000, 100)


def test_planted_purchases_are_recovered_at_the_top_of_the_likelihood(planted: pl.DataFrame):
    model = fit_repeats(planted)
    found = np.array([model.r, model.alpha, model.a, model.b])
    top = model.likelihood(planted)
    for which in range(4):
        step = np.where(np.arange(4) == which, 1e-3, 0)
        around = [RepeatPurchases(*(found * np.exp(sign * step))).likelihood(planted) for sign in (1, -1)]
        assert max(around) < top
        assert abs(around[0] - around[1]) / 2e-3 < 0.05  # the slope, where the customers have one of hundreds each way
    assert model.r / model.alpha == pytest.approx(PLANTED.r / PLANTED.alpha, rel=0.1)
    assert model.a / (model.a + model.b) == pytest.approx(PLANTED.a / (PLANTED.a + PLANTED.b), rel=0.15)


def test_the_fit_is_shown_beside_what_was_bought(planted: pl.DataFrame):
    fit = repeats_fit(planted, fit_repeats(planted))
    assert fit["customers"].sum() == planted.height == pytest.approx(fit["modelled"].sum())
    assert fit["modelled"].to_list() == pytest.approx(fit["customers"].to_list(), rel=0.2, abs=20)


@pytest.mark.parametrize(("repeats", "mean"), [(1, 12.0), (5, 30.0)])
def test_the_likelihood_of_amounts_is_the_mean_over_all_scales(repeats: int, mean: float):
    spend = Spend(4.0, 3.5, 90.0)

    def weighed(rate: float) -> float:
        amounts = stats.gamma.pdf(mean, spend.p * repeats, scale=1 / (rate * repeats))
        return float(amounts * stats.gamma.pdf(rate, spend.q, scale=1 / spend.v))

    over_all, _ = integrate.quad(weighed, 0, 2, epsabs=1e-13, points=[0.05, 0.2])
    assert spend.likelihood(customers((repeats, 1.0, 2.0, mean))) == pytest.approx(log(over_all), abs=1e-7)


def test_planted_amounts_are_recovered(planted: pl.DataFrame):
    found = fit_spend(planted)
    mean = found.p * found.v / (found.q - 1)
    assert mean == pytest.approx(4.0 * 90 / 2.5, rel=0.05)
    assert found.p == pytest.approx(4.0, rel=0.15)


def test_what_a_customer_is_worth_lies_between_their_mean_and_that_of_all():
    values = customer_values(customers((3, 30.0, 39.0, 50.0), (0, 0.0, 39.0, None)), PUBLISHED, Spend(4.0, 3.5, 90.0))
    assert 50 < values["amount"][0] < values["amount"][1] == pytest.approx(144)
    assert values["value"].to_list() == pytest.approx((values["orders"] * values["amount"]).to_list())
    no_mean = customer_values(customers((0, 0.0, 39.0, None)), PUBLISHED, Spend(4.0, 0.9, 90.0))
    assert no_mean["value"].to_list() == [None]


def test_too_few_who_bought_again():
    with pytest.raises(EvaluationError, match="10 customers who bought again, and there are 1"):
        fit_repeats(customers((1, 2.0, 3.0, 4.0), (0, 0.0, 3.0, None)))
    with pytest.raises(EvaluationError, match="needs orders, which"):
        buyers(dataset("accounts: account_id\n a"))


def _fit(customers: list[int], modelled: list[float]) -> pl.DataFrame:
    return pl.DataFrame({"repeats": list("0123456789")[: len(customers)], "customers": customers, "modelled": modelled})


@pytest.mark.parametrize(("fit", "said"), [
    (_fit([100, 50, 25, 12, 10, 8], [140.0, 30, 15, 10, 6, 5]),
     ["100 customers of 205 never bought again; the model has 140.",
      "The counts differ from the model by more than chance explains (p below 0.001): "
      "read what it expects with care."]),
    (_fit([100, 50, 25, 12, 10, 8], [101.0, 48, 26, 13, 9, 8]),
     ["100 customers of 205 never bought again; the model has 101.",
      "The counts do not differ from the model by more than chance explains (p 0.572)."]),
    (_fit([10, 5], [9.0, 6.0]),
     ["10 customers of 15 never bought again; the model has 9.",
      "Whether the model fits cannot be told: too few customers bought again often."]),
])  # fmt: skip
def test_the_fit_of_orders_in_words(fit: pl.DataFrame, said: list[str]):
    assert repeat_words(fit) == said


def test_without_scipy_it_is_said_what_to_install(tmp_path: Path):
    lines = [
        "import sys; sys.modules['scipy'] = None",
        "import polars as pl",
        "from kpitools.analyses.lifetime import fit_contracts",
        "fit_contracts(pl.DataFrame({'age': [1, 2], 'lost': [9, 9], 'kept': [0, 9]}))",
    ]
    told = subprocess.run([sys.executable, "-c", "\n".join(lines)], capture_output=True, text=True, cwd=tmp_path)
    assert "EvaluationError: There is no model of customers' lifetimes here: it needs scipy, which was" in told.stderr
    assert told.stderr.rstrip().endswith("pip install 'kpitools[lifetime]'")
