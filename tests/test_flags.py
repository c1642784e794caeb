"""Red flags: each kind of rule fires and does not fire, what is ranked where, and what the sample was planted with."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest
from small import dataset

from kpitools.analyses.flags.catalogue import HELPERS, RULES
from kpitools.analyses.flags.check import NOTHING_TO_JUDGE, Flags, flags, judge
from kpitools.analyses.flags.conditions import Change, Holds, Level, Mismatch, Outlier, Streak, Swing, Uneven
from kpitools.analyses.flags.rules import Rule, rules_of, settings, with_limits
from kpitools.analyses.words.figures import MATURING
from kpitools.analyses.words.flags import condition_words, flag_words
from kpitools.errors import DataError, EvaluationError, UnknownNameError
from kpitools.kpis.catalogue import CATALOGUE
from kpitools.kpis.levers import advice_of
from kpitools.model.calendar import parse_period, periods_until
from kpitools.model.dataset import Dataset
from kpitools.sample import truth

KNOWN = {**HELPERS, **CATALOGUE}
PERIODS = {period.label: period.start for period in periods_until(parse_period("2026Q3"), 6)}
ENDS = {period.label: period.end for period in periods_until(parse_period("2026Q3"), 6)}
ROW = {"lower": None, "upper": None, "n": 100, "small": False, "complete": True}


def tidy(*rows: dict) -> pl.DataFrame:
    """Rows of a tidy frame: kpi, member, period and value, and what differs from `ROW`."""
    labels = list(PERIODS)
    full = []
    for row in rows:
        place = labels.index(row["period"])
        earlier = {label: PERIODS[labels[place - back]] if place >= back else None
                   for label, back in (("previous_start", 1), ("year_ago_start", 4))}  # fmt: skip
        full.append({"kpi": "win_rate", "member": None, "previous": None, "year_ago": None, "start":
                     PERIODS[row["period"]], "end": ENDS[row["period"]], **earlier, **ROW, **row})  # fmt: skip
    floats = dict.fromkeys(("value", "lower", "upper", "previous", "year_ago"), pl.Float64)
    dates = dict.fromkeys(("start", "end", "previous_start", "year_ago_start"), pl.Date)
    names = {"kpi": pl.String, "member": pl.String, "period": pl.String, "n": pl.Int64}
    return pl.DataFrame(full, schema={**names, **floats, **dates, "small": pl.Boolean, "complete": pl.Boolean})


def series(*values: float | None, kpi: str = "win_rate", **more: object) -> pl.DataFrame:
    """One figure per period, the last of 2026Q3, each with the one before."""
    labels = list(PERIODS)[-len(values) :]
    before = [None, *values[:-1]]
    return tidy(*({"kpi": kpi, "period": label, "value": value, "previous": previous, **more}
                  for label, value, previous in zip(labels, values, before, strict=True)))  # fmt: skip


def members(kpi: str = "win_rate", **values: float | None) -> pl.DataFrame:
    return tidy(*({"kpi": kpi, "member": name, "period": "2026Q3", "value": value} for name, value in values.items()))


def judged(condition, frame: pl.DataFrame, *columns: str, kpis=("win_rate",)) -> list:
    found = judge(Rule("test", kpis, condition, "A test.", ("own",)), frame, [])
    return found.sort("member").select("fires", *columns).rows()


@pytest.mark.parametrize(
    ("condition", "value", "fires"),
    [
        (Level(below=3), 2.9, True),
        (Level(below=3), 3, False),
        (Level(below=0.3), 0.1 + 0.2, False),
        (Level(above=3), 3, False),
        (Level(above=3), 3.1, True),
        (Level(reaching=3), 3, True),
        (Level(reaching=3), 2.9, False),
        (Level(below=1, above=2), 0.9, True),
        (Level(below=1, above=2), 2.1, True),
        (Level(below=1, above=2), 1.5, False),
        (Level(below=3), None, None),
        (Level(), 3, None),
    ],
)
def test_a_level(condition, value, fires):
    assert judged(condition, series(value)) == [(fires,)]


def test_of_a_band_the_limit_is_the_side_that_was_passed():
    assert judged(Level(below=1, above=2), series(0.5), "limit") == [(True, 1)]
    assert judged(Level(below=1, above=2), series(2.5), "limit") == [(True, 2)]


@pytest.mark.parametrize(
    ("condition", "before", "now", "fires", "measured"),
    [
        (Change(below=-10), 100, 89, True, -11),
        (Change(below=-10), 100, 90, False, -10),
        (Change(above=10), 100, 111, True, 11),
        (Change(above=10), 100, 110, False, 10),
        (Change(below=2), 100, 100, True, 0),
        (Change(reaching=100), 0.2, 0.4, True, 100),
        (Change(reaching=100, least=0.5), 0.2, 0.4, False, 100),
        (Change(below=-5, points=True), 30, 24, True, -6),
        (Change(below=-5, points=True), 30, 25, False, -5),
        (Change(below=-0.3, points=True), -0.1, -0.5, True, -0.4),
        (Change(below=-10), 0, 5, None, None),
        (Change(below=-10), None, 5, None, None),
        (Change(below=-10), 5, None, None, None),
    ],
)
def test_a_change(condition, before, now, fires, measured):
    ((fired, found),) = judged(condition, series(before, now), "measured")
    assert fired is fires
    assert found == (None if measured is None else pytest.approx(measured))


def test_a_change_against_a_year_ago_and_against_the_last_known():
    frame = tidy({"period": "2026Q3", "value": 80, "previous": 80, "year_ago": 100})
    assert judged(Change(below=-10, against="year_ago"), frame, "other") == [(True, 100)]
    gap = series(90, 100, None, None, 80)
    assert judged(Change(below=-10, against="last"), gap, "other") == [(True, 100)]
    assert judged(Change(below=-10), gap) == [(None,)]


@pytest.mark.parametrize(("reach", "clear"), [(2, True), (8, False)])
def test_a_change_is_clear_where_both_intervals_allow_it(reach, clear):
    frame = series(40, 30).with_columns(lower=pl.col("value") - reach, upper=pl.col("value") + reach)
    assert judged(Change(below=-5, points=True), frame, "clear") == [(True, clear)]


def test_a_level_is_clear_where_the_limit_is_outside_the_interval():
    assert judged(Level(below=3), series(2.0, lower=1.0, upper=2.5), "clear") == [(True, True)]
    assert judged(Level(below=3), series(2.0, lower=1.0, upper=3.5), "clear") == [(True, False)]
    assert judged(Level(below=3), series(2.0), "clear") == [(True, None)]


@pytest.mark.parametrize(
    ("now", "before", "small"),
    [({"n": 5, "small": True}, {}, True), ({}, {"n": 5, "small": True}, True), ({"n": 3}, {"n": 9}, True),
     ({"n": 3}, {"n": 50}, False)],
)  # fmt: skip
def test_a_change_is_on_a_small_sample_where_either_is_or_both_count_few(now, before, small):
    frame = tidy({"period": "2026Q2", "value": 9, **before}, {"period": "2026Q3", "value": 3, "previous": 9, **now})
    assert judged(Change(below=-10), frame, "small") == [(True, small)]


@pytest.mark.parametrize(
    ("condition", "values", "fires", "measured", "other"),
    [
        (Streak(3, "falling"), (5, 9, 8, 7, 6), True, 3, 9),
        (Streak(3, "falling"), (5, 8, 7, 6), False, 2, 8),
        (Streak(3, "falling"), (9, 8, 8, 7), False, 1, 8),
        (Streak(3, "falling"), (9, None, 8, 7), False, 1, 8),
        (Streak(3, "falling"), (9, 8, 7, None), None, None, None),
        (Streak(3, "falling"), (9,), None, None, None),
        (Streak(2, "rising"), (1, 2, 3), True, 2, 1),
        (Streak(3, "reaching", 50), (40, 50, 60, 51), True, 3, 40),
        (Streak(3, "reaching", 50), (50, 49, 60, 51), False, 2, 49),
        (Streak(3, "below", 50), (49, 49, 49), True, 3, None),
        (Streak(3, "below", 50), (49, 50, 49), False, 1, 50),
    ],
)
def test_a_streak(condition, values, fires, measured, other):
    assert judged(condition, series(*values), "measured", "other") == [(fires, measured, other)]


def test_a_streak_counts_whole_periods_only():
    frame = series(9, 8, 7, 6, 1).with_columns(complete=pl.col("period") != "2026Q3")
    assert judged(Streak(3, "falling"), frame, "period", "value") == [(True, "2026Q2", 6)]


def test_swings_are_of_changes():
    steady, wild = series(100, 110, 121, 133.1), series(100, 120, 96, 115.2)
    assert judged(Swing(above=5), steady) == [(False,)]
    ((fires, measured),) = judged(Swing(above=5), wild, "measured")
    assert (fires, round(measured, 2)) == (True, 23.09)  # +20, -20, +20
    ((fires, measured),) = judged(Swing(above=1, of_mean=True), series(0, 10, 10, 50), "measured")
    assert (fires, round(measured, 3)) == (True, 1.249)  # 10, 0, 40: deviation 20.817, mean 16.667
    assert judged(Swing(above=5), series(100, 120, 96)) == [(None,)]


def test_an_outlier_is_far_from_the_median_of_the_others():
    frame = members(a=60, b=80, c=90, d=100)
    assert judged(Outlier(below=-25), frame, "other") == [(True, 90), (False, 90), (False, 80), (False, 80)]
    assert judged(Outlier(below=-30, points=True), frame)[0] == (False,)
    assert judged(Outlier(above=24, points=True), members(a=1, b=1, c=26))[2] == (True,)
    assert judged(Outlier(below=-25), members(a=60, b=80)) == [(None,), (None,)]
    assert judged(Outlier(below=-25), members(a=None, b=80, c=80, d=80))[0] == (None,)


def test_small_samples_are_no_measure_for_others():
    frame = members(a=60, b=80, c=90, d=10).with_columns(small=pl.col("member") == "d")
    assert judged(Outlier(below=-25), frame, "other", "small") == [
        (True, 85, False), (False, 75, False), (False, 70, False), (True, 80, True),
    ]  # fmt: skip


def test_members_are_compared_within_their_group():
    frame = members(a=10, b=10, c=10, d=90, e=90, f=60).with_columns(
        role=pl.when(pl.col("value") > 50).then(pl.lit("ae")).otherwise(pl.lit("sdr"))
    )
    found = judge(Rule("test", ("win_rate",), Outlier(below=-25), "A test.", ("own",)), frame, ["role"])
    assert found.filter(pl.col("fires"))["member"].to_list() == ["f"]


def test_unevenness_is_of_at_least_three_large_samples():
    assert judged(Uneven(above=0.5), members(a=1, b=2, c=3), "n") == [(False, 3)]  # deviation 1, mean 2
    assert judged(Uneven(above=0.49), members(a=1, b=2, c=3), "measured", "other") == [(True, 0.5, 2)]
    assert judged(Uneven(above=0.1), members(a=1, b=2)) == [(None,)]
    few = members(a=1, b=2, c=3).with_columns(small=pl.col("member") == "c")
    assert judged(Uneven(above=0.1), few) == [(None,)]


def test_one_member_holds_more_than_its_share():
    assert judged(Holds(above=50), members(a=6, b=4), "measured", "other") == [(True, 60, 10), (False, 40, 10)]
    assert judged(Holds(above=50), members(a=5, b=5)) == [(False,), (False,)]
    assert judged(Holds(above=50), members(a=5)) == [(None,)]


@pytest.mark.parametrize(
    ("calls", "meetings", "fires"),
    [((100, 120), (50, 50), True), ((100, 120), (50, 51), False), ((100, 110), (50, 40), False),
     ((100, 120), (None, 50), None), ((None, 120), (50, 50), None)],
)  # fmt: skip
def test_a_mismatch_needs_both(calls, meetings, fires):
    frame = pl.concat([series(*calls, kpi="calls_made"), series(*meetings, kpi="meetings_booked")])
    condition = Mismatch(Change(above=10), Change(below=2))
    ((found, beside),) = judged(condition, frame, "beside_value", kpis=("calls_made", "meetings_booked"))
    assert (found, beside) == (fires, calls[1])


@pytest.mark.parametrize(
    ("last", "judged"),
    [("2026-09-30", ["2026Q2"]), ("2026-12-28", ["2026Q2"]), ("2026-12-29", ["2026Q3"]), ("2026-01-01", [])],
)
def test_figures_that_can_still_change_wait(last, judged):
    rule = Rule("test", ("win_rate",), Level(below=50), "A test.", ("own",), wait=90)
    assert judge(rule, series(40, 40), [], date.fromisoformat(last))["period"].to_list() == judged


def test_rules_name_kpis_and_wait_where_figures_ripen():
    for rule in RULES.values():
        assert set(rule.kpis) <= set(KNOWN), rule.id
        assert not set(rule.kpis) & MATURING or rule.wait, rule.id
        assert rule.severity in (1, 2, 3)
        assert rule.says.endswith(".")


@pytest.mark.parametrize("name", RULES)
def test_every_rule_has_causes_levers_and_a_condition_in_words(name: str):
    told = RULES[name].advice(KNOWN[RULES[name].kpi])
    assert told.causes
    assert told.levers
    assert condition_words(RULES[name], KNOWN)


def test_every_kpi_has_causes_and_levers():
    assert [name for name, kpi in CATALOGUE.items() if not (advice_of(kpi).causes and advice_of(kpi).levers)] == []


#: What the sources (or the catalogue behind this one) call a red flag, by KPI, and the rules that stand for it.
CONDITIONS = {
    "monthly_recurring_revenue": ["monthly_recurring_revenue_swings", "monthly_recurring_revenue_falls"],
    "annual_recurring_revenue": [
        "annual_recurring_revenue_falls", "recurring_growth_slows", "annual_recurring_revenue_uneven",
    ],
    "annual_contract_value": ["contract_value_falls"],
    "arr_growth_rate": ["recurring_growth_slows"],
    "pipeline_coverage_ratio": [
        "thin_coverage", ("uneven_pipeline_by_stage", "uneven_coverage_by_rep"), "coverage_keeps_falling",
    ],
    "pipeline_health": ["thin_coverage", "one_stage_holds_pipeline", "deals_overstay"],
    "new_leads_added": ["fewer_new_leads"],
    "lead_conversion_rate": ["low_lead_conversion"],
    "stage_conversion_rate": ["weak_stage", "leaking_stage", "stage_conversion_drops"],
    "call_to_meeting_rate": [("calls_without_meetings", "calls_convert_poorly")],
    "lead_waiting_time": [("long_waits", "waits_grow")],
    "customer_acquisition_cost": ["acquisition_gets_dearer", "customers_cost_too_much"],
    "customer_retention_rate": [("low_retention", "retention_falls")],
    "net_revenue_retention": ["customer_base_shrinks"],
    "customer_lifetime_value": ["customers_cost_too_much"],
    "ltv_cac_ratio": ["customers_cost_too_much"],
    "activity_volume": [
        ("activity_drops", "early_activity_drops"), ("activity_without_outcome", "busy_without_wins"),
        ("fewer_follow_ups", "fewer_proposals"),
    ],
    "proposals_sent": ["fewer_proposals"],
    "follow_up_rate": ["follow_up_rate_falls"],
    "call_performance_score": [
        "talk_out_of_balance", ("buyers_disengaged", "key_messages_missed"), "objections_unanswered",
    ],
    "talk_to_listen_ratio": ["talk_out_of_balance"],
    "call_engagement_level": ["buyers_disengaged"],
    "key_message_delivery": ["key_messages_missed"],
    "objection_handling_quality": ["objections_unanswered"],
    "call_sentiment": ["late_sentiment_negative", "sentiment_drops"],
    "talk_dominance_rate": ["rep_dominates_calls"],
    "employee_turnover_rate": [("turnover_above_usual", "turnover_rises")],
    "sales_team_loyalty_rate": [("low_team_loyalty", "team_loyalty_falls")],
    "deal_risk_score": ["deal_at_risk", "due_deal_with_a_sign_of_risk"],
    "churn_probability": ["customer_may_leave", "risk_of_leaving_doubles"],
    "customer_sentiment_trend": ["customer_turns_away"],
    # further warnings that the requirements list apart from the catalogue
    "low contract value": ["low_contract_value"],
    "low conversion": [("low_win_rate", "win_rate_drops", "low_lead_conversion")],
    "engagement without conversion": ["engaged_but_not_buying"],
    "early warning": [("account_in_poor_health", "pipeline_goes_stale", "team_with_stale_pipeline", "cohort_leaves")],
    "weak calls": ["weak_calls"],
    "slow answers": ["slow_first_answer"],
}  # fmt: skip


def test_every_condition_of_the_sources_has_its_rules_and_every_rule_its_condition():
    named = [rules for conditions in CONDITIONS.values() for rules in conditions]
    flat = {rule for rules in named for rule in ([rules] if isinstance(rules, str) else rules)}
    assert flat == set(RULES)


def test_limits_can_be_set():
    chosen = {
        "thin_coverage": {"below": 2.5},
        "low_win_rate": {"below": 20},
        "calls_without_meetings": {"first_above": 30},
    }
    changed = with_limits(RULES, chosen)
    assert changed["thin_coverage"].condition == Level(below=2.5)
    assert changed["low_win_rate"].condition == Level(below=20)  # in place of the benchmark
    assert changed["calls_without_meetings"].condition == Mismatch(Change(above=30), Change(below=2))
    assert with_limits(RULES, {"low_win_rate": {"severity": 3, "wait": 2}})["low_win_rate"].wait == 2
    assert changed["leaking_stage"] is RULES["leaking_stage"]
    assert settings(RULES["coverage_keeps_falling"])["running"] == 3


@pytest.mark.parametrize(
    ("chosen", "error", "message"),
    [
        ({"thin_coverag": {"below": 2}}, UnknownNameError, "Did you mean 'thin_coverage'"),
        ({"thin_coverage": {"bellow": 2}}, UnknownNameError, "setting of thin_coverage 'bellow'. Did you mean 'below'"),
        ({"thin_coverage": {"below": "2"}}, DataError, "give a value of the same kind"),
        ({"thin_coverage": {"severity": 7}}, DataError, r"thin_coverage\.severity is 3"),
        ({"win_rate_drops": {"points": 1}}, DataError, "points is True"),
    ],
)
def test_settings_that_there_are_not(chosen, error, message):
    with pytest.raises(error, match=message):
        with_limits(RULES, chosen)


DEALS = """
    deals: deal_id status created_at closed_at amount owner_rep_id
    a won  2026-01-01 2026-05-11 100 r
    b lost 2026-01-01 2026-08-30 10 r
    c lost 2026-01-01 2026-08-30 10 s
    reps: rep_id team
    r North
    s -
