"""The bridge of the pipeline: each step on one deal of its own, and to the cent for whole, groups and slices."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from small import dataset

from kpitools.analyses.bridge import BRIDGE, CHANGING, COMING, GOING, STEPS, bridge
from kpitools.errors import EvaluationError, UnknownNameError
from kpitools.evaluation.evaluate import evaluate
from kpitools.model.calendar import RegularCalendar
from kpitools.model.dataset import Dataset
from kpitools.model.slice import end_of

SMALL = """
    reps: rep_id name team
    n Ann North
    s Sue South
    deals: deal_id owner_rep_id status created_at closed_at amount stage expected_close_at
    kept  n open 2026-05-01 - 1 Meet 2026-08-01
    born  n open 2026-08-01 - 2 Meet 2026-09-30
    both  n won 2026-08-01 2026-08-09 4 Meet 2026-08-08
    won   n won 2026-05-01 2026-08-01 8 Meet 2026-08-01
    lost  n lost 2026-05-01 2026-08-01 16 Meet 2026-08-01
    up    n open 2026-05-01 - 64 Meet 2026-08-01
    down  n open 2026-05-01 - 128 Meet 2026-08-01
    given s open 2026-05-01 - 512 Meet 2026-08-01
    pulled n open 2026-05-01 - 1024 Meet 2026-08-01
    pushed n open 2026-05-01 - 2048 Meet 2026-11-01
    back  n open 2026-05-01 - 4096 Meet 2026-08-01
    none  n open 2026-05-01 - - Meet 2026-08-01
    late  n open 2026-10-01 - 9 Meet 2026-08-01
    before n won 2026-05-01 2026-06-30T23:59 9 Meet 2026-08-01
    deal_changes: change_id deal_id field old_value new_value changed_at
    1 up amount 32 64 2026-07-01
    2 down amount 256 128 2026-09-30T23:59
    3 given owner_rep_id n s 2026-08-01
    4 pulled expected_close_at 2026-11-01 2026-08-01 2026-08-01
    5 pushed expected_close_at 2026-08-01 2026-11-01 2026-08-01
    6 back stage Meet Lost 2026-07-05
    7 back stage Lost Meet 2026-07-09
