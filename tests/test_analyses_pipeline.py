"""The pipeline reviewed: velocity, age, slippage, coverage, rush and forecasts, in figures and in words."""

from __future__ import annotations

from pathlib import Path
from random import Random

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from scipy import stats
from small import dataset

from kpitools.analyses.ageing import ageing, slippage
from kpitools.analyses.bridge import bridge
from kpitools.analyses.forecasts import LEADS, forecast_bias, forecast_errors, last_before
from kpitools.analyses.pipeline import coverage
from kpitools.analyses.rush import rush
from kpitools.analyses.velocity import product_split, velocity_change
from kpitools.analyses.words import pipeline as words
from kpitools.charts import pipeline_bridge
from kpitools.errors import EvaluationError, UnknownNameError
from kpitools.evaluation.evaluate import evaluate
from kpitools.intake import load
from kpitools.model.dataset import Dataset
from kpitools.model.slice import Slice
from kpitools.pages.view import View
from kpitools.sample import truth
from kpitools.views import pipeline as sections

# --- Velocity ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(5))
def test_the_parts_of_a_product_sum_to_its_change(seed: int):
    draw = Random(seed)
    before, now = ([draw.uniform(0, 9) * draw.choice([0, 1, 1]) for _ in range(4)] for _ in range(2))
    whole = now[0] * now[1] * now[2] * now[3] - before[0] * before[1] * before[2] * before[3]
    assert sum(product_split(before, now)) == pytest.approx(whole, abs=1e-9)
    assert product_split(now, before) == pytest.approx([-part for part in product_split(before, now)], abs=1e-9)


def test_only_what_changed_contributes():
    assert product_split([2, 3, 5, 7], [2, 3, 5, 14]) == [0, 0, 0, 210]


FASTER = """
    deals: deal_id status created_at closed_at amount
    a won  2026-04-01 2026-04-21 100
    b lost 2026-04-01 2026-05-21 100
    c won  2026-07-01 2026-07-11 200
    d lost 2026-07-01 2026-08-11 200
"""


@pytest.mark.parametrize(("period", "against", "parts", "said"), [
    ("2026Q3", "2026Q2", [0, 7.5, 0, 7.5, 15], "rose to 20 per day from 5 per day"),
    ("2026Q2", "2026Q3", [0, -7.5, 0, -7.5, -15], "fell to 5 per day from 20 per day"),
    ("2026Q3", "2026Q3", [0, 0, 0, 0, 0], "stayed at 20 per day"),
])  # fmt: skip
def test_what_changed_the_velocity(period: str, against: str, parts: list[float], said: str):
    frame = velocity_change(dataset(FASTER), period=period, against=against)
    assert frame["contribution"].to_list() == pytest.approx(parts)
    assert words.velocity_words(frame)[0] == f"The pipeline's velocity {said}."


def test_a_velocity_that_cannot_be_told():
    frame = velocity_change(dataset(FASTER), period="2026Q2")
    assert frame["contribution"].null_count() == 5
    assert "cannot be told" in words.velocity_words(frame)[0]


def test_the_velocity_is_that_of_the_kpi(data: Dataset):
    found = velocity_change(data, period="2026Q2", by="team", as_of="2026-06-30")
    known = evaluate("pipeline_velocity", data, periods="2026Q2", by="team", as_of="2026-06-30").frame
    assert found.filter(pl.col("driver") == "pipeline_velocity")["now"].to_list() == known["value"].to_list()
    for part in found.partition_by("group"):
        *drivers, whole = part["contribution"]
        assert sum(drivers) == pytest.approx(whole)
        assert whole == pytest.approx(part["now"][-1] - part["before"][-1])


def test_the_first_days_are_compared_with_the_first_days():
    begun = "deals: deal_id status created_at closed_at amount\n" + "\n".join(
        f"{n} won {month}-01 {month}-{day:02} 90"
        for month in ("2026-04", "2026-07")
        for n, day in ((f"{month}a", 5), (f"{month}b", 25))
    )
    found = velocity_change(dataset(begun), period="2026Q3", as_of="2026-07-10")
    assert found.select("before", "now").row(0) == (2.0, 2.0)
    assert found.select("before", "now").row(3) == (4.0, 4.0)  # the win of day 25 is not seen in either


# --- Age and slippage -------------------------------------------------------------------------------------------------

