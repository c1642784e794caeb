"""Every notebook of the project: committed without outputs, made of short cells, run from first to last."""

from __future__ import annotations

import json
from pathlib import Path

import papermill
import pytest

from kpitools.reports.kernel import kernel_options
from kpitools.reports.templates import find

ROOT = Path(__file__).parents[1]
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


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_runs_as_it_is(path: Path, tmp_path: Path):
    result, options = tmp_path / path.name, kernel_options(tmp_path, threads=2)
    done = papermill.execute_notebook(
        path, result, cwd=path.parent, kept=result, progress_bar=False, log_output=False, **options
    )
    outputs = [output for cell in done.cells if cell.cell_type == "code" for output in cell.outputs]
    assert outputs
    assert not [output for output in outputs if output.output_type == "stream" and output.name == "stderr"]
