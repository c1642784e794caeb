"""Imports flow one way, and importing the package loads nothing that only reports and charts need."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import kpitools
from kpitools.kpis.catalogue import CATALOGUE

PACKAGE = Path(kpitools.__file__).parent
#: Each part may import those before it.
LAYERS = ["errors", "formats", "model", "sample", "intake", "measures", "kpis", "evaluation", "config", "analyses",
          "charts", "tables", "pages", "views", "explore", "reports", "cli", "__main__"]  # fmt: skip
MODULES = sorted(PACKAGE.rglob("*.py"))
HEAVY = ["altair", "ipywidgets", "papermill", "nbformat", "nbclient", "jinja2", "vl_convert", "pandas", "IPython",
         "mistune", "nh3", "anywidget", "click", "scipy", "matplotlib"]  # fmt: skip


def part_of(module: Path) -> str:
    return module.relative_to(PACKAGE).with_suffix("").parts[0]


def imported(module: Path) -> Iterator[str]:
    """The parts of the package that a module imports, inside functions too."""
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}: imports are written in full"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        yield from (name.split(".")[1] for name in names if name.startswith("kpitools."))


def test_every_module_has_its_layer():
    assert {part_of(module) for module in MODULES} - {"__init__"} == set(LAYERS)


@pytest.mark.parametrize("layer", LAYERS)
def test_imports_flow_one_way(layer):
    allowed = {*LAYERS[: LAYERS.index(layer) + 1]}
    against = {
        (str(module.relative_to(PACKAGE)), name)
        for module in MODULES
        if part_of(module) == layer
        for name in imported(module)
        if name not in allowed
    }
    assert against == set()


def test_the_sample_rests_on_the_model_and_on_how_files_are_written():
    named = {name for module in MODULES if part_of(module) == "sample" for name in imported(module)}
    assert named <= {"sample", "model", "formats"}


def test_no_module_is_a_circle(tmp_path: Path):
    """Each module can be the first one that is imported."""
    names = [".".join(("kpitools", *module.relative_to(PACKAGE).with_suffix("").parts)) for module in MODULES]
    firsts = [name for name in names if name.startswith(("kpitools.model", "kpitools.measures", "kpitools.kpis"))]
    forget = "[sys.modules.pop(name) for name in list(sys.modules) if name.startswith('kpitools')]"
    lines = [f"import {name.removesuffix('.__init__')}; {forget}" for name in firsts]
    subprocess.run([sys.executable, "-c", "\n".join(["import sys", *lines])], check=True, cwd=tmp_path)


@pytest.mark.parametrize(
    "statement",
    [
        "import kpitools",
        "import kpitools; kpitools.win_rate; kpitools.CATALOGUE; kpitools.evaluate; kpitools.Dataset; kpitools.audit",
    ],
)
def test_importing_is_light(statement, tmp_path: Path):
    ask = f"import sys; {statement}; print(*[name for name in {HEAVY!r} if name in sys.modules])"
    told = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert told.stdout.split() == []


def test_importing_loads_no_table_before_it_is_used(tmp_path: Path):
    ask = "import sys, kpitools; print(*[name for name in sys.modules if name.startswith('kpitools.')])"
    told = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert told.stdout.split() == []


def test_the_public_names_are_there_and_sorted():
    assert kpitools.__all__ == sorted(kpitools.__all__)
    assert all(getattr(kpitools, name) is not None for name in kpitools.__all__)
    assert set(dir(kpitools)) == {*kpitools.__all__, *CATALOGUE}


@pytest.mark.parametrize("name", CATALOGUE)
def test_every_kpi_is_an_attribute(name):
    assert getattr(kpitools, name) is CATALOGUE[name]


def test_an_unknown_attribute():
    with pytest.raises(AttributeError, match="kpitools has no 'win_rat'; `dir"):
        kpitools.win_rat  # noqa: B018
