"""Reps, activities and the open pipeline: by eye, against SQL, against the sample, and on the foreign data."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import duckdb
import polars as pl
import pytest
from scipy import stats
from small import dataset

from kpitools.analyses.activity import activity_mix
from kpitools.analyses.pipeline import PIPELINE, by_stage_and_age
from kpitools.analyses.reps import REPS, SELLERS, rep_table, sellers, with_sales
from kpitools.errors import EvaluationError, UnknownNameError
from kpitools.evaluation.evaluate import evaluate
from kpitools.intake import load
from kpitools.model.dataset import Dataset
from kpitools.sample import truth

MAPPING = Path(__file__).parent.parent / "data" / "crm_sales.toml"

TEAM = """
    reps: rep_id name role is_seller team hired_at left_at
    r1 Ann  ae      yes North 2025-01-01 -
    r2 Ben  ae      yes South 2026-09-01 -
    r3 Cem  ae      yes North 2020-01-01 2026-08-31
    r4 Dan  am      yes North 2020-01-01 -
    r5 Eva  manager no  North 2020-01-01 -
    r6 Fay  ae      yes North 2020-01-01 2026-06-30
    r7 Gil  ae      yes North 2026-10-01 -
    deals: deal_id owner_rep_id status created_at closed_at amount
    a r1 won  2026-07-01 2026-07-11 100
    b r1 lost 2026-07-01 2026-07-12 10
    c r1 won  2026-07-01 2026-07-31 50
    d r2 lost 2026-07-01 2026-09-30T23:00 20
    e r3 won  2026-07-01 2026-07-21 30
    f r5 won  2026-07-01 2026-07-21 30
    g r6 won  2026-06-01 2026-08-21 5
    h r2 open 2026-07-01 - 5
    i r1 won  2026-05-01 2026-06-30 5
    quotas: quota_id owner_kind owner_id measure starts_on ends_on amount
    1 rep  r1    revenue 2026-07-01 2026-09-30 200
    2 rep  r2    - 2026-07-01 2026-09-30 40
    3 team North revenue 2026-07-01 2026-09-30 900
    4 rep  r3    revenue 2026-07-01 2026-09-30 0
