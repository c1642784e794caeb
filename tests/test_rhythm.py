"""Which pack is due on which day, about which period, with which KPIs."""

from __future__ import annotations

import json
import sys
from datetime import date, timedelta
from pathlib import Path

import pytest

from kpitools.cli import main
from kpitools.config import Config, read_config
from kpitools.errors import DataError, UnknownNameError
from kpitools.kpis.sets import RHYTHMS as SETS
from kpitools.reports.rhythm import RHYTHMS, last_finished, rhythm
from kpitools.reports.templates import available

SAMPLE = str(Path(__file__).parents[1] / "data" / "sample")
#: Every day from before a leap February to after a year with 53 weeks.
DAYS = [date(2023, 12, 20) + timedelta(days=n) for n in range(1200)]


def test_every_rhythm_has_a_set_of_kpis_and_templates_that_are_there():
    assert RHYTHMS.keys() == SETS.keys()
    assert {name for each in RHYTHMS.values() for name in each.templates} <= set(available())


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("2026-10-01", ["2026-09-30", "2026-W39", "2026-09", "2026Q3"]),
        ("2026-09-30", ["2026-09-29", "2026-W39", "2026-08", "2026Q2"]),
        ("2026-09-28", ["2026-09-27", "2026-W39", "2026-08", "2026Q2"]),  # a Monday: the week before is over
        ("2026-09-27", ["2026-09-26", "2026-W38", "2026-08", "2026Q2"]),  # a Sunday: its week is not
        ("2027-01-01", ["2026-12-31", "2026-W52", "2026-12", "2026Q4"]),
        ("2027-01-04", ["2027-01-03", "2026-W53", "2026-12", "2026Q4"]),
        ("2024-03-01", ["2024-02-29", "2024-W08", "2024-02", "2023Q4"]),
    ],
)
def test_the_last_period_that_is_over(day, expected):
    found = [last_finished(each.grain, date.fromisoformat(day)) for each in RHYTHMS.values()]
    assert [str(period) for period in found] == expected


@pytest.mark.parametrize("name", RHYTHMS)
@pytest.mark.parametrize("fiscal_start", [1, 2])
def test_on_any_day_the_period_is_over_and_the_next_is_not(name, fiscal_start):
    grain = RHYTHMS[name].grain
    for day in DAYS:
        period = last_finished(grain, day, fiscal_start=fiscal_start)
        following = period.calendar.shift(period, 1)
        assert following is not None
        assert period.end <= day < following.end


def test_a_fiscal_quarter():
    assert str(rhythm("quarterly", Config(fiscal_start=2), date(2026, 5, 1))["period"]) == "FY2027Q1"


@pytest.mark.parametrize("name", RHYTHMS)
def test_the_pack_by_default(name):
    due = rhythm(name, Config(), date(2026, 10, 5))
    assert due == {
        "period": due["period"], "by": "team", "templates": RHYTHMS[name].templates, "parameters": {"role": name},
        "out": Path("out") / name,
    }  # fmt: skip


def settings(place: Path, text: str) -> Config:
    (place / "kpitools.toml").write_text(text)
    return read_config(place / "kpitools.toml")


def test_a_pack_of_ones_own(tmp_path):
    own = settings(tmp_path, """
        [reports]
        by = "segment"
        out = "reports"
        [rhythms.weekly]
        templates = ["scorecard", "reps"]
        kpis = ["win_rate", "calls_made"]
        by = "manager"
        out = "monday"
        [rhythms.monthly]
        role = "executive"
    """)  # fmt: skip
    due = rhythm("weekly", own, date(2026, 10, 5))
    assert due == {
        "period": due["period"], "by": "manager", "templates": ("scorecard", "reps"),
        "parameters": {"kpis": ["win_rate", "calls_made"]}, "out": Path("monday"),
    }  # fmt: skip
    assert str(due["period"]) == "2026-W40"
    due = rhythm("monthly", own, date(2026, 10, 5))
    assert (due["by"], due["parameters"], due["out"]) == ("segment", {"role": "executive"}, Path("reports/monthly"))


OWN = '''
from kpitools.kpis.kpi import kpi
from kpitools.measures.deals import won_deals

@kpi(unit="count", better="higher", roles=("team",), timing="lagging", kind="outcome")
def wins_doubled(won=won_deals):
    """Twice the deals won."""
    return won * 2
'''


