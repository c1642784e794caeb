"""The command line, run as a user runs it: what it prints, how it ends, that it shows no traceback."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from kpitools.cli import main
from kpitools.cli.figures import aligned
from kpitools.formats import format_value
from kpitools.kpis.catalogue import CATALOGUE

ROOT = Path(__file__).parents[1]
SAMPLE = str(ROOT / "data" / "sample")
CRM = str(ROOT / "data" / "crm_sales.toml")


@pytest.fixture
def kpitools(monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(tmp_path)

    def run(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["kpitools", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        assert "Traceback" not in said.err
        return ended.value.code, said.out, said.err

    return run


def test_evaluate_gives_one_record_per_group_period_and_kpi(kpitools):
    code, out, _ = kpitools(
        "evaluate",
        "win_rate",
        "NRR",
        "--data",
        SAMPLE,
        "--by",
        "team",
        "--period",
        "2026Q2..2026Q3",
        "--format",
        "json",
    )
    records = json.loads(out)
    assert code == 0
    assert len(records) == 8 * 2 * 2
    assert {record["kpi"] for record in records} == {"win_rate", "net_revenue_retention"}
    assert all(set(record) >= {"team", "period", "start", "end", "value", "lower", "upper", "n"} for record in records)


def test_csv_and_json_hold_the_same_figures(kpitools, tmp_path):
    asked = ("evaluate", "average_deal_size", "--data", SAMPLE, "--by", "segment", "--period", "2026Q3")
    _, table, _ = kpitools(*asked, "--format", "csv")
    (tmp_path / "figures.csv").write_text(table)
    _, records, _ = kpitools(*asked, "--format", "json")
    expected = pl.DataFrame(json.loads(records))["value"].to_list()
    assert pl.read_csv(tmp_path / "figures.csv")["value"].to_list() == pytest.approx(expected)


def test_the_figures_of_the_public_crm_sample(kpitools):
    _, out, _ = kpitools("evaluate", "win_rate", "--data", CRM, "--period", "2017", "--format", "json")
    (record,) = json.loads(out)
    assert (record["numerator"], record["denominator"], round(record["value"], 4)) == (4238, 6711, 63.1501)


def test_where_as_of_compare_and_totals(kpitools):
    code, out, _ = kpitools(
        "evaluate", "pipeline_value", "--data", SAMPLE, "--period", "2026Q3", "--as-of", "2026-08-15",
        "--where", "team=Nordics", "--by", "stage", "--compare", "previous", "--totals",
    )  # fmt: skip
    assert code == 0
    assert "2026Q3 (to date)" in out
    assert "(all)" in out
    assert "vs previous" in out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["evaluate", "winrate", "--data", SAMPLE, "--period", "2026Q3"], "Did you mean 'win_rate'?"),
        (["evaluate", "win_rate", "--data", SAMPLE, "--period", "2026Q5"], "is not a period"),
        (["evaluate", "win_rate", "--data", SAMPLE, "--period", "2026Q3", "--by", "taem"], "Did you mean 'team'?"),
        (["evaluate", "CAC", "--data", SAMPLE, "--period", "2026Q3", "--by", "segment"], "lead to team, channel"),
        (["evaluate", "NRR", "--data", CRM, "--period", "2017Q3"], "needs subscriptions"),
        (["evaluate", "win_rate", "--period", "2026Q3"], "No data was named"),
        (["evaluate", "win_rate", "--data", "nowhere", "--period", "2026Q3"], "There is no folder"),
        (["check", "nowhere"], "There is no folder"),
        (["kpis", "winrate"], "Did you mean 'win_rate'?"),
        (["kpis", "--config", "nowhere.toml"], "There is no settings file"),
        (["report", "--data", SAMPLE, "--period", "2026Q3", "--template", "scorcard"], "Did you mean 'scorecard'?"),
        (["report", "--data", SAMPLE, "--period", "2026Q3", "--only", "Nordic"], "Did you mean 'Nordics'?"),
        (["report", "--data", SAMPLE, "--period", "2026Q3", "--parameter", "rolle=ae"], "Did you mean 'role'?"),
        (["report", "--data", SAMPLE, "--period", "2026Q3", "--parameter", "role"], "name=value"),
        (["report", "--data", SAMPLE, "--period", "1999Q3"], "There is no data in 1999Q3"),
        (["report", "--data", SAMPLE], "--period"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(kpitools, words, said):
    code, _, err = kpitools(*words)
    assert code == 2
    assert said in err


def test_an_empty_folder_and_one_without_deals(kpitools, tmp_path):
    (tmp_path / "empty").mkdir()
    code, _, err = kpitools("check", "empty")
    assert code == 2
    assert "deals" in err
    (tmp_path / "people").mkdir()
    (tmp_path / "people" / "reps.csv").write_text("rep_id,team\nr1,North\n")
    code, _, _ = kpitools("check", "people")
    assert code == 0
    code, _, err = kpitools("evaluate", "win_rate", "--data", "people", "--period", "2026Q3")
    assert code == 2
    assert "win_rate needs deals" in err


def test_check_counts_sets_aside_and_ends_with_1(kpitools, tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "deals.csv").write_text("deal_id,status,closed_at\na,won,2026-07-01\nb,Wonn,2026-07-01\n")
    code, out, _ = kpitools("check", "data", "--all")
    assert code == 1
    assert "deals     2     1      1" in out
    assert 'status: ""Wonn"" is not one of open, won, lost' in (
        tmp_path / "quarantine" / "deals_set_aside.csv"
    ).read_text("utf-8-sig")
    assert "orders" in out


def test_kpis_lists_everything_and_tells_all_of_one(kpitools):
    _, listed, _ = kpitools("kpis")
    assert all(name in listed for name in CATALOGUE)
    _, told, _ = kpitools("kpis", "NRR")
    assert "net_revenue_retention" in told
    _, facts, _ = kpitools("kpis", "win_rate", "--format", "json")
    assert json.loads(facts)["inputs"] == ["deals.closed_at", "deals.status"]
    _, every, _ = kpitools("kpis", "--format", "json")
    assert len(json.loads(every)) == len(CATALOGUE)


def test_kpis_are_looked_for(kpitools, tmp_path):
    _, out, _ = kpitools("kpis", "--search", "churn", "--area", "retention", "--format", "json")
    found = {one["id"] for one in json.loads(out)}
    assert "customer_churn_rate" in found
    assert all(CATALOGUE[name].area == "retention" for name in found)
    _, out, _ = kpitools("kpis", "--industry", "insurance", "--table", "claims", "--format", "json")
    assert all("claims" in one["tables"] for one in json.loads(out))
    _, out, _ = kpitools("kpis", "--search", "no such thing")
    assert "No KPI is like that" in out
    code, _, err = kpitools("kpis", "--industry", "insurence")
    assert (code, "Did you mean 'insurance'?" in err) == (2, True)
    kpitools("kpis", "--html", "kpis.html")
    assert 'id="win_rate"' in (tmp_path / "kpis.html").read_text("utf-8")


def test_one_kpi_is_told_with_all_that_belongs_to_it(kpitools):
    _, told, _ = kpitools("kpis", "account_health_score")
    assert all(part in told for part in ("parts", "weight 0.4", "settings", "as Polars", "levers"))


def test_flags_are_ranked_and_told(kpitools, tmp_path):
    code, out, _ = kpitools("flags", "--data", SAMPLE, "--period", "2026Q3", "--most", "5", "--unchecked")
    assert code == 0
    assert "Thin coverage: pipeline coverage ratio was 1.61 in Q3 2026" in out
    assert "why it was not checked" in out
    (tmp_path / "kpitools.toml").write_text("[flags.thin_coverage]\nbelow = 1.0\n")
    _, out, _ = kpitools("flags", "--data", SAMPLE, "--period", "2026Q3", "--most", "1000", "--format", "json")
    assert "thin_coverage" not in {one["flag"] for one in json.loads(out)}


def test_check_says_what_would_add_most(kpitools):
    _, out, _ = kpitools("check", CRM)
    first = out.split("What one more table or column would add:")[1].splitlines()[3]
    assert first.split()[0] in ("activities", "accounts", "leads", "orders")
    assert int(first.split()[1]) > 5


def test_sample_makes_the_same_company_again(kpitools, tmp_path):
    code, out, _ = kpitools("sample", "mine")
    assert code == 0
    assert (tmp_path / "mine" / "deals.csv").read_bytes() == (Path(SAMPLE) / "deals.csv").read_bytes()
    assert "46 tables" in out


def test_a_kpi_of_ones_own(kpitools, tmp_path):
    (tmp_path / "kpitools.toml").write_text(
        f'data = "{SAMPLE}"\n[kpis]\nmodules = ["own_kpis"]\n[targets]\ndiscount_rate = 5\n'
    )
    (tmp_path / "own_kpis.py").write_text((ROOT / "notebooks" / "own_kpis.py").read_text())
    code, out, _ = kpitools(
        "evaluate", "discount_rate", "--period", "2026Q3", "--compare", "target", "--format", "json"
    )
    (record,) = json.loads(out)
    assert code == 0
    assert record["target"] == 5
    assert record["value"] == pytest.approx(100 * record["numerator"] / record["denominator"])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[calender]\nfiscal_start = 2", "Did you mean 'calendar'?"),
        ("[calendar]\nfiscal_start = 13", "it is a month, 1 to 12"),
        ("[calendar]\nfiscal_start = 'May'", "must be a int"),
        ("[targets]\nwinrate = 3", "Did you mean 'win_rate'?"),
        ("[kpis]\nmodules = ['nowhere']", "There is no module of KPIs"),
        ("[kpis", "is not a TOML file"),
    ],
)
def test_a_wrong_setting_is_named(kpitools, tmp_path, text, said):
    (tmp_path / "kpitools.toml").write_text(text)
    code, _, err = kpitools("kpis")
    assert code == 2
    assert said in err


def test_fiscal_periods_follow_the_settings(kpitools, tmp_path):
    (tmp_path / "kpitools.toml").write_text(f'data = "{SAMPLE}"\n[calendar]\nfiscal_start = 2\n')
    _, out, _ = kpitools("evaluate", "win_rate", "--period", "FY2026Q2", "--format", "json")
    (record,) = json.loads(out)
    assert (record["start"], record["end"]) == ("2025-05-01", "2025-08-01")


def test_help_has_an_example_for_every_command(kpitools):
    for command in ("report", "evaluate", "check", "kpis", "sample"):
        code, out, _ = kpitools(command, "--help")
        assert code == 0
        assert f"  kpitools {command} " in out or f"  kpitools {command}\n" in out


def test_as_a_program_of_its_own():
    done = subprocess.run(
        [sys.executable, "-m", "kpitools", "kpis", "winrate"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert done.stderr.startswith("There is no KPI 'winrate'")


def test_columns_line_up():
    assert aligned(["a", "n"], [["x", "10"], ["yy", "9"]], right={"n"}).splitlines() == [
        "a    n",
        "--  --",
        "x   10",
        "yy   9",
    ]


def test_pages_charts_and_index_follow_the_language_of_the_settings(kpitools, tmp_path):
    (tmp_path / "kpitools.toml").write_text('[formats]\nlanguage = "de"\n', encoding="utf-8")
    asked = ("--period", "2026Q3", "--template", "scorecard", "--only", "Nordics", "--workers", "1")
    code, _, _ = kpitools("report", "--data", SAMPLE, *asked, "--out", str(tmp_path / "out"))
    assert code == 0
    page, index = (
        (tmp_path / "out" / name).read_text(encoding="utf-8")
        for name in ("scorecard-nordics-2026q3.html", "index.html")
    )
    charts = re.findall('<script type="application/json">(.*?)</script>', page, re.DOTALL)
    words = [re.sub("<(script|style|svg).*?</\\1>", "", html, flags=re.DOTALL) for html in (page, index)]
    for text in (*words, *charts):
        assert not re.search(r"\d\.\d %|\d,\d{3}\b", text)
    assert all(re.search(r"\d,\d %", text) for text in words)
    assert any(re.search(r"\d,\d %", text) for text in charts)
    assert all("1.7.2026 – 30.9.2026" in html and '<html lang="en">' in html for html in (page, index))
    assert format_value(1234.5, "days") == "1,234.5 d"  # the command is over
