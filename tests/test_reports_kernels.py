"""Forked kernels: they share nothing, write what stock kernels write, and are replaced when they die."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from reports_kit import CHART, FOOT, READ, WORDS, company, template
from works import die, hang_once, note, refuse

from kpitools.intake import load
from kpitools.reports import workers
from kpitools.reports.cut import write_cut
from kpitools.reports.kernels import forked
from kpitools.reports.kernels.watch import Watch
from kpitools.reports.plan import plan
from kpitools.reports.run import Outcome, Task, attempt, make_report

ROOT = Path(__file__).parents[1]
#: What a notebook says of the time: the only thing in which two runs may differ.
TIMES = re.compile(r'"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+(?:Z|\+00:00)"|"duration": [\d.e-]+')
GIVEN = {"slice": "team=North", "period": "2026Q3", "as_of": "2026-09-30", "interactive": False}


@pytest.fixture
def make(tmp_path: Path):
    """Makes a report of a small company from the cells given."""
    (tmp_path / "scratch").mkdir()
    (tmp_path / "out").mkdir()
    company("North").write(tmp_path / "scratch" / "data")

    def made(*cells: str, name: str = "deals", **settings) -> Outcome:
        path = template(tmp_path / "templates", name, cells=cells) / f"{name}.ipynb"
        task = Task(path, tmp_path / "scratch" / "data", tmp_path / "out", name, GIVEN, {}, **settings)
        return make_report(task)

    return made


def said(folder: Path, name: str = "deals") -> str:
    """What the notebook printed."""
    cells = json.loads((folder / "out" / f"{name}.ipynb").read_text())["cells"]
    return "".join(
        "".join(one["text"]) for cell in cells for one in cell.get("outputs", ()) if one.get("name") == "stdout"
    )


@pytest.fixture(scope="module")
def slices(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict]:
    """A team's slice of the sample, and for each template its parameters and facts."""
    folder, data = tmp_path_factory.mktemp("cut"), load(ROOT / "data" / "sample")
    made = plan(data, period="2026Q3", only=["Asia-Pacific"])
    place = write_cut(data.as_of(made.as_of), made, "Asia-Pacific", None, folder)
    return place, {job.template.name: job for job in made.jobs}


@pytest.mark.parametrize("name", ["funnel", "retention", "scorecard"])
def test_a_forked_kernel_writes_what_a_stock_kernel_writes(name: str, slices, tmp_path: Path):
    place, jobs = slices
    written = {}
    for kernel in ("fork", "stock"):
        task = Task(jobs[name].template.path, place, tmp_path, name, jobs[name].parameters, {}, kernel=kernel)
        made = make_report(task)
        assert made.status == "made", made.reason
        written[kernel] = [TIMES.sub("", path.read_text()) for path in sorted(tmp_path.glob(f"{name}.*"))]
        assert len(written[kernel]) == 2
    assert written["fork"] == written["stock"]


LEAVE = """
import os, random, signal, statistics, sys, warnings
import altair as alt
import numpy as np
import polars as pl
import kpitools.formats

left_behind = 1
os.environ["LEFT_BEHIND"] = "1"
alt.renderers.enable("png")
alt.data_transformers.disable_max_rows()
alt.theme.enable("dark")
pl.Config.set_tbl_rows(3)
random.seed(1), np.random.seed(1), pl.set_random_seed(1)
left_open = open("left_open.txt", "w")
statistics.mean = kpitools.formats.format_value = lambda *_, **__: "patched"
sys.path.append("left/behind")
sys.modules["left_behind"] = sys
warnings.simplefilter("ignore")
signal.signal(signal.SIGUSR1, signal.SIG_IGN)
os.nice(1)
os.umask(0)
os.chdir("/")
"""
FIND = """
import json, os, random, signal, statistics, sys, warnings
import altair as alt
import numpy as np
import polars as pl
import kpitools.formats

here = os.getcwd()
mask = os.umask(0)
os.umask(mask)
threads = pl.thread_pool_size()
found = {
    "names": sorted(name for name in globals() if not name.startswith("_")),
    "environment": {k: v for k, v in os.environ.items() if k not in ("JPY_PARENT_PID", "_RJEM_MALLOC_CONF")},
    "charts": [alt.renderers.active, alt.renderers.options, alt.data_transformers.active,
               alt.data_transformers.options, alt.theme.active],
    "frames": pl.Config.state(),
    "functions": [statistics.mean.__module__, kpitools.formats.format_value.__module__],
    "path": [path for path in sys.path if path],
    "modules": "left_behind" in sys.modules,
    "warnings": ("ignore", None, Warning, None, 0) in warnings.filters,
    "signals": [str(signal.getsignal(n)) for n in (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1, signal.SIGCHLD)],
    "process": [os.nice(0), mask, os.path.basename(here)[:3], os.getsid(0) == os.getpid(), sys.argv[1:2]],
    "threads": threads,
    "files": [link for link in map(os.readlink, [f"/proc/self/fd/{n}" for n in os.listdir("/proc/self/fd")
              if os.path.exists(f"/proc/self/fd/{n}")]) if link.endswith(".txt")],
    "random": [random.random(), np.random.rand(), pl.Series([*range(10**6)]).sample(1)[0]],
}
print(json.dumps(found))
warnings.warn("shown by both", DeprecationWarning)
"""


