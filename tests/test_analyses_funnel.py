"""The funnel and the conversion of stages: on rows that can be counted by eye, against SQL, and against the sample."""

from __future__ import annotations

from datetime import datetime

import duckdb
import polars as pl
import pytest
from scipy import stats
from small import dataset, frames

from kpitools.analyses.chance import Share, shares_differ_by
from kpitools.analyses.funnel import TIMED, funnel
from kpitools.analyses.funnel_beside import BESIDE, funnel_beside
from kpitools.analyses.funnel_steps import RULES
from kpitools.analyses.moves import unusual_moves
from kpitools.analyses.outcomes import OUTCOMES
from kpitools.analyses.stage_conversion import CONVERSION, stage_conversion
from kpitools.analyses.stage_times import TIMES, lost_reasons, stage_times
from kpitools.analyses.words.funnel import OUTCOMES_SAID, RULES_SAID, funnel_words, move_words, rule_words
from kpitools.errors import EvaluationError, UnknownNameError
from kpitools.model.dataset import Dataset
from kpitools.sample import truth

STAGES = """
    stages: stage position
    Meet      1
    Offer     2
    Haggle    3
    Lost      9
"""
# a won all the way; b skipped Offer and won; c lost at Offer; d open at Haggle, gone back to Meet; e open at Meet;
# f lost at once; g was opened in another quarter
DEALS = """
    deals: deal_id status created_at closed_at amount
    a won  2026-07-01 2026-08-01 100
    b won  2026-07-02 2026-08-02 10
    c lost 2026-07-03 2026-08-03 20
    d open 2026-07-04 - 40
    e open 2026-07-05 - 80
    f lost 2026-09-30T23:59 2026-10-02 -
    g won  2026-06-30T23:59 2026-08-07 1000
    stage_history: history_id deal_id stage entered_at left_at next_stage
    1 a Meet   2026-07-01 2026-07-11 Offer
    2 a Offer  2026-07-11 2026-07-21 Haggle
    3 a Haggle 2026-07-21 2026-08-01 won
    4 b Meet   2026-07-02 2026-07-12 Haggle
    5 b Haggle 2026-07-12 2026-08-02 won
    6 c Meet   2026-07-03 2026-07-13 Offer
    7 c Offer  2026-07-13 2026-08-03 lost
    8 d Meet   2026-07-04 2026-07-14 Offer
    9 d Offer  2026-07-14 2026-07-24 Haggle
    10 d Haggle 2026-07-24 2026-07-30 Meet
    11 d Meet  2026-07-30 - -
    12 e Meet  2026-07-05 - -
    13 f Meet  2026-09-30T23:59 2026-10-02 lost
    14 f Lost  2026-10-02 - -
    15 g Meet  2026-06-30T23:59 2026-08-07 won
"""
WILSON_4_OF_5 = tuple(100 * bound for bound in stats.binomtest(4, 5).proportion_ci(method="wilson"))
COUNTS = ("stage", "entered", "still_open", "lost", "amount")


def test_reached_or_a_later_stage():
    steps = funnel(dataset(STAGES + DEALS), period="2026Q3")
    assert steps.select(COUNTS).rows() == [
        ("Meet", 6, 1, 1, 250.0),
        ("Offer", 4, 0, 1, 170.0),
        ("Haggle", 3, 1, 0, 150.0),
        ("Won", 2, 0, 0, 110.0),
    ]
    assert steps["position"].to_list() == [1, 2, 3, 4]
    assert steps["share_of_first"].to_list() == pytest.approx([100, 400 / 6, 50, 200 / 6])
    # of those decided in the step before: 4 of 5, 3 of 4, 2 of 2; and of the first step without those open before
    assert steps["share_of_previous"].to_list() == [None, 80.0, 75.0, 100.0]
    assert steps["share_of_decided"].to_list() == pytest.approx([100, 80, 60, 50])


def test_through_all_stages_leaves_out_who_skipped_one():
    steps = funnel(dataset(STAGES + DEALS), period="2026Q3", rule="through")
    assert steps.select(COUNTS).rows() == [
        ("Meet", 6, 1, 1, 250.0),  # b is in Meet and went no further by this rule
        ("Offer", 3, 0, 1, 160.0),
        ("Haggle", 2, 1, 0, 140.0),
        ("Won", 1, 0, 0, 100.0),
    ]


