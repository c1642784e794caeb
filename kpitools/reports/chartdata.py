"""A chart in words and rows: for readers who cannot see it, and where scripts do not run."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kpitools.formats import MINUS, NOTHING, format_number

Cell = tuple[str, bool]

#: Rows of a chart's data that are written out beside it, and letters of a text in them.
MOST_ROWS = 30
MOST_LETTERS = 80
#: A figure, or an interval, that is text already.
_WRITTEN = re.compile(
    rf"[+{MINUS}]?\d[\d.,'’ \xa0\u202f]*((–| to [{MINUS}]?)\d[\d.,'’ \xa0\u202f]*)?( \S+| per day)?|{NOTHING}"
)
_MIDNIGHT = re.compile(r"T00:00:00(\.0+)?$")


@dataclass(frozen=True)
class Rows:
    """Data behind a chart: headings and cells as (text, is a figure), and how many rows were left out."""

    headings: Sequence[Cell]
    cells: Sequence[Sequence[Cell]]
    left_out: int


def in_words(spec: Mapping[str, Any]) -> str:
    """The chart's text alternative: its description, else its title."""
    return str(spec.get("description") or title_of(spec))


def title_of(spec: Mapping[str, Any]) -> str:
    """The chart's title in one line; of a chart made of several, the first that has one."""
    for part in _parts(spec):
        title = (
            part.get("title")
            if part is spec or {"mark", "layer", "hconcat", "vconcat", "concat"} & part.keys()
            else None
        )
        title = title.get("text") if isinstance(title, Mapping) else title
        if title:
            return " ".join(map(str, title)) if isinstance(title, list) else str(title)
    return "Chart"


def notes_of(spec: Mapping[str, Any]) -> str:
    """What stands under the chart's own title: how its marks are to be read."""
    title = spec.get("title")
    notes = title.get("subtitle") if isinstance(title, Mapping) else None
    return " ".join(map(str, notes)) if isinstance(notes, list) else str(notes or "")


def asks_for(spec: Mapping[str, Any]) -> list[str]:
    """The addresses that the chart takes data from; a page that works offline can have none."""
    sources = (part["data"] for part in _parts(spec) if isinstance(part.get("data"), Mapping))
    return [str(data["url"]) for data in sources if "url" in data and not str(data["url"]).startswith("data:")]


def behind(spec: Mapping[str, Any]) -> list[Rows]:
    """The data that the chart shows, a table for each of its datasets, with the headings its tooltips or axes use.

    Tooltips say each figure as people read it; where a chart names several lines of them, they are its columns. A
    dataset that nothing is said about (the place of a rule) is left out where others have headings.

    >>> spec = {"data": {"values": [{"a": "x", "b": 1234.5, "c": 0}]},
    ...         "encoding": {"x": {"field": "a", "title": "Team"}, "y": {"field": "b"}}}
    >>> behind(spec)
    [Rows(headings=[('Team', False), ('b', True)], cells=[[('x', False), ('1,234.5', True)]], left_out=0)]
    """
    named = spec.get("datasets") or {}
    found: list[list[Any]] = []
    for part in _parts(spec):
        data = part.get("data")
        if isinstance(data, Mapping):
            rows = data["values"] if "values" in data else named.get(data.get("name"))
            if isinstance(rows, list) and rows and all(isinstance(row, Mapping) for row in rows) and rows not in found:
                found.append(rows)
    told, titles = (dict(_fields(spec, only)) for only in (("tooltip",), ()))
    named_rows = [rows for rows in found if any(titles.get(field) for field in rows[0])]
    return [_rows(rows, told if _says_all(told, rows) else titles) for rows in named_rows or found]


def _says_all(told: Mapping[str, str], rows: list[Mapping[str, Any]]) -> bool:
    """Whether the tooltips alone tell a reader what is in the rows."""
    return sum(bool(title) and field in rows[0] for field, title in told.items()) > 1


def _rows(rows: list[Mapping[str, Any]], titles: Mapping[str, str]) -> Rows:
    has = dict.fromkeys(key for row in rows[:MOST_ROWS] for key in row)
    named = [field for field, title in titles.items() if field in has and title]
    shown = named if len(named) > 1 else [field for field in titles if field in has]
    shown = shown or [key for key in has if not key.startswith("_")]
    cells = [[_cell(row.get(field)) for field in shown] for row in rows[:MOST_ROWS]]
    figures = [all(figure for _, figure in column) for column in zip(*cells, strict=True)]
    headings = [titles.get(field) or field.replace("_", " ") for field in shown]
    return Rows(list(zip(headings, figures, strict=True)), cells, max(0, len(rows) - MOST_ROWS))


def _parts(spec: Any) -> Iterator[Mapping[str, Any]]:
    """The views of a chart, the outermost first; data itself is not searched."""
    if isinstance(spec, Mapping):
        yield spec
        for name, inner in spec.items():
            if name not in ("data", "datasets"):
                yield from _parts(inner)
    elif isinstance(spec, list):
        for inner in spec:
            yield from _parts(inner)


def _fields(spec: Mapping[str, Any], only: Sequence[str] = ()) -> Iterator[tuple[str, str]]:
    """Field and heading of every channel, or of some; a heading that is said once holds for the field everywhere."""
    channels = [
        channel
        for part in _parts(spec)
        if isinstance(part.get("encoding"), Mapping)
        for name, one in part["encoding"].items()
        if not only or name in only
        for channel in (one if isinstance(one, list) else [one])
        if isinstance(channel, Mapping) and isinstance(channel.get("field"), str)
    ]
    said = {channel["field"]: title for channel in reversed(channels) if (title := _heading(channel))}
    for channel in channels:
        yield channel["field"], said.get(channel["field"], "")


def _heading(channel: Mapping[str, Any]) -> str:
    guides = [channel, *(channel.get(guide) for guide in ("axis", "legend", "header"))]
    titles = (guide.get("title") for guide in guides if isinstance(guide, Mapping))
    found = next((title for title in titles if title), "")
    return " ".join(map(str, found)) if isinstance(found, list) else str(found)


def _cell(value: Any) -> Cell:
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return NOTHING, True
    if isinstance(value, bool):
        return ("yes" if value else "no"), False
    if isinstance(value, int | float):
        return _figure(value), True
    text = _MIDNIGHT.sub("", str(value))
    return text if len(text) <= MOST_LETTERS else f"{text[:MOST_LETTERS]}…", bool(_WRITTEN.fullmatch(text))


def _figure(value: float) -> str:
    """At most two decimals, or three digits that count where the figure is smaller than that shows."""
    size = abs(value)
    rounded = round(size, 2)
    text = format_number(int(rounded) if rounded == int(rounded) else rounded)
    if 0 < size < 0.1:
        text = format_number(size, ".3g")
    return f"{MINUS}{text}" if value < 0 else text