def test_a_report_sees_nothing_of_the_one_before_it(make, tmp_path: Path):
    seen = []
    for name, kernel, before in (("a", "fork", LEAVE), ("b", "fork", None), ("c", "fork", None), ("d", "stock", None)):
        if before:
            assert make(before, name="before", kernel=kernel).status == "made"
        made = make(FIND, name=name, kernel=kernel, threads=3)
        assert made.status == "made", made.reason
        assert "shown by both" in (tmp_path / "out" / f"{name}.log").read_text()
        seen.append(json.loads(said(tmp_path, name)))
    numbers = [tuple(one.pop("random")) for one in seen]
    assert len({number for three in numbers for number in three}) == 3 * len(seen)
    *others, stock = seen
    assert stock["threads"] == 3
    for one in others:
        assert one.pop("environment").items() ^ stock["environment"].items() == set()
        assert one.items() <= stock.items()


def test_the_zygote_runs_no_query_and_forks_from_one_thread_of_its_own(make):
    make("pl = __import__('polars')", name="first")
    names = [(task / "comm").read_text() for task in Path(f"/proc/{zygote()}/task").iterdir()]
    assert sum(name.startswith("python") for name in names) == 1
    assert not [name for name in names if name.startswith(("polars-0", "polars-1", "tokio"))]


def zygote() -> int:
    return forked.zygote(1).pid


def test_a_zygote_that_ends_before_it_is_ready_is_started_once_more():
    forked.zygote(1).end()
    forked.prepare(1)
    before = zygote()
    os.kill(before, signal.SIGKILL)
    forked.ready(1)
    assert zygote() != before


@pytest.mark.parametrize(
    ("command", "message"),
    [("import os; os._exit(3)", "before it was ready"), ("print('OSError: no such file')", "OSError: no such file")],
)
def test_a_zygote_that_never_gets_ready_is_told_of(command: str, message: str, monkeypatch: pytest.MonkeyPatch):
    forked.zygote(1).end()
    monkeypatch.setattr(forked, "COMMAND", command)
    with pytest.raises(forked.BrokenZygoteError, match=message):
        forked.ready(1)


def test_a_broken_installation_stops_the_batch_at_once_in_one_sentence(tmp_path: Path):
    broken = tmp_path / "broken" / "scipy"
    broken.mkdir(parents=True)
    (broken / "__init__.py").write_text("raise ImportError('libgfortran.so.5: cannot open\\nshared object')")
    asked = ["--data", str(ROOT / "data" / "sample"), "--period", "2026Q3", "--template", "scorecard", "--out", "out"]
    run = subprocess.run(
        [sys.executable, "-m", "kpitools", "report", *asked], cwd=tmp_path, capture_output=True, text=True, timeout=120,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(broken.parent), os.environ.get("PYTHONPATH", "")])},
    )  # fmt: skip
    assert run.returncode == 2
    line = run.stderr.strip()
    assert "\n" not in line, line
    assert "no report can be made: ImportError: libgfortran.so.5: cannot open shared object. Repair" in line
    assert "--kernel stock" in line
    assert not list((tmp_path / "out").glob("*"))