def test_a_pack_may_name_its_kpis_those_of_ones_own_among_them(tmp_path, report):
    (tmp_path / "own.py").write_text(OWN)
    (tmp_path / "kpitools.toml").write_text(
        '[kpis]\nmodules = ["own"]\n[rhythms.monthly]\ntemplates = ["scorecard"]\n'
        'kpis = ["wins_doubled", "calls_made"]\n'
    )
    report("--rhythm", "monthly", "--as-of", "2026-09-15", "--only", "Nordics")
    page = (tmp_path / "out" / "monthly" / "scorecard-nordics-2026-08.html").read_text("utf-8")
    assert 'id="def-wins_doubled"' in page
    assert 'id="def-calls_made"' in page
    assert f'id="def-{SETS["monthly"].core[1]}"' not in page
    with pytest.raises(UnknownNameError, match="Did you mean 'wins_doubled'"):
        settings(tmp_path, "[kpis]\nmodules = ['own']\n[rhythms.monthly]\nkpis = ['wins_doubeld']")


def test_templates_that_know_no_set_of_kpis_are_given_none():
    due = rhythm("weekly", Config(), date(2026, 10, 5), templates=["funnel"])
    assert (due["templates"], due["parameters"]) == (("funnel",), {})


@pytest.mark.parametrize(
    ("text", "error", "said"),
    [
        ("[rhythms.weekli]", UnknownNameError, "There is no rhythm 'weekli'. Did you mean 'weekly'?"),
        ("[rhythms]\nweekly = 3", DataError, "weekly must be a dict, not 3"),
        ("[rhythms.weekly]\ntemplate = 'x'", UnknownNameError, "setting in [rhythms.weekly] 'template'. Did you mean"),
        ("[rhythms.weekly]\ntemplates = 'x'", DataError, "templates must be a list, not 'x'"),
        ("[rhythms.weekly]\ntemplates = [1]", DataError, "templates must be a list of texts; 1 is none"),
        (
            "[rhythms.weekly]\nkpis = ['winrate']",
            UnknownNameError,
            "There is no KPI 'winrate'. Did you mean 'win_rate'?",
        ),
        ("[rhythms.weekly]\nrole = 'executiv'", UnknownNameError, "Did you mean 'executive'?"),
        ("[rhythms.weekly]\nrole = 'ae'\nkpis = ['win_rate']", DataError, "name one of the two"),
    ],
)
def test_a_wrong_pack(tmp_path, text, error, said):
    with pytest.raises(error) as caught:
        settings(tmp_path, text)
    assert said in str(caught.value)


def test_no_such_rhythm_and_no_such_template():
    with pytest.raises(UnknownNameError, match="Did you mean 'monthly'"):
        rhythm("montly", Config(), date(2026, 10, 5))
    with pytest.raises(UnknownNameError, match="Did you mean 'funnel'"):
        rhythm("weekly", Config(), date(2026, 10, 5), templates=["funel"])


# ---- the command line


@pytest.fixture
def report(monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(tmp_path)

    def run(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["kpitools", "report", "--data", SAMPLE, "--workers", "1", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        assert "Traceback" not in said.err + said.out
        return ended.value.code, said.out, said.err

    return run


def test_the_set_of_a_rhythm_reaches_the_page(report, tmp_path):
    report("--rhythm", "weekly", "--as-of", "2026-09-15", "--only", "Nordics", "--template", "scorecard")
    out = tmp_path / "out" / "weekly"
    (made,) = json.loads((out / "manifest.json").read_text("utf-8"))["reports"]
    assert (made["status"], made["parameters"]["period"], made["parameters"]["role"]) == ("made", "2026-W37", "weekly")
    page = (out / "scorecard-nordics-2026-w37.html").read_text("utf-8")
    assert all(f'id="def-{name}"' in page for name in SETS["weekly"].core)


def test_what_is_due_can_be_listed(report):
    _, out, _ = report("--rhythm", "quarterly", "--as-of", "2026-09-30", "--only", "Nordics", "--list")
    assert [name for name in available() if f"{name}-nordics-2026q3" in out] == sorted(RHYTHMS["quarterly"].templates)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "Give --period or --rhythm"),
        (["--rhythm", "weekly", "--period", "2026Q3"], "Give --period or --rhythm"),
        (["--rhythm", "weekly", "--as-of", "soon"], "'soon' is not a day"),
        (["--rhythm", "weekly", "--template", "funel"], "Did you mean 'funnel'?"),
        (["--rhythm", "daily", "--as-of", "2011-01-02"], "There is no data in 2011-01-02"),
    ],
)
def test_the_command_says_what_is_wrong(report, words, said):
    code, _, err = report(*words)
    assert code == 2
    assert said in err
