"""An executed notebook as one HTML file that needs nothing else: no network, no code cells, the charts alive."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from kpitools.errors import ReportError
from kpitools.reports import chartdata
from kpitools.reports.bundle import bundle
from kpitools.reports.links import linked, named
from kpitools.reports.markup import Markdown, clean, markdown, script_json
from kpitools.tables import MIME as TABLE
from kpitools.tables import Table
from kpitools.tables.html import stylesheet
from kpitools.views.foot import PROVENANCE, stated

WIDGET = "application/vnd.jupyter.widget-view+json"
CHART = "application/vnd.vegalite."
PICTURES = ("image/svg+xml", "image/png", "image/jpeg", "image/gif", "image/webp")
_COLOURS = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_HERE = Path(__file__).parent


@dataclass(frozen=True)
class Block:
    """One thing on the page: what it is, and its content ready for the template."""

    kind: str
    content: Any
    words: str = ""
    about: Sequence[tuple[str, str]] = ()


def to_html(notebook: Mapping[str, Any]) -> str:
    """The page of an executed notebook; the same notebook gives the same bytes.

    Args:
        notebook: a notebook of format 4 as nested mappings. What its page says of itself stands in
            `metadata.kpitools` and in outputs of the type `kpitools.views.foot.PROVENANCE`.
    """
    writer = Markdown()
    said = gather(notebook)
    links = {one["label"]: f"#def-{one['id']}" for one in said["definitions"]}
    blocks = list(_blocks(notebook, writer, links))
    contents = [(anchor, text) for level, text, anchor in writer.headings if level == 2]
    page = {
        **dict.fromkeys(("subject", "period", "dates", "as_of", "fingerprint", "quality"), ""),
        **said,
        "blocks": blocks,
        "contents": contents,
        "script": Markup(bundle()) if any(block.kind == "chart" for block in blocks) else "",
        "style": Markup(style("page.css")),
    }
    page["policy"] = policy(page["script"])
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


def environment() -> Environment:
    """Jinja as the pages need it: everything escaped unless it says it is markup, unknown names are errors."""
    made = Environment(
        loader=FileSystemLoader(_HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    made.filters["script_json"] = lambda content: Markup(script_json(content))
    made.filters["behind"] = chartdata.behind
    made.filters["provenance"] = stated
    return made


def policy(script: str) -> str:
    """What the page may do: run its own script, and ask nobody for anything."""
    digest = base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode()
    allowed = f"'sha256-{digest}'" if script else "'none'"
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; img-src data:; font-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def style(*names: str) -> str:
    """The stylesheets of a page in one, tables' own included."""
    return "\n".join([*((_HERE / name).read_text(encoding="utf-8") for name in names), stylesheet()])


def _heading(notebook: Mapping[str, Any]) -> str:
    texts = ("".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "markdown")
    found = (re.search(r"^# +(.+?) *$", text, re.MULTILINE) for text in texts)
    return next((one[1] for one in found if one), "")


def _outputs(notebook: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for cell in notebook["cells"]:
        yield from cell.get("outputs", ())


def _blocks(notebook: Mapping[str, Any], writer: Markdown, links: Mapping[str, str]) -> Iterator[Block]:
    titled = False
    for cell in notebook["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            if not titled and re.search(r"^# +.+", source, re.MULTILINE):  # it stands in the page's head
                source, titled = re.sub(r"^# +.+\n?", "", source, count=1, flags=re.MULTILINE), True
            if source.strip():
                yield Block("text", Markup(linked(markdown(writer, source), links)))
        for output in cell.get("outputs", ()):
            yield from _block(output, writer, links)


def _block(output: Mapping[str, Any], writer: Markdown, links: Mapping[str, str]) -> Iterator[Block]:
    kind = output["output_type"]
    if kind == "stream":
        if output["name"] == "stdout":
            yield Block("stream", _plain(output["text"]))
    elif kind == "error":
        yield Block("error", _plain(f"{output['ename']}: {output['evalue']}"))
    elif not {PROVENANCE, WIDGET} & output["data"].keys():
        yield from _shown(output["data"], writer, links)


def _shown(data: Mapping[str, Any], writer: Markdown, links: Mapping[str, str]) -> Iterator[Block]:
    """The richest form of an output that a page can keep."""
    chart = next((mime for mime in data if mime.startswith(CHART)), "")
    picture = next((mime for mime in PICTURES if mime in data), "")
    if TABLE in data:
        yield Block("table", Markup(Table.from_json(data[TABLE]).to_html(links)))
    elif chart:
        yield _chart(data[chart], links)
    elif picture:
        yield Block("picture", _picture(picture, data[picture]), _plain(data.get("text/plain", "Picture")))
    elif "text/html" in data:
        yield Block("html", Markup(clean("".join(data["text/html"]))))
    elif "text/markdown" in data:
        yield Block("text", Markup(linked(markdown(writer, "".join(data["text/markdown"])), links)))
    elif "text/plain" in data:
        yield Block("stream", _plain(data["text/plain"]))


def _chart(spec: Mapping[str, Any], links: Mapping[str, str]) -> Block:
    """A chart without what could make the page ask for more: its schema's address, its own embedding options."""
    spec = {name: value for name, value in spec.items() if name not in ("$schema", "usermeta")}
    if addresses := chartdata.asks_for(spec):
        raise ReportError(
            f"Chart {chartdata.title_of(spec)!r} takes its data from {addresses[0]}, which a page without network"
            " cannot read; put the rows into the chart."
        )
    spec |= {"description": chartdata.in_words(spec), "background": "transparent"}
    title = chartdata.title_of(spec)
    return Block("chart", spec, title, named(title, links))


def _picture(mime: str, content: Any) -> str:
    raw = "".join(content)
    encoded = base64.b64encode(raw.encode("utf-8")).decode() if mime == "image/svg+xml" else "".join(raw.split())
    return f"data:{mime};base64,{encoded}"


def _plain(text: Any) -> str:
    return _COLOURS.sub("", "".join(text)).rstrip("\n")