@pytest.mark.parametrize("rule", ["reached", "through"])
def test_who_enters_goes_on_is_lost_or_is_still_open(data: Dataset, rule: str):
    steps = funnel(data, period="2026Q2", as_of="2026-08-10", by="team", rule=rule)
    after = steps.with_columns(onward=pl.col("entered").shift(-1, fill_value=0).over("group"))
    left = after.filter(pl.col("stage") != "Won").select(pl.col("entered") - pl.col("still_open") - pl.col("lost"))
    assert steps["group"].n_unique() == 8
    if rule == "reached":  # by the other rule one who skipped a stage is neither
        assert left.to_series().to_list() == after.filter(pl.col("stage") != "Won")["onward"].to_list()
    whole = funnel(data, period="2026Q2", as_of="2026-08-10", rule=rule)
    sums = steps.group_by("stage", maintain_order=True).agg(pl.col("entered", "still_open", "lost").sum())
    assert sums.rows() == whole.select("stage", "entered", "still_open", "lost").rows()


def test_an_open_deal_lowers_no_share_of_the_decided():
    whole = dataset(STAGES + DEALS)
    without = dataset(STAGES + DEALS.replace("d open 2026-07-04 - 40", "").replace("e open 2026-07-05 - 80", ""))
    decided = [funnel(data, period="2026Q3").select("stage", "lost", "still_open").rows() for data in (whole, without)]
    assert [lost for _, lost, _ in decided[0]] == [lost for _, lost, _ in decided[1]]
    assert sum(still_open for *_, still_open in decided[0]) == 2
    assert funnel(without, period="2026Q3")["share_of_decided"].item(-1) == 50.0


def test_as_of_sees_nothing_later():
    steps = funnel(dataset(STAGES + DEALS), period="2026Q3", as_of="2026-07-22")
    assert steps.select("stage", "entered", "still_open", "lost").rows() == [
        ("Meet", 5, 1, 0),
        ("Offer", 4, 2, 0),
        ("Haggle", 2, 2, 0),
        ("Won", 0, 0, 0),
    ]
    assert steps["share_of_decided"].to_list() == [100.0, 100.0, 100.0, None]


def test_the_interval_is_that_of_the_share_of_the_previous():
    row = funnel(dataset(STAGES + DEALS), period="2026Q3").row(1, named=True)
    assert (row["lower"], row["upper"]) == pytest.approx(WILSON_4_OF_5)


def test_without_history_the_stage_a_deal_ended_in_says_how_far_it_came():
    steps = funnel(
        dataset(
            STAGES
            + """
            deals: deal_id status created_at closed_at stage
            a won  2026-07-01 2026-08-01 Haggle
            b lost 2026-07-01 2026-08-01 Offer
            c open 2026-07-01 - Meet
            """
        ),
        period="2026Q3",
    )
    assert steps.select("stage", "entered", "amount").rows() == [
        ("Meet", 3, None), ("Offer", 2, None), ("Haggle", 1, None), ("Won", 1, None),
    ]  # fmt: skip


NO_STAGE = """
    deals: deal_id status created_at closed_at stage
    a won  2026-07-01 2026-08-01 -
    b lost 2026-07-01 2026-08-01 -
    c open 2026-07-01 - Offer
"""


@pytest.mark.parametrize("text", [STAGES + NO_STAGE, NO_STAGE], ids=["stages", "deals alone"])
@pytest.mark.parametrize("rule", ["reached", "through"])
def test_where_closed_deals_have_no_stage_it_goes_from_created_to_won(text: str, rule: str):
    steps = funnel(dataset(text), period="2026Q3", rule=rule)
    assert steps.select("stage", "entered", "still_open", "lost", "share_of_previous").rows() == [
        ("Created", 3, 1, 1, None),
        ("Won", 1, 0, 0, 50.0),
    ]


