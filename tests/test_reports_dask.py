"""A batch on Dask: a scheduler and workers that are processes of their own, one of which is killed while it works."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from reports_kit import CHART, FOOT, READ, WORDS, company, template

from kpitools.reports import make_reports

TEAMS = ("North", "South", "East", "West", "Up", "Down")
#: Notes each run, and kills, once, the Dask worker that the kernel's zygote belongs to.
NOTE = """
import os, psutil, signal
from pathlib import Path
notes = Path({notes!r})
(notes / f"{{slice.split('&')[0]}} {{os.getpid()}}").touch()
mark = notes / "killed"
if "South" in slice and not mark.exists():
    mark.touch()
    worker = psutil.Process().parent().parent()
    (notes / f"worker {{worker.pid}}").write_text(" ".join(worker.cmdline()))
    worker.kill()
    import time; time.sleep(60)
"""


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[str]:
    """The address of a scheduler with two workers of one thread each, all of them processes of their own."""
    told, running = tmp_path / "scheduler.json", []

    def start(*words: str) -> None:
        log = (tmp_path / f"dask-{len(running)}.log").open("w")
        command = [sys.executable, "-m", "dask", *words, "--scheduler-file", str(told)]
        running.append(subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True, cwd=tmp_path))

    start("scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard")
    for number in range(2):
        start("worker", "--nthreads", "1", "--no-nanny", "--no-dashboard", "--name", f"worker-{number}",
              "--local-directory", str(tmp_path))  # fmt: skip
    try:
        wait_for(lambda: told.exists() and told.read_text().strip().endswith("}"))
        yield json.loads(told.read_text())["address"]
    finally:
        for process in running:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def wait_for(true, seconds: float = 100) -> None:
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.05)


@pytest.mark.filterwarnings("ignore")  # Dask's own, of versions and of what it closes
def test_a_worker_killed_while_it_works_costs_no_report(cluster: str, tmp_path: Path):
    from distributed import Client

    notes = tmp_path / "notes"
    notes.mkdir()
    folder = template(tmp_path / "templates", cells=(READ, NOTE.format(notes=str(notes)), CHART, WORDS, FOOT))
    with Client(cluster, timeout=100) as client:
        client.wait_for_workers(2, timeout=100)
        batch = make_reports(
            company(*TEAMS), out=tmp_path / "out", period="2026Q3", folder=folder, executor=client.get_executor()
        )
    (killed,) = notes.glob("worker *")
    assert "dask" in killed.read_text()
    reports = [report for report in batch.reports if report.job.member]
    assert [report.status for report in reports] == ["made"] * len(TEAMS), batch.summary()
    begun = Counter(path.name.split()[0].removeprefix("team=") for path in notes.glob("team=*"))
    assert begun == {**dict.fromkeys(TEAMS, 1), "South": 2}
    for team in TEAMS:
        assert "2 deals" in (tmp_path / "out" / f"deals-{team.lower()}-2026q3.ipynb").read_text()
