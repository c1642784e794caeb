"""What stands is not made again, what changed is, and a batch that was killed goes on where it was."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import nbformat
import polars as pl
import pytest
from reports_kit import FOOT, READ, WORDS, company, template

from kpitools.formats import format_date
from kpitools.kpis.catalogue import CATALOGUE
from kpitools.kpis.settings import with_settings
from kpitools.model.dataset import Dataset
from kpitools.reports import Batch, make_reports
from kpitools.reports.changes import held_against, largest, sentences, versions_of
from kpitools.reports.cut import write_cut
from kpitools.reports.look import PLAIN, Look
from kpitools.reports.plan import plan
from kpitools.reports.record import JOURNAL, Journal, Record
from kpitools.reports.reuse import common, surely_due
from kpitools.reports.run import Outcome
from kpitools.reports.settings import read_settings
from kpitools.reports.summary import todo
from kpitools.reports.workers import Workers

TEAMS = ("North", "South", "West")
STEMS = [f"deals-{name}-2026q3" for name in ("north", "south", "west")]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return template(tmp_path_factory.mktemp("templates"), cells=(READ, WORDS, FOOT))


#: What the batches of this module are made with.
SHARED: dict[str, Any] = {}


@pytest.fixture(scope="module", autouse=True)
def shared(workers: Workers) -> None:
    SHARED["executor"] = workers


@pytest.fixture(scope="module")
def made(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Batch:
    out = tmp_path_factory.mktemp("made")
    return make_reports(company(*TEAMS), out=out, period="2026Q3", folder=folder, **SHARED)


@pytest.fixture
def out(made: Batch, tmp_path: Path) -> Path:
    """A copy of the folder of a finished batch, files as they were."""
    copy = tmp_path / "out"
    subprocess.run(["cp", "-a", str(made.out), str(copy)], check=True)
    return copy


def again(out: Path, folder: Path, data: Dataset | None = None, **asked: Any) -> Batch:
    data = data or company(*TEAMS)
    given = {"out": out, "period": "2026Q3", "folder": folder, "dry_run": True, **SHARED}
    return make_reports(data, **{**given, **asked})


def statuses(batch: Batch) -> list[str]:
    return [report.status for report in batch.reports if report.job.member]


def reasons(batch: Batch) -> set[str]:
    return {report.reason for report in batch.reports if report.reason}


def files(out: Path, named: str = "deals-*") -> dict[str, tuple[int, int]]:
    """What a file is known by: written anew, it is another."""
    return {path.name: (path.stat().st_ino, path.stat().st_mtime_ns) for path in out.glob(named)}


def with_amount(amount: float) -> Dataset:
    """South's first deal of another amount."""
    whole = company(*TEAMS)
    changed = pl.when(pl.col("deal_id") == "d1-0").then(amount).otherwise("amount").alias("amount")
    return Dataset.of({"reps": whole["reps"].collect(), "deals": whole["deals"].with_columns(changed).collect()})


def test_what_stands_is_not_even_cut(out, folder, monkeypatch):
    before = files(out)
    monkeypatch.setattr(tempfile, "tempdir", str(out / "nowhere"))
    batch = again(out, folder, dry_run=False)
    assert statuses(batch) == ["reused"] * 3
    assert (batch.count("empty"), batch.ok, len(batch.checks) > 2) == (1, True, True)
    assert files(out) == before
    assert "0 made, 3 reused, 1 empty, 0 failed of 4 reports" in batch.summary()


def test_only_some_of_what_stands_is_not_cut_either_and_nothing_is_forgotten(out, folder, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(out / "nowhere"))
    assert statuses(again(out, folder, dry_run=False, only=["South"])) == ["reused"]
    assert statuses(again(out, folder, dry_run=False)) == ["reused"] * 3


def test_no_worker_is_started_where_nothing_has_to_be_made(out, folder, monkeypatch):
    monkeypatch.setattr(Workers, "_fresh", lambda self: pytest.fail("a worker was started"))
    assert statuses(again(out, folder, dry_run=False, data_version="told otherwise", executor=None)) == ["reused"] * 3


