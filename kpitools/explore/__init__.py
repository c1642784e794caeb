"""Looking at sales live: one explorer for each question, and the page of controls and sections they are made of.

Each explorer is a row of controls, charts that answer a click, tables, and the rows behind a number:

    from kpitools import explore
    explore.funnel("data/sample")
"""

from importlib import import_module
from typing import Any

from kpitools.pages import Page, View, open_page

#: Loaded when first used: whoever opens a page alone does not wait for all of them.
EXPLORERS = ("funnel", "kpi", "pipeline", "reps", "retention", "scorecard")
__all__ = ["Explorer", "Page", "View", "funnel", "kpi", "open_page", "pipeline", "reps", "retention", "scorecard"]


def __getattr__(name: str) -> Any:
    if name in EXPLORERS or name == "Explorer":
        return getattr(import_module("kpitools.explore.explorers"), name)
    raise AttributeError(f"kpitools.explore has no {name!r}; it has {', '.join(__all__)}.")
