"""What the templates show: each view is a section of a page, made of an analysis, a chart or table, and words."""

from importlib import import_module
from typing import Any

from kpitools.views.foot import foot

#: Loaded when first used: whoever needs the foot alone does not wait for charts.
SECTIONS = ("behind", "conversion", "counting", "funnel", "kpi", "pipeline", "reps", "retention", "scorecard")
__all__ = ["behind", "conversion", "counting", "foot", "funnel", "kpi", "pipeline", "reps", "retention", "scorecard"]


def __getattr__(name: str) -> Any:
    if name in SECTIONS:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"kpitools.views has no {name!r}; it has {', '.join(__all__)}.")