def test_what_surely_has_to_be_made_is_known_before_any_slice_is_cut(made, folder):
    parts = common({}, versions_of(CATALOGUE), PLAIN, ())
    records = Journal(made.out).records
    assert surely_due(made.plan, parts, {}) == 4
    assert surely_due(made.plan, parts, records) == 0
    assert surely_due(made.plan, {**parts, "look": "another"}, records) == 3  # who has no rows will hardly have any now
    other = plan(company(*TEAMS), period="2026Q3", folder=folder, parameters={"label": "y"})
    assert surely_due(other, parts, records) == 3


def test_files_that_pages_share_and_that_are_gone_are_written_again(folder, tmp_path):
    asked = {"out": tmp_path, "only": ["North"], "dry_run": False, "look": Look.of({}, site=True)}
    again(folder=folder, **asked)
    shared = {path: path.read_bytes() for path in (tmp_path / "assets").iterdir()}
    gone, spoilt = shared
    gone.unlink()
    spoilt.write_bytes(b"half")
    assert statuses(again(folder=folder, **asked)) == ["reused"]
    assert {path: path.read_bytes() for path in (tmp_path / "assets").iterdir()} == shared
    before = files(tmp_path, "assets/*")
    again(folder=folder, **asked)
    assert files(tmp_path, "assets/*") == before


def test_a_changed_row_of_one_team_makes_that_team_alone_anew(out, folder):
    before = files(out)
    batch = again(out, folder, with_amount(99.0), dry_run=False)
    assert statuses(batch) == ["reused", "made", "reused"]
    assert reasons(batch) == {"changed: data"}
    assert {name for name, file in files(out).items() if file != before[name]} == {
        "deals-south-2026q3.html", "deals-south-2026q3.ipynb",
    }  # fmt: skip
    assert statuses(again(out, folder, with_amount(99.0), dry_run=False)) == ["reused"] * 3


def test_the_order_of_rows_is_no_change(out, folder):
    whole = company(*TEAMS)
    turned = Dataset.of({name: whole[name].reverse().collect() for name in ("deals", "reps")})
    assert statuses(again(out, folder, turned)) == ["unchanged"] * 3


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        ({"parameters": {"label": "y"}}, "changed: parameters"),
        ({"as_of": "2026-09-29"}, "changed: data, parameters"),
        ({"formats": ("xlsx",)}, "changed: look"),
        ({"settings": {"targets": {"won_deals": 3}}}, "changed: settings"),
        ({"force": True}, "asked for"),
    ],
)
def test_every_report_follows_from(out, folder, asked, reason):
    batch = again(out, folder, **asked)
    assert set(statuses(batch)) == {"changed"}
    assert reasons(batch) == {reason}


def test_a_report_follows_from_its_own_targets_only(out, folder):
    batch = again(out, folder, settings={"targets": {"number_of_deals_closed": {"South": 3}}})
    assert statuses(batch) == ["unchanged", "changed", "unchanged"]


def test_a_report_follows_from_its_template(out, folder, tmp_path):
    other = template(tmp_path / "templates", cells=(READ, FOOT))
    assert reasons(again(out, other)) == {"changed: template"}


@pytest.mark.parametrize("harm", [Path.unlink, lambda file: file.write_bytes(file.read_bytes()[:-1] + b" ")])
def test_a_file_that_is_gone_or_not_as_it_was_is_made_anew(out, folder, harm: Callable[[Path], object]):
    harm(out / "deals-west-2026q3.html")
    assert statuses(again(out, folder)) == ["unchanged", "unchanged", "changed"]
    assert reasons(again(out, folder)) == {"files changed or gone"}


def test_a_list_says_what_would_be_done_and_does_nothing(out, folder, tmp_path):
    before = files(out, "*")
    assert todo(again(out, folder, with_amount(99.0))).splitlines() == [
        "unchanged  deals-north-2026q3",
        "changed    deals-south-2026q3  (changed: data)",
        "unchanged  deals-west-2026q3",
        "empty      deals-unassigned-2026q3",
        "2 unchanged, 1 changed, 1 empty",
    ]
    assert files(out, "*") == before
    assert statuses(again(tmp_path / "new", folder)) == ["new"] * 3
    assert not (tmp_path / "new").exists()