"""


@pytest.fixture(scope="module")
def crm() -> Dataset:
    return load(MAPPING, cache=False)


def test_one_row_per_seller():
    table = rep_table(dataset(TEAM), period="2026Q3")
    assert table.select("rep", "role", "team", "tenure_days", "won", "n", "won_amount").rows() == [
        ("Ann", "ae", "North", 637, 2, 3, 150.0),
        ("Ben", "ae", "South", 29, 0, 1, 0.0),
        ("Cem", "ae", "North", 2434, 1, 1, 30.0),  # on the day of leaving
        ("Dan", "am", "North", 2464, 0, 0, 0.0),
        ("Fay", "ae", "North", 2372, 1, 1, 5.0),  # has left, but a deal was closed in that name
    ]
    assert dict(table.schema) == REPS


def test_attainment_is_null_without_a_quota():
    table = rep_table(dataset(TEAM), period="2026Q3")
    assert table.select("rep", "quota", "attainment", "peers_attainment").rows() == [
        ("Ann", 200.0, 75.0, 0.0),
        ("Ben", 40.0, 0.0, 75.0),
        ("Cem", None, None, 62.5),
        ("Dan", None, None, None),
        ("Fay", None, None, 62.5),
    ]


def test_peers_are_the_others_of_the_role():
    table = rep_table(dataset(TEAM), period="2026Q3")
    assert table.select("rep", "win_rate", "peers", "alike", "peers_n", "small").rows() == [
        ("Ann", pytest.approx(200 / 3), pytest.approx(200 / 3), "role", 3, True),
        ("Ben", 0.0, 80.0, "role", 3, True),
        ("Cem", 100.0, 60.0, "role", 3, True),
        ("Dan", None, None, "role", 0, True),
        ("Fay", 100.0, 60.0, "role", 3, True),
    ]
    low, high = stats.binomtest(2, 3).proportion_ci(method="wilson")
    assert table.select("lower", "upper").row(0) == pytest.approx((100 * low, 100 * high))


def _crew(*cells: tuple[str, str, str, int, int]) -> Dataset:
    """A rep for each: segment, day of hire, role, deals won and closed."""
    reps = ["reps: rep_id role hired_at"]
    deals = ["deals: deal_id owner_rep_id segment status created_at closed_at amount"]
    for place, (segment, hired, role, won, n) in enumerate(cells):
        reps.append(f"r{place} {role} {hired}")
        deals += [
            f"{place}x{deal} r{place} {segment} {'won' if deal < won else 'lost'} 2026-07-01 2026-07-11 5"
            for deal in range(n)
        ]
    return dataset("\n".join([*reps, *deals]))


OLD, NEW = "2025-01-01", "2026-01-01"


def test_peers_are_of_the_same_segment_and_ramp_stage_where_there_are_enough():
    close, wide = [("smb", OLD, "ae", 1, 2)] * 6, [("smb", NEW, "ae", 0, 2), ("big", OLD, "ae", 2, 2)]
    table = rep_table(_crew(*close, *wide, ("big", OLD, "am", 2, 2)), period="2026Q3")
    assert table.select("rep", "segment", "ramp_stage", "alike", "peers", "peers_n").rows()[4:] == [
        ("r4", "smb", "later", "role, segment and ramp stage", 50.0, 5),
        ("r5", "smb", "later", "role, segment and ramp stage", 50.0, 5),
        ("r6", "smb", "first year", "role and segment", 50.0, 6),  # alone in the first year
        ("r7", "big", "later", "role and ramp stage", 50.0, 6),  # alone with the segment
        ("r8", "big", "later", "role", None, 0),
    ]


def test_a_rep_with_no_known_segment_is_not_compared_within_one():
    crew = [("-", OLD, "ae", 1, 2)] * 7 + [("smb", OLD, "ae", 1, 2)]
    table = rep_table(_crew(*crew), period="2026Q3")
    assert table.select("alike", "peers_n").unique().rows() == [("role and ramp stage", 7)]


def test_the_main_segment_is_that_of_most_deals():
    mixed = _crew(("smb", OLD, "ae", 1, 2), ("big", OLD, "ae", 1, 3), ("mid", OLD, "ae", 1, 3))
    one = mixed["deals"].with_columns(owner_rep_id=pl.lit("r0")).collect()
    table = rep_table(Dataset.of({"reps": mixed["reps"].collect(), "deals": one}), period="2026Q3")
    assert table["segment"].to_list() == ["big", None, None]


def test_a_year_ends_the_ramp():
    table = rep_table(_crew(("smb", "2025-09-30", "ae", 1, 2), ("smb", "2025-10-01", "ae", 1, 2)), period="2026Q3")
    assert table["ramp_stage"].to_list() == ["later", "first year"]


def test_the_peers_of_the_sample_against_sql(data: Dataset):
    everyone = rep_table(data, period="2026Q2")
    close = everyone.filter(pl.col("alike") == "role, segment and ramp stage")
    expected = duckdb.sql("""
        select a.rep, 100.0 * sum(b.won) / sum(b.n) as peers, count(*) as peers_n
        from close a join everyone b on a.role = b.role and a.segment = b.segment
            and (a.tenure_days < 365) = (b.tenure_days < 365) and a.rep != b.rep
        where b.n > 0 group by a.rep order by a.rep
    """).pl()
    assert close.height > 30
    assert close["peers"].to_list() == pytest.approx(expected["peers"].to_list())
    assert close["peers_n"].to_list() == expected["peers_n"].to_list()


def test_the_sellers_alone_are_those_of_the_table(data: Dataset):
    seen = data.as_of("2026-06-20")
    few, table = sellers(seen, period="2026Q2"), rep_table(data, period="2026Q2", as_of="2026-06-20")
    assert few.columns == [*SELLERS]
    assert few.equals(table.select(few.columns))
    assert with_sales(few, seen, period="2026Q2").equals(table)


def test_a_team_is_shown_beside_the_peers_of_all_teams():
    north = rep_table(dataset(TEAM), period="2026Q3", team="North")
    assert north["rep"].to_list() == ["Ann", "Cem", "Dan", "Fay"]
    assert north.equals(rep_table(dataset(TEAM), period="2026Q3").filter(pl.col("team") == "North"))
    with pytest.raises(UnknownNameError, match="There is no team 'Nort'"):
        rep_table(dataset(TEAM), period="2026Q3", team="Nort")


def test_cycles_and_activities():
    text = (
        TEAM
        + """
        activities: activity_id rep_id kind direction at
        1 r1 call  out 2026-07-01
        2 r1 email in  2026-07-02
        3 r1 meeting in 2026-09-30T23:30
        4 r2 call  out 2026-10-01
    """
    )
    table = rep_table(dataset(text), period="2026Q3")
    assert table.select("rep", "median_cycle", "activities").rows()[:2] == [("Ann", 20.0, 2), ("Ben", None, 0)]


def test_as_of_sees_nothing_later():
    table = rep_table(dataset(TEAM), period="2026Q3", as_of="2026-07-15")
    assert table.select("rep", "tenure_days", "won", "n").rows() == [
        ("Ann", 560, 1, 2), ("Cem", 2387, 0, 0), ("Dan", 2387, 0, 0),
    ]  # fmt: skip


def test_what_only_some_data_has_is_null():
    bare = dataset("""
        reps: rep_id
        r1
        deals: deal_id owner_rep_id status closed_at
        a r1 won 2026-07-11
        b r9 won 2026-07-11
    """)
    assert rep_table(bare, period="2026Q3").drop("lower", "upper").rows() == [
        ("r1", *[None] * 5, 1, None, None, None, None, 100.0, 1, True, None, "role", 0, None, None)
    ]
    assert rep_table(bare, period="2031Q1").select("rep", "won", "win_rate").rows() == [("r1", 0, None)]


@pytest.mark.parametrize(("text", "message"), [
    ("deals: deal_id owner_rep_id status closed_at\n a r1 won 2026-07-11", "needs reps, which"),
    ("reps: rep_id\n r1", "needs deals, which"),
    ("reps: rep_id\n r1\n deals: deal_id status\n a won", r"needs deals\.owner_rep_id, deals\.closed_at, which"),
])  # fmt: skip
def test_what_is_missing_is_named(text: str, message: str):
    with pytest.raises(EvaluationError, match=message):
        rep_table(dataset(text), period="2026Q3")


def test_reps_against_sql(sample: dict[str, pl.DataFrame], data: Dataset):
    deals, reps, quotas = sample["deals"], sample["reps"], sample["quotas"]  # noqa: F841
    expected = duckdb.sql("""
        select rep_id, count(*) filter (status = 'won') as won, count(*) as n,
            sum(deals.amount) filter (status = 'won') as sold,
            any_value(q.amount) as quota
        from deals join reps on owner_rep_id = rep_id
        left join (select owner_id, sum(amount) as amount from quotas where owner_kind = 'rep'
            and starts_on >= '2026-04-01' and ends_on <= '2026-06-30' group by all) q on q.owner_id = rep_id
        where closed_at >= '2026-04-01' and closed_at < '2026-07-01' and status != 'open' and is_seller
        group by all
    """).pl()
    table = rep_table(data, period="2026Q2").filter(pl.col("n") > 0)
    labels = data["reps"].select("rep_id", rep="label").collect()
    joined = table.join(labels, on="rep").join(expected, on="rep_id", suffix="_sql")
    assert joined.height == table.height == expected.height
    assert joined["won"].to_list() == joined["won_sql"].to_list()
    assert joined["n"].to_list() == joined["n_sql"].to_list()
    assert joined["won_amount"].to_list() == pytest.approx(joined["sold"].fill_null(0).to_list())
    assert joined["quota"].to_list() == pytest.approx(joined["quota_sql"].to_list())


def test_the_star_and_the_ramping_team_are_found(data: Dataset):
    new = data.where({"deal_kind": ["new"]})
    year = rep_table(new, period="2026", as_of=truth.LAST_DAY)
    star = data["reps"].filter(pl.col("rep_id") == truth.STAR_REP).collect().item(0, "label")
    row = year.filter(pl.col("rep") == star).row(0, named=True)
    assert row["lower"] > row["peers"]
    early, late = (
        rep_table(data, period=period, team=truth.RAMPING_TEAM).filter(pl.col("role") == "ae").sum()
        for period in ("2025Q4", "2026Q3")
    )
    assert early.item(0, "won_amount") / early.item(0, "quota") < late.item(0, "won_amount") / late.item(0, "quota")


def test_a_slice_has_its_own_reps_only(data: Dataset):
    table = rep_table(data.where({"team": ["Nordics"]}), period="2026Q2")
    assert table["team"].unique().to_list() == ["Nordics"]
    by_segment = rep_table(data.where({"segment": ["smb"]}), period="2026Q2")
    assert by_segment["n"].sum() == evaluate("win_rate", data, periods="2026Q2", by="segment").frame.filter(
        pl.col("segment") == "smb"
    ).item(0, "denominator")  # fmt: skip


# --- Activities -------------------------------------------------------------------------------------------------------

MIX = """
    reps: rep_id name team
    r1 Ann North
    r2 Ben North
    activities: activity_id rep_id kind direction scheduled_at at
    1 r1 call  out - 2026-07-01
    2 r1 call  out - 2026-07-02
    3 r1 demo  out - 2026-07-03
    4 r2 email out - 2026-09-30T23:59
    5 r2 email in  - 2026-07-01
    6 r2 email out - 2026-10-01
    7 r2 demo  out 2026-07-01 2026-09-01