"""


def steps(data: Dataset, **more: object) -> dict[str, tuple[int, float]]:
    found = bridge(data, period="2026Q3", **more).filter(pl.col("deals") > 0)
    return {step: (deals, amount) for step, deals, amount in found.select("step", "deals", "amount").rows()}


def test_the_whole():
    assert steps(dataset(SMALL)) == {
        "opening": (10, 1.0 + 8 + 16 + 32 + 256 + 512 + 1024 + 2048 + 4096),
        "new": (2, 6.0),
        "reopened": (1, 4096.0),
        "increased": (1, 32.0),
        "decreased": (1, -128.0),
        "lost": (2, -4112.0),  # one of them came back
        "won": (2, -12.0),
        "closing": (9, 1.0 + 2 + 64 + 128 + 512 + 1024 + 2048 + 4096),
    }


def test_a_deal_that_changes_hands():
    teams = bridge(dataset(SMALL), period="2026Q3", by="team")
    handed = teams.filter(pl.col("step").str.starts_with("reassigned"), pl.col("deals") > 0)
    assert handed.select("group", "step", "amount").rows() == [
        ("North", "reassigned_out", -512.0),
        ("South", "reassigned_in", 512.0),
    ]
    assert steps(dataset(SMALL).where({"team": ["South"]})) == {"reassigned_in": (1, 512.0), "closing": (1, 512.0)}


def test_a_window_of_expected_dates():
    found = steps(dataset(SMALL), due="2026Q3")
    assert (found["pulled_in"], found["pushed_out"]) == ((1, 1024.0), (1, -2048.0))
    assert found["opening"] == (9, 1.0 + 8 + 16 + 32 + 256 + 512 + 2048 + 4096)


def test_as_it_stood():
    found = steps(dataset(SMALL), as_of="2026-07-07")
    assert found["closing"][1] == found["opening"][1] + 32 - 4096
    assert "reopened" not in found
    assert bridge(dataset(SMALL), period="2026Q3", as_of="2026-06-30").schema == {
        name: kind for name, kind in BRIDGE.items() if name != "group"
    }


def test_a_stage_that_only_names_the_end_closes_nothing_early():
    deal = "deals: deal_id status created_at closed_at amount stage\n a won 2026-05-01 2026-08-01 5 Won"
    log = "\n deal_changes: change_id deal_id field old_value new_value changed_at\n 1 a amount 3 5 2026-07-05"
    assert steps(dataset(deal + log)) == {
        "opening": (1, 3.0), "increased": (1, 2.0), "won": (1, -5.0),
    }  # fmt: skip


def test_what_is_missing_is_said():
    with pytest.raises(EvaluationError, match=r"needs deals\.closed_at, deals\.status, deals\.amount, which"):
        bridge(dataset("deals: deal_id created_at\n a 2026-05-01"), period="2026Q3")
    with pytest.raises(EvaluationError, match=r"of deals due needs deals\.expected_close_at"):
        bridge(dataset("deals: deal_id status created_at closed_at amount\n a open - - 1"), period="2026Q3", due="2026")
    with pytest.raises(UnknownNameError):
        bridge(dataset(SMALL), period="2026Q3", by="planet")


def whole_cents(frame: pl.DataFrame) -> dict[str, int]:
    return {step: round(100 * amount) for step, amount in frame.select("step", "amount").rows()}


def reconciles(frame: pl.DataFrame) -> bool:
    sums = whole_cents(frame)
    count = dict(frame.select("step", "deals").rows())
    moved = sum(sums[step] for step in STEPS[1:-1])
    came, went = (sum(count[step] for step in side) for side in (COMING, GOING))
    signs = all(sums[s] >= 0 for s in (*COMING, CHANGING[0])) and all(sums[s] <= 0 for s in (*GOING, CHANGING[1]))
    return sums["opening"] + moved == sums["closing"] and count["opening"] + came - went == count["closing"] and signs


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("by", ["team", "stage", "segment"])
def test_the_sample_reconciles_whole_and_by_group(data: Dataset, by: str, seed: int):
    draw = Random(f"{by} {seed}")
    day = date(2025, 1, 1) + timedelta(days=draw.randrange(600))
    period = RegularCalendar(draw.choice(["week", "month", "quarter"])).containing(day)
    seen = min(day + timedelta(days=draw.randrange(80)), date(2026, 9, 30))
    due = draw.choice([None, period])
    whole = bridge(data, period=period, as_of=seen, due=due)
    groups = bridge(data, period=period, as_of=seen, due=due, by=by)
    parts = groups.partition_by("group")
    assert all(map(reconciles, [whole, *parts]))
    assert len(parts) > 2
    for end in ("opening", "closing"):
        assert sum(whole_cents(part)[end] for part in parts) == whole_cents(whole)[end]


@pytest.mark.parametrize("by", ["team", "segment", "region", "product_family", "deal_kind"])
def test_every_slice_is_its_group(data: Dataset, by: str):
    groups = bridge(data, period="2025Q4", as_of="2026-01-31", by=by)
    assert (groups.filter(pl.col("step") == "reassigned_in")["deals"].sum() > 0) is (by == "team")
    for member in data.members(by)[:8]:
        own = bridge(data.as_of("2026-01-31").where({by: [member]}), period="2025Q4")
        assert reconciles(own)
        assert_frame_equal(own, groups.filter(pl.col("group").eq_missing(pl.lit(member))).drop("group"))


def test_both_ends_are_those_of_the_kpi(data: Dataset):
    found = whole_cents(bridge(data, period="2026Q2", as_of="2026-06-30"))
    value = evaluate("pipeline_value", data, periods="2026Q1..2026Q2", as_of="2026-06-30").frame["value"]
    assert [found["opening"], found["closing"]] == [round(100 * amount) for amount in value]


def test_later_facts_change_nothing(sample: dict[str, pl.DataFrame], data: Dataset):
    cut = end_of("2026-05-17")
    known = data.as_of("2026-05-17")
    fewer = Dataset.of({**sample, "deals": known["deals"].collect(),
                        "deal_changes": sample["deal_changes"].filter(pl.col("changed_at") < cut)})  # fmt: skip
    for due in (None, "2026Q2"):
        one, other = (bridge(d, period="2026Q2", as_of="2026-05-17", by="team", due=due) for d in (data, fewer))
        assert one.equals(other)