"""


def test_what_cannot_be_checked_is_named():
    found = flags(dataset(DEALS), period="2026Q3")
    reasons = dict(found.unchecked.select("flag", "reason").rows())
    assert reasons["thin_coverage"].startswith("the data lacks ")
    assert "quotas" in reasons["thin_coverage"]
    assert "accounts" in reasons["cohort_leaves"]
    assert reasons["leaking_stage"].startswith("the data lacks stage_history")
    assert set(reasons) | set(found.checked) == set(RULES)
    assert not set(reasons) & set(found.checked)
    assert found.frame.filter(flag="low_win_rate").select("period", "value", "limit", "small").rows() == [
        ("2026Q3", 0.0, 30.0, True)
    ]


def test_nothing_to_judge_is_no_all_clear():
    found = flags(dataset(DEALS), period="2025Q3", kpis=["win_rate"])
    assert found.frame.is_empty()
    assert set(found.unchecked["reason"]) <= {NOTHING_TO_JUDGE} | {
        reason for reason in found.unchecked["reason"] if reason.startswith("the data lacks")
    }
    assert "low_win_rate" not in found.checked


def test_rules_that_cannot_be_broken_down_and_rows_of_no_group():
    found = flags(dataset(DEALS), period="2026Q3", by="team", kpis=["win_rate"])
    assert found.frame.select("flag", "team", "value").rows() == [
        ("win_rate_drops", "North", 0.0), ("low_win_rate", "North", 0.0),
    ]  # fmt: skip
    by_kind = flags(dataset(DEALS), period="2026Q3", by="activity_kind", kpis=["win_rate"])
    assert "cannot be broken down by activity_kind" in by_kind.unchecked["reason"].to_list()


@pytest.mark.parametrize(
    ("by", "error", "message"),
    [
        ("tem", UnknownNameError, "Did you mean 'team'"),
        ("severity", EvaluationError, "cannot be broken down by severity"),
    ],
)
def test_dimensions_that_do_not_go(by, error, message):
    with pytest.raises(error, match=message):
        flags(dataset(DEALS), period="2026Q3", by=by)


def test_a_table_that_a_slice_cannot_divide_is_lacking(data: Dataset):
    found = flags(data.where({"segment": ["smb"]}), period="2026Q2")
    reasons = dict(found.unchecked.select("flag", "reason").rows())
    assert reasons["turnover_rises"] == "the data lacks reps"
    assert "leaking_stage" in found.checked


def test_no_rule_and_no_data():
    assert flags(Dataset.of({}), period="2026Q3").checked == ()
    assert flags(dataset(DEALS), period="2026Q3", kpis=[]).unchecked.is_empty()


def test_the_heavy_come_first_and_small_samples_last():
    names = {"watch": 1, "alarm": 3, "small": 3}
    rules = {
        name: Rule(name, ("win_rate",), Level(below=50), "A test.", ("own",), severity=severity, over="rep")
        for name, severity in names.items()
    }
    deals = "\n".join(f"d{n} lost 2026-01-01 2026-08-01 r" for n in range(12))
    few = "\n".join(f"e{n} lost 2026-01-01 2026-08-01 s" for n in range(2))
    data = dataset(f"deals: deal_id status created_at closed_at owner_rep_id\n{deals}\n{few}\nreps: rep_id\nr\ns")
    frame = flags(data, period="2026Q3", rules=rules).frame
    assert frame.select("rank", "flag", "member", "small").rows() == [
        (1, "alarm", "r", False), (2, "small", "r", False), (3, "watch", "r", False),
        (4, "alarm", "s", True), (5, "small", "s", True), (6, "watch", "s", True),
    ]  # fmt: skip
    assert frame["text"][0] == "Alarm, r: win rate was 0.0 % in Q3 2026, below the limit of 50.0 %."
    assert frame["text"][5].endswith(" - only 2 cases, so take it with care.")
    assert frame["weight"][0] == pytest.approx(3 * 1.5)


def test_of_many_members_each_counts_less():
    rule = Rule("low", ("win_rate",), Level(below=50), "A test.", ("own",), over="account")
    deals = "\n".join(f"{n} lost 2026-01-01 2026-08-01 {account}" for n, account in enumerate("abcd"))
    accounts = "\n".join(f"{account} {account}" for account in "abcd")
    data = dataset(
        f"deals: deal_id status created_at closed_at account_id\n{deals}\naccounts: account_id name\n{accounts}"
    )
    frame = flags(data, period="2026Q3", rules={"low": rule}).frame
    assert frame["weight"].to_list() == pytest.approx([3, 3 / 2**0.5, 3 / 3**0.5, 1.5])
    assert frame["small"].to_list() == [False] * 4  # a single customer is no sample


WORDS = {"period": "2026Q3", "value": 30.0, "other": 40.0, "measured": -10.0, "limit": -5.0, "n": 4, "member": None}


@pytest.mark.parametrize(
    ("rule", "row", "text"),
    [
        ("win_rate_drops", {"clear": False},
         "Win rate drops: win rate was 30.0 % in Q3 2026, 10.0 points below 40.0 % the period before - within what "
         "chance alone explains."),
        ("coverage_keeps_falling", {"value": 2.0, "other": 4.0, "measured": 3.0, "limit": 3.0},
         "Coverage keeps falling: pipeline coverage ratio was 2.0 in Q3 2026, falling for 3 periods running, from "
         "4.0."),
        ("leaking_stage", {"member": "Offer*", "small": True},
         "Leaking stage, Offer\\*: stage conversion rate was 30.0 % in Q3 2026, the median of the others 40.0 % - only "
         "4 cases, so take it with care."),
        ("uneven_coverage_by_rep", {"measured": 0.8, "limit": 0.5, "other": 3.0, "among": "ae"},
         "Uneven coverage by rep, ae: pipeline coverage ratio of 4 reps differed in Q3 2026 by 0.8 times their mean of "
         "3.0, above the limit of 0.5."),
        ("one_stage_holds_pipeline", {"measured": 60.0, "limit": 50.0, "member": "Offer"},
         "One stage holds pipeline, Offer: 60.0 % of pipeline value stood here in Q3 2026, above the limit of 50.0 %."),
        ("monthly_recurring_revenue_swings", {"value": 1000.0, "measured": 7.0, "limit": 5.0},
         "Monthly recurring revenue swings: monthly recurring revenue (MRR) was 1,000 in Q3 2026; its changes vary by "
         "7.0 points, above the limit of 5.0 %."),
        ("calls_without_meetings",
         {"value": 50.0, "other": 50.0, "measured": 0.0, "limit": 2.0, "beside_value": 120.0, "beside_other": 100.0,
          "beside_measured": 20.0, "beside_limit": 10.0},
         "Calls without meetings: calls made was 120 in Q3 2026, 20.0 % above 100 the period before, while meetings "
         "booked was 50, level with 50 the period before."),
        ("retention_falls", {"period": "year to 2026-09-30"},
         "Retention falls: customer retention rate was 30.0 % in the year to 30 Sep 2026, 10.0 points below 40.0 % the "
         "year before."),
    ],
)  # fmt: skip
def test_a_flag_in_words(rule, row, text):
    assert flag_words({**WORDS, **row}, RULES[rule], KNOWN) == text


@pytest.fixture(scope="module")
def found(data: Dataset) -> Flags:
    return flags(data, period="2026Q3")


@pytest.fixture(scope="module")
def found_by_team(data: Dataset) -> Flags:
    return flags(data, period="2026Q3", by="team")


def test_on_the_sample_every_rule_with_a_limit_is_checked(found: Flags):
    assert found.unchecked.select("flag", "reason").rows() == [("turnover_above_usual", "no limit is set")]


def test_the_planted_troubles_are_found(found: Flags):
    members = found.frame.group_by("flag").agg("member")
    by_flag = dict(zip(members["flag"], members["member"].to_list(), strict=True))
    assert by_flag["leaking_stage"] == [truth.LEAKING_STAGE]
    assert by_flag["cohort_leaves"] == [truth.FAST_CHURN_COHORT]
    assert by_flag["team_with_stale_pipeline"] == [truth.STALE_TEAM]


def test_the_planted_troubles_of_teams_are_found(found_by_team: Flags):
    teams = found_by_team.frame.filter(~pl.col("small")).group_by("flag", maintain_order=True).agg("team")
    by_flag = dict(zip(teams["flag"], teams["team"].to_list(), strict=True))
    assert by_flag["talk_out_of_balance"][0] == truth.TALKING_TEAM  # the worst comes first
    assert by_flag["key_messages_missed"][0] == truth.TALKING_TEAM
    assert truth.LISTENING_TEAM not in by_flag["key_messages_missed"]
    assert by_flag["low_win_rate"] == [truth.RAMPING_TEAM]


def test_every_flag_on_the_sample_reads_as_a_sentence(found: Flags, found_by_team: Flags):
    for text in [*found.frame["text"], *found_by_team.frame["text"]]:
        assert text.endswith(".")
        assert "@" not in text
        assert "None" not in text


def test_a_flag_is_what_its_figures_say(data: Dataset, found: Flags):
    """The leak by hand: visits begun in the quarter before that went on, by stage."""
    start, end = date(2026, 4, 1), date(2026, 7, 1)
    places = dict(data["stages"].select("stage", "position").collect().rows())
    position = pl.col("next_stage").replace_strict(places, default=None)
    visits = data["stage_history"].filter(pl.col("entered_at").dt.date().is_between(start, end, closed="left"))
    on = (pl.col("next_stage") == "won") | (position > pl.col("stage").replace_strict(places, default=None))
    shares = visits.group_by("stage").agg(share=100 * on.fill_null(False).mean()).collect()
    leak = shares.filter(stage=truth.LEAKING_STAGE)["share"].item()
    others = shares.filter(pl.col("stage") != truth.LEAKING_STAGE)["share"].median()
    row = found.frame.row(by_predicate=pl.col("flag") == "leaking_stage", named=True)
    assert (row["value"], row["other"]) == (pytest.approx(leak), pytest.approx(others))


def test_a_lower_limit_keeps_quiet(data: Dataset):
    rules = with_limits(RULES, {"thin_coverage": {"below": 0.1}})
    assert (
        flags(data, period="2026Q3", rules=rules, kpis=["pipeline_coverage_ratio"])
        .frame.filter(flag="thin_coverage")
        .is_empty()
    )


def test_rules_of_a_kpi():
    assert [rule.id for rule in rules_of("pipeline_value", RULES.values())] == [
        "uneven_pipeline_by_stage", "one_stage_holds_pipeline",
    ]  # fmt: skip
