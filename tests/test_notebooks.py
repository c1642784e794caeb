"""Every notebook of the project: committed without outputs, made of short cells; what they lead to.

That each runs from first to last is seen in JupyterLab, in `test_lab`, `test_lab_explore` and `test_lab_linked`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import papermill
import pytest

from kpitools.reports.kernel import kernel_options
from kpitools.reports.own_folder import make_folder
from kpitools.reports.templates import find

ROOT = Path(__file__).parents[1]
CRM = ROOT.parent / "shared" / "data" / "crm_sales"
NOTEBOOKS = sorted([*ROOT.glob("notebooks/*.ipynb"), *ROOT.glob("templates/*.ipynb")])
TEMPLATES = sorted(path.stem for path in ROOT.glob("templates/*.ipynb"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_cells_are_short_and_hold_no_outputs(path: Path):
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        source = "".join(cell["source"])
        assert source.count("\n") < 10
        if cell["cell_type"] == "code":
            assert not cell["outputs"]
            assert cell["execution_count"] is None
            assert not any(line.startswith(("def ", "class ")) for line in source.splitlines())


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_template_has_the_parameters_the_runner_sets(name: str):
    assert {"data", "slice", "period", "as_of", "interactive"} <= find(name).parameters.keys()


def executed(path: Path) -> list[dict[str, Any]]:
    """The outputs of a notebook run from first to last, where nothing may be said on stderr."""
    work = path.parents[1] / "ran" / path.stem
    work.mkdir(parents=True)
    result, options = work / path.name, kernel_options(work, threads=2)
    done = papermill.execute_notebook(
        path, result, cwd=path.parent, kept=result, progress_bar=False, log_output=False, **options
    )
    outputs = [output for cell in done.cells if cell.cell_type == "code" for output in cell.outputs]
    assert not [output for output in outputs if output.output_type == "stream" and output.name == "stderr"]
    return outputs


def said(outputs: list[dict[str, Any]]) -> str:
    texts = [output.get("text") or output.get("data", {}).get("text/plain", "") for output in outputs]
    return "\n".join("".join(text) for text in texts)


def test_the_first_notebook_leads_from_ones_own_files_to_a_report(tmp_path: Path):
    """On a real CRM's files, by the mapping that was guessed for them and that nobody has corrected yet."""
    mine = tmp_path / "mine"
    make_folder(mine, files=CRM)
    text = said(executed(mine / "notebooks" / "start_here.ipynb"))
    assert "deals: 1,480 of 8,800 rows were set aside" in text
    assert "1 made, 0 empty, 0 failed of 1 reports for 2017Q4" in text
    assert (mine / "out" / "first" / "index.html").is_file()
    assert len(list((mine / "out" / "first").glob("scorecard-*.html"))) == 1
