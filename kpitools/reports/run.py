"""Makes one report: runs its notebook on a kernel of its own, exports the page, leaves whole files only."""

from __future__ import annotations

import importlib
import json
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from kpitools.formats.whole import whole
from kpitools.model.dataset import Dataset
from kpitools.reports.kernels.forked import prepare, ready
from kpitools.reports.kernels.watch import Watch
from kpitools.reports.log import LOG, written
from kpitools.reports.look import PLAIN, Look
from kpitools.reports.words.names import names_of
from kpitools.reports.words.reading import Reading

#: How papermill tags the cell with the parameters it was given.
INJECTED = "injected-parameters"
#: How often a report is begun whose kernel dies.
TRIES = 2


@dataclass(frozen=True)
class Task:
    """One report to make, in words that any process understands.

    Attributes:
        template: the notebook to run.
        data: the folder of the slice's dataset; the notebook sees it under a relative name.
        out: where the report goes.
        stem: its files' name without ending.
        parameters: values for the parameters cell.
        facts: what the page says about itself.
        threads: how many threads a query may use.
        kernel: `fork` (from a process that has imported what templates need) or `stock` (started afresh).
        limit: seconds that the report may take; no limit where left out.
        memory: bytes that its kernel may hold; no limit where left out.
        look: how the page looks.
        formats: what is written beside the page, out of `pdf` and `xlsx`.
        log: whether what the kernel says aside is kept in a file beside the page.
    """

    template: Path
    data: Path
    out: Path
    stem: str
    parameters: Mapping[str, Any]
    facts: Mapping[str, Any]
    threads: int = 1
    kernel: str = "fork"
    limit: float | None = None
    memory: int | None = None
    look: Look = PLAIN
    formats: tuple[str, ...] = ()
    log: bool = True


@dataclass(frozen=True)
class Outcome:
    """What became of a task; `reason` and `cell` (the number JupyterLab shows) where it failed.

    Attributes:
        status: `made`, `empty` or `failed`.
        files: the names of the files it left.
        size: bytes of the page.
        reason: why it failed.
        cell: the cell in which it failed.
        headline: the page's first figure in words.
        seconds: how long it took.
        memory: the most bytes its kernel held; 0 where not known.
        tries: how often it was begun.
    """

    status: str
    files: tuple[str, ...] = ()
    size: int = 0
    reason: str = ""
    cell: int | None = None
    headline: str = ""
    seconds: float = 0.0
    memory: int = 0
    tries: int = 1

    @classmethod
    def read(cls, said: Mapping[str, Any]) -> Outcome:
        """The outcome that JSON kept as a plain mapping."""
        return cls(**{**said, "files": tuple(said["files"])})


@dataclass(frozen=True)
class Attempt:
    """A notebook as far as it ran; `reason` and `cell` where it stopped, `again` where another kernel may do better."""

    notebook: dict[str, Any]
    log: str = ""
    reason: str = ""
    cell: int | None = None
    again: bool = False


def make_report(task: Task) -> Outcome:
    """Run, export and put in place one report. Whatever goes wrong in the notebook is an outcome, not an error.

    Raises:
        BrokenZygoteError: no kernel can be forked here, for this report or any other.
    """
    began = time.monotonic()
    get_ready(task.kernel, task.threads)
    with Watch(task.limit, task.memory) as watch:
        for tries in range(1, TRIES + 1):  # noqa: B007
            made = attempt(task, watch)
            if not made.again:
                break
    outcome = _outcome(task, made)
    return replace(outcome, seconds=time.monotonic() - began, memory=watch.peak, tries=tries)


def get_ready(kernel: str, threads: int) -> None:
    """What takes long the first time and is the same for every report: the zygote, and imports beside it.

    Args:
        kernel: `fork` or `stock`.
        threads: how many threads a query may use.

    Raises:
        BrokenZygoteError: no kernel can be forked here.
    """
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]  # see kernels.zygote.SKIPPED
    if kernel == "fork":
        prepare(threads)
    importlib.import_module("kpitools.reports.kernel")
    importlib.import_module("kpitools.reports.export")
    if kernel == "fork":
        ready(threads)


def attempt(task: Task, watch: Watch) -> Attempt:
    """Run the notebook once, on a kernel of its own."""
    import papermill
    from papermill.exceptions import PapermillExecutionError

    from kpitools.reports.kernel import kernel_options

    with tempfile.TemporaryDirectory(dir=task.data.parent, ignore_cleanup_errors=True) as name:
        scratch = Path(name)
        template, result = scratch / "template.ipynb", scratch / "report.ipynb"
        template.write_bytes(task.template.read_bytes())
        given = {**task.parameters, "data": f"../{task.data.name}"}  # relative: no place on this machine in it
        stopped = Attempt({})
        try:
            papermill.execute_notebook(
                template, result, given, folder=scratch, kept=result,
                progress_bar=False, request_save_on_cell_execute=False, log_output=False,
                **kernel_options(scratch, threads=task.threads, kernel=task.kernel, started=watch.follow),
            )  # fmt: skip
        except PapermillExecutionError as error:
            stopped = Attempt({}, reason=f"{error.ename}: {error.evalue}", cell=error.exec_count)
        except Exception as error:
            stopped = _broken(error, watch)
        watch.stop()
        notebook = json.loads((result if result.exists() else template).read_text(encoding="utf-8"))
        said = (scratch / LOG).read_text(encoding="utf-8", errors="replace") if (scratch / LOG).exists() else ""
        log = written(notebook, said, stopped.reason).replace(str(scratch), ".")
    cell = _stopped_at(notebook) if stopped.reason and stopped.cell is None else stopped.cell
    return replace(stopped, notebook=_described(notebook, task), cell=cell, log=log)


