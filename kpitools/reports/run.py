"""Makes one report: runs its notebook on a kernel of its own, exports the page, leaves whole files only."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PART = ".part"


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
    """

    template: Path
    data: Path
    out: Path
    stem: str
    parameters: Mapping[str, Any]
    facts: Mapping[str, Any]
    threads: int = 1


@dataclass(frozen=True)
class Outcome:
    """What became of a task; `reason` and `cell` (the number JupyterLab shows) where it failed."""

    status: str
    files: tuple[str, ...] = ()
    size: int = 0
    reason: str = ""
    cell: int | None = None
    headline: str = ""


def make_report(task: Task) -> Outcome:
    """Run, export and put in place one report. Whatever goes wrong in the notebook is an outcome, not an error."""
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]  # see kernel.LAUNCH
    with tempfile.TemporaryDirectory(dir=task.data.parent, ignore_cleanup_errors=True) as scratch:
        notebook, failure = execute(task, Path(scratch))
        if failure is None:
            try:
                return _publish(task, notebook)
            except Exception as error:
                failure = Outcome("failed", reason=f"The page could not be made: {_words(error)}")
    put(task.out / f"{task.stem}.failed.ipynb", _json(notebook))
    remove(task.out, task.stem, ".html", ".ipynb")
    return Outcome("failed", (f"{task.stem}.failed.ipynb",), reason=failure.reason, cell=failure.cell)


def execute(task: Task, scratch: Path) -> tuple[dict[str, Any], Outcome | None]:
    """The notebook as far as it ran, and why it stopped, if it did."""
    import papermill
    from papermill.exceptions import PapermillExecutionError

    from kpitools.reports.kernel import kernel_options

    template, result = scratch / "template.ipynb", scratch / "report.ipynb"
    template.write_bytes(task.template.read_bytes())
    given = {**task.parameters, "data": f"../{task.data.name}"}  # relative: no place on this machine in the notebook
    failure = None
    try:
        papermill.execute_notebook(
            template, result, given, cwd=scratch, kept=result,
            progress_bar=False, request_save_on_cell_execute=False, log_output=False,
            **kernel_options(scratch, threads=task.threads),
        )  # fmt: skip
    except PapermillExecutionError as error:
        failure = Outcome("failed", reason=f"{error.ename}: {error.evalue}", cell=error.exec_count)
    except Exception as error:
        failure = Outcome("failed", reason=_words(error))
    notebook = json.loads((result if result.exists() else template).read_text(encoding="utf-8"))
    if failure and failure.cell is None:
        failure = Outcome("failed", reason=failure.reason, cell=_stopped_at(notebook))
    return _described(notebook, task), failure


def _described(notebook: dict[str, Any], task: Task) -> dict[str, Any]:
    """The notebook with what the page says about itself, and without the run's private paths."""
    papermill = notebook["metadata"].get("papermill", {})
    papermill.update(input_path=task.template.name, output_path=f"{task.stem}.ipynb")
    notebook["metadata"]["kpitools"] = dict(task.facts)
    return notebook


def _publish(task: Task, notebook: dict[str, Any]) -> Outcome:
    from kpitools.reports.export import gather, to_html

    page = to_html(notebook).encode("utf-8", "replace")
    put(task.out / f"{task.stem}.ipynb", _json(notebook))
    put(task.out / f"{task.stem}.html", page)
    remove(task.out, task.stem, ".failed.ipynb")
    files = (f"{task.stem}.html", f"{task.stem}.ipynb")
    return Outcome("made", files, size=len(page), headline=gather(notebook).get("headline", ""))


def put(path: Path, content: bytes) -> None:
    """Write a file so that, whatever happens, it is either the whole new one or what was there before."""
    part = path.with_name(f".{path.name}{PART}")
    part.write_bytes(content)
    part.replace(path)


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
