"""An executed notebook as one HTML file that needs nothing else: no network, no code cells, the charts alive."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from kpitools.errors import ReportError
from kpitools.formats import format_number, written_as
from kpitools.reports import chartdata, drawing
from kpitools.reports.assets import carried, policy, style
from kpitools.reports.bundle import script_words
from kpitools.reports.links import linked, named
from kpitools.reports.look import PLAIN, Look
from kpitools.reports.markup import Markdown, clean, markdown, script_json
from kpitools.reports.tiles import tiles
from kpitools.reports.words.charts import Says, chart_in
from kpitools.reports.words.reading import Reading
from kpitools.tables import MIME as TABLE
from kpitools.tables import Table
from kpitools.views.foot import PROVENANCE, stated

__all__ = ["environment", "gather", "policy", "style", "to_html"]

WIDGET = "application/vnd.jupyter.widget-view+json"
CHART = "application/vnd.vegalite."
PICTURES = ("image/svg+xml", "image/png", "image/jpeg", "image/gif", "image/webp")
_COLOURS = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
#: Bytes of a chart's still picture; of a chart whose picture is larger, words and figures stand in its place.
MOST_STILL = {False: 40_000, True: 20_000}
_HERE = Path(__file__).parent


@dataclass(frozen=True)
class Block:
    """One thing on the page: what it is, and its content ready for the template."""

    kind: str
    content: Any
    words: str = ""
    notes: str = ""
    about: Sequence[tuple[str, str]] = ()
    still: str = ""
    said: str = ""
    tables: Sequence[chartdata.Rows] = ()
    fault: str = ""


@dataclass
class Writer:
    """What is needed while the outputs of one notebook become blocks."""

    look: Look
    links: Mapping[str, str]
    says: Says | None = None
    drawn: bool = True
    markdown: Markdown = field(default_factory=Markdown)
    charts: int = 0

    def text(self, source: str) -> Block:
        """Markdown as a block of text, its names linked to their definitions."""
        return Block("text", Markup(linked(markdown(self.markdown, source), self.links)))


def to_html(notebook: Mapping[str, Any], look: Look | None = None, reading: Reading | None = None) -> str:
    """The page of an executed notebook; the same notebook and look give the same bytes.

    Args:
        notebook: a notebook of format 4 as nested mappings. What its page says of itself stands in
            `metadata.kpitools` and in outputs of the type `kpitools.views.foot.PROVENANCE`.
        look: brand, separators and form of the page. Pages of a site need `kpitools.reports.assets` beside them.
        reading: what puts the look's words in and knows the names of the data; where left out, one that knows none.
    """
    look = look or PLAIN
    reading = reading or (look.words.reading() if look.words else None)
    page = page_of(notebook, look, reading)
    return reading.html(page) if reading else page


def page_of(notebook: Mapping[str, Any], look: Look, says: Says | None, *, drawn: bool = True) -> str:
    """The page with its charts in the reader's language, all else in English.

    Args:
        notebook: see above.
        look: see above.
        says: what says the words of charts; None leaves them.
        drawn: whether charts are drawn; their words and figures are there anyway.
    """
    said = gather(notebook)
    defined = {one["id"] for one in said["definitions"]}
    said["changed"] = [one for one in said.get("changed") or () if one["id"] in defined]
    links = {one["label"]: f"#def-{one['id']}" for one in said["definitions"]}
    writer = Writer(look, links, says, drawn)
    with written_as(look.conventions):
        blocks = list(_blocks(notebook, writer))
        page = {
            **dict.fromkeys(("subject", "period", "dates", "as_of", "fingerprint", "quality"), ""),
            **said,
            "blocks": blocks,
            "tiles": tiles(output["data"][TABLE] for output in _outputs(notebook) if TABLE in output.get("data", {})),
            "links": writer.links,
            "contents": [(anchor, text) for level, text, anchor in writer.markdown.headings if level == 2],
            "look": look,
            "script_words": {text: says.text(text) for text in script_words()} if says and writer.charts else {},
            **carried(look, [block.content for block in blocks if block.kind == "chart" and not block.fault]),
        }
        return environment().get_template("page.html.j2").render(page=page)


def gather(notebook: Mapping[str, Any]) -> dict[str, Any]:
    """What the notebook says about itself: the runner's facts, and those its own cells put out."""
    facts: dict[str, Any] = {"title": _heading(notebook) or "Report", **notebook["metadata"].get("kpitools", {})}
    definitions = {one["id"]: one for one in facts.get("definitions", ())}
    for output in _outputs(notebook):
        said = dict(output.get("data", {}).get(PROVENANCE, {}))
        definitions |= {one["id"]: one for one in said.pop("definitions", ())}
        facts = {**said, **facts}
    return {**facts, "definitions": list(definitions.values())}


