"""Reports about one slice, as copied from the controls of a notebook: exactly those rows, and the same figures."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from reports_kit import FOOT, READ, SEE, WORDS, company, template

from kpitools.cli import main
from kpitools.errors import EvaluationError, ReportError, UnknownNameError
from kpitools.evaluation.evaluate import evaluate
from kpitools.intake import load
from kpitools.kpis.catalogue import CATALOGUE
from kpitools.model.dataset import Dataset
from kpitools.model.slice import Slice
from kpitools.reports import Batch, make_reports
from kpitools.reports.finished import read_finished
from kpitools.reports.look import PLAIN
from kpitools.reports.plan import Plan, plan
from kpitools.reports.prepare import Ask, _peers, asked
from kpitools.reports.recipients import Recipient
from kpitools.reports.workers import Workers

SAMPLE = Path(__file__).parents[1] / "data" / "sample"
COPIED = "team=Nordics&segment=smb&period=2026Q3&as_of=2026-09-15"
TABLE = "application/vnd.kpitools.table+json"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return template(tmp_path_factory.mktemp("templates"), cells=(READ, SEE, WORDS, FOOT))


def mixed() -> Dataset:
    """Two teams and somebody in none, each with two deals: one small, one large."""
    whole = company("North", "South", None)
    deals = whole["deals"].with_columns(
        segment=pl.when(pl.col("deal_id").str.ends_with("0")).then(pl.lit("smb")).otherwise(pl.lit("big & co"))
    )
    return Dataset.of({"reps": whole["reps"].collect(), "deals": deals.collect()})


def said(batch: Batch, stem: str) -> str:
    return (batch.out / f"{stem}.ipynb").read_text()


# ---- what is planned


def test_a_slice_alone_is_one_report_a_template_named_by_its_words(folder):
    made = plan(mixed(), slice="team=North&segment=big+%26+co&period=2026Q3&as_of=2026-09-15", folder=folder)
    (job,) = made.jobs
    assert (job.member, job.stem) == (
        "team North, segment big & co", "deals-team-north-segment-big-co-2026q3",
    )  # fmt: skip
    assert (job.facts["subject"], job.facts["as_of"]) == ("Team North, segment big & co", "15 Sep 2026")
    assert job.parameters["slice"] == "team=North&segment=big+%26+co&period=2026Q3&as_of=2026-09-15"
    assert (job.parameters["period"], job.parameters["as_of"]) == ("2026Q3", "2026-09-15")


def test_a_slice_is_cut_before_it_is_divided(folder):
    made = plan(mixed(), slice="segment=smb", period="2026Q3", by="team", folder=folder)
    assert [job.facts["slice"].partition("&period")[0] for job in made.jobs] == [
        "segment=smb&team=North", "segment=smb&team=South", "segment=smb&team=%28unassigned%29",
    ]  # fmt: skip
    assert made.jobs[0].stem == "deals-north-segment-smb-2026q3"
    assert made.jobs[0].facts["subject"] == "Team North, segment smb"
    only = plan(mixed(), slice="team=North", period="2026Q3", by="segment", folder=folder)
    assert [job.member for job in only.jobs] == ["big & co", "smb", None]


def test_a_slice_of_everything_is_everything(folder):
    (job,) = plan(mixed(), slice="period=2026Q3", folder=folder).jobs
    assert (job.stem, job.facts["subject"]) == ("deals-everything-2026q3", "Everything")


def test_a_long_slice_has_a_short_file_name(folder):
    names = [f"Team {'x' * 60} {number}" for number in range(4)]
    text = str(Slice({"team": tuple(names)}, "2026Q3"))
    (job,) = plan(company(*names), slice=text, folder=folder).jobs
    assert len(job.stem) < 80
    assert job.stem.isascii()


@pytest.mark.parametrize(
    ("asked", "error", "message"),
    [
        ({"slice": "team=Nort&period=2026Q3"}, UnknownNameError, "There is no team 'Nort'. Did you mean 'North'"),
        ({"slice": "taem=North&period=2026Q3"}, UnknownNameError, "Did you mean 'team'"),
        ({"slice": "segment=smbs&period=2026Q3", "by": "team"}, UnknownNameError, "no segment 'smbs'. Did you mean"),
        ({"slice": "team=North&period=2026Q3", "only": ["x"]}, UnknownNameError, "There is no slice 'x'"),
        ({"slice": "team=North"}, ReportError, "There is no period to report on"),
        ({"slice": "team=North&period=2026Q3", "period": "2026Q2"}, ReportError, "but the slice names 2026Q3"),
        (
            {"slice": "team=North&period=2026Q3&as_of=2026-09-15", "as_of": "2026-09-30"},
            ReportError,
            "as_of is 2026-09-30, but the slice names 2026-09-15",
        ),
        ({"slice": "North"}, EvaluationError, "is not a slice"),
    ],
)
def test_a_slice_that_cannot_be_meant(folder, asked, error, message):
    with pytest.raises(error, match=message):
        plan(mixed(), folder=folder, **asked)


def test_the_same_period_and_day_may_be_said_twice(folder):
    asked = {"slice": "team=North&period=2026Q3&as_of=2026-09-30", "period": "2026Q3", "as_of": "2026-09-30"}
    made = plan(mixed(), folder=folder, **asked)
    assert (str(made.period), made.as_of) == ("2026Q3", "2026-09-30")


# ---- what is made


@pytest.fixture(scope="module")
def small(folder: Path, tmp_path_factory: pytest.TempPathFactory, workers: Workers) -> Batch:
    """The report of the small deals of North."""
    out = tmp_path_factory.mktemp("small")
    return make_reports(mixed(), slice="team=North&segment=smb&period=2026Q3", out=out, folder=folder, executor=workers)


def test_the_kernel_gets_the_slice_and_no_other_row(small):
    assert small.ok, small.summary()
    assert "There are **1 deals**" in said(small, "deals-team-north-segment-smb-2026q3")
    sums = {check.column: (check.whole, check.slices) for check in small.checks if check.table == "deals"}
    assert (sums["rows"], sums["amount"]) == ((1, 1), (10.10, 10.10))


def test_reuse_list_only_and_index_know_the_slice(folder, tmp_path, workers):
    asked: dict[str, Any] = {"slice": "segment=smb&period=2026Q3", "by": "team", "out": tmp_path, "folder": folder}
    asked["executor"] = workers
    listed = make_reports(mixed(), dry_run=True, **asked)
    assert [one.status for one in listed.reports] == ["new"] * 3
    first = make_reports(mixed(), only=["North"], **asked)
    assert [one.status for one in first.reports] == ["made"]
    assert "There are **1 deals**" in said(first, "deals-north-segment-smb-2026q3")
    again = make_reports(mixed(), **asked)
    assert [one.status for one in again.reports] == ["reused", "made", "made"]
    assert [one.status for one in make_reports(mixed(), **asked).reports] == ["reused"] * 3
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    assert (manifest["by"], manifest["slice"]) == ("team", "segment=smb")
    assert "Reports by team, segment smb" in (tmp_path / "index.html").read_text()
    assert {one["whole"] for one in manifest["sums"] if one["table"] == "deals" and one["column"] == "rows"} == {3}
    other = make_reports(mixed(), **{**asked, "slice": "segment=big+%26+co&period=2026Q3"}, dry_run=True)
    assert [one.status for one in other.reports] == ["new"] * 3
    one = make_reports(mixed(), slice="team=North&period=2026Q3", out=tmp_path, folder=folder, executor=workers)
    assert "<title>Reports" in (one.out / "index.html").read_text()
    assert "team North" in (one.out / "index.html").read_text()


def test_an_empty_slice_is_listed_and_not_shipped(folder, tmp_path, workers):
    data = mixed()
    deals = data["deals"].filter(~((pl.col("owner_rep_id") == "r0") & (pl.col("segment") == "smb"))).collect()
    data = Dataset.of({"reps": data["reps"].collect(), "deals": deals})
    batch = make_reports(
        data, slice="team=North&segment=smb&period=2026Q3", out=tmp_path, folder=folder, executor=workers
    )
    assert ([one.status for one in batch.reports], batch.exit_code) == (["empty"], 0)
    assert not list(tmp_path.glob("deals-*"))


def test_figures_of_others_are_handed_only_where_the_slice_is_one_member(tmp_path, workers):
    look = "import polars as pl\nprint([pl.read_parquet(one).rows() for one in Path(data).glob('peers*')])"
    folder = template(tmp_path / "templates", cells=("from pathlib import Path", look))

    def figures(data, made):
        return pl.DataFrame({"team": ["North", "South"], "peers": [3, 3], "value": [1.0, 2.0]})

    def handed(text: str, **asked: Any) -> str:
        batch = make_reports(
            mixed(), slice=f"{text}&period=2026Q3", out=tmp_path / "out", folder=folder, aggregates=figures,
            executor=workers, **asked,
        )  # fmt: skip
        assert batch.ok, batch.summary()
        cells = json.loads(said(batch, batch.reports[0].job.stem))["cells"]
        return "".join(cells[-1]["outputs"][0]["text"]).strip()

    assert handed("team=South") == "[[('South', 3, 2.0, 'team South')]]"
    assert handed("segment=smb", by="team", only=["North"]) == "[]"
    for text in ("team=South&segment=smb", "team=South&team=North", "team=%28unassigned%29"):
        made = plan(mixed(), slice=f"{text}&period=2026Q3", folder=folder)
        assert _peers(mixed(), made, asked_for(mixed(), made, aggregates=figures)) is None


def asked_for(data: Dataset, made: Plan, **more: Any) -> Ask:
    usual = {"settings": {}, "min_peers": 3, "kpis": CATALOGUE, "force": False, "look": PLAIN, "formats": ()}
    return asked(data, made, data_version="", **usual, **more)


@pytest.fixture(scope="module")
def scorecard(tmp_path_factory: pytest.TempPathFactory, workers: Workers) -> Batch:
    """The scorecard of the sample, of a slice as it is copied."""
    out = tmp_path_factory.mktemp("out")
    return make_reports(load(SAMPLE), slice=COPIED, out=out, templates=["scorecard"], executor=workers)


def test_the_figures_of_a_page_are_those_of_the_slice(scorecard):
    assert scorecard.ok, scorecard.summary()
    chosen = Slice.parse(COPIED)
    notebook = json.loads(said(scorecard, "scorecard-team-nordics-segment-smb-2026q3"))
    outputs = [one["data"] for cell in notebook["cells"] for one in cell.get("outputs", ()) if "data" in one]
    (core,) = [one[TABLE] for one in outputs if one.get(TABLE, {}).get("caption", "").startswith("Core figures")]
    shown = {row["kpi"]: row["value"] for row in core["rows"]}
    kpis = [kpi for kpi in CATALOGUE.values() if kpi.label in shown]
    expected = evaluate(kpis, load(SAMPLE).where(chosen), periods=str(chosen.period)).frame
    assert len(shown) >= 3
    assert shown == {
        CATALOGUE[kpi].label: pytest.approx(value) for kpi, value in expected.select("kpi", "value").rows()
    }


def test_the_notebook_opened_live_shows_the_same(scorecard, tmp_path):
    """The template as an analyst runs it, over all the data, the slice pasted into its parameters."""
    import papermill

    live, given = tmp_path / "scorecard.ipynb", {"data": str(SAMPLE), "slice": COPIED, "interactive": False}
    papermill.execute_notebook(SAMPLE.parents[1] / "templates" / live.name, live, given, progress_bar=False)
    made = json.loads(said(scorecard, "scorecard-team-nordics-segment-smb-2026q3"))
    assert words_and_tables(json.loads(live.read_text())) == words_and_tables(made)


def words_and_tables(notebook: dict[str, Any]) -> list[Any]:
    outputs = [one.get("data", {}) for cell in notebook["cells"] for one in cell.get("outputs", ())]
    return [one.get(TABLE) or one.get("text/markdown") or one.get("text/plain") for one in outputs]


# ---- who gets it


@pytest.mark.parametrize(
    ("may", "error"),
    [
        ("team=North&segment=smb", None),
        ("*", None),
        ("team=North", "There is no slice 'team=North'. Did you mean 'team=North&segment=smb'"),
        ("North", "There is no slice 'North'"),
        ("team North, segment smb", "There is no slice"),
    ],
)
def test_the_report_of_a_slice_is_for_those_to_whom_that_very_slice_is_given(small, may, error):
    finished = read_finished(small.out)
    asked = Recipient("ann@example.com", "Ann", {may: ()})
    if error:
        with pytest.raises(UnknownNameError, match=error):
            finished.share(asked)
        return
    (entry,) = finished.share(asked)
    assert finished.proven(entry).facts["slice"] == "team=North&segment=smb&period=2026Q3&as_of=2026-09-30"


def test_a_page_of_another_slice_is_not_taken_for_it(folder, tmp_path, workers):
    make_reports(
        mixed(),
        slice="segment=smb&period=2026Q3",
        by="team",
        only=["North"],
        out=tmp_path,
        folder=folder,
        executor=workers,
    )
    entry = read_finished(tmp_path).entries[0]
    assert (entry.spoken, read_finished(tmp_path).proven(entry).entry) == ("North, segment smb", entry)
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    (tmp_path / "manifest.json").write_text(json.dumps({**manifest, "slice": ""}))
    with pytest.raises(ReportError, match="gives the slice"):
        read_finished(tmp_path).proven(read_finished(tmp_path).entries[0])


# ---- the command line


def test_the_command_takes_period_and_day_from_the_slice(monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(tmp_path)
    words = ["--data", str(SAMPLE), "--slice", COPIED, "--template", "scorecard", "--list", "--json"]
    monkeypatch.setattr(sys, "argv", ["kpitools", "report", *words])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 0
    (one,) = json.loads(capsys.readouterr().out)
    assert one == {"report": "scorecard-team-nordics-segment-smb-2026q3", "status": "new", "why": "new"}
