"""A batch from end to end, on real kernels in real processes: what is made, what fails, and what is left behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import BrokenExecutor, Executor, Future
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from reports_kit import CHART, FOOT, READ, SEE, WORDS, company, template

from kpitools.errors import ReportError
from kpitools.kpis.catalogue import CATALOGUE
from kpitools.model.dataset import Dataset
from kpitools.reports import Batch, make_reports, making, prepare
from kpitools.reports.cut import company_figures, write_part
from kpitools.reports.finished import read_finished
from kpitools.reports.plan import Plan, plan
from kpitools.reports.prove import additive, measured, reconcile, tables_by, tally
from kpitools.reports.record import Journal

DIE = """
import os, signal
if "Kernel" in slice:
    os._exit(3)
if "Worker" in slice:
    above = os.getppid()
    while b"spawn_main" not in Path(f"/proc/{above}/cmdline").read_bytes():
        above = int(Path(f"/proc/{above}/stat").read_text().rpartition(")")[2].split()[1])
    os.kill(above, signal.SIGKILL)
"""
EVIL = "</script><script>alert(1)</script>"
QUOTE = '"; import os'

#: What stands beside the reports.
BESIDE = {"index.html", "kpi_catalogue.html", "manifest.json", "summary.json"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return template(tmp_path_factory.mktemp("templates"), cells=(READ, DIE, SEE, CHART, WORDS, FOOT))


@pytest.fixture(scope="module")
def data() -> Dataset:
    """Teams with hostile names, one whose notebook, one whose kernel and one whose worker dies, one without deals."""
    whole = company("North", "South", "Kernel", "Worker", "../../etc", EVIL, QUOTE, "Idle", None)
    deals = whole["deals"].filter(pl.col("owner_rep_id") != "r7").collect()
    return Dataset.of({"reps": whole["reps"].collect(), "deals": deals})


@pytest.fixture(scope="module")
def batch(data: Dataset, folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Batch:
    out = tmp_path_factory.mktemp("out")
    for stale in ("deals-idle-2026q3.html", "deals-worker-2026q3.html", "deals-south-2026q3.ipynb"):
        (out / stale).write_text("of an earlier batch")
    return make_reports(
        data, out=out, period="2026Q3", folder=folder, workers=2, parameters={"fail_for": "South", "label": QUOTE}
    )


def outcome(batch: Batch, member: str | None):
    return next(report.outcome for report in batch.reports if report.job.member == member)


def test_one_failure_marks_its_report_and_the_rest_go_on(batch):
    assert {report.job.member: report.status for report in batch.reports} == {
        "North": "made", "South": "failed", "Kernel": "failed", "Worker": "failed", "Idle": "empty",
        "../../etc": "made", EVIL: "made", QUOTE: "made", None: "made",
    }  # fmt: skip
    assert (batch.ok, batch.exit_code) == (False, 1)
    assert "4 made" not in batch.summary()
    assert "5 made, 1 empty, 3 failed of 9 reports" in batch.summary()


@pytest.mark.parametrize(
    ("member", "reason", "cell"),
    [
        ("South", "ValueError: no figures for <b>team=South", 3),
        ("Kernel", "kernel died, twice", 4),
        ("Worker", "died", None),
    ],
)
def test_a_failure_says_why_and_where(batch, member, reason, cell):
    assert reason in outcome(batch, member).reason
    assert outcome(batch, member).cell == cell


def test_the_notebook_of_a_failure_is_kept_as_far_as_it_ran(batch):
    for member in ("South", "Kernel"):
        name = outcome(batch, member).files[0]
        cells = json.loads((batch.out / name).read_text())["cells"]
        assert any(cell.get("execution_count") == 2 for cell in cells)


def test_the_folder_holds_whole_files_of_this_batch_and_nothing_else(batch):
    stems = ("etc", "import-os", "north", "script-script-alert-1-script", "unassigned")
    pages = {f"deals-{stem}-2026q3.{ending}" for stem in stems for ending in ("html", "ipynb")}
    failed = {f"deals-{member}-2026q3.{ending}" for member in ("south", "kernel") for ending in ("failed.ipynb", "log")}
    assert {path.name for path in batch.out.iterdir()} == pages | failed | BESIDE


def test_a_run_sees_its_slice_only_and_leaves_no_place_of_this_machine(batch):
    notebook = (batch.out / "deals-north-2026q3.ipynb").read_text()
    assert "There are **2 deals**" in notebook
    assert json.loads(notebook)["metadata"]["papermill"]["parameters"]["data"] == "../data"
    for file in batch.out.iterdir():
        assert "/tmp/" not in file.read_text()


def test_the_manifest_says_what_the_batch_says(batch):
    manifest = json.loads((batch.out / "manifest.json").read_text())
    assert manifest["counts"] == {"made": 5, "reused": 0, "empty": 1, "failed": 3, "left": 0}
    assert manifest["ok"] is False
    assert {one["member"]: one["status"] for one in manifest["reports"]}["../../etc"] == "made"
    assert all(one["ok"] for one in manifest["sums"])
    made = next(one for one in manifest["reports"] if one["member"] == "North")
    assert made["bytes"] == (batch.out / made["files"][0]).stat().st_size
    assert made["headline"] == "2 deals"


def test_a_page_states_the_fingerprint_and_age_of_its_slice_and_the_manifest_those_of_the_whole(batch, data):
    facts = json.loads((batch.out / "deals-north-2026q3.ipynb").read_text())["metadata"]["kpitools"]
    north = data.as_of("2026-09-30").where({"team": ("North",)})
    assert (facts["fingerprint"], facts["age"]) == (north.fingerprint(), "last dated 2 Jul 2026")
    assert json.loads((batch.out / "manifest.json").read_text())["fingerprint"] == data.fingerprint()


def test_the_slices_make_up_the_whole(batch):
    rows = {(check.table, check.column): (check.whole, check.slices) for check in batch.checks}
    assert rows["deals", "rows"] == (16, 16)
    assert rows["deals", "amount"] == pytest.approx((8 * 30.30, 8 * 30.30))
    assert batch.differences == ()


def test_again_gives_the_same_page_on_any_executor_even_one_that_breaks(batch, data, folder, tmp_path):
    class Broken(Executor):
        def submit(self, work, /, *arguments, **named):
            future = Future()
            future.set_exception(BrokenExecutor())
            return future

    asked = {"only": ["North"], "period": "2026Q3", "folder": folder, "parameters": {"label": QUOTE}}
    again = make_reports(data, out=tmp_path, executor=Broken(), **asked)
    assert (again.ok, again.exit_code, len(again.reports)) == (True, 0, 1)
    name = "deals-north-2026q3.html"
    assert (tmp_path / name).read_bytes() == (batch.out / name).read_bytes()


def test_slices_are_cut_while_reports_are_made_and_few_are_there_at_once(folder, tmp_path, monkeypatch):
    there: list[Path] = []
    seen: list[tuple[int, int]] = []

    def cut(*asked):
        seen.append((len(Journal(tmp_path).records), sum(path.exists() for path in there)))
        there.append(write_part(*asked))
        return there[-1]

    monkeypatch.setattr(prepare, "write_part", cut)
    monkeypatch.setattr(making, "AHEAD", 2)
    batch = make_reports(company(*"ABCDEF"), out=tmp_path, period="2026Q3", folder=folder, workers=1)
    assert batch.count("made") == 6
    assert all(made >= number - 2 for number, (made, _) in enumerate(seen[:6]))
    assert max(kept for _, kept in seen) <= 2
    assert not any(path.exists() for path in there)


def test_sums_that_differ_fail_the_batch_and_nobody_is_sent_its_pages(folder, tmp_path, monkeypatch, workers):
    def losing(self, whole):
        for member, part in whole.divided(self.by, self.members):
            yield member, replace(part, frames={**part.frames, "deals": part["deals"].head(1)})

    monkeypatch.setattr(Plan, "parts", losing)
    asked = {"out": tmp_path, "period": "2026Q3", "folder": folder, "executor": workers}
    for status in ("made", "reused"):
        batch = make_reports(company("North"), **asked)
        assert (batch.count(status), batch.ok, batch.exit_code) == (1, False, 1)
        assert "deals.rows: 2 in the whole, 1 in the slices" in batch.summary()
        assert "Do not hand these reports out" in (tmp_path / "index.html").read_text()
        with pytest.raises(ReportError, match="do not make up the whole"):
            read_finished(tmp_path)


INTERRUPTED = """
import signal
from reports_kit import company
from kpitools.reports import make_reports

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # whatever this test was started from
    make_reports(company("North", "South"), out="out", period="2026Q3", folder="templates", workers=1)