@cache
def environment() -> Environment:
    """Jinja as the pages need it: everything escaped unless it says it is markup, unknown names are errors."""
    made = Environment(
        loader=FileSystemLoader(_HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    made.filters["script_json"] = lambda content: Markup(script_json(content))
    made.filters["number"] = format_number
    made.filters["provenance"] = stated
    return made


def _heading(notebook: Mapping[str, Any]) -> str:
    texts = ("".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "markdown")
    found = (re.search(r"^# +(.+?) *$", text, re.MULTILINE) for text in texts)
    return next((one[1] for one in found if one), "")


def _outputs(notebook: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for cell in notebook["cells"]:
        yield from cell.get("outputs", ())


def _blocks(notebook: Mapping[str, Any], writer: Writer) -> Iterator[Block]:
    titled = False
    for cell in notebook["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            if not titled and re.search(r"^# +.+", source, re.MULTILINE):  # it stands in the page's head
                source, titled = re.sub(r"^# +.+\n?", "", source, count=1, flags=re.MULTILINE), True
            if source.strip():
                yield writer.text(source)
        for output in cell.get("outputs", ()):
            yield from _block(output, writer)


def _block(output: Mapping[str, Any], writer: Writer) -> Iterator[Block]:
    kind = output["output_type"]
    if kind == "stream":
        if output["name"] == "stdout":
            yield Block("stream", _plain(output["text"]))
    elif kind == "error":
        yield Block("error", _plain(f"{output['ename']}: {output['evalue']}"))
    elif not {PROVENANCE, WIDGET} & output["data"].keys():
        yield from _shown(output["data"], writer)


def _shown(data: Mapping[str, Any], writer: Writer) -> Iterator[Block]:
    """The richest form of an output that a page can keep."""
    chart = next((mime for mime in data if mime.startswith(CHART)), "")
    picture = next((mime for mime in PICTURES if mime in data), "")
    if TABLE in data:
        yield Block("table", Markup(Table.from_json(data[TABLE]).to_html(writer.links)))
    elif chart:
        yield _chart(data[chart], writer)
    elif picture:
        yield Block("picture", _picture(picture, data[picture]), _plain(data.get("text/plain", "Picture")))
    elif "text/html" in data:
        yield Block("html", Markup(clean("".join(data["text/html"]))))
    elif "text/markdown" in data:
        yield writer.text("".join(data["text/markdown"]))
    elif "text/plain" in data:
        yield Block("stream", _plain(data["text/plain"]))


def _chart(spec: Mapping[str, Any], writer: Writer) -> Block:
    """A chart without what could make the page ask for more: its schema's address, its own embedding options."""
    spec = {name: value for name, value in spec.items() if name not in ("$schema", "usermeta")}
    title = chartdata.title_of(spec)
    notes = chartdata.notes_of(spec)
    if addresses := chartdata.asks_for(spec):
        raise ReportError(
            f"Chart {title!r} takes its data from {addresses[0]}, which a page without network"
            " cannot read; put the rows into the chart."
        )
    tables = chartdata.behind(spec)
    spec |= {"description": chartdata.in_words(spec), "background": "transparent"}
    spec.pop("title", None)  # it stands above the chart, where it can wrap and be selected
    writer.charts += 1
    drawn, still, fault = _drawn(spec, writer)
    about = named(title, writer.links)
    return Block("chart", drawn, title, notes, about, still, spec["description"], tables, fault)


def _drawn(spec: Mapping[str, Any], writer: Writer) -> tuple[dict[str, Any], str, str]:
    """The chart compiled, its picture, and what kept it from being drawn; its words and figures are there anyway."""
    spec = chart_in(writer.says, spec) if writer.says else spec
    if not writer.drawn:
        return {}, "", "not drawn"
    try:
        chart = drawing.compiled(spec, writer.look.separators)
        still = drawing.picture(chart, f"c{writer.charts}-")
    except ValueError as error:
        return {"description": spec["description"]}, "", _plain(str(error)).partition("\n")[0]
    return drawing.slim(chart), still if len(still) <= MOST_STILL[writer.look.compact] else "", ""


def _picture(mime: str, content: Any) -> str:
    raw = "".join(content)
    encoded = base64.b64encode(raw.encode("utf-8")).decode() if mime == "image/svg+xml" else "".join(raw.split())
    return f"data:{mime};base64,{encoded}"


def _plain(text: Any) -> str:
    return _COLOURS.sub("", "".join(text)).rstrip("\n")
