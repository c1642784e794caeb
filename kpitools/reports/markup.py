"""Text of others made harmless: Markdown and rich HTML for the inside of a page, JSON for the inside of a script."""

from __future__ import annotations

import json
import re
from html import unescape
from typing import Any

import mistune
import nh3

TEXT_TAGS = nh3.ALLOWED_TAGS - {"map", "area", "article", "aside", "nav", "header", "footer", "figure", "figcaption"}
ATTRIBUTES = {tag: set(names) - {"class", "id"} for tag, names in nh3.ALLOWED_ATTRIBUTES.items()}
PICTURE = re.compile(r"data:image/(png|jpeg|gif|webp);base64,[A-Za-z0-9+/=\s]+")
_ESCAPED = {ord(character): f"\\u{ord(character):04x}" for character in "<>&\u2028\u2029"}


def script_json(content: Any) -> str:
    """JSON in which the HTML parser meets no `<`, `>` or `&`: nothing in it can end the script or begin another.

    >>> script_json("</script>")
    '"\\\\u003c/script\\\\u003e"'
    """
    return json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":")).translate(_ESCAPED)


def clean(html: str) -> str:
    """Rich HTML with its tables and text; no script, style, form, frame, class, or picture from elsewhere."""
    return nh3.clean(
        html,
        tags=TEXT_TAGS,
        attributes=ATTRIBUTES,
        attribute_filter=_filtered,
        url_schemes={"http", "https", "mailto", "data"},
    )


def _filtered(tag: str, attribute: str, value: str) -> str | None:
    if (tag, attribute) == ("img", "src"):
        return value if PICTURE.fullmatch(value) else None
    return None if attribute in ("href", "cite") and value.strip().lower().startswith("data:") else value


class Markdown(mistune.HTMLRenderer):
    """Markdown in which tags are text, and whose headings can be linked to.

    Attributes:
        headings: (level, plain text, id) in the order they came, over everything this renderer has seen.
    """

    def __init__(self) -> None:
        super().__init__(escape=True)
        self.headings: list[tuple[int, str, str]] = []

    def heading(self, text: str, level: int, **attributes: Any) -> str:
        """A heading with an id; level 1 belongs to the page, so others begin at 2."""
        level = max(2, level)
        plain = re.sub(r"<[^>]*>", "", text)
        self.headings.append((level, unescape(plain), f"s{len(self.headings) + 1}"))
        return f"<h{level}>{text}</h{level}>\n"

    def image(self, text: str, url: str, title: str | None = None) -> str:
        """A picture that is in the text itself; of any other the words."""
        return super().image(text, url, title) if PICTURE.fullmatch(url) else mistune.escape(text)


def markdown(renderer: Markdown, text: str) -> str:
    """Markdown as HTML, cleaned, its headings with their ids."""
    first = len(renderer.headings)
    reader = mistune.create_markdown(renderer=renderer, plugins=["table", "strikethrough"])
    reader.block.rules.remove("raw_html")  # or a comment that is never closed would swallow what follows
    reader.inline.rules.remove("inline_html")
    html = clean(str(reader(text)))
    ids = iter(renderer.headings[first:])
    return re.sub(r"<(h[2-6])>", lambda found: f'<{found[1]} id="{next(ids)[2]}">', html)