AGED = "deals: deal_id status created_at closed_at amount\n" + "\n".join(
    [f"w{days} won 2026-06-01 2026-06-{1 + days:02} 1" for days in range(1, 13)]
    + ["old won 2020-01-01 2020-12-31 1", "x open 2026-06-20 - 5", "y open 2026-06-25 - 7", "z open 2026-06-30 - 9"]
)


def test_open_deals_beside_the_time_that_won_deals_took():
    row = ageing(dataset(AGED), as_of="2026-06-30").row(0, named=True)
    assert (row["won"], row["won_median"], row["won_p75"], row["median_age"]) == (12, 6.5, 9.25, 5.0)
    assert (row["open"], row["older_than_median"], row["older_than_p75"], row["amount_older"]) == (3, 1, 1, 5.0)
    oracle = stats.binomtest(1, 3).proportion_ci(method="wilson")
    assert (row["lower"], row["upper"]) == pytest.approx((100 * oracle.low, 100 * oracle.high))


@pytest.mark.parametrize(("as_of", "said"), [
    ("2026-06-30", "Of 3 open deals, 1 (33.3 %; 95 % interval 6.1 to 79.2 %) is older than three quarters of the won"
     " deals took (9.3 d); worth 5."),
    ("2026-06-28", "Of 2 open deals, 0 (0.0 %; 95 % interval 0.0 to 65.8 %) are older than three quarters of the won"
     " deals took (9.3 d)."),
    ("2026-06-02", "1 recent win says how long a deal takes: too few to call open deals old."),
    ("2026-05-31", "No deal is open."),
])  # fmt: skip
def test_age_in_words(as_of: str, said: str):
    assert words.ageing_words(ageing(dataset(AGED), as_of=as_of)) == [said]


MOVED = """
    deals: deal_id created_at expected_close_at
    a 2026-05-01 2026-09-01
    b 2026-05-01 2026-07-20
    c 2026-05-01 2026-08-01
    deal_changes: change_id deal_id field old_value new_value changed_at
    1 a expected_close_at 2026-07-01 2026-07-31 2026-06-01
    2 a expected_close_at 2026-07-31 2026-08-22 2026-07-31
    3 a expected_close_at 2026-08-22 2026-09-01 2026-08-05
    4 b expected_close_at 2026-08-01 2026-07-20 2026-07-05
"""


def test_slippage():
    found = slippage(dataset(MOVED), period="2026Q3")
    row = found.row(0, named=True)
    assert [row[name] for name in ("worked", "slipped", "pushes", "median_days", "brought_forward")] == [3, 1, 2, 16, 1]
    assert words.slippage_words(found) == [
        "Of 3 deals worked, 1 had its expected closing put off (33.3 %; 95 % interval 6.1 to 79.2 %): 2 times, by"
        " 16.0 d in the median."
    ]
    none = slippage(dataset(MOVED), period="2026Q3", as_of="2026-07-30")
    assert words.slippage_words(none) == ["Of 3 deals worked, none had its expected closing put off."]
    assert words.slippage_words(slippage(dataset(MOVED), period="2025")) == ["No deal was open in the period."]
    assert slippage(dataset(MOVED), period="2026Q3", as_of="2026-06-30").is_empty()  # not begun


# --- Coverage and rush ------------------------------------------------------------------------------------------------

COVERED = """
    deals: deal_id status created_at closed_at amount expected_close_at
    a won  2026-05-01 2026-08-01 10 2026-08-01
    b lost 2026-05-01 2026-08-01 20 2026-08-01
    c won  2026-05-01 2026-09-20 40 2026-10-01
    d won  2026-07-02 2026-09-17 50 2026-09-17
    e open 2026-05-01 - 30 2026-12-01
"""


def test_coverage():
    found = coverage(dataset(COVERED), periods="2026Q2..2026Q4", as_of="2026-10-31")
    names = ["open", "due", "won", "won_of_open", "won_of_due", "coverage", "yielded"]
    assert found.select(names).rows() == [
        (100.0, 30.0, 100.0, 50.0, 10.0, 1.0, 50.0),
        (30.0, 30.0, 0.0, 0.0, 0.0, None, None),  # not over
    ]
    assert words.coverage_words(found) == ["Of the pipeline open when 1 period began, 50.0 % was won within it."]
    assert "cannot be told" in words.coverage_words(found.tail(1))[0]
    undated = dataset(COVERED.replace("expected_close_at", "lead_id"))
    assert coverage(undated, periods="2026Q3").select("due", "won_of_due").row(0) == (None, None)