def test_through_all_stages_needs_their_history():
    text = STAGES + NO_STAGE.replace("b lost 2026-07-01 2026-08-01 -", "b lost 2026-07-01 2026-08-01 Meet")
    with pytest.raises(EvaluationError, match="through all stages needs stage_history"):
        funnel(dataset(text), period="2026Q3", rule="through")


@pytest.mark.parametrize("text", [STAGES + DEALS, NO_STAGE])
def test_no_deals_give_an_empty_frame(text: str):
    none = funnel(dataset(text), period="2031Q1", by="status")
    assert (none.height, dict(none.schema)) == (0, TIMED)


def test_what_is_missing_is_named():
    with pytest.raises(EvaluationError, match=r"needs deals.created_at, which"):
        funnel(dataset("deals: deal_id status\n a open"), period="2026Q3")
    with pytest.raises(EvaluationError, match=r"needs deals, stages, stage_history, which"):
        stage_conversion(Dataset.of({}), period="2026Q3")
    with pytest.raises(UnknownNameError, match=r"no rule 'reach'\. Did you mean 'reached'"):
        funnel(dataset(NO_STAGE), period="2026Q3", rule="reach")
    with pytest.raises(EvaluationError, match="cannot be broken down by 'team'"):
        funnel(dataset(NO_STAGE), period="2026Q3", by="team")


def test_conversion_is_of_the_visits_that_are_decided():
    found = stage_conversion(dataset(STAGES + DEALS), period="2026Q3")
    assert found.select("stage", "entered", "advanced", "lost", "moved_back", "still_open", "conversion").rows() == [
        ("Meet", 7, 4, 1, 0, 2, 80.0),  # a to d went on, f is lost, e and d once more are still there
        ("Offer", 3, 2, 1, 0, 0, pytest.approx(200 / 3)),
        ("Haggle", 3, 2, 0, 1, 0, 100.0),  # d went back: neither on nor lost
    ]
    assert found.select("lower", "upper").row(0) == pytest.approx(WILSON_4_OF_5)


def test_conversion_reads_what_followed_where_the_visit_does_not_say():
    text = "\n".join(
        line.rsplit(" ", 1)[0] if line.strip()[:2].strip().isdigit() else line for line in DEALS.splitlines()
    )
    unsaid = dataset(STAGES + text.replace("left_at next_stage", "left_at"))
    assert "next_stage" not in unsaid.columns("stage_history")
    assert stage_conversion(unsaid, period="2026Q3").equals(stage_conversion(dataset(STAGES + DEALS), period="2026Q3"))


def test_no_visits_give_an_empty_frame():
    none = stage_conversion(dataset(STAGES + DEALS), period="2031Q1", by="stage")
    assert (none.height, dict(none.schema)) == (0, CONVERSION)


def test_conversion_by_a_dimension_of_the_deal(data: Dataset):
    counts = pl.col("entered", "advanced", "lost", "moved_back", "still_open")
    teams = stage_conversion(data, period="2026Q2", as_of="2026-06-30", by="team")
    sums = teams.group_by("stage", maintain_order=True).agg(counts.sum())
    whole = stage_conversion(data, period="2026Q2", as_of="2026-06-30")
    assert teams["group"].n_unique() == 8
    assert sums.rows() == whole.select("stage", counts).rows()


def test_conversion_against_sql(sample: dict[str, pl.DataFrame], data: Dataset):
    history, stages, deals = sample["stage_history"], sample["stages"], sample["deals"]  # noqa: F841
    expected = duckdb.sql("""
        select h.stage, count(*), count(*) filter (next_stage = 'won' or n.position > s.position),
            count(*) filter (next_stage = 'lost'), count(*) filter (left_at is null)
        from history h join stages s using (stage) left join stages n on n.stage = h.next_stage
        where entered_at >= '2026-04-01' and entered_at < '2026-07-01' group by all order by min(s.position)
    """).fetchall()
    found = stage_conversion(data, period="2026Q2")
    assert found.select("stage", "entered", "advanced", "lost", "still_open").rows() == expected


