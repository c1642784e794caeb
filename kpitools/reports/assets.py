"""Script and style of a page: inside it, compressed inside it, or in files that the pages of a folder share."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from markupsafe import Markup

from kpitools.reports.bundle import bundle, packed, packed_bundle
from kpitools.reports.look import Look
from kpitools.reports.markup import script_json
from kpitools.reports.run import put
from kpitools.tables.html import stylesheet

FOLDER = "assets"
NOTHING = "'none'"
_HERE = Path(__file__).parent


def carried(look: Look, charts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What the page's head and end carry: style, script, the charts where they are not beside their figures, policy.

    `style` and `script` are inside the page, `style_file` and `script_file` beside it; `packed` is the script
    compressed and `charts` are all charts so, with `script` the few lines that unpack them.
    """
    apart = look.site
    css, script = page_style(look), bundle() if charts else ""
    inside = Markup() if not charts or apart else Markup(_loader() if look.compact else script)
    return {
        "style": Markup() if apart else Markup(css),
        "style_file": file_name("page", css, "css") if apart else "",
        "script": inside,
        "script_file": file_name("vega", script, "js") if charts and apart else "",
        "packed": packed_bundle() if charts and look.compact and not apart else "",
        "charts": packed(script_json(charts)) if charts and look.compact else "",
        "policy": policy(inside, blobs=look.compact, files=apart),
    }


def files(look: Look) -> dict[str, bytes]:
    """The files that pages of a site share, by name from the pages' folder; none where each page has its own."""
    if not look.site:
        return {}
    css = page_style(look)
    return {file_name("page", css, "css"): css.encode(), file_name("vega", bundle(), "js"): bundle().encode()}


def write_assets(look: Look, folder: Path) -> None:
    """Write the files that pages of a site share into the pages' folder, where they are not whole there; those of other
    versions stay.
    """
    for name, content in files(look).items():
        place = folder / name
        if not (place.is_file() and place.read_bytes() == content):
            place.parent.mkdir(parents=True, exist_ok=True)
            put(place, content)


def file_name(stem: str, content: str, ending: str) -> str:
    """A name that changes with the content, so that pages of other versions keep theirs."""
    return f"{FOLDER}/{stem}-{hashlib.sha256(content.encode('utf-8')).hexdigest()[:16]}.{ending}"


def page_style(look: Look) -> str:
    """The stylesheet of a report in this look."""
    return f"{style('page.css')}\n{look.brand.css}"


def style(*names: str) -> str:
    """The stylesheets of a page in one, tables' own included."""
    return "\n".join([*((_HERE / name).read_text(encoding="utf-8") for name in names), stylesheet()])


def policy(script: str, *, blobs: bool = False, files: bool = False) -> str:
    """What a page may do: run its own script, and ask nobody for anything.

    Args:
        script: what is inside the page.
        blobs: whether that script unpacks another.
        files: whether the page has files beside it.
    """
    digest = base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode()
    sources = [f"'sha256-{digest}'"] * bool(script) + ["blob:"] * bool(script and blobs) + ["'self'"] * files
    styles = ["'self'"] * files + ["'unsafe-inline'"]
    return (
        f"default-src 'none'; script-src {' '.join(sources or [NOTHING])}; style-src {' '.join(styles)}; "
        f"img-src data:; font-src data:; base-uri {NOTHING}; form-action {NOTHING}"
    )


def _loader() -> str:
    return (_HERE / "loader.js").read_text(encoding="utf-8")
