"""A chart ready for the page: compiled, so that the page need not carry the compiler, and as a still picture.

The picture stands where scripts do not run, as in the preview of a mail, until the page's script draws the chart.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from xml.etree import ElementTree

from kpitools.formats import MINUS, Separators
from kpitools.reports.bundle import VEGA_LITE

#: What a picture is made of; anything else (links, scripts, styles, pictures from elsewhere) is left out.
SHAPES = ("svg", "g", "path", "line", "rect", "circle", "text", "tspan")
PAINTED = ("defs", "clipPath", "linearGradient", "stop")
KEPT = re.compile(
    "clip-path|d[xy]?|c[xy]|r[xy]?|x[12]?|y[12]?|fill(-opacity)?|font-(size|style|weight)|gradientUnits|height|id|offset"
    "|opacity|stop-color|stroke(-dasharray|-linecap|-opacity|-width)?|text-anchor|transform|viewBox|width"
)
INHERITED = (
    "fill",
    "font-size",
    "font-weight",
    "stroke",
    "stroke-dasharray",
    "stroke-opacity",
    "stroke-width",
    "text-anchor",
)
_HERE = re.compile(r"url\((?!#)|javascript:|expression\(", re.IGNORECASE)
_REFERENCE = re.compile(r"url\(#([^)]*)\)")
_DIGITS = re.compile(r"-?\d+\.\d{2,}(?:e[-+]?\d+)?")
#: Half a tenth of a pixel is not seen; of an opacity or an angle it would be.
_COARSE = ("d", "x", "y", "width", "height", "viewBox")
_COLOUR = re.compile(r"rgb\((\d+), ?(\d+), ?(\d+)\)")
#: What no XML may hold. The library that draws takes the whole process down with it when it meets one in a text.
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
#: Signs of two halves: a text that is too long for its place may be cut between them, and then cannot be drawn.
_HALVED = re.compile("[\U00010000-\U0010ffff]")
#: What says nothing.
_IDLE = {("transform", "translate(0,0)"), ("opacity", "1"), ("font-weight", "normal"), ("text-anchor", "start")}


def compiled(chart: Mapping[str, Any], separators: Separators) -> dict[str, Any]:
    """A Vega-Lite chart as Vega, the separators of its numbers included.

    Raises:
        ValueError: it is no chart.
    """
    import vl_convert

    made: dict[str, Any] = vl_convert.vegalite_to_vega(dict(chart), vl_version=VEGA_LITE)
    made.pop("$schema", None)
    if separators != Separators():
        signs = {"decimal": separators.decimal, "thousands": separators.thousands}
        number = {**signs, "grouping": [3], "currency": ["", ""], "minus": MINUS}
        made["config"] = {**made.get("config", {}), "locale": {"number": number}}
    return made


def slim(chart: Mapping[str, Any]) -> dict[str, Any]:
    """A compiled chart whose rows are lists under one line of columns, as the page's script reads them.

    >>> slim({"data": [{"name": "d", "values": [{"a": 1, "b": 2}, {"a": 3, "b": 4}]}]})
    {'data': [{'name': 'd', 'columns': ['a', 'b'], 'rows': [[1, 2], [3, 4]]}]}
    """
    return {**chart, "data": [_in_columns(data) for data in chart.get("data", [])]}


def _in_columns(data: Mapping[str, Any]) -> dict[str, Any]:
    rows = data.get("values")
    if not isinstance(rows, list):
        return dict(data)
    shapes = {tuple(row) if isinstance(row, Mapping) else () for row in rows}
    columns = shapes.pop() if len(shapes) == 1 else ()
    if not columns:
        return dict(data)
    rest = {name: value for name, value in data.items() if name != "values"}
    return {**rest, "columns": list(columns), "rows": [list(row.values()) for row in rows]}


def picture(chart: Mapping[str, Any], prefix: str) -> str:
    """A still picture of a compiled chart as clean SVG; its ids begin with `prefix`.

    Raises:
        ValueError: the chart cannot be drawn.
    """
    import vl_convert

    from kpitools.charts.render import ready

    ready()
    plain: dict[str, Any] = _without(_NOT_XML, chart)
    try:
        svg = vl_convert.vega_to_svg(plain)
    except ValueError:
        svg = vl_convert.vega_to_svg(_without(_HALVED, plain))
    return still(svg, prefix)


def _without(signs: re.Pattern[str], part: Any) -> Any:
    r"""A chart, or a part of one, with another sign in place of some.

    >>> _without(_NOT_XML, {"values": ["a\x00b", 1]})
    {'values': ['a\ufffdb', 1]}
    """
    if isinstance(part, str):
        return signs.sub("\N{REPLACEMENT CHARACTER}", part)
    if isinstance(part, Mapping):
        return {_without(signs, name): _without(signs, value) for name, value in part.items()}
    return [_without(signs, one) for one in part] if isinstance(part, list | tuple) else part


def still(svg: str, prefix: str = "") -> str:
    """An SVG picture without anything that acts, loads or only a living chart needs; decoration to a screen reader.

    Args:
        svg: the picture.
        prefix: what its ids begin with, as ids are one page's.

    >>> still('<svg xmlns="http://www.w3.org/2000/svg" width="9"><a href="javascript:x()"><path d="M1.23456,2"/></a>'
    ...       '<g onclick="x()"><text fill="rgb(0, 0, 255)">a &lt; b</text></g></svg>')
    '<svg class="still" aria-hidden="true" width="9"><text fill="#0000ff">a &lt; b</text></svg>'
    """
    whole = ElementTree.fromstring(svg)
    _number(whole)
    return f'<svg class="still" aria-hidden="true"{_attributes(whole, prefix)}>{_inside(whole, prefix)}</svg>'


def _number(whole: ElementTree.Element) -> None:
    """Number the ids of this picture, as the library goes on counting from one picture of a process to the next."""
    given = [part.get("id", "") for part in whole.iter() if "id" in part.attrib]
    numbers = {name: f"i{place}" for place, name in enumerate(dict.fromkeys(given), 1)}
    for part in whole.iter():
        for name, value in part.attrib.items():
            if name == "id":
                part.set(name, numbers[value])
            elif "url(#" in value:
                part.set(name, _REFERENCE.sub(lambda found: f"url(#{numbers.get(found[1], found[1])})", value))


def _inside(part: ElementTree.Element, prefix: str) -> str:
    """What is drawn inside; what is drawn twice in the same place, as a rule once per row of its data is, once."""
    shapes = ["".join(_written(child, prefix)) for child in part]
    return "".join(shape for shape, before in zip(shapes, ["", *shapes], strict=False) if shape != before)


def _written(part: ElementTree.Element, prefix: str) -> Iterator[str]:
    name = str(part.tag).rpartition("}")[2]
    if name not in (*SHAPES, *PAINTED):
        return
    if name == "g":
        _prune(part)
        _hoist(part)
    attributes = _attributes(part, prefix)
    inner = _escaped(part.text) if name in ("text", "tspan") else ""
    inner += _inside(part, prefix)
    if name == "g" and not attributes:
        yield inner
    elif inner or name not in ("g", "text", "defs"):
        yield f"<{name}{attributes}>{inner}</{name}>" if inner else f"<{name}{attributes}/>"


def _prune(group: ElementTree.Element) -> None:
    """Take away what is painted with nothing, as the ground of every group is."""
    nothing = (None, "none", "transparent")
    for child in list(group):
        path = str(child.tag).endswith("path")
        unpainted = path and child.get("fill") in nothing and child.get("stroke") in nothing
        if unpainted or (path and not child.get("d")) or child.get("opacity") == "0":
            group.remove(child)


def _hoist(group: ElementTree.Element) -> None:
    """Say once, on the group, what all that is in it share."""
    for name in INHERITED:
        values = {child.get(name) for child in group}
        if len(group) > 1 and len(values) == 1 and None not in values:
            group.set(name, values.pop() or "")
            for child in group:
                del child.attrib[name]


def _attributes(part: ElementTree.Element, prefix: str) -> str:
    given = {
        name: _short(value, 1 if name in _COARSE else 2)
        for name, value in part.attrib.items()
        if KEPT.fullmatch(name) and not _HERE.search(value)
    }
    if given.get("stroke-width") == "0" or given.get("stroke-opacity") == "0":
        given = {name: value for name, value in given.items() if not name.startswith("stroke")}
    if "id" in given:
        given["id"] = prefix + given["id"]
    given = {name: value.replace("url(#", f"url(#{prefix}") for name, value in given.items()}
    return "".join(f' {name}="{_escaped(value)}"' for name, value in given.items() if (name, value) not in _IDLE)


def _short(value: str, digits: int) -> str:
    value = _DIGITS.sub(lambda number: f"{round(float(number[0]), digits):.7g}", value)
    return _COLOUR.sub(lambda found: "#" + "".join(f"{int(part):02x}" for part in found.groups()), value)


def _escaped(text: str | None) -> str:
    return (text or "").replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
