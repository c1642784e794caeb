"""A chart as a picture, for mail previews and for looking at it without a browser."""

from __future__ import annotations

import json
from typing import Any

import vl_convert

VEGA_LITE = "6.4"
INKS = {False: "#1b1f24", True: "#e6e9ec"}
PAPERS = {False: "#ffffff", True: "#14171a"}


def to_svg(chart: Any, *, dark: bool = False) -> str:
    """The chart as an SVG picture on a transparent ground."""
    return vl_convert.vegalite_to_svg(_inked(chart, dark), vl_version=VEGA_LITE)


def to_png(chart: Any, *, dark: bool = False, scale: float = 2) -> bytes:
    """The chart as a PNG picture on white, or on near-black."""
    spec = _inked(chart, dark)
    spec["config"]["background"] = PAPERS[dark]
    return vl_convert.vegalite_to_png(spec, vl_version=VEGA_LITE, scale=scale)


def _inked(chart: Any, dark: bool) -> dict[str, Any]:
    """The specification with a real colour for the ink: a picture has no page to take it from."""
    return _replaced(json.loads(chart.to_json()), INKS[dark])


def _replaced(part: Any, ink: str) -> Any:
    """`currentColor` replaced wherever it is a colour; data and lists of names are left alone."""
    if isinstance(part, list):
        return [_replaced(value, ink) for value in part]
    if not isinstance(part, dict):
        return part
    kept = ("datasets", "values")
    return {
        key: ink if value == "currentColor" else value if key in kept else _replaced(value, ink)
        for key, value in part.items()
    }