"""


def test_activity_mix():
    assert activity_mix(dataset(MIX), period="2026Q3").rows() == [
        ("Ann", "call", 2, pytest.approx(200 / 3)),
        ("Ann", "demo", 1, pytest.approx(100 / 3)),
        ("Ben", "demo", 1, 50.0),
        ("Ben", "email", 1, 50.0),
    ]
    assert activity_mix(dataset(MIX), period="2026Q3", by="team", as_of="2026-08-01").rows() == [
        ("North", "call", 2, pytest.approx(200 / 3)),
        ("North", "demo", 1, pytest.approx(100 / 3)),
    ]
    assert activity_mix(dataset(MIX), period="2031Q1").is_empty()


def test_the_mix_adds_up_to_the_activity_volume(data: Dataset):
    mix = activity_mix(data, period="2026Q2", by="team")
    assert mix["count"].sum() == evaluate("activity_volume", data, periods="2026Q2").frame["value"].item()
    assert mix.group_by("team").agg(pl.col("share").sum())["share"].to_list() == pytest.approx([100.0] * 8)


def test_activities_need_what_they_need():
    with pytest.raises(UnknownNameError, match="rep, team"):
        activity_mix(dataset(MIX), period="2026Q3", by="segment")
    with pytest.raises(EvaluationError, match="needs activities"):
        activity_mix(dataset(TEAM), period="2026Q3")


# --- Pipeline ---------------------------------------------------------------------------------------------------------

OPEN = """
    stages: stage position
    Meet 1
    Offer 2
    deals: deal_id status created_at closed_at stage amount
    a open 2026-09-30T23:00 - Meet 10
    b open 2026-08-31 - Meet 20
    c open 2026-08-30 - Meet 40
    d won  2026-03-01 2026-10-01 Offer 80
    e open 2026-04-03 - Offer -
    f open 2026-04-02 - Else 320
    g open 2026-10-01 - Meet 640
    h won  2026-08-01 2026-09-30T23:59 Meet 1
    i open - - Meet 1
    deal_changes: change_id deal_id field old_value new_value changed_at
    1 b stage Offer Meet 2026-10-05
    2 b amount 25 20 2026-10-05
