"""A process that has imported what templates need, and forks a kernel each time it is asked.

It never runs a Polars query: the threads that answer queries start with the first one and do not survive a fork, so a
kernel starts its own. It ends when its owner closes the pipe, and its kernels end with it.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import importlib.util
import json
import os
import random
import signal
import sys
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from kpitools.reports.kernels.forked import READY
from kpitools.views import SECTIONS

PRELOADED = (
    "IPython.core.interactiveshell",
    "ipykernel.ipkernel",
    "ipykernel.kernelapp",
    "IPython.core.completerlib",
    "IPython.core.debugger",
    "IPython.core.oinspect",
    "IPython.extensions.storemagic",
    "ipykernel.debugger",
    "faulthandler",
    "sqlite3",
    "tornado.platform.asyncio",
    "tornado.queues",
    "numpy.random",
    "polars",
    "altair",
    "kpitools.explore",
    "kpitools.intake",
    "kpitools.pages.page",
    "kpitools.pages.controls",
    *(f"kpitools.views.{name}" for name in SECTIONS),
    "kpitools.charts.notebook",
    "kpitools.evaluation.others",
    "kpitools.tables.text",
)
#: Preloaded where it is installed.
IF_THERE = ("scipy.special", "scipy.optimize", "scipy.stats")
#: Threads with these names answer queries.
ANSWERING = ("polars-0", "tokio")
PR_SET_PDEATHSIG = 1
#: Not imported although others would: a grammar that takes jsonschema a second, and the debugger, which takes half.
SKIPPED = ("rfc3987_syntax", "debugpy")


def main() -> None:
    """Serve until the owner is gone. One request a line: what the kernel is started with; the answer is its pid.

    The first answer is whether kernels can be forked: that it is ready, or what went wrong.
    """
    answers = os.fdopen(os.dup(1), "w", buffering=1, encoding="utf-8", errors="replace")
    os.dup2(2, 1)
    skip_imports()
    try:
        preload()
    except Exception as error:
        print(f"{type(error).__name__}: {error}".replace("\n", " "), file=answers)
        return
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the system buries the dead
    gc.collect()
    gc.freeze()
    with contextlib.suppress(BrokenPipeError):  # the owner is gone
        print(READY, file=answers)
        for line in sys.stdin:
            pid = _fork()
            if pid == 0:
                _be_kernel(json.loads(line), answers)
            print(pid, file=answers)


def skip_imports() -> None:
    """Have the modules that no report needs taken for not installed."""
    for name in SKIPPED:
        sys.modules.setdefault(name, None)  # type: ignore[arg-type]


def preload() -> None:
    """Import what templates need, and make a chart and a table, from which no query is made.

    Raises:
        RuntimeError: something that was imported ran a query.
    """
    for name in (*PRELOADED, *(name for name in IF_THERE if importlib.util.find_spec(name.partition(".")[0]))):
        importlib.import_module(name)
    _show_something()
    if asked := [name for name in threads() if name.startswith(ANSWERING)]:
        raise RuntimeError(f"A query was run while modules were imported: there are threads {asked}.")


def threads() -> list[str]:
    """The names of this process's threads."""
    return [(task / "comm").read_text().strip() for task in Path("/proc/self/task").iterdir()]


def _show_something() -> None:
    """What the first chart and the first table have read: schemas and a template. Nothing that others' names count."""
    import altair

    from kpitools.charts.notebook import unchecked
    from kpitools.tables import Column, Table

    rows = altair.Data(values=[{"a": 1}])
    altair.Chart(rows, title="a").mark_bar().encode(x="a:Q", y="a:N", color="a:N").to_dict()
    with unchecked():
        altair.Chart(rows).mark_bar().encode(color=altair.value("a"))
    Table("a", [Column("a", "A")], [{"a": "a"}]).to_html()


def _fork() -> int:
    with warnings.catch_warnings():  # of threads at a fork: Polars' allocator's, which is made for it
        warnings.simplefilter("ignore", DeprecationWarning)
        return os.fork()


def _be_kernel(request: Mapping[str, Any], answers: IO[str]) -> None:
    """Become the kernel; never returns."""
    code = 1
    try:
        answers.close()
        _stand_alone(request)
        from ipykernel.kernelapp import IPKernelApp

        # the parent's number was read from the environment when ipykernel was imported: say it again
        IPKernelApp.launch_instance([*request["argv"], f"--IPKernelApp.parent_handle={os.getppid()}"])
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 0
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        os._exit(code)


def _stand_alone(request: Mapping[str, Any]) -> None:
    """What a process started afresh has of its own: session, signals, handles, environment, folder, random numbers."""
    os.setsid()
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    _reopen(0, os.devnull, os.O_RDONLY)
    for number in (1, 2):
        _reopen(number, request["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.environ.clear()
    os.environ.update(request["env"])
    os.environ["JPY_PARENT_PID"] = str(os.getppid())
    os.chdir(request["cwd"])
    sys.argv = ["ipykernel_launcher.py", *request["argv"]]
    random.seed()
    sys.modules["numpy.random"].seed()


def _reopen(number: int, path: str, how: int) -> None:
    opened = os.open(path, how, 0o600)
    os.dup2(opened, number)
    os.close(opened)
