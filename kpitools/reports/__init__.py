"""Reports: one notebook and one offline page for every template and every slice."""

from __future__ import annotations

from importlib import import_module
from typing import Any

#: Public name -> its module; looked up when first used, so that a notebook's kernel loads only what it needs.
_HOME = {
    "Batch": "kpitools.reports.batch",
    "Foot": "kpitools.views.foot",
    "Report": "kpitools.reports.batch",
    "make_reports": "kpitools.reports.batch",
    "to_html": "kpitools.reports.export",
}
__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"kpitools.reports has no {name!r}; it has {', '.join(__all__)}.")
