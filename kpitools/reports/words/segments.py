"""The pieces of a page that a translator meets: sentences whose figures are placeholders, and where in HTML they stand.

While a text is worked on, each figure, name or piece of markup in it is held apart and one sign stands in its place.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from html import unescape

from markupsafe import Markup, escape

from kpitools.formats import MINUS
from kpitools.formats.dates import MONTHS

_MONTH = rf"(?:{'|'.join(MONTHS)}|January|February|March|April|June|July|August|September|October|November|December)"
_NUMBER = r"\d+(?:[.,'’:/\xa0\u202f-]\d+)*"
_NUMBERS = rf"[+{MINUS}]?{_NUMBER}(?:–[{MINUS}]?{_NUMBER})?"
_DAY = (
    rf"\d{{1,2}}[ -]{_MONTH}(?:[ ,-]{{1,2}}\d{{4}})?|{_MONTH} \d{{1,2}}, \d{{4}}"
    rf"|(?:\d{{4}} )?{_MONTH} (?:\d{{4}}|\d{{1,2}})"
    r"|\d{1,2}\. \d{1,2}\. \d{4}|\d{4}\. \d{1,2}\. \d{1,2}"
)
_PERIOD = r"Q\d \d{4}|(?:FY)?\d{4}(?:-?[QW]\d{1,2})?(?:\.\.(?:FY)?\d{4}(?:-?[QW]\d{1,2})?)?"
_UNIT = r"(?: (?:%|pp|d|h|min|s|k|M|B|T)(?!\w))?(?: per day)?"
_END = r"(?!\w|[.,/-]\d)"
#: A figure with its unit, an interval, a day or a period: what differs from report to report.
FIGURE = re.compile(rf"(?<![\w.,])(?:{_DAY}|(?:{_PERIOD}){_END}|{_NUMBERS}{_UNIT}){_END}")
BARE = re.compile(rf"(?<![\w.,]){_NUMBERS}{_END}")
#: Signs that stand for a figure, and for anything else that is held apart.
A_FIGURE, ANOTHER = "[\U000f0000-\U000ffffd]", "[\U00100000-\U0010fffd]"
SIGNS = re.compile(f"{A_FIGURE}|{ANOTHER}")
#: Where one sentence, or part of one that stands on its own, ends and the next begins.
ENDS = re.compile(r"(?<=[.!?;:])( +)")
INLINE = ("a", "abbr", "b", "code", "em", "i", "s", "strong", "sub", "sup", "u")
#: Elements in which there can be no others.
PLAIN = ("option", "textarea", "title")
_TOKEN = re.compile(
    r'<(script|style|pre|code)\b.*?</\1>|<svg class="still".*?</svg>|<(\w+)\b[^>]* translate="no".*?</\2>|<!--.*?-->'
    r"""|<(?:[^<>"']|"[^"]*"|'[^']*')*>|[^<]+|<""",
    re.DOTALL,
)
_NAME = re.compile(r"<(/?)([a-z][a-z0-9]*)")
_READ = re.compile(r'( (?:title|aria-label|alt|placeholder|data-all|data-some)=")([^"]+)(")')
_CODE = re.compile(r"(?<!\w)\w*\d\w*")
_CELL = re.compile(r'<td\b|<th scope="row"|<span class="name"')
_SPACE = re.compile(r"[ \t\r\n\f]+")


class Held:
    """What is held apart of one text: sign -> what stands there."""

    def __init__(self) -> None:
        self._parts: dict[str, str] = {}
        self._flat: dict[str, str] = {}

    def figure(self, part: str) -> str:
        """The sign of a figure."""
        return self._hold(part, 0xF0000)

    def other(self, part: str) -> str:
        """The sign of a name, or of markup that is ready."""
        return self._hold(part, 0x100000)

    def link(self, part: Markup, words: str) -> str:
        """The sign of a link that the text can do without, and the words it is on."""
        sign = self.other(part)
        self._flat[sign] = words
        return sign

    def _hold(self, part: str, first: int) -> str:
        sign = chr(first + len(self._parts))
        self._parts[sign] = part
        return sign

    def flat(self, text: str) -> str:
        """A text with the words of its links in their places."""
        return SIGNS.sub(lambda sign: self._flat.get(sign[0], sign[0]), text)

    def words(self, text: str) -> str:
        """A text with figures and names in place of their signs; markup stays a sign."""
        return SIGNS.sub(
            lambda sign: sign[0] if isinstance(self._parts[sign[0]], Markup) else self._parts[sign[0]], text
        )

    def html(self, text: str) -> str:
        """A text as HTML: all of it is text but the markup that was held."""
        return SIGNS.sub(lambda sign: str(escape(self._parts[sign[0]])), str(escape(text)))


def figures(text: str, put: Callable[[str], str], what: re.Pattern[str] = FIGURE) -> str:
    """A text with each figure changed.

    >>> figures("Won 3 of 1,204 deals, 47–71 %, after 12.5 d in Q2 2026; R003 by 30 Sep 2026.", lambda _: "#")
    'Won # of # deals, #, after # in #; R003 by #.'
    >>> figures("45.9 % in 2026Q3, 2025Q4..2026Q3, 1.234,5 k; 30.9.2026. 95 % interval", lambda _: "#")
    '# in #, #, #; #. # interval'
    """
    return what.sub(lambda found: put(found[0]), text)


def has_words(text: str) -> bool:
    """Whether there is a word in a text beside what is held apart, ids and periods.

    >>> has_words("R003: 2026Q3 · 12"), has_words("n 12")
    (False, True)
    """
    return any(sign.isalpha() for sign in _CODE.sub("", SIGNS.sub(" ", text)))


class Walk:
    """Goes through a page; `said` is asked for each text, and `plain` for each that stands where markup cannot.

    Args:
        said: text, what is held apart of it, whether it is a cell's, where names of the data stand -> the text to put
            there, None for the text as it is.
        plain: text -> text.
        foreign: the mark of a text that is left as it is, as ` lang="en"`; empty for none.
    """

    def __init__(
        self, said: Callable[[str, Held, bool], str | None], plain: Callable[[str], str], foreign: str
    ) -> None:
        self._said, self._plain, self._foreign = said, plain, foreign

    def html(self, page: str) -> str:
        """The page with its texts changed; script, style, code, pictures and what is not to be translated stay."""
        out: list[str] = []
        run: list[str] = []
        for token in [*(found[0] for found in _TOKEN.finditer(page)), ""]:
            if token and (not token.startswith("<") or _tag(token)[1] in INLINE):
                run.append(token)
                continue
            if run:
                self._put(run, out, token)
                run = []
            out.append(self._attributes(token))
        return "".join(out)

    def _put(self, run: list[str], out: list[str], after: str) -> None:
        """Put a run of text and inline markup behind what is out already; an element that is wholly foreign says so."""
        before = out[-1] if out else ""
        name, pieces = _tag(before)[1], list(self._pieces(run, bool(_CELL.match(before))))
        whole = [piece for piece in pieces if piece[0].strip()]
        if len(whole) == 1 and whole[0][1] and not before.startswith("</") and after.startswith(f"</{name}>"):
            out[-1] = f"{before[:-1]}{self._foreign}>"
            out.extend(text for text, _ in pieces)
            return
        for text, foreign in pieces:
            mark = foreign and name not in PLAIN
            out.append(f"<span{self._foreign}>{text}</span>" if mark else text)

    def _pieces(self, run: list[str], cell: bool) -> Iterator[tuple[str, bool]]:
        """The texts of a run, each with its inline elements, and whether it is foreign as a whole."""
        held, text, place = Held(), "", 0
        while place < len(run):
            token, end = run[place], _closed(run, place)
            if end:
                element = Markup(self._element(run[place:end]))
                to_definition = token.startswith('<a href="#def-')
                text += held.link(element, _text_of(run[place:end])) if to_definition else held.other(element)
                place = end
                continue
            if token.startswith("<"):  # opened or closed elsewhere
                yield self._text(text, held, cell)
                yield token, False
                held, text = Held(), ""
            else:
                text += _text_of([token])
            place += 1
        yield self._text(text, held, cell)

    def _element(self, tokens: list[str]) -> str:
        if len(tokens) < 3:
            return "".join(tokens)
        inner: list[str] = [self._attributes(tokens[0])]
        self._put(tokens[1:-1], inner, tokens[-1])
        return "".join(inner) + tokens[-1]

    def _text(self, text: str, held: Held, cell: bool) -> tuple[str, bool]:
        core = _SPACE.sub(" ", text).strip(" ")
        if not has_words(core):
            return held.html(text), False
        said = self._said(core, held, cell)
        around = text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]
        if said is None:
            return f"{around[0]}{held.html(text.strip())}{around[1]}", bool(self._foreign)
        return f"{around[0]}{held.html(said)}{around[1]}", False

    def _attributes(self, tag: str) -> str:
        if not tag.startswith("<") or tag.startswith(("<script", "<style", "<!")):
            return tag
        opened, end, rest = tag.partition(">") if ' translate="no"' in tag else (tag, "", "")
        changed = _READ.sub(lambda found: f"{found[1]}{escape(self._plain(unescape(found[2])))}{found[3]}", opened)
        return changed + end + rest


def _text_of(tokens: list[str]) -> str:
    """The text of a run without its tags; signs that are used here are nothing that a text may hold."""
    return SIGNS.sub("\ufffd", unescape("".join(token for token in tokens if not token.startswith("<"))))


def _tag(token: str) -> tuple[str, str]:
    """Whether a tag closes, as `/`, and its name; of a whole element that of the element."""
    found = _NAME.match(token)
    return (found[1], found[2]) if found else ("", "")


def _closed(run: list[str], start: int) -> int:
    """Where an inline element that begins here is over; 0 where it is no such element."""
    closes, name = _tag(run[start])
    if not name or closes:
        return 0
    if name == "code":
        return start + 1
    depth = 0
    for place in range(start, len(run)):
        if _tag(run[place])[1] == name:
            depth += -1 if _tag(run[place])[0] else 1
            if not depth:
                return place + 1
    return 0