def wins(early: int, late: int) -> pl.DataFrame:
    days = ["2026-08-01"] * early + ["2026-09-17"] * late
    rows = "\n".join(f"{n} won 2026-05-01 {day} 1" for n, day in enumerate(days))
    return rush(dataset(f"deals: deal_id status created_at closed_at amount\n{rows}"), periods="2026Q3")


@pytest.mark.parametrize(("early", "late", "said"), [
    (60, 40, "40.0 % of 100 wins came in the last days of their period (95 % interval 30.9 to 49.8 %), more than an"
     " even spread would put there: 15.2 %."),
    (98, 2, "2.0 % of 100 wins came in the last days of their period (95 % interval 0.6 to 7.0 %), less than an even"
     " spread would put there: 15.2 %."),
    (85, 15, "15.0 % of 100 wins came in the last days of their period (95 % interval 9.3 to 23.3 %), not clearly other"
     " than an even spread would put there: 15.2 %."),
    (4, 5, "9 wins in periods that are over: too few to tell a rush at their end."),
])  # fmt: skip
def test_a_rush_in_words(early: int, late: int, said: str):
    assert words.rush_words(wins(early, late)) == [said]


def test_only_periods_that_are_over_have_an_end():
    deals = dataset(COVERED)
    assert rush(deals, periods="2026Q3", as_of="2026-09-29").is_empty()
    row = rush(deals, periods="2026Q3", as_of="2026-09-30").row(0, named=True)
    assert (row["won"], row["late"], row["late_amount"], row["late_amount_share"]) == (3, 2, 90.0, 90.0)
    with pytest.raises(EvaluationError, match=r"14 days are not, of 2026-W30"):
        rush(deals, periods="2026-W30")


# --- Forecasts --------------------------------------------------------------------------------------------------------

FORECAST = """
    reps: rep_id name team
    n Ann North
    s Sue South
    deals: deal_id owner_rep_id status created_at closed_at amount
    a n won 2026-05-01 2026-07-01 100
    b n won 2026-05-01 2026-09-30T23:00 50
    c s won 2026-05-01 2026-10-01 999
    d s won 2026-05-01 2026-08-01 25
    e n lost 2026-05-01 2026-08-01 999
    forecasts: forecast_id owner_kind owner_id starts_on ends_on made_at amount
    1 rep n 2026-07-01 2026-09-30 2026-06-01 500
    2 rep n 2026-07-01 2026-09-30 2026-06-16 180
    3 rep n 2026-07-01 2026-09-30 2026-06-30 120
    4 team South 2026-07-01 2026-09-30 2026-06-17 20
    5 company c 2026-07-01 2026-09-30 2026-07-01 175
    6 team South 2026-07-01 2026-09-30 2026-10-01 25
    7 team South 2026-10-01 2026-12-31 2026-06-17 20
"""


def test_forecasts_beside_what_was_won():
    found = forecast_errors(dataset(FORECAST), as_of="2026-09-30")
    assert found.select("level", "owner", "lead_days", "lead_position", "forecast", "actual", "error").rows() == [
        ("company", "c", 0, 2, 175.0, 175.0, 0.0),
        ("rep", "Ann", 15, 0, 180.0, 150.0, 30.0),  # the later of the two early ones
        ("rep", "Ann", 1, 1, 120.0, 150.0, -30.0),
        ("team", "South", 14, 1, 20.0, 25.0, -5.0),
    ]
    assert forecast_errors(dataset(FORECAST), as_of="2026-09-29").is_empty()
    south = forecast_errors(dataset(FORECAST).where({"team": ["South"]}), as_of="2026-09-30")
    assert south.equals(found.tail(1))


def test_the_company_is_no_owner_of_a_slice():
    unassigned = dataset(FORECAST).where({"team": [None]})
    assert forecast_errors(unassigned, as_of="2026-09-30").is_empty()


def errors(*pairs: tuple[float, float]) -> pl.DataFrame:
    rows = [(forecast, actual, forecast - actual) for forecast, actual in pairs]
    frame = pl.DataFrame(rows, schema=["forecast", "actual", "error"], orient="row")
    return frame.with_columns(level=pl.lit("team"), owner=pl.lit("North"), lead=pl.lit("early"), lead_position=0)