def test_funnel_against_sql(sample: dict[str, pl.DataFrame], data: Dataset):
    history, stages, deals = sample["stage_history"], sample["stages"], sample["deals"]  # noqa: F841
    expected = duckdb.sql("""
        with far as (
            select d.deal_id, d.status, d.amount, coalesce(max(s.position), 1) as furthest
            from deals d left join history h using (deal_id) left join stages s on s.stage = h.stage
            where d.created_at >= '2026-01-01' and d.created_at < '2026-04-01' group by all)
        select stage, count(*) filter (furthest >= position or status = 'won'),
            count(*) filter (furthest = position and status = 'open'),
            round(sum(amount) filter (furthest >= position or status = 'won'), 2)
        from stages cross join far group by all order by min(position)
    """).fetchall()
    found = funnel(data, period="2026Q1").head(-1)
    assert found.select("stage", "entered", "still_open", pl.col("amount").round(2)).rows() == expected


def test_the_leaking_stage_is_found(data: Dataset):
    conversion = stage_conversion(data.where({"deal_kind": ["new"]}), period="2025").sort("conversion")
    assert conversion.item(0, "stage") == truth.LEAKING_STAGE
    assert conversion.item(1, "lower") > conversion.item(0, "upper") + 5


def test_later_facts_change_nothing(sample: dict[str, pl.DataFrame], data: Dataset):
    cut = datetime(2026, 5, 18)
    visits = sample["stage_history"].filter(pl.col("entered_at") < cut)
    fewer = Dataset.of({**sample, "stage_history": visits})
    for analysis in (funnel, stage_conversion):
        one, other = (analysis(each, period="2026Q2", as_of="2026-05-17") for each in (data, fewer))
        assert one.equals(other)


def test_a_window_gives_everyone_the_same_time():
    """Whatever came after the twelfth day of a deal is not seen, and who has not had twelve days is left out."""
    steps = funnel(dataset(STAGES + DEALS), period="2026Q3", as_of="2026-07-16", within=12)
    assert steps.select("stage", "entered", "still_open", "lost").rows() == [
        ("Meet", 4, 0, 0),  # e was opened only 11 days before
        ("Offer", 4, 3, 0),
        ("Haggle", 1, 1, 0),
        ("Won", 0, 0, 0),
    ]
    late = funnel(dataset(STAGES + DEALS), period="2026Q3", within=12)
    assert late.select("entered", "still_open", "lost").rows() == [(5, 1, 0), (4, 3, 0), (1, 1, 0), (0, 0, 0)]


def test_a_window_without_history_goes_from_created_to_won():
    steps = funnel(dataset(STAGES + NO_STAGE), period="2026Q3", as_of="2026-09-30", within=31)
    assert steps.select("stage", "entered", "still_open", "lost").rows() == [("Created", 3, 1, 1), ("Won", 1, 0, 0)]
    steps = funnel(dataset(STAGES + NO_STAGE), period="2026Q3", as_of="2026-09-30", within=30)
    assert steps.select("stage", "entered", "still_open", "lost").rows() == [("Created", 3, 3, 0), ("Won", 0, 0, 0)]
    with pytest.raises(EvaluationError, match="The window is 0 days"):
        funnel(dataset(NO_STAGE), period="2026Q3", within=0)


TWO_QUARTERS = """
    deals: deal_id status created_at closed_at segment
    a won  2026-07-01 2026-08-01 smb
    b lost 2026-07-02 2026-08-02 smb
    c won  2026-04-01 2026-05-01 smb
    d open 2026-04-02 - big
    e lost 2026-04-03 2026-05-03 big
    f won  2026-04-04 2026-09-01 big
"""


def test_beside_the_period_before_at_the_same_point():
    found = funnel_beside(dataset(TWO_QUARTERS), period="2026Q3", as_of="2026-09-30")
    won = found.row(1, named=True)
    # f was won later than 91 days after its quarter began: as late, this quarter has not been seen either
    assert (won["entered"], won["before"], won["before_entered"]) == (1, "2026Q2", 1)
    assert (won["share_of_first"], won["before_share"], won["difference"]) == (50, 25, 25)
    assert (won["lower"], won["upper"]) == pytest.approx(shares_differ_by(Share(1, 2), Share(1, 4)))