def test_a_limit_leaves_the_rest_for_later(folder, tmp_path):
    assert statuses(again(tmp_path, folder, limit=1)) == ["new", "left", "left"]
    first = again(tmp_path, folder, limit=1, dry_run=False)
    assert (statuses(first), first.exit_code) == (["made", "left", "left"], 0)
    assert statuses(again(tmp_path, folder)) == ["unchanged", "new", "new"]
    told = json.loads((tmp_path / "summary.json").read_text())
    assert told["counts"] == {"made": 1, "reused": 0, "empty": 1, "failed": 0, "left": 2}
    assert [one["report"] for one in told["slowest"]] == STEMS[:1]
    assert told["left"] == STEMS[1:]


def test_what_failed_is_made_again_and_on_request_nothing_else(out, folder):
    failed = again(out, folder, dry_run=False, parameters={"fail_for": "South"}, only=["South"])
    assert (statuses(failed), failed.exit_code) == (["failed"], 1)
    told = json.loads((out / "summary.json").read_text())["failed"][0]
    assert (told["report"], told["cell"], "no figures for" in told["reason"]) == (STEMS[1], 3, True)
    assert statuses(again(out, folder)) == ["unchanged", "changed", "unchanged"]
    assert statuses(again(out, folder, force=True, retry_failed=True)) == ["left", "changed", "left"]
    same = again(out, folder, parameters={"fail_for": "South"}, only=["South"])
    assert reasons(same) == {"failed before"}


def test_the_same_input_gives_the_same_bytes(made, folder, tmp_path):
    batch = again(tmp_path, folder, dry_run=False, kernel="stock")
    assert statuses(batch) == ["made"] * 3
    for stem in STEMS:
        assert (tmp_path / f"{stem}.html").read_bytes() == (made.out / f"{stem}.html").read_bytes()
        assert timeless(tmp_path / f"{stem}.ipynb") == timeless(made.out / f"{stem}.ipynb")


def timeless(notebook: Path) -> nbformat.NotebookNode:
    read = nbformat.read(notebook, 4)
    for part in (read, *read.cells):
        part.metadata.pop("execution", None)
        for name in ("start_time", "end_time", "duration"):
            part.metadata.get("papermill", {}).pop(name, None)
    return read


def test_a_changed_definition_is_named_and_stays_named_when_the_batch_is_run_again(out, folder):
    own = with_settings(CATALOGUE, {"stale_deals": {"days": 45}})
    batch = again(out, folder, dry_run=False, only=["North"], force=True, kpis=own)
    first = facts(batch)["changed"]
    assert {"id": "stale_pipeline_share", "label": "Stale pipeline share"} in first
    assert "win_rate" not in {one["id"] for one in first}
    page = (out / "deals-north-2026q3.html").read_bytes()
    assert facts(again(out, folder, dry_run=False, only=["North"], force=True, kpis=own))["changed"] == first
    assert (out / "deals-north-2026q3.html").read_bytes() == page


def facts(batch: Batch) -> dict[str, Any]:
    return nbformat.read(batch.out / "deals-north-2026q3.ipynb", 4).metadata.kpitools


COMPARED = {"kpis": [{"id": "win_rate", "label": "Win rate", "unit": "percent", "better": "higher"}]}


@pytest.mark.parametrize(
    ("now", "said"),
    [
        ({"value": 30.0, "lower": 20.0, "upper": 39.0}, ["North: Win rate went from 40.0 % to 30.0 % (−10.0 pp), "]),
        ({"value": 55.0, "lower": 50.0, "upper": 60.0}, ["North: Win rate went from 40.0 % to 55.0 % (+15.0 pp), "]),
        ({"value": 30.0, "lower": 20.0, "upper": 45.0}, []),
        ({"value": 30.0, "lower": 20.0, "upper": 39.0, "small": True}, []),
        ({"value": None, "lower": None, "upper": None}, []),
        ({"value": 40.0, "lower": None, "upper": None}, []),
    ],
)
def test_the_largest_movements_are_those_that_chance_does_not_explain(now, said):
    before = {"period": "2026Q2", "as_of": "2026-06-30", "definitions": {"win_rate": "a"}}
    before["comparison"] = {**COMPARED, "rows": [{"name": "North", "figures": {"win_rate": {"value": 40.0}}}]}
    after = {
        **before,
        "period": "2026Q3",
        "comparison": {**COMPARED, "rows": [{"name": "North", "figures": {"win_rate": now}}]},
    }
    assert sentences(largest(before, after), []) == [f"{start}2026Q2 beside 2026Q3." for start in said]
    other = {**after, "definitions": {"win_rate": "b"}}
    assert sentences(largest(before, other), []) == [f"{start}its definition has changed." for start in said]