def test_bias_and_its_interval_against_scipy():
    pairs = [(120.0, 100.0), (90.0, 100.0), (150.0, 130.0), (80.0, 70.0)]
    row = forecast_bias(errors(*pairs)).row(0, named=True)
    oracle = stats.ttest_1samp([one - other for one, other in pairs], 0).confidence_interval()
    assert (row["bias"], row["off"]) == pytest.approx((10.0, 15.0))
    assert (row["lower"], row["upper"]) == pytest.approx((oracle.low, oracle.high))  # of 100 won on average
    with pytest.raises(UnknownNameError):
        forecast_bias(errors(*pairs), by=["planet"])


@pytest.mark.parametrize(("pairs", "said"), [
    ([(120.0, 100.0), (130.0, 100.0)] * 10, "20) lay 25.0 % above what was won (95 % interval 22.6 to 27.4 %)"
     " - more than chance alone explains."),
    ([(80.0, 100.0), (70.0, 100.0)] * 10, "20) lay 25.0 % below what was won (95 % interval −27.4 to −22.6 %)"
     " - more than chance alone explains."),
    ([(180.0, 100.0), (30.0, 100.0)] * 10, "20) lay 5.0 % above what was won (95 % interval −31.0 to 41.0 %)"
     " - within what chance alone explains."),
    ([(120.0, 100.0), (80.0, 100.0)] * 10, "20) lay level with what was won (95 % interval −9.6 to 9.6 %)"
     " - within what chance alone explains."),
    ([(120.0, 100.0)] * 9, "9) are too few to call them too high or too low."),
    ([(120.0, 0.0)] * 10, "10) are too few to call them too high or too low."),
])  # fmt: skip
def test_bias_in_words(pairs: list[tuple[float, float]], said: str):
    assert words.forecast_words(forecast_bias(errors(*pairs))) == [f"Forecasts of teams made early ({said}"]


def test_of_the_forecasts_of_a_span_its_last_before_it_counts():
    """Those of one span are off together: to take them as two would make the interval too narrow."""
    found = last_before(forecast_errors(dataset(FORECAST), as_of="2026-09-30"))
    assert found.select("owner", "lead_days", "error").rows() == [("Ann", 1, -30.0), ("South", 14, -5.0)]


def test_bias_by_rep_and_lead_time():
    found = forecast_bias(forecast_errors(dataset(FORECAST), as_of="2026-09-30"), by=["owner", "lead"])
    assert found.select("owner", "lead", "bias").rows() == [
        ("Ann", LEADS[0], 20.0), ("Ann", LEADS[1], -20.0), ("South", LEADS[1], -20.0), ("c", LEADS[2], 0.0),
    ]  # fmt: skip


def test_the_planted_habit_is_found(data: Dataset):
    found = last_before(forecast_errors(data, as_of="2026-09-30")).filter(pl.col("level") == "team")
    bias = forecast_bias(found, by=["owner"])
    apart = bias.filter(pl.col("lower") > 0)
    assert apart["owner"].to_list() == [truth.OVERCONFIDENT_TEAM]
    low, high = apart.select("lower", "upper").row(0)
    assert low < 100 * (truth.FORECAST_BIAS - 1) < high


# --- The bridge in words and as a chart -------------------------------------------------------------------------------

STEPS = """
    deals: deal_id status created_at closed_at amount
    a open 2026-05-01 - 100
    b open 2026-07-01 - 30
    c won 2026-05-01 2026-07-05 50
    d lost 2026-08-01 2026-09-05 10
"""


@pytest.mark.parametrize(("period", "said"), [
    ("2026Q3", ["The open pipeline shrank by 20: it opened at 150 and closed at 130.",
                "Most came in as new (40, 2 deals).", "Most went out as won (50, 1 deal) and lost (10, 1 deal)."]),
    ("2026Q2", ["The open pipeline grew by 150: it opened at 0 and closed at 150.",
                "Most came in as new (150, 2 deals)."]),
    ("2026Q4", ["The open pipeline stayed the same: it opened at 130 and closed at 130."]),
    ("2026Q1", ["No deal was open in the period."]),
])  # fmt: skip
def test_the_bridge_in_words(period: str, said: list[str]):
    assert words.bridge_words(bridge(dataset(STEPS), period=period)) == said