def test_beside_a_period_without_deals():
    found = funnel_beside(dataset(TWO_QUARTERS), period="2026Q3", compare="year_ago", by="segment")
    assert found.select("group", "stage", "before", "before_share", "difference", "lower").rows() == [
        ("smb", "Created", "2025Q3", None, None, None),
        ("smb", "Won", "2025Q3", None, None, None),
    ]
    assert funnel_beside(dataset(TWO_QUARTERS), period="2031Q3").schema == {
        name: kind for name, kind in BESIDE.items() if name != "group"
    }
    with pytest.raises(UnknownNameError, match="no comparison 'before'"):
        funnel_beside(dataset(TWO_QUARTERS), period="2026Q3", compare="before")


def test_time_in_stage_counts_open_visits_as_long_as_seen():
    found = stage_times(dataset(STAGES + DEALS), period="2026Q3", as_of="2026-09-30")
    # Meet: a to d ten days each; d again (62 days) and e (87) are still there; f began on the last day and is there
    assert found.select("stage", "entered", "still_open", "quartile_1", "median", "quartile_3", "longest").row(0) == (
        "Meet", 7, 3, 10, 10, None, 87,
    )  # fmt: skip
    assert found["mean"][0] == pytest.approx(10 + 77 / 3)  # of the six that came to day 10, two stayed on, to day 87
    assert found.select("stage", "entered", "still_open", "median", "mean").rows()[1:] == [
        ("Offer", 3, 0, 10, pytest.approx((10 + 21 + 10) / 3)),
        ("Haggle", 3, 0, 11, pytest.approx((11 + 21 + 6) / 3)),
    ]


def test_time_in_stage_reads_the_end_where_the_visit_does_not_say():
    text = frames(STAGES + DEALS)
    unsaid = Dataset.of(text | {"stage_history": text["stage_history"].drop("left_at", "next_stage")})
    said = Dataset.of(text)
    assert stage_times(unsaid, period="2026Q3").equals(stage_times(said, period="2026Q3"))


def test_time_in_stage_by_group_and_of_nothing(data: Dataset):
    found = stage_times(data, period="2026Q2", as_of="2026-06-30", by="team")
    whole = stage_times(data, period="2026Q2", as_of="2026-06-30")
    sums = found.group_by("stage", "position").agg(pl.col("entered", "still_open").sum()).sort("position")
    assert sums.rows() == whole.select("stage", "position", "entered", "still_open").rows()
    assert dict(stage_times(data, period="2031Q1", by="team").schema) == TIMES


LOST_DEALS = """
    deals: deal_id status created_at closed_at stage lost_reason amount
    a lost 2026-07-01 2026-08-01 Offer Price 10
    b lost 2026-07-01 2026-08-01 Offer Price 20
    c lost 2026-07-01 2026-08-01 Offer - 30
    d lost 2026-07-01 2026-09-01 Meet Timing -
    e won  2026-07-01 2026-08-01 Haggle - 50
    f open 2026-07-01 - Offer - 60
"""


def test_where_and_why_deals_are_lost():
    found = lost_reasons(dataset(STAGES + LOST_DEALS), period="2026Q3")
    assert found.select("stage", "reason", "lost", "amount", "share").rows() == [
        ("Meet", "Timing", 1, None, 25),
        ("Offer", "Price", 2, 30, 50),
        ("Offer", None, 1, 30, 25),
    ]
    early = lost_reasons(dataset(STAGES + LOST_DEALS), period="2026Q3", as_of="2026-08-15")
    assert early.select("stage", "lost").rows() == [("Offer", 2), ("Offer", 1)]
    with pytest.raises(EvaluationError, match=r"Why deals are lost needs deals\.lost_reason"):
        lost_reasons(dataset(NO_STAGE), period="2026Q3")


def test_later_facts_change_no_time(sample: dict[str, pl.DataFrame], data: Dataset):
    visits = sample["stage_history"].filter(pl.col("entered_at") < datetime(2026, 5, 18))
    fewer = Dataset.of({**sample, "stage_history": visits})
    for analysis in (stage_times, lost_reasons, funnel_beside):
        one, other = (analysis(each, period="2026Q2", as_of="2026-05-17") for each in (data, fewer))
        assert one.equals(other)


