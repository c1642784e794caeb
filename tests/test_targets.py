"""Targets: of all, of a group, of a period, of both, from settings and from quotas; names that nobody bears."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from small import dataset

from kpitools.config import read_config
from kpitools.errors import DataError, EvaluationError, KpitoolsError, UnknownNameError
from kpitools.evaluation.evaluate import evaluate
from kpitools.evaluation.targets import Quota
from kpitools.kpis.kpi import Benchmark
from kpitools.model.calendar import ListedCalendar

DEALS = """
    reps: rep_id name team
    1 Ann North
    2 Bo South
    deals: deal_id owner_rep_id status closed_at
    a 1 won 2026-04-01
    b 1 lost 2026-07-01
    c 1 won 2026-07-01
    d 2 won 2026-07-01
"""


def found(targets: object, by: str | tuple = "team", periods: str = "2026Q3", tables: str = DEALS, **more) -> dict:
    kpis = more.pop("kpis", "win_rate")
    result = evaluate(kpis, dataset(tables), periods=periods, by=by, compare="target", targets=targets, **more)
    return {row[:-1]: row[-1] for row in result.frame.select(*result.by, "period", "target").rows()}


@pytest.mark.parametrize(
    ("said", "north", "south"),
    [
        (30, 30, 30),
        ({"North": 33}, 33, None),
        ({"2026Q3": 35}, 35, 35),
        ({"2026Q2": 35}, None, None),
        ({"North": {"2026Q3": 36}}, 36, None),
        ({"North": {"2026Q2": 36}, "2026Q3": 35}, 35, 35),
        ({"North": 33, "2026Q3": 35}, 33, 35),
        ({"(all)": 31, "North": 33}, 33, None),
        ({"Ann": 50}, None, None),  # a rep's
        ({}, None, None),
    ],
)
def test_what_is_said_of_group_and_period_goes_before_what_is_said_of_all(said, north, south):
    assert found({"win_rate": said}) == {("North", "2026Q3"): north, ("South", "2026Q3"): south}


def test_targets_of_reps_and_of_everything():
    said = {"win_rate": {"North": 33, "Ann": 50, "(all)": 31}}
    assert found(said, by="rep") == {("Ann", "2026Q3"): 50, ("Bo", "2026Q3"): None}
    assert found(said, by=()) == {("2026Q3",): 31}
    assert found(said, totals=True)[("(all)", "2026Q3")] == 31


def test_a_cut_is_not_everything():
    said = {"win_rate": {"(all)": 31, "Nowhere": 20}}
    frame = evaluate(
        "win_rate", dataset(DEALS).where({"team": ["North"]}), periods="2026Q3", compare="target", targets=said
    ).frame
    assert frame["target"].to_list() == [None]


def test_status_follows_the_direction():
    targets = {"win_rate": {"North": 60, "South": 90}}
    frame = evaluate("win_rate", dataset(DEALS), periods="2026Q3", by="team", compare="target", targets=targets).frame
    assert frame.select("team", "target_difference", "target_status").rows() == [
        ("North", -10, "worse"), ("South", 10, "better"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"Nort": 33}, "There is no team, rep or period to have a target 'Nort'. Did you mean 'North'?"),
        ({"Nort": {"2026Q3": 33}}, "Did you mean 'North'?"),
        ({"North": {"2026Q5": 33}}, "'2026Q5' is not a period."),
    ],
)
def test_a_target_for_nobody(said, message):
    with pytest.raises(KpitoolsError) as caught:
        found({"win_rate": said})
    assert message in str(caught.value)
    assert isinstance(caught.value, UnknownNameError | EvaluationError)


def test_periods_of_a_companys_own_calendar():
    terms = ListedCalendar({"spring": date(2026, 2, 1), "autumn": date(2026, 7, 1)}, end=date(2027, 1, 1))
    said = {"win_rate": {"North": {"autumn": 40, "spring": 20}}}
    assert found(said, periods=[terms["spring"], terms["autumn"]]) == {
        ("North", "spring"): 20, ("North", "autumn"): 40, ("South", "spring"): None, ("South", "autumn"): None,
    }  # fmt: skip


# ---- quotas

QUOTAS = f"""{DEALS}
    quotas: quota_id owner_kind owner_id measure starts_on ends_on amount
    1 team North win_rate 2026-01-01 2026-12-31 44
    2 rep 1 win_rate 2026-07-01 2026-09-30 55
    3 company - win_rate 2026-07-01 2026-09-30 40
    4 team North number_of_deals_closed 2026-07-01 2026-09-30 92
    5 team North number_of_deals_closed 2026-10-01 2026-12-31 46
    6 team North revenue 2026-07-01 2026-09-30 1000
    7 team South win_rate 2026-08-01 2026-12-31 60