def test_a_batch_is_held_against_the_one_before_it(folder):
    made = plan(company("North"), period="2026Q3", folder=folder)
    second = {
        "period": "2026Q2",
        "as_of": "2026-06-30",
        "state": "s",
        "definitions": {"a": "1"},
        "comparison": {"rows": []},
    }
    assert held_against({}, made, "s", {}) == {}
    assert held_against({**second, "slice": "segment=smb"}, made, "s", {}) == {}
    assert held_against(second, made, "s", {}) == second
    same = {
        **second,
        "period": "2026Q3",
        "as_of": "2026-09-30",
        "before": {"period": "2026Q1", "definitions": {"a": "0"}},
    }
    assert held_against(same, made, "s", {"a": "1"}) == same["before"]
    assert held_against(same, made, "t", {"a": "2"})["definitions"] == {"a": "1"}
    assert held_against(same, made, "t", {"a": "1"})["definitions"] == {"a": "0"}


def test_records_survive_a_torn_journal(tmp_path):
    (tmp_path / "a.html").write_text("page")
    journal = Journal(tmp_path)
    record = Record.of({"data": "1"}, Outcome("made", ("a.html",), headline="3 deals"), tmp_path, "s")
    journal.add("a", record)
    with (tmp_path / JOURNAL).open("a") as file:
        file.write('{"stem": "b", "key": {"da')
    journal.add("c", record)
    assert Journal(tmp_path).records == {"a": record, "c": record}
    assert record.stands(tmp_path)


SETTINGS = """
[benchmarks.win_rate]
low = 20
[flags.thin_coverage]
below = 2.5
[targets.win_rate]
North = 41
"So\\u007futh \\" = 1" = 97
[targets.number_of_deals_closed]
"2026Q3" = 7
[kpis]
modules = ["own"]
[mail]
host = "mail.example.com"
"""
OWN = '''
import polars as pl
from kpitools.kpis.kpi import kpi
from kpitools.measures.deals import won_deals

@kpi(unit="count", better="higher", roles=("team",), timing="lagging", kind="outcome")
def wins_doubled(won=won_deals) -> pl.Expr:
    """Twice the deals won."""
    return won * 2
'''


def test_a_cut_holds_the_settings_that_are_its_own_and_no_place_of_this_machine(folder, tmp_path):
    from kpitools.pages import open_page

    (tmp_path / "own.py").write_text(OWN)
    (tmp_path / "kpitools.toml").write_text(SETTINGS)
    data = company("North", 'So\x7futh " = 1', "West")
    made = plan(data, period="2026Q3", folder=folder)
    cuts = tmp_path / "cuts"
    cuts.mkdir()
    targets = {}
    for member in made.members:
        cut = write_cut(data, made, member, None, cuts, read_settings(tmp_path / "kpitools.toml"))
        config = open_page(cut, period="2026Q3", interactive=False).view.config
        targets[member] = config.targets
        assert (config.kpis["win_rate"].benchmark.low, config.flags["thin_coverage"]["below"]) == (20, 2.5)
        assert config.kpis["wins_doubled"].definition == "Twice the deals won."
        for file in cut.iterdir():
            content = file.read_bytes()
            assert str(tmp_path).encode() not in content
            assert b"example.com" not in content
            assert member == 'So\x7futh " = 1' or b"97" not in content or file.suffix == ".parquet"
    everybody = {"number_of_deals_closed": 7}
    assert targets["North"] == {"win_rate": 41, **everybody}
    assert targets['So\x7futh " = 1'] == {"win_rate": 97, **everybody}
    assert targets["West"] == targets[None] == everybody