# --- Times in the steps -----------------------------------------------------------------------------------------------


def test_times_in_the_steps_are_those_of_the_visits_of_these_deals():
    """g, opened in another quarter, is left out of the funnel; its visit began in that quarter too."""
    steps = funnel(dataset(STAGES + DEALS), period="2026Q3", as_of="2026-09-30")
    times = stage_times(dataset(STAGES + DEALS), period="2026Q3", as_of="2026-09-30")
    names = ("stage", "quartile_1", "median", "quartile_3", "mean")
    assert steps.head(-1).select(names).rows() == times.select(names).rows()
    assert steps.select(names).row(-1) == ("Won", None, None, None, None)


def test_in_a_window_no_time_is_longer_than_it():
    """On its twelfth day d has stood two days in Offer: nobody had left Offer by then."""
    steps = funnel(dataset(STAGES + DEALS), period="2026Q3", within=12)
    assert steps.select("stage", "median").rows()[:2] == [("Meet", 10), ("Offer", None)]
    assert steps["mean"].to_list() == pytest.approx([10 + 2 / 5, 2, 2, None])  # of the five one stayed on, to day 12


def test_a_window_counts_the_amount_that_a_deal_had_at_its_end():
    text = """
    deals: deal_id status created_at closed_at amount
    a won  2026-07-01 2026-08-15 300
    b won  2026-07-01 2026-07-05 50
    deal_changes: change_id deal_id field old_value new_value changed_at
    1 a amount 100 200 2026-07-05
    2 a amount 200 300 2026-08-01
    """
    steps = funnel(dataset(text), period="2026Q3", as_of="2026-09-30", within=10)
    assert steps.select("stage", "entered", "amount", "still_open").rows() == [
        ("Created", 2, 250.0, 1),
        ("Won", 1, 50.0, 0),
    ]


def test_a_deal_of_unknown_status_counts_as_open():
    text = NO_STAGE.replace("c open", "c -")
    steps = funnel(dataset(text), period="2026Q3")
    assert steps.select("entered", "still_open", "lost").rows() == [(3, 1, 1), (1, 0, 0)]


def test_the_share_of_the_first_has_its_interval_too():
    row = funnel(dataset(STAGES + DEALS), period="2026Q3").row(1, named=True)
    wilson = stats.binomtest(4, 6).proportion_ci(method="wilson")
    assert (row["first_lower"], row["first_upper"]) == pytest.approx((100 * wilson.low, 100 * wilson.high))


# --- Skipped, back, re-opened -----------------------------------------------------------------------------------------

# a was lost, re-opened beyond Offer and won; b was lost in a stage of that name and is open again; c is lost for good
REOPENED_DEALS = """
    deals: deal_id status created_at closed_at amount
    a won  2026-07-01 2026-09-01 100
    b open 2026-07-01 - 10
    c lost 2026-07-01 2026-07-20 20
    stage_history: history_id deal_id stage entered_at left_at next_stage
    1 a Meet   2026-07-01 2026-07-11 lost
    2 a Haggle 2026-08-11 2026-09-01 won
    3 b Meet   2026-07-01 2026-07-11 Lost
    4 b Lost   2026-07-11 2026-07-20 Offer
    5 b Offer  2026-07-20 - -
    6 c Meet   2026-07-01 2026-07-20 lost
"""


@pytest.mark.parametrize(
    ("as_of", "last", "first"),
    [
        # as it stood then, before a and b were opened again: only c was open
        ("2026-07-15", [(3, 1, 2), (0, 0, 0), (0, 0, 0), (0, 0, 0)], [(3, 1, 2)]),
        ("2026-07-31", [(3, 0, 2), (1, 1, 0), (0, 0, 0), (0, 0, 0)], [(3, 0, 3)]),
        ("2026-08-15", [(3, 0, 1), (2, 1, 0), (1, 1, 0), (0, 0, 0)], [(3, 0, 3)]),
        (None, [(3, 0, 1), (2, 1, 0), (1, 0, 0), (1, 0, 0)], [(3, 0, 3)]),
    ],
)
def test_a_reopened_deal_counts_by_its_last_or_first_outcome(as_of, last, first):
    data = dataset(STAGES + REOPENED_DEALS)
    counts = ("entered", "still_open", "lost")
    by_last, by_first = (
        funnel(data, period="2026Q3", as_of=as_of, reopened=which).select(counts).rows() for which in ("last", "first")
    )
    assert by_last == last
    assert by_first == [*first, *[(0, 0, 0)] * 3]
    with pytest.raises(UnknownNameError, match=r"no outcome 'frist'\. Did you mean 'first'"):
        funnel(data, period="2026Q3", reopened="frist")


