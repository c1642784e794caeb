"""Words on a page that lead to what they mean: the first time a text names a KPI, the name links to its definition."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape

_TAG = re.compile(r"(<[^>]*>)")
#: Inside these nothing is linked: they are links, headings or code already.
_CLOSED = ("a", "code", "h2", "h3", "h4", "h5", "h6")


def linked(html: str, links: Mapping[str, str]) -> str:
    """Clean HTML in which the first mention of each name, whatever its case, leads to its address.

    >>> linked("<p>Your win rate rose; the win rate of others fell.</p>", {"Win rate": "#def-win_rate"})
    '<p>Your <a href="#def-win_rate">win rate</a> rose; the win rate of others fell.</p>'
    >>> linked("<h2>Win rate</h2>", {"Win rate": "#def-win_rate"})
    '<h2>Win rate</h2>'
    """
    if not links:
        return html
    wanted = {escape(name).casefold(): address for name, address in links.items()}
    names = "|".join(re.escape(name) for name in sorted(wanted, key=len, reverse=True))
    pattern = re.compile(rf"(?<!\w)(?:{names})(?!\w)", re.IGNORECASE)
    done: set[str] = set()

    def link(found: re.Match[str]) -> str:
        name = found[0].casefold()
        if name in done:
            return found[0]
        done.add(name)
        return f'<a href="{escape(wanted[name])}">{found[0]}</a>'

    parts, inside = [], 0
    for part in _TAG.split(html):
        if part.startswith("<"):
            inside += _opens(part)
            parts.append(part)
        else:
            parts.append(part if inside else pattern.sub(link, part))
    return "".join(parts)


def _opens(tag: str) -> int:
    """1 where a tag opens something that is left as it is, -1 where it closes one."""
    name = re.match(r"</?([a-z0-9]+)", tag, re.IGNORECASE)
    if not name or name[1].lower() not in _CLOSED:
        return 0
    return -1 if tag.startswith("</") else 1


def named(text: str, links: Mapping[str, str]) -> list[tuple[str, str]]:
    """The names that a text mentions, with their addresses; of one inside another the longer.

    >>> named("Win rate by rep", {"Win rate": "#def-win_rate", "Rate": "#def-rate"})
    [('Win rate', '#def-win_rate')]
    """
    found, left = [], text.casefold()
    for name in sorted(links, key=len, reverse=True):
        if re.search(rf"(?<!\w){re.escape(name.casefold())}(?!\w)", left):
            found.append((name, links[name]))
            left = left.replace(name.casefold(), " ")
    return found