"""


def test_the_pipeline_as_it_stood():
    assert by_stage_and_age(dataset(OPEN), as_of="2026-09-30").rows() == [
        ("Meet", 1, "0–30 days", 0, 1, 10.0),
        ("Meet", 1, "31–60 days", 1, 1, 40.0),
        ("Offer", 2, "0–30 days", 0, 1, 25.0),
        ("Offer", 2, "91–180 days", 3, 1, None),  # no amount is known
        ("Offer", 2, "over 180 days", 4, 1, 80.0),
        ("Else", None, "over 180 days", 4, 1, 320.0),
    ]


def test_bands_are_the_callers():
    bands = by_stage_and_age(dataset(OPEN), as_of="2026-09-30", bands=(7,))
    assert bands.group_by("age_band", maintain_order=True).agg(pl.col("deals").sum()).rows() == [
        ("0–7 days", 1), ("over 7 days", 5),
    ]  # fmt: skip
    with pytest.raises(EvaluationError, match="rising numbers"):
        by_stage_and_age(dataset(OPEN), bands=(30, 30))


@pytest.mark.parametrize(("text", "rows"), [
    ("deals: deal_id created_at\n a 2026-09-01", [(None, None, "0–30 days", 0, 1, None)]),
    ("deals: deal_id created_at\n a 2026-10-01", []),
])  # fmt: skip
def test_deals_alone_are_enough(text: str, rows: list):
    found = by_stage_and_age(dataset(text), as_of="2026-09-30")
    assert (found.rows(), dict(found.schema)) == (rows, PIPELINE)


def test_the_pipeline_needs_a_creation_date():
    with pytest.raises(EvaluationError, match=r"needs deals\.created_at, which"):
        by_stage_and_age(dataset("deals: deal_id status\n a open"))


def test_the_pipeline_is_that_of_the_kpi(data: Dataset):
    found = by_stage_and_age(data, as_of="2026-05-17")
    value = evaluate(["pipeline_value", "deals_per_stage"], data, periods="2026Q2", as_of="2026-05-17").frame["value"]
    assert (found["amount"].sum(), found["deals"].sum()) == pytest.approx(tuple(value))


def test_the_foreign_data(crm: Dataset):
    stood = by_stage_and_age(crm, as_of="2017-06-30")
    assert (stood["deals"].sum(), stood["amount"].sum()) == (1686, 4_216_807)
    table = rep_table(crm, period="2017")
    assert (table["n"].sum(), table["won"].sum(), table["quota"].count(), table["role"].unique().to_list()) == (
        6711, 4238, 0, ["ae"],
    )  # fmt: skip
    assert table.filter(pl.col("n") > 0).height == 30


def test_later_facts_change_nothing(sample: dict[str, pl.DataFrame], data: Dataset):
    late = pl.col("at") >= datetime(2026, 5, 18)
    fewer = Dataset.of({**sample, "activities": sample["activities"].filter(~late)})
    for analysis in (rep_table, activity_mix):
        one, other = (analysis(each, period="2026Q2", as_of="2026-05-17") for each in (data, fewer))
        assert one.equals(other)