def test_unusual_moves_are_counted():
    moves = unusual_moves(dataset(STAGES + REOPENED_DEALS), period="2026Q3")
    assert moves.select("move", "moves", "deals", "opened").rows() == [
        ("skipped", 1, 1, 3),  # a, from Meet to Haggle
        ("moved back", 0, 0, 3),
        ("re-opened", 2, 2, 3),
    ]
    moves = unusual_moves(dataset(STAGES + DEALS), period="2026Q3")
    assert moves.select("move", "moves", "deals", "opened").rows() == [
        ("skipped", 1, 1, 6),  # b
        ("moved back", 1, 1, 6),  # d
        ("re-opened", 0, 0, 6),
    ]
    assert move_words(moves) == [
        "Of 6 deals opened, 1 (16.7 %) skipped a stage or began beyond the first, 1 (16.7 %) moved back and none were "
        "opened again after closing."
    ]
    assert move_words(moves.clear()) == ["No deal opened in the period has visited a stage."]


def test_a_deal_won_before_the_last_stage_has_skipped_some():
    text = REOPENED_DEALS.replace("2 a Haggle", "2 a Offer")
    assert unusual_moves(dataset(STAGES + text), period="2026Q3").row(0)[:3] == ("skipped", 1, 1)


def test_unusual_moves_against_sql(sample: dict[str, pl.DataFrame], data: Dataset):
    history, stages, deals = sample["stage_history"], sample["stages"], sample["deals"]  # noqa: F841
    expected = duckdb.sql("""
        with visits as (
            select deal_id, status, position, entered_at,
                lag(position, 1, 0) over w as before, lead(position) over w as after
            from history join stages using (stage) join deals using (deal_id)
            where created_at >= '2026-01-01' and created_at < '2026-04-01'
            window w as (partition by deal_id order by entered_at))
        select
            count(distinct deal_id) filter (
                position > before + 1 or (after is null and status = 'won' and position < 5)),
            count(distinct deal_id) filter (position < before), count(distinct deal_id)
        from visits
    """).fetchall()
    found = unusual_moves(data, period="2026Q1")
    assert (found["deals"][0], found["deals"][1], found["opened"][0]) == expected[0]


def test_through_all_stages_says_who_skipped_one():
    steps = funnel(dataset(STAGES + DEALS), period="2026Q3", rule="through")
    assert steps["skipped"].to_list() == [1, 0, 0, 0]
    # of those that went on or were lost: 3 of 4 from Meet; b, which skipped Offer, is neither
    assert steps["share_of_previous"].to_list() == pytest.approx([None, 75, 200 / 3, 100])
    assert funnel_words(steps)[0] == (
        "Of 6 deals opened, 1 was won, 2 lost and 2 are still open. 1 deal has skipped a stage and is followed no "
        "further."
    )
    after = steps["entered"] - steps["still_open"] - steps["lost"] - steps["skipped"]
    assert after.head(-1).to_list() == steps["entered"].tail(-1).to_list()


def test_the_rules_in_words():
    assert set(RULES_SAID) == set(RULES)
    assert set(OUTCOMES_SAID) == set(OUTCOMES)
    said = rule_words("through", "first", 90)
    assert said[0].startswith("A deal counts in a stage if it visited that and all before it")
    assert said[1].startswith("A re-opened deal counts by its first outcome")
    assert said[2].startswith("Only deals that have had 90 days since they were opened count")
    assert len(rule_words("reached", "last", 0)) == 2