def test_what_rounds_to_nothing_has_not_moved():
    same = velocity_change(dataset(FASTER), period="2026Q3", against="2026Q3")
    nearly = same.with_columns(now=pl.lit(16877.4), before=pl.lit(16877.2), contribution=pl.lit(0.2))
    assert words.velocity_words(nearly)[0] == "The pipeline's velocity stayed at 16,877 per day."


def test_the_bridge_as_a_chart():
    frame = bridge(dataset(STEPS), period="2026Q3")
    spec = pipeline_bridge(frame).to_dict()
    rows = [row for rows in spec["datasets"].values() for row in rows]
    assert [(row["name"], row["low"], row["high"], row["kind"]) for row in rows] == [
        ("Opening", 0, 150, "Open"), ("New", 150, 190, "Adds"), ("Lost", 180, 190, "Takes away"),
        ("Won", 130, 180, "Won"), ("Closing", 0, 130, "Open"),
    ]  # fmt: skip
    assert "New: +40 · 2. Lost: −10 · 1." in spec["description"]
    assert frame.equals(bridge(dataset(STEPS), period="2026Q3"))
    assert "no data" in pipeline_bridge(bridge(dataset(STEPS), period="2026Q1")).to_dict()["description"]


# --- On a page --------------------------------------------------------------------------------------------------------

SECTIONS = ("findings", "bridge", "due", "velocity", "age", "slippage", "coverage", "rush", "forecasts")


def shown(view: View) -> dict[str, str]:
    """What each section shows: the kinds of its outputs, or what it lacks."""
    found = {}
    for name in SECTIONS:
        try:
            found[name] = " ".join(type(one).__name__ for one in getattr(sections, name)(view))
        except EvaluationError as error:
            found[name] = str(error).split(", which")[0]
    return found


@pytest.mark.parametrize("team", ["DACH", "Asia-Pacific", "(unassigned)"])
def test_every_section_has_something_for_every_team(data: Dataset, team: str):
    found = shown(View.of(data, Slice.parse(f"team={team}&period=2026Q3")))
    assert all(found.values())
    assert not [said for said in found.values() if "needs" in said]
    assert found["bridge"].endswith("Chart Table")


def test_data_without_a_history_says_what_is_missing():
    crm = load(Path(__file__).parents[1] / "data" / "crm_sales.toml")
    found = shown(View.of(crm, Slice.parse("team=Dustin Brinkmann&period=2017Q3")))
    assert {name: said for name, said in found.items() if "needs" in said} == {
        "due": "The bridge of deals due needs deals.expected_close_at",
        "slippage": "Slippage needs deals.expected_close_at, deal_changes",
        "forecasts": "Forecasts beside what was won needs forecasts",
    }
    assert found["bridge"] == "LayerChart Table"


def test_a_slice_is_its_group(data: Dataset):
    own = data.as_of("2026-06-30").where({"team": ["DACH"]})  # in this order: who had what on that day
    more: dict = {"as_of": "2026-06-30"}
    for analysis, asked in (
        (ageing, {}), (slippage, {"period": "2026Q2"}), (rush, {"periods": "2026Q1..2026Q2"}),
        (coverage, {"periods": "2026Q1..2026Q2"}), (velocity_change, {"period": "2026Q2"}),
    ):  # fmt: skip
        groups = analysis(data, by="team", **asked, **more)
        assert_frame_equal(analysis(own, **asked, **more), groups.filter(pl.col("group") == "DACH").drop("group"))


# --- As it stood ------------------------------------------------------------------------------------------------------


def test_later_facts_change_nothing(data: Dataset):
    """What is seen from a day is the same from the whole as from data that ends on that day."""
    known = data.as_of("2026-05-17")
    tables = ("deals", "deal_changes", "forecasts", "reps", "accounts", "stages")
    ended = Dataset.of({name: known[name].collect() for name in tables})
    more: dict = {"as_of": "2026-05-17"}
    for analysis, asked in (
        (ageing, {"by": "team"}), (slippage, {"period": "2026Q2"}), (coverage, {"periods": "2026Q1..2026Q2"}),
        (rush, {"periods": "2025Q4..2026Q2"}), (velocity_change, {"period": "2026Q2"}), (forecast_errors, {}),
    ):  # fmt: skip
        one, other = (analysis(each, **asked, **more) for each in (data, ended))
        assert one.height
        assert one.equals(other)