def _broken(error: Exception, watch: Watch) -> Attempt:
    """Why a kernel did not get to the end of a notebook in which no cell failed."""
    if watch.reason:
        return Attempt({}, reason=watch.reason)
    return Attempt({}, reason=f"Its kernel died, twice; it may have run out of memory ({_words(error)}).", again=True)


def _described(notebook: dict[str, Any], task: Task) -> dict[str, Any]:
    """The notebook with what the page says about itself, and without the run's private paths."""
    papermill = notebook["metadata"].get("papermill", {})
    papermill.update(input_path=task.template.name, output_path=f"{task.stem}.ipynb")
    notebook["metadata"]["kpitools"] = dict(task.facts)
    for cell in notebook["cells"]:
        if INJECTED in cell["metadata"].get("tags", ()):
            cell["id"] = INJECTED  # papermill makes one up anew each time
    return notebook


def _outcome(task: Task, made: Attempt) -> Outcome:
    """The report in place; else what there is of it, marked."""
    reason, log = made.reason, made.log
    if not reason:
        try:
            return _publish(task, made)
        except Exception as error:
            reason = f"The page could not be made: {_words(error)}"
            log = "\n".join(filter(None, [log, reason, ""]))
    put(task.out / f"{task.stem}.failed.ipynb", _json(made.notebook))
    remove(task.out, task.stem, ".html", ".ipynb", ".pdf", ".xlsx")
    files = (f"{task.stem}.failed.ipynb", *_keep_log(task, log))
    return Outcome("failed", files, reason=reason, cell=made.cell)


def _publish(task: Task, made: Attempt) -> Outcome:
    from kpitools.reports.export import gather, to_html

    words = task.look.words
    reading = words.reading(names_of(Dataset.read(task.data))) if words else None
    page = to_html(made.notebook, task.look, reading).encode("utf-8", "replace")
    put(task.out / f"{task.stem}.ipynb", _json(made.notebook))
    put(task.out / f"{task.stem}.html", page)
    beside = (*_formats(task, made.notebook, reading), *_keep_log(task, made.log))
    remove(task.out, task.stem, ".failed.ipynb")
    return Outcome(
        "made",
        (f"{task.stem}.html", f"{task.stem}.ipynb", *beside),
        size=len(page),
        headline=gather(made.notebook).get("headline", ""),
    )


def _formats(task: Task, notebook: Mapping[str, Any], reading: Reading | None) -> tuple[str, ...]:
    """Put what else is wanted of the page beside it; returns the files' names."""
    for name in ("pdf", "xlsx"):
        if name not in task.formats:
            remove(task.out, task.stem, f".{name}")
    if "pdf" in task.formats:
        from kpitools.reports.pdf import to_pdf

        put(task.out / f"{task.stem}.pdf", to_pdf(task.out / f"{task.stem}.html"))
    if "xlsx" in task.formats:
        from kpitools.reports.workbook import to_workbook

        put(task.out / f"{task.stem}.xlsx", to_workbook(notebook, reading))
    return tuple(f"{task.stem}.{name}" for name in task.formats)


def _keep_log(task: Task, log: str) -> tuple[str, ...]:
    """Put the log beside the page, where there is anything in it; returns its name."""
    if not (log and task.log):
        remove(task.out, task.stem, ".log")
        return ()
    put(task.out / f"{task.stem}.log", log.encode("utf-8", "replace"))
    return (f"{task.stem}.log",)


def put(path: Path, content: bytes) -> None:
    """Write a file so that, whatever happens, it is either the whole new one or what was there before."""
    with whole(path) as part:
        part.write_bytes(content)


def remove(folder: Path, stem: str, *endings: str) -> None:
    """Take away files of an earlier batch that would now be taken for this one's."""
    for ending in endings:
        (folder / f"{stem}{ending}").unlink(missing_ok=True)


def _json(notebook: Mapping[str, Any]) -> bytes:
    return (json.dumps(notebook, indent=1, ensure_ascii=False, sort_keys=True) + "\n").encode("utf-8", "replace")


def _stopped_at(notebook: Mapping[str, Any]) -> int | None:
    """The number of the first code cell that never answered."""
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code" and "".join(cell["source"]).strip()]
    answers = ["shell.execute_reply" in cell["metadata"].get("execution", {}) for cell in code]
    return answers.index(False) + 1 if False in answers else None


def _words(error: BaseException) -> str:
    first = next((line for line in str(error).splitlines() if line.strip()), "")
    return f"{type(error).__name__}: {first}" if first else type(error).__name__