"""


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        ("team", {("North", "2026Q3"): 44, ("South", "2026Q3"): None}),  # in force for a part of the quarter is not
        ("rep", {("Ann", "2026Q3"): 55, ("Bo", "2026Q3"): None}),
        ("rep_id", {("1", "2026Q3"): 55, ("2", "2026Q3"): None}),
        ((), {("2026Q3",): 40}),
    ],
)
def test_a_quota_of_a_kpi_is_the_target_of_its_owner(by, expected):
    assert {key: value for key, value in found({}, by=by, tables=QUOTAS).items() if key[0]} == expected


@pytest.mark.parametrize(("period", "target"), [("2026Q3", 92), ("2026-07", 31), ("2026", 92 + 46), ("2026Q2", None)])
def test_a_quota_of_what_adds_up_is_shared_out_by_days(period, target):
    rows = found({}, tables=QUOTAS, periods=period, kpis="number_of_deals_closed")
    assert rows[("North", period)] == target


def test_settings_go_before_quotas():
    assert found({"win_rate": {"North": 33}}, tables=QUOTAS)[("North", "2026Q3")] == 33


def test_a_quota_of_one_day():
    assert Quota(date(2026, 7, 1), date(2026, 7, 1), 3).share(date(2026, 7, 1), date(2026, 10, 1)) == 3
    assert Quota(date(2026, 7, 1), date(2026, 7, 1), 3).share(date(2026, 7, 2), date(2026, 10, 1)) is None


# ---- kpitools.toml


def read(tmp_path: Path, text: str):
    (tmp_path / "kpitools.toml").write_text(text)
    return read_config(tmp_path / "kpitools.toml")


def test_targets_and_benchmarks_are_settings(tmp_path):
    config = read(tmp_path, """
        [targets]
        average_deal_size = 500
        [targets.win_rate]
        North = 33
        South = {"2026Q3" = 35}
        [benchmarks]
        scope = "saas"
        [benchmarks.win_rate]
        low = 28
        high = 40
    """)  # fmt: skip
    assert found(config.targets) == {("North", "2026Q3"): 33, ("South", "2026Q3"): 35}
    assert config.kpis["win_rate"].benchmark == Benchmark(28, 40, "own")
    assert config.kpis["customer_churn_rate"].benchmark.scope == "saas"
    row = evaluate(config.kpis["win_rate"], dataset(DEALS), periods="2026Q3", compare="benchmark").frame
    assert row.select("benchmark_status", "benchmark_scope").row(0) == ("better", "own")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[targets]\nwin_rat = 3", "There is no KPI 'win_rat'. Did you mean 'win_rate'?"),
        ("[targets]\nwin_rate = 'high'", "targets.win_rate is 'high'; it must be a number."),
        ("[targets]\nwin_rate = true", "targets.win_rate is True; it must be a number."),
        ("[targets.win_rate.North]\n2026Q3 = 'x'", "targets.win_rate.North.2026Q3 is 'x'; it must be a number."),
        ("[targets.win_rate.North.2026Q3]\nmore = 1", "targets.win_rate.North.2026Q3 is {'more': 1}; it must be"),
        ("[benchmarks]\nscope = 'sass'", "There is no scope of benchmarks 'sass'. Did you mean 'saas'?"),
        ("[benchmarks]\nscope = 3", "scope must be a str, not 3."),
        ("[benchmarks.win_rat]\nlow = 3", "There is no KPI 'win_rat'."),
        ("[benchmarks.win_rate]\nlowest = 3", "There is no setting in [benchmarks.win_rate] 'lowest'."),
        ("[benchmarks.win_rate]\nlow = 'x'", "benchmarks.win_rate.low is 'x'; it must be a number."),
        ("[benchmarks.win_rate]\nlow = 5\nhigh = 3", "give low, high or both, the lower one as low."),
        ("[benchmarks.win_rate]", "[benchmarks.win_rate] is {}; give low, high or both"),
        ("[benchmarks]\nwin_rate = 3", "win_rate must be a dict, not 3."),
    ],
)
def test_a_wrong_setting_is_told(tmp_path, text, said):
    with pytest.raises((UnknownNameError, DataError)) as caught:
        read(tmp_path, text)
    assert said in str(caught.value)
