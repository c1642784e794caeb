"""The scorecard: which KPIs it shows, beside what, and what it says of those it cannot show."""

from __future__ import annotations

import polars as pl
import pytest
from small import dataset

from kpitools.analyses.presets import FROM_DEALS, PRESETS
from kpitools.analyses.scorecard import NOT_DECLARED, scorecard
from kpitools.analyses.words import with_chance
from kpitools.analyses.words.figures import CHANCE
from kpitools.errors import EvaluationError, UnknownNameError
from kpitools.kpis.catalogue import CATALOGUE
from kpitools.model.dataset import Dataset

DEALS = """
    deals: deal_id status created_at closed_at amount
    a won  2026-05-01 2026-05-11 100
    b lost 2026-05-01 2026-06-30 10
    c won  2026-07-01 2026-07-31 50
    d won  2025-07-01 2025-08-31 70
"""


def ids(card) -> list[str]:
    return [kpi.id for kpi in card.kpis]


@pytest.mark.parametrize("role", PRESETS)
def test_a_set_is_what_the_data_gives_of_it_and_the_rest_is_named(data: Dataset, role: str):
    card = scorecard(data, period="2026Q2", role=role)
    assert set(ids(card)) | set(card.missing) >= set(PRESETS[role])
    assert not set(ids(card)) & set(card.missing)
    assert all(card.missing[name] == NOT_DECLARED for name in card.missing if name not in CATALOGUE)
    assert len(card.kpis) >= 3


def test_presets_name_no_kpi_twice_and_mix_no_unknown_with_known():
    for names in (*PRESETS.values(), FROM_DEALS):
        assert len(set(names)) == len(names)
    assert set(FROM_DEALS) <= set(CATALOGUE)


def test_the_figures_of_the_period_stand_beside_those_of_others():
    card = scorecard(dataset(DEALS), period="2026Q3", kpis=["win_rate", "Deals Won"], trend=3)
    rows = card.now.frame.select("kpi", "value", "previous", "year_ago", "benchmark_status").rows()
    assert rows == [("win_rate", 100.0, 50.0, 100.0, "within"), ("number_of_deals_closed", 1.0, 1.0, 1.0, None)]
    assert card.before is not None
    assert card.before.frame.select("kpi", "value", "n").row(0) == ("win_rate", 50.0, 2)
    assert card.trend.of(CATALOGUE["win_rate"]).select("period", "value").rows() == [
        ("2026Q1", None), ("2026Q2", 50.0), ("2026Q3", 100.0),
    ]  # fmt: skip
    assert card.missing == {}


@pytest.mark.parametrize(
    ("before", "now", "status"),
    [
        ((1, 1), (1, 0), CHANCE),
        ((55, 45), (50, 50), CHANCE),
        ((80, 20), (50, 50), "worse"),
        ((20, 80), (50, 50), "better"),
    ],
)
@pytest.mark.parametrize(("compared", "day"), [("previous", "2026-05-01"), ("year_ago", "2025-08-01")])
def test_a_share_that_may_have_changed_by_chance_is_neither_better_nor_worse(compared, day, before, now, status):
    deals = decided({day: before, "2026-08-01": now})
    for trend in (8, 1):  # without a trend only the value of the year before is known
        card = scorecard(deals, period="2026Q3", kpis=["win_rate"], trend=trend)
        assert with_chance(card)[f"{compared}_status"].to_list() == [status]


def decided(counts: dict[str, tuple[int, int]]) -> Dataset:
    """Deals won and lost on these days."""
    rows = [
        f"{day}{outcome}{number} {outcome} {day}"
        for day, several in counts.items()
        for outcome, count in zip(("won", "lost"), several, strict=True)
        for number in range(count)
    ]
    return dataset("\n".join(["deals: deal_id status closed_at", *rows]))


def test_of_two_samples_both_have_their_part_in_chance():
    """50 of 100 after 39 of 100: z = 1.57; beside 39 % as if it were certain it would be 2.26."""
    status = {}
    for trend in (8, 1):
        card = scorecard(decided({"2025-08-01": (39, 61), "2026-08-01": (50, 50)}), period="2026Q3",
                         kpis=["win_rate"], trend=trend)  # fmt: skip
        status[trend] = with_chance(card)["year_ago_status"].item()
    assert status == {8: CHANCE, 1: "better"}


def test_a_period_that_is_not_over_stands_beside_the_same_part_of_the_one_before():
    card = scorecard(dataset(DEALS), period="2026Q3", kpis=["win_rate"], as_of="2026-08-20")
    assert card.before is not None
    assert card.before.frame.select("value", "end").row(0) == card.now.frame.select("previous", "previous_end").row(0)
    assert card.before.frame["value"].item() == 100.0


def test_what_deals_alone_tell_fills_a_poor_set():
    card = scorecard(dataset(DEALS), period="2026Q3", role="manager")
    assert ids(card) == list(FROM_DEALS)
    assert card.missing["team_quota_attainment"] == ("quotas",)
    assert ids(scorecard(dataset(DEALS), period="2026Q3", kpis=["win_rate"])) == ["win_rate"]


def test_a_table_that_a_slice_cannot_divide_is_missing(data: Dataset):
    card = scorecard(data.where({"segment": ["smb"]}), period="2026Q2", role="manager")
    assert card.missing["team_quota_attainment"] == ("quotas",)


def test_nothing_to_show_says_what_is_missing():
    with pytest.raises(EvaluationError, match=r"win_rate: deals\.closed_at"):
        scorecard(dataset("deals: deal_id status\n a won"), period="2026Q3", kpis=["win_rate"])
    with pytest.raises(EvaluationError, match="team_quota_attainment: deals, quotas"):
        scorecard(Dataset.of({}), period="2026Q3", role="manager")


def test_unknown_names():
    with pytest.raises(UnknownNameError, match="There is no role 'boss'"):
        scorecard(dataset(DEALS), period="2026Q3", role="boss")
    with pytest.raises(UnknownNameError, match="Did you mean 'win_rate'"):
        scorecard(dataset(DEALS), period="2026Q3", kpis=["win_rat"])


def test_no_rows_are_no_figures():
    empty = Dataset.of({"deals": dataset(DEALS)["deals"].collect().clear().select(pl.all())})
    card = scorecard(empty, period="2026Q3", role="ae")
    assert card.now.frame["value"].drop_nulls().to_list() in ([], [0.0])
