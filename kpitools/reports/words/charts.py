"""The words of a chart in the reader's language: its titles, and those of its data that are words of ours."""

from __future__ import annotations

import re
import textwrap
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol

#: Where a chart says words to a reader, and where it names values of its data.
TITLES, VALUES = ("title", "subtitle", "description"), ("domain", "sort")
_QUOTED = re.compile(r"""(["'])(.*?)\1""")
_NARROWEST = 20


class Says(Protocol):
    """Says a text, or what a datum is, in another language."""

    def text(self, text: str) -> str:
        """Words to a reader."""

    def value(self, text: str) -> str:
        """What a datum says."""


def chart_in(said: Says, spec: Mapping[str, Any]) -> dict[str, Any]:
    """A Vega-Lite chart in the reader's language.

    Data is translated alike wherever it stands, so that scales, orders and selections find it. What an expression
    names, and what would be called as something else is, stays as it is.

    >>> class Upper:
    ...     text = value = staticmethod(str.upper)
    >>> spec = {"title": "Deals", "data": {"values": [{"kind": "won", "n": 2}, {"kind": "lost", "n": 1}]},
    ...         "transform": [{"filter": "datum.kind != 'lost'"}],
    ...         "encoding": {"x": {"field": "kind", "title": "Kind", "sort": ["won", "lost"]}}}
    >>> made = chart_in(Upper(), spec)
    >>> made["title"], made["data"]["values"][0], made["encoding"]["x"]
    ('DEALS', {'kind': 'WON', 'n': 2}, {'field': 'kind', 'title': 'KIND', 'sort': ['WON', 'lost']})
    """
    data = dict.fromkeys(_texts(spec))
    named = set(_named(spec))
    renamed = {value: said.value(value) for value in data if value not in named}
    meant = Counter([*renamed.values(), *(value for value in data if value in named)])
    renamed = {value: other for value, other in renamed.items() if meant[other] == 1}
    return _put(spec, said.text, renamed)


def _texts(part: Any) -> Iterator[str]:
    """The texts in the data of a chart."""
    if isinstance(part, Mapping):
        for name, inner in part.items():
            if name == "datasets":
                yield from (text for rows in inner.values() for text in _cells(rows))
            elif name == "data" and isinstance(inner, Mapping):
                yield from _cells(inner.get("values"))
            else:
                yield from _texts(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from _texts(inner)


def _cells(rows: Any) -> Iterator[str]:
    for row in rows if isinstance(rows, list) else ():
        values = row.values() if isinstance(row, Mapping) else [row]
        yield from (value for value in values if isinstance(value, str))


def _named(part: Any, key: str = "") -> Iterator[str]:
    """The texts that a chart names otherwise than as titles or in the order of a scale, those in expressions too."""
    if isinstance(part, Mapping):
        for name, inner in part.items():
            if name not in (*TITLES, *VALUES, "data", "datasets"):
                yield from _named(inner, name)
    elif isinstance(part, list):
        for inner in part:
            yield from _named(inner, key)
    elif isinstance(part, str):
        yield part
        yield from (found[2] for found in _QUOTED.finditer(part))


def _put(part: Any, say: Callable[[str], str], renamed: Mapping[str, str], key: str = "") -> Any:
    if isinstance(part, Mapping):
        if key in ("data", "datasets"):
            return {name: _rows(inner, renamed) for name, inner in part.items()}
        return {name: _put(inner, say, renamed, name) for name, inner in part.items()}
    if isinstance(part, list):
        if key in TITLES or (key == "text" and all(isinstance(line, str) for line in part)):
            return _lines(part, say)
        return [_put(inner, say, renamed, key) for inner in part]
    if not isinstance(part, str):
        return part
    return say(part) if key in (*TITLES, "text") else renamed.get(part, part) if key in VALUES else part


def _rows(rows: Any, renamed: Mapping[str, str]) -> Any:
    if not isinstance(rows, list):
        return rows
    return [
        {name: renamed.get(value, value) if isinstance(value, str) else value for name, value in row.items()}
        if isinstance(row, Mapping)
        else renamed.get(row, row)
        if isinstance(row, str)
        else row
        for row in rows
    ]


def _lines(lines: list[str], say: Callable[[str], str]) -> list[str]:
    """A title of several lines, in lines as long as those were."""
    whole = " ".join(lines)
    said = say(whole)
    return lines if said == whole else textwrap.wrap(said, max(_NARROWEST, *map(len, lines)))
