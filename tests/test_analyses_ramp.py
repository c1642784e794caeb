"""Ramp curves: by eye, and in the sample."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest
from small import dataset

from kpitools.analyses.ramp import FIRST_DEAL, FULL_QUOTA, MONTH, RAMP, ramp_curves
from kpitools.analyses.words.rep_changes import ramp_words
from kpitools.errors import EvaluationError
from kpitools.model.dataset import Dataset

STAFF = """
    reps: rep_id is_seller hired_at left_at
    old yes 2020-01-01 -
    r1 yes 2026-01-01 -
    r2 yes 2026-01-01 -
    r3 yes 2026-01-01 2026-01-21
    r4 no  2026-01-01 -
    deals: deal_id owner_rep_id status created_at closed_at amount
    a r1 won  2026-01-01 2026-01-11 60
    b r1 won  2026-01-02 2026-02-11 60
    c r2 lost 2026-01-02 2026-01-05 99
    d r2 won  2026-01-02 2026-01-31 50
    e old won 2026-01-02 2026-01-05 99
"""
QUOTAS = """
    quotas: quota_id owner_kind owner_id measure starts_on ends_on amount
    1 rep r1 - 2026-01-01 2026-01-31 100
    2 rep r1 - 2026-01-01 2026-02-28 100
    3 rep r2 - 2026-01-01 2026-01-31 40
"""


def steps(found: pl.DataFrame, milestone: str) -> list[tuple]:
    rows = found.filter(pl.col("milestone") == milestone)
    return rows.select((pl.col("months") * MONTH).round(6), pl.col("reached").round(6), "at_risk", "events").rows()


def test_who_is_not_there_yet_counts_as_long_as_seen():
    found = ramp_curves(dataset(STAFF), as_of="2026-02-28")
    assert steps(found, FIRST_DEAL) == [(0, 0, 3, 0), (10, 33.333333, 3, 1), (30, 100, 1, 1)]
    assert dict(found.schema) == RAMP


def test_a_quota_is_met_on_its_last_day_and_not_before():
    data = dataset(STAFF + QUOTAS)
    assert steps(ramp_curves(data, as_of="2026-02-28"), FULL_QUOTA) == [(0, 0, 3, 0), (30, 50, 2, 1), (58, 100, 1, 1)]
    assert steps(ramp_curves(data, as_of="2026-02-27"), FULL_QUOTA)[-1] == (57, 50, 1, 0)


def test_who_never_sells_is_not_on_the_way_to_a_deal_or_quota():
    roles = STAFF.replace("rep_id is_seller", "rep_id role is_seller").replace(" yes 2", " ae yes 2")
    roles = roles.replace("r4 no", "s1 sdr yes 2026-01-01 -\n r4 ae no").replace("r2 ae", "r2 am")
    found = ramp_curves(dataset(roles + QUOTAS.replace("    3 rep r2", "    3 team r2")), as_of="2026-02-28")
    assert steps(found, FIRST_DEAL)[0] == (0, 0, 3, 0)  # r1, r2, r3: no sdr owns a deal
    assert steps(found, FULL_QUOTA)[0] == (0, 0, 2, 0)  # r1, r3: no am has a quota


def test_nobody_was_hired_within_the_data():
    earlier = STAFF.replace("yes 2026-01-01", "yes 2019-01-01")
    assert ramp_curves(dataset(earlier), as_of="2026-02-28").is_empty()
    with pytest.raises(EvaluationError, match=r"needs reps\.hired_at"):
        ramp_curves(
            dataset("reps: rep_id\n r1\n deals: deal_id owner_rep_id status created_at closed_at\n a r1 won - -")
        )


def test_the_sample_ramps(data: Dataset):
    found = ramp_curves(data, as_of="2026-06-30")
    for milestone in (FIRST_DEAL, FULL_QUOTA):
        rows = found.filter(pl.col("milestone") == milestone)
        assert rows["reached"].is_sorted()
        assert rows["at_risk"].is_sorted(descending=True)
    reps = data["reps"].filter(pl.col("is_seller"), pl.col("hired_at").is_between(date(2023, 10, 1), date(2026, 6, 30)))
    assert found.filter(pl.col("milestone") == FIRST_DEAL)["at_risk"][0] <= reps.collect().height


@pytest.mark.parametrize(("reached", "reps", "said"), [
    (60.0, (20, 12), "First deal won: 12 of 20 sellers hired within the data; half of them within 3.0 months, "
     "those not there yet counted as long as seen."),
    (40.0, (20, 8), "First deal won: 8 of 20 sellers hired within the data; half of them are not there within the "
     "months seen."),
    (60.0, (9, 5), "First deal won: 5 of 9 sellers hired within the data, too few to say how long it takes."),
])  # fmt: skip
def test_ramp_in_words(reached: float, reps: tuple[int, int], said: str):
    seen, there = reps
    counts = {"at_risk": [seen, seen], "events": [0, there]}
    rows = pl.DataFrame({"milestone": FIRST_DEAL, "months": [0.0, 3.0], "reached": [0.0, reached], **counts})
    assert ramp_words(rows) == [said]
    assert ramp_words(rows.clear()) == ["No seller was hired within the data, so there is no ramp to show."]
