"""A small company and a small template, for tests of the report runner."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import nbformat
import polars as pl

from kpitools.model.dataset import Dataset

PARAMETERS = """
data = "../data/sample"
slice = ""
period = "2026Q3"
as_of = ""
interactive = True
ages = 6
since = "2026-01-01"
label = "x"
fail_for = ""
"""
READ = """
from pathlib import Path
import altair as alt
import polars as pl
from kpitools.model.dataset import Dataset

deals = Dataset.read(Path(data))["deals"].collect()
if fail_for and fail_for in slice:
    raise ValueError("no figures for <b>" + slice)
"""
SEE = """
import os
from pathlib import Path

around = [path for path in Path("../..").glob("**/*") if path.suffix == ".parquet"] if os.geteuid() else []
around += list(Path("../../whole").glob("*"))
if any("../data" != os.path.relpath(path.parent) for path in around):
    raise ValueError(f"others' data: {around}")
"""
CHART = """
won = deals.group_by("status").agg(deals=pl.len(), amount=pl.col("amount").sum()).sort("status")
spec = alt.Chart(won, title="Deals by status", width=640).mark_bar().encode(x="deals:Q", y="status:N").to_dict()
display({"application/vnd.vegalite.v5+json": spec, "text/plain": "chart"}, raw=True)
"""
WORDS = """
from IPython.display import Markdown
Markdown(f"There are **{deals.height} deals**. {label}")
"""
FOOT = """
display({"application/vnd.kpitools.provenance+json": {"headline": f"{deals.height} deals", "definitions": [
    {"id": "deals", "label": "Deals", "unit": "count", "definition": "All deals.", "formula": "", "benchmark": ""}]}},
    raw=True)
"""


def template(
    folder: Path,
    name: str = "deals",
    *,
    parameters: str = PARAMETERS,
    cells: tuple[str, ...] = (READ, CHART, WORDS, FOOT),
    metadata: Mapping[str, Any] | None = None,
) -> Path:
    """Write a template notebook, `metadata` under kpitools' own key; returns the folder of templates."""
    folder.mkdir(parents=True, exist_ok=True)
    first = nbformat.v4.new_code_cell(parameters.strip(), metadata={"tags": ["parameters"]})
    head = nbformat.v4.new_markdown_cell("# Deals so far\n\nWhat there is.\n\n## Figures")
    notebook = nbformat.v4.new_notebook(
        cells=[head, first, *(nbformat.v4.new_code_cell(cell.strip()) for cell in cells)]
    )
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    if metadata:
        notebook.metadata["kpitools"] = dict(metadata)
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{number}"
    nbformat.write(notebook, folder / f"{name}.ipynb")
    return folder


def company(*teams: str | None, deals: int = 2) -> Dataset:
    """A rep per team, each with some deals of the third quarter of 2026."""
    reps = pl.DataFrame(
        {"rep_id": [f"r{n}" for n, _ in enumerate(teams)], "team": list(teams)},
        schema={"rep_id": pl.String, "team": pl.String},
    )
    rows = [
        {
            "deal_id": f"d{owner}-{number}",
            "owner_rep_id": f"r{owner}",
            "amount": 10.10 * (number + 1),
            "status": "open",
            "created_at": datetime(2026, 7, 1 + number),
            "closed_at": None,
        }
        for owner, _ in enumerate(teams)
        for number in range(deals)
    ]
    return Dataset.of({"reps": reps, "deals": pl.DataFrame(rows, schema_overrides={"closed_at": pl.Datetime("us")})})
