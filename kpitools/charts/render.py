"""A chart as a picture, for mail previews and for looking at it without a browser."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import vl_convert

VEGA_LITE = "6.4"
INKS = {False: "#1b1f24", True: "#e6e9ec"}
PAPERS = {False: "#ffffff", True: "#14171a"}
#: Where a system keeps its fonts, and whose name those begin with that the drawing library brings along.
FONTS = ("/usr/share/fonts", "/usr/local/share/fonts", "~/.local/share/fonts", "~/.fonts")
OWN = "Liberation"
_WORD = {"width": 9, "height": 9, "title": {"text": "a", "limit": 9}}


@cache
def ready() -> None:
    """Have texts measured in the fonts that the drawing library brings along, whatever version a system has of them.

    A system's fonts it takes first, and reads from disk anew for every sign: more than half of a picture's time. So
    it is told of those in other folders only, for signs that its own lack. It looks for fonts once in a process, with
    the first text that it measures.
    """
    if "FONTCONFIG_FILE" in os.environ:  # somebody has chosen the fonts
        return
    with tempfile.TemporaryDirectory() as empty:
        folders = [Path(empty), *(found for place in FONTS for found in _others(Path(place).expanduser()))]
        told = Path(empty) / "fonts.conf"
        listed = "".join(f"<dir>{escape(str(folder))}</dir>" for folder in folders)
        told.write_text(f"<fontconfig>{listed}</fontconfig>", encoding="utf-8")
        os.environ["FONTCONFIG_FILE"] = str(told)
        try:
            vl_convert.vega_to_svg(_WORD)
        finally:
            del os.environ["FONTCONFIG_FILE"]


def _others(folder: Path) -> Iterator[Path]:
    """The folders that hold other fonts than the library's own."""
    if next(folder.rglob(f"{OWN}Sans-*"), None) is None:
        yield from [folder] if folder.is_dir() else []
        return
    inside = sorted(folder.iterdir())
    if any(one.suffix in (".ttf", ".otf", ".ttc") and not one.name.startswith(OWN) for one in inside):
        yield folder
    else:
        for one in inside:
            yield from _others(one) if one.is_dir() else ()


def to_svg(chart: Any, *, dark: bool = False) -> str:
    """The chart as an SVG picture on a transparent ground."""
    ready()
    return vl_convert.vegalite_to_svg(_inked(chart, dark), vl_version=VEGA_LITE)


def to_png(chart: Any, *, dark: bool = False, scale: float = 2) -> bytes:
    """The chart as a PNG picture on white, or on near-black."""
    spec = _inked(chart, dark)
    spec["config"]["background"] = PAPERS[dark]
    ready()
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