def test_a_module_that_runs_a_query_when_imported_is_found():
    code = (
        "import polars; from kpitools.reports.kernels import zygote; "
        "polars.select(1).lazy().collect(); polars.DataFrame({'a': [1]}).group_by('a').len(); zygote.preload()"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert "RuntimeError: A query was run while modules were imported" in run.stderr


def test_a_zygote_that_dies_or_hangs_is_replaced(make, monkeypatch: pytest.MonkeyPatch):
    before = zygote() if make("1").status == "made" else 0
    os.kill(before, signal.SIGKILL)
    assert (make("1").status, zygote() != before) == ("made", True)
    hanging = zygote()
    monkeypatch.setattr(forked, "FORKS_WITHIN", 1.0)
    os.kill(hanging, signal.SIGSTOP)
    made = make("1")
    monkeypatch.undo()
    assert (made.status, made.tries, zygote() != hanging) == ("made", 1, True)
    assert not Path(f"/proc/{hanging}").exists()


ONCE = """
import os
from pathlib import Path
mark = Path("../once")
if not mark.exists():
    mark.touch()
    {}
    __import__("time").sleep(60)
"""


@pytest.mark.parametrize("death", ["os._exit(3)", "os.kill(os.getppid(), 9)"], ids=["kernel", "zygote"])
def test_a_report_whose_kernel_dies_is_tried_again(make, death: str, tmp_path: Path):
    made = make(READ, ONCE.format(death), WORDS)
    assert (made.status, made.tries) == ("made", 2)
    assert "2 deals" in (tmp_path / "out" / "deals.ipynb").read_text()


def test_a_report_whose_kernel_dies_twice_is_marked(make, tmp_path: Path):
    made = make(READ, "import os; os._exit(3)", WORDS)
    assert (made.status, made.tries, made.cell) == ("failed", 2, 4)
    assert made.reason.startswith("Its kernel died, twice")
    assert set(made.files) == {"deals.failed.ipynb", "deals.log"}


def test_a_report_that_takes_too_long_is_stopped(make, tmp_path: Path):
    busy = "import os; from pathlib import Path; Path('../pid').write_text(str(os.getpid()))\nwhile True: pass"
    made = make(busy, limit=2.5)
    assert (made.status, made.reason, made.tries, made.cell) == ("failed", "It took longer than 2.5 seconds.", 1, 3)
    assert 2.5 < made.seconds < 15
    assert not Path("/proc", (tmp_path / "scratch" / "pid").read_text()).exists()


def test_a_kernel_that_holds_too_much_is_stopped(make):
    greedy = "held = bytearray(600_000_000)\nimport time; time.sleep(60)"
    made = make(greedy, memory=500_000_000)
    assert (made.status, made.tries) == ("failed", 1)
    assert re.fullmatch(r"Its kernel held \d+ MB, more than the limit of 500 MB\.", made.reason)
    assert made.memory > 500_000_000


@pytest.mark.parametrize("kernel", ["fork", "stock"])
def test_the_most_that_a_kernel_held_is_told(make, kernel: str):
    made = make("held = bytearray(400_000_000)\nimport time; time.sleep(0.3)\ndel held", kernel=kernel)
    assert made.status == "made"
    assert 400_000_000 < made.memory < 800_000_000
    assert 0.3 < made.seconds < 60


def test_a_log_is_kept_where_something_was_said_aside(make, tmp_path: Path):
    assert make(READ, CHART, WORDS, FOOT).files == ("deals.html", "deals.ipynb")
    aside = "import sys, os; print('careful', file=sys.stderr); os.write(2, b'from below\\n')"
    made = make(READ, aside, "print('not aside')")
    log = tmp_path / "out" / "deals.log"
    assert made.files == ("deals.html", "deals.ipynb", "deals.log")
    assert "careful" in log.read_text()
    assert "from below" in log.read_text()
    assert "not aside" not in log.read_text()
    assert make(READ, aside, log=False).files == ("deals.html", "deals.ipynb")
    assert not log.exists()


def test_what_else_is_wanted_of_a_page_stands_beside_it_and_goes_with_it(make, tmp_path: Path):
    assert make(READ, WORDS, formats=("xlsx",)).files == ("deals.html", "deals.ipynb", "deals.xlsx")
    assert (tmp_path / "out" / "deals.xlsx").read_bytes().startswith(b"PK")
    assert make(READ, WORDS).files == ("deals.html", "deals.ipynb")
    assert not (tmp_path / "out" / "deals.xlsx").exists()


def test_the_log_of_a_failure_holds_its_trace_and_no_place_of_this_machine(make, tmp_path: Path):
    made = make(READ, "1 / 0")
    log = (tmp_path / "out" / "deals.log").read_text()
    assert (made.status, made.cell, made.tries) == ("failed", 4, 1)
    assert "ZeroDivisionError: division by zero" in log
    assert "1 / 0" in log
    assert str(tmp_path) not in log
    assert "\x1b" not in log


LONELY = """
import sys, time
from pathlib import Path
from kpitools.reports.run import Task, make_report
place = Path(sys.argv[1])
make_report(Task(place / "templates" / "deals.ipynb", place / "scratch" / "data", place / "out", "deals", {}, {}))
"""


def test_kernels_end_with_their_owner(make, tmp_path: Path):
    make("1")
    stay = "import os; from pathlib import Path\nPath('../pids').write_text(f'{os.getpid()} {os.getppid()} ')"
    template(tmp_path / "templates", cells=(stay, "while True: pass"))
    owner = subprocess.Popen([sys.executable, "-c", LONELY, str(tmp_path)])
    try:
        pids = tmp_path / "scratch" / "pids"
        wait_for(lambda: pids.exists() and pids.read_text().endswith(" "))
    finally:
        owner.kill()
        owner.wait()
    kernel, its_zygote = pids.read_text().split()
    assert its_zygote != str(owner.pid)
    wait_for(lambda: not gone_or_dying(kernel) and not gone_or_dying(its_zygote), 10)


def gone_or_dying(pid: str) -> bool:
    """Whether a process still runs; one that is dead but not yet buried does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def wait_for(true, seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.05)


@pytest.mark.parametrize("kernel", ["fork", "stock"])
def test_kernels_talk_over_sockets_in_a_private_folder(make, kernel: str, tmp_path: Path):
    look = """
import psutil
from ipykernel.connect import get_connection_info
told = get_connection_info(unpack=True)
place = __import__("pathlib").Path(told["ip"]).parent
open_to_all = [one for one in psutil.Process().net_connections("inet") if one.laddr.ip != "127.0.0.1"]
print(told["transport"], oct(place.stat().st_mode)[-3:], place, len(open_to_all))
"""
    assert make(look, kernel=kernel).status == "made"
    transport, mode, place, open_to_all = said(tmp_path).split()
    assert (transport, mode, open_to_all) == ("ipc", "700", "0")
    assert not Path(place).exists()


def test_a_notebook_can_be_run_once_without_putting_anything_in_place(make, tmp_path: Path):
    make("1")
    path = template(tmp_path / "templates", cells=("2 / 0",)) / "deals.ipynb"
    with Watch() as watch:
        done = attempt(Task(path, tmp_path / "scratch" / "data", tmp_path / "none", "deals", GIVEN, {}), watch)
    assert (done.reason, done.again) == ("ZeroDivisionError: division by zero", False)
    assert not (tmp_path / "none").exists()


def a_task(folder: Path, **settings) -> Task:
    return Task(folder, folder / "data", folder, "deals", {}, {}, **settings)


def all_done(work, *tasks: Task, ahead: int = 1) -> list[tuple[Task, Outcome | BaseException]]:
    with workers.Workers(1) as own:
        return list(workers.do_all(work, ([task] for task in tasks), None, own, ahead))


def test_no_more_slices_are_asked_for_than_are_needed(tmp_path: Path):
    finished, asked = [], []

    def slices():
        for number in range(8):
            asked.append((number, len(finished)))
            yield [replace(a_task(tmp_path), stem=str(number))]

    with workers.Workers(1) as own:
        for task, done in workers.do_all(note, slices(), None, own, 2):
            finished.append(task.stem)
            assert done.status == "made"
    assert sorted(finished) == [str(number) for number in range(8)]
    assert all(number - done <= 2 for number, done in asked)


def test_what_goes_wrong_with_a_slice_is_raised_and_workers_end(tmp_path: Path):
    def slices():
        yield [a_task(tmp_path)]
        raise OSError("no room for the slice")

    with pytest.raises(OSError, match="no room for the slice"), workers.Workers(1) as own:
        list(workers.do_all(hang_once, slices(), None, own, 2))


def test_a_worker_that_hangs_is_ended_and_its_report_made_by_another(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(workers, "GRACE", 10.0)
    began = time.monotonic()
    ((_, done),) = all_done(hang_once, a_task(tmp_path, limit=1.0))
    assert done == Outcome("made", tries=2)
    assert time.monotonic() - began < 100


@pytest.mark.parametrize(("work", "error"), [(die, "BrokenProcessPool"), (refuse, "OSError")])
def test_what_fails_twice_is_handed_over(work, error: str, tmp_path: Path):
    ((_, done),) = all_done(work, a_task(tmp_path))
    assert type(done).__name__ == error


def test_what_was_done_before_its_answer_was_lost_is_not_done_again(tmp_path: Path):
    task, made = a_task(tmp_path), Outcome("made", ("a.html",), headline="3 deals", seconds=1.5)
    calls = []
    for _ in range(2):
        assert workers.once(lambda one: calls.append(one) or made, "batch", task) == made
    assert calls == [task]
    assert workers.once(lambda one: Outcome("failed"), "another", task).status == "failed"


@pytest.fixture
def group(tmp_path: Path) -> Path:
    (tmp_path / "memory.current").write_text("200000000\n")
    (tmp_path / "memory.max").write_text("1000000000\n")
    return tmp_path


def test_workers_are_bounded_by_memory_and_by_cores(group: Path, tmp_path_factory: pytest.TempPathFactory):
    assert workers.free_memory(group) == 800_000_000
    (group / "memory.max").write_text("max\n")
    everything = workers.free_memory(group)
    assert everything > 800_000_000
    assert abs(workers.free_memory(tmp_path_factory.mktemp("none")) - everything) < 2_000_000_000
    assert workers.at_once() <= (os.cpu_count() or 1)
    assert workers.at_once(7, memory=10**15) == 1
    assert workers.at_once(2) == 2