def test_rows_kept_are_counted_in_the_slice(folder, tmp_path):
    from dataclasses import replace

    from kpitools.model.dataset import Quality

    data = replace(company(*TEAMS), quality={"deals": Quality(9, 6, 3, 1), "leads": Quality(5, 0, 5, 0)})
    cut = Dataset.read(write_cut(data, plan(data, period="2026Q3", folder=folder), "North", None, tmp_path))
    assert cut.quality == {"deals": Quality(5, 2, 3, 1), "leads": Quality(5, 0, 5, 0)}


def test_templates_that_show_no_figures_of_others_are_handed_none(tmp_path):
    look = 'from pathlib import Path\nprint(sorted(path.name for path in Path(data).glob("peers*")))'
    folder = template(tmp_path / "templates", cells=(look,))
    template(folder, "alone", cells=(look,), metadata={"peers": False})
    figures = pl.DataFrame({"team": TEAMS, "peers": [3, 3, 3], "kpi": "win_rate", "value": [1.0, 2.0, 3.0]})
    for shift in (0, 1):
        batch = make_reports(
            company(*TEAMS), out=tmp_path / "out", period="2026Q3", folder=folder,
            aggregates=lambda *_: figures.with_columns(pl.col("value") + shift), only=["North"], **SHARED,  # noqa: B023
        )  # fmt: skip
        assert [(one.job.template.name, one.status) for one in batch.reports] == [
            ("alone", "reused" if shift else "made"), ("deals", "made"),
        ]  # fmt: skip
    printed = {
        name: nbformat.read(batch.out / f"{name}-north-2026q3.ipynb", 4).cells[-1] for name in ("alone", "deals")
    }
    assert {name: cell.outputs[0].text for name, cell in printed.items()} == {
        "alone": "[]\n",
        "deals": "['peers.parquet']\n",
    }


KILLED = """
from reports_kit import company
from kpitools.reports import make_reports

if __name__ == "__main__":
    make_reports(company(*"ABCDEF"), out="out", period="2026Q3", folder="templates", workers=2)
"""


def test_a_killed_batch_goes_on_where_it_was(tmp_path):
    template(tmp_path / "templates", cells=(READ, WORDS, FOOT))
    (tmp_path / "batch.py").write_text(KILLED)
    (tmp_path / "scratch").mkdir()
    out, chance = tmp_path / "out", random.Random(5)
    finished: dict[str, tuple[int, int]] = {}
    for wanted in (0, 1, 3):
        running = start(tmp_path)
        wait_for(lambda: len(Journal(out).records) >= wanted or running.poll() is not None)  # noqa: B023
        time.sleep(chance.uniform(0, 1))
        running.send_signal(signal.SIGKILL)
        running.communicate()
        finished |= {
            name: files(out)[name] for record in Journal(out).records.values() for name in record.outcome.files
        }
    assert len(finished) >= 6
    assert start(tmp_path).wait() == 0
    assert {name: files(out)[name] for name in finished} == finished
    manifest = json.loads((out / "manifest.json").read_text())
    assert (manifest["counts"]["made"] + manifest["counts"]["reused"], manifest["counts"]["failed"]) == (6, 0)
    assert {path.name for path in out.iterdir() if not path.name.startswith("deals-")} == {
        "index.html", "kpi_catalogue.html", "manifest.json", "summary.json",
    }  # fmt: skip
    assert len(files(out)) == 12
    assert list((tmp_path / "scratch").iterdir()) == []


def start(folder: Path) -> subprocess.Popen[bytes]:
    paths = {"PYTHONPATH": str(Path(__file__).parent), "TMPDIR": str(folder / "scratch")}
    return subprocess.Popen(
        [sys.executable, "batch.py"], cwd=folder, env={**os.environ, **paths}, stderr=subprocess.DEVNULL
    )


def wait_for(true: Callable[[], object], seconds: float = 120) -> None:
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.02)


def test_days_are_written_as_the_look_says_and_the_process_stays_as_it_was(tmp_path, folder):
    batch = again(tmp_path, folder, look=Look.of({"language": "de"}))
    assert {report.job.facts["dates"] for report in batch.reports} == {"1.7.2026 – 30.9.2026"}
    assert format_date(date(2026, 9, 30)) == "30 Sep 2026"