"""
SLOW = """
import os, time
from pathlib import Path
Path("../../../../started").write_text(str(os.getpid()))
time.sleep(100)
"""


def test_ctrl_c_ends_kernels_and_leaves_whole_files_only(tmp_path):
    template(tmp_path / "templates", cells=(SLOW,))
    (tmp_path / "batch.py").write_text(INTERRUPTED)
    (tmp_path / "scratch").mkdir()
    paths = {"PYTHONPATH": str(Path(__file__).parent), "TMPDIR": str(tmp_path / "scratch")}
    running = subprocess.Popen(
        [sys.executable, "batch.py"], cwd=tmp_path, env={**os.environ, **paths}, stderr=subprocess.PIPE
    )
    try:
        wait_for(lambda: (tmp_path / "started").exists() and (tmp_path / "started").read_text())
        running.send_signal(signal.SIGINT)
        _, said = running.communicate(timeout=60)
    finally:
        running.kill()
        running.communicate()
    assert running.returncode == -signal.SIGINT, said.decode()
    kernel = (tmp_path / "started").read_text()
    wait_for(lambda: not Path("/proc", kernel).exists())
    assert list((tmp_path / "out").iterdir()) == []
    assert list((tmp_path / "scratch").iterdir()) == []


def wait_for(true, seconds: float = 120) -> None:
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"period": "2031Q1"}, "There is no data in 2031Q1 .*2026-07-01"),
        ({"period": "2026Q3", "as_of": "2026-06-30"}, "has not begun"),
        ({"period": "2026Q3", "aggregates": lambda *_: pl.DataFrame({"team": ["North"]})}, "lack the column peers"),
        ({"period": "2026Q3", "aggregates": lambda *_: pl.DataFrame(), "min_peers": 1}, "fewer than 2"),
    ],
)
def test_a_batch_that_cannot_be_right_does_not_start(folder, tmp_path, asked, message):
    with pytest.raises(ReportError, match=message):
        make_reports(company("North"), out=tmp_path, folder=folder, **asked)
    assert not list(tmp_path.glob("*.html"))


def test_data_without_any_fact_is_refused(folder, tmp_path):
    reps = company("North")["reps"].collect()
    with pytest.raises(ReportError, match="nothing to report on"):
        make_reports(Dataset.of({"reps": reps}), out=tmp_path, period="2026Q3", folder=folder)


def test_company_figures_need_enough_peers_behind_them(folder):
    figures = pl.DataFrame({"team": ["North", "South"], "peers": [2, 3], "win_rate": [30.0, 31.0]})
    data = company("North", "South")
    kept = company_figures(data, plan(data, period="2026Q3", folder=folder), lambda *_: figures, 3)
    assert kept["team"].to_list() == ["South"]


def test_a_slice_gets_the_company_figures_made_for_it(folder, tmp_path):
    from kpitools.reports.cut import write_cut

    figures = pl.DataFrame({"team": ["North", "South", None], "peers": [3, 3, 3], "win_rate": [30.0, 31.0, 32.0]})
    data = company("North", "South", None)
    made = plan(data, period="2026Q3", folder=folder)
    for member, rate in (("North", 30.0), (None, 32.0)):
        handed = pl.read_parquet(write_cut(data, made, member, figures, tmp_path) / "peers.parquet")
        assert handed["win_rate"].to_list() == [rate]


@pytest.mark.parametrize(
    ("slices", "different"),
    [
        ([{("deals", "rows"): 2, ("deals", "amount"): 0.1 + 0.2}, {("deals", "rows"): 1}], []),
        ([{("deals", "rows"): 2, ("deals", "amount"): 0.3}], ["deals.rows: 3 in the whole, 2 in the slices"]),
        ([{("deals", "rows"): 3, ("deals", "amount"): 0.2}], ["deals.amount: 0.3 in the whole, 0.2 in the slices"]),
    ],
)
def test_a_row_or_an_amount_that_is_lost_is_found(slices, different):
    checks = reconcile({("deals", "rows"): 3, ("deals", "amount"): 0.3}, slices)
    assert [str(check) for check in checks if not check.ok] == different


def test_a_tally_counts_what_the_dimension_divides():
    data = company("North")
    counted = tally(data, tables_by(data, ["team"]))
    assert (counted["deals", "rows"], counted["deals", "amount"]) == (2, pytest.approx(30.3))
    assert counted["reps", "rows"] == 1


def test_additive_kpis_of_the_slices_make_up_the_whole(batch):
    sums = {check.column: (check.whole, check.slices) for check in batch.checks if check.table == "KPI"}
    assert sums["pipeline_value"] == (pytest.approx(8 * 30.30), pytest.approx(8 * 30.30))
    assert sums["qualified_opportunities"] == (16, 16)
    assert "win_rate" not in sums


def test_a_measured_sum_that_is_lost_is_found(folder):
    data = company("North", "South")
    made = plan(data, period="2026Q3", folder=folder)
    sums = additive(CATALOGUE.values(), data, ["team"])
    parts = [measured(data.where({"team": (name,)}), sums, made.period) for name in ("North", "South", None)]
    whole = measured(data, sums, made.period)
    assert all(check.ok for check in reconcile(whole, parts))
    lost = {check.column for check in reconcile(whole, parts[1:]) if not check.ok}
    assert {"pipeline_value", "qualified_opportunities", "deals_per_stage"} <= lost


def test_a_slice_in_which_a_deal_was_merely_open_is_not_empty():
    from kpitools.model.calendar import parse_period
    from kpitools.reports.facts import has_facts

    data = company("North")
    assert has_facts(data, parse_period("2026Q4"))
    assert not has_facts(data, parse_period("2026Q4"), alive=False)
    assert not has_facts(data, parse_period("2026Q2"))
