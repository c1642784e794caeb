"""Intervals: equal to statsmodels over a grid, and as often right as they say on data whose truth is known."""

from __future__ import annotations

import random
from math import exp

import polars as pl
import pytest
from statsmodels.stats.proportion import proportion_confint
from statsmodels.stats.weightstats import DescrStatsW

from kpitools.evaluation.intervals import t_interval, wilson

SHARES = [(some, of) for of in (1, 2, 3, 10, 37, 1000, 10**6) for some in sorted({0, 1, of // 3, of - 1, of})]


def bounds(frame: pl.DataFrame, pair: tuple[pl.Expr, pl.Expr]) -> list[tuple[float | None, float | None]]:
    return frame.select(lower=pair[0], upper=pair[1]).rows()


def shares(pairs: list[tuple[float, float]]) -> list[tuple[float | None, float | None]]:
    frame = pl.DataFrame(pairs, schema={"some": pl.Float64, "of": pl.Float64}, orient="row")
    return bounds(frame, wilson(pl.col("some"), pl.col("of")))


def means(samples: pl.DataFrame) -> list[tuple[float | None, float | None]]:
    """The t interval of each `sample` from the mean, deviation and number of its `x`."""
    some = samples.group_by("sample", maintain_order=True).agg(
        mean=pl.col("x").mean(), sd=pl.col("x").std(), n=pl.len()
    )
    return bounds(some, t_interval(pl.col("mean"), pl.col("sd"), pl.col("n")))


# --- Beside statsmodels -----------------------------------------------------------------------------------------------


def test_wilson_against_statsmodels():
    expected = [tuple(100 * bound for bound in proportion_confint(*pair, method="wilson")) for pair in SHARES]
    for pair, found, oracle in zip(SHARES, shares(SHARES), expected, strict=True):
        assert found == pytest.approx(oracle, abs=1e-9), pair


@pytest.mark.parametrize("pair", [(0, 0), (2, 1), (None, 5), (1, None)])
def test_of_no_cases_or_more_than_all_there_is_no_interval(pair: tuple):
    assert shares([pair]) == [(None, None)]


@pytest.mark.parametrize("n", [2, 3, 4, 5, 10, 31, 100, 1000, 1001, 1002, 5000])
@pytest.mark.parametrize("scale", [1.0, 1e6])
def test_t_intervals_against_statsmodels(n: int, scale: float):
    draw = random.Random(n)
    values = [scale * draw.gauss(3, 2) for _ in range(n)]
    oracle = DescrStatsW(values).tconfint_mean(0.05)
    assert means(pl.DataFrame({"sample": 0, "x": values})) == [pytest.approx(oracle, rel=1e-9, abs=1e-9 * scale)]


def test_of_one_value_there_is_no_interval_and_of_equal_ones_no_width():
    assert means(pl.DataFrame({"sample": [0, 1, 1], "x": [5.0, 7.0, 7.0]})) == [(None, None), (7.0, 7.0)]


# --- As often right as they say ---------------------------------------------------------------------------------------


def within(found: list[tuple[float | None, float | None]], truth: list[float]) -> float:
    return sum(low <= true <= high for (low, high), true in zip(found, truth, strict=True)) / len(truth)  # type: ignore[operator]


@pytest.mark.parametrize("n", [5, 20, 80])
def test_shares_are_covered_over_all_truths(n: int):
    draw = random.Random(n)
    truth = [draw.random() for _ in range(10_000)]
    won = [(sum(draw.random() < rate for _ in range(n)), n) for rate in truth]
    assert 0.93 < within(shares(won), [100 * rate for rate in truth]) < 0.97


@pytest.mark.parametrize("rate", [0.1, 0.25, 0.5])
def test_shares_are_covered_at_a_win_rate(rate: float):
    """Of one rate and one number of cases, what is covered jumps; over the numbers a quarter has, it does not."""
    draw = random.Random(7)
    sizes = [draw.randint(10, 60) for _ in range(8_000)]
    won = [(sum(draw.random() < rate for _ in range(n)), n) for n in sizes]
    assert 0.93 < within(shares(won), [100 * rate] * len(won)) < 0.97


@pytest.mark.parametrize("n", [2, 5, 30])
def test_means_of_values_around_a_middle_are_covered(n: int):
    draw = random.Random(n)
    values = [draw.gauss(40, 15) for _ in range(n * 6_000)]
    samples = pl.DataFrame({"x": values}).with_columns(sample=pl.int_range(pl.len()) // n)
    assert 0.94 < within(means(samples), [40.0] * 6_000) < 0.96


def test_means_of_amounts_are_covered_once_there_are_many():
    """A few deals are much larger than the rest: a hundred of them are needed before the interval holds."""
    draw, n = random.Random(3), 100
    values = [draw.lognormvariate(10, 0.8) for _ in range(n * 3_000)]
    samples = pl.DataFrame({"x": values}).with_columns(sample=pl.int_range(pl.len()) // n)
    assert 0.93 < within(means(samples), [exp(10 + 0.8**2 / 2)] * 3_000) < 0.97
