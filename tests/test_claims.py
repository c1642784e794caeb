"""Claims of the trade on rows that can be counted: what is compared, the verdict, and that there may be none."""

from __future__ import annotations

from datetime import datetime, timedelta

import polars as pl
import pytest

from kpitools.analyses.chance import Share
from kpitools.analyses.claims import CLAIMS, Effect, examine
from kpitools.analyses.claims.finding import correlation, ratio_of_shares
from kpitools.analyses.words import claim_words
from kpitools.errors import UnknownNameError
from kpitools.model.dataset import Dataset

START = datetime(2026, 1, 1)


def leads(fast: tuple[int, int], slow: tuple[int, int]) -> Dataset:
    """Leads answered within half an hour and after two days: some of each got a deal."""
    rows = [
        (timedelta(hours=wait), number < some) for wait, (some, of) in ((0.5, fast), (48, slow)) for number in range(of)
    ]
    frame = pl.DataFrame({
        "lead_id": [str(number) for number in range(len(rows))],
        "created_at": [START] * len(rows),
        "first_response_at": [START + wait for wait, _ in rows],
        "deal_id": [f"d{number}" if hit else None for number, (_, hit) in enumerate(rows)],
    }, schema_overrides={"deal_id": pl.String})  # fmt: skip
    late = pl.DataFrame({"account_id": ["x"], "created_at": [START + timedelta(days=200)]})
    return Dataset.of({"leads": frame, "accounts": late})


@pytest.mark.parametrize(
    ("fast", "slow", "verdict", "ratio"),
    [
        ((40, 80), (10, 80), "supported", 4.0),
        ((10, 80), (40, 80), "contradicted", 0.25),
        ((21, 80), (20, 80), "cannot tell", 1.05),
        ((8, 10), (1, 10), "cannot tell", 8.0),  # all of it on one side, but too few
    ],
)
def test_fast_answers(fast, slow, verdict, ratio):
    found = examine("fast_answers", leads(fast, slow))
    assert found.verdict == verdict
    assert found.effect.value == pytest.approx(ratio)
    assert found.groups.row(0)[0::4] == ("within an hour", fast[1])


def test_without_any_on_one_side_nothing_is_compared():
    found = examine("fast_answers", leads((5, 30), (0, 30)))
    assert (found.effect, found.verdict) == (None, "cannot tell")
    assert "too few cases" in claim_words(found)


def test_leads_that_are_too_young_are_not_counted():
    data = leads((40, 80), (10, 80)).as_of("2026-02-01")
    assert examine("fast_answers", data).groups["n"].sum() == 0


def test_a_claimed_size_that_does_not_fit_is_said():
    assert "7 times is said does not fit" in claim_words(examine("fast_answers", leads((40, 80), (20, 80))))


def test_what_is_missing_is_named():
    found = examine("coverage", leads((1, 2), (1, 2)))
    assert found.verdict == "cannot tell"
    assert claim_words(found) == "Not tested: the data lacks deals, quotas and reps."


def test_an_unknown_claim():
    with pytest.raises(UnknownNameError, match="Did you mean 'referred'"):
        examine("refered", leads((1, 2), (1, 2)))


def test_the_ratio_is_the_one_of_the_textbook():
    effect = ratio_of_shares(Share(15, 100), Share(5, 100))
    assert (effect.value, effect.lower, effect.upper) == pytest.approx((3.0, 1.1334, 7.9407), abs=1e-3)


@pytest.mark.parametrize(("pairs", "found"), [([(1, 2), (2, 1)], None), ([(n, n % 7) for n in range(70)], 0.0)])
def test_a_correlation_needs_pairs(pairs, found):
    effect = correlation(pl.DataFrame(pairs, schema=["a", "b"], orient="row"), "a", "b")
    assert effect is None if found is None else abs(effect.value) < 0.2


def test_the_sample_shows_what_was_planted(data):
    found = examine("referred", data)
    assert found.verdict == "supported"
    assert found.effect.unit == "days"
    assert found.effect.upper < 0


@pytest.mark.parametrize("name", CLAIMS)
def test_every_claim_says_something_on_the_sample(name, data):
    found = examine(name, data)
    assert found.missing == ()
    assert found.groups.height > 1
    assert claim_words(found).startswith("This data")


def test_the_interval_decides():
    assert Effect("difference", -3, -5, -1, 40).verdict(more=False) == "supported"
    assert Effect("difference", -3, -5, 1, 40).verdict(more=False) == "cannot tell"
