"""Gathers the words of pages for a translator: each sentence once, with placeholders for figures and names.

What the data holds is in no segment: names of the data are placeholders, and so is any word that neither the package
nor a template says.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from string import ascii_lowercase

from kpitools.reports.words.names import with_names
from kpitools.reports.words.reading import AND, BETWEEN, LIST, STOPS
from kpitools.reports.words.segments import A_FIGURE, ANOTHER, BARE, ENDS, SIGNS, Held, Walk, figures, has_words

WORD = re.compile(r"[^\W\d_]+")
_ID = re.compile(r"\b(?=\w*\d)(?=\w*[^\W\d])\w+\b")
#: A name that is said something of.
_REMARKED = re.compile(rf"{ANOTHER}(?: \(([^()]*)\))?")
_SEVERAL = re.compile(rf"{ANOTHER}(?: ?\({ANOTHER}\))?(?:(?:, | and |, and | or | ){ANOTHER}(?: ?\({ANOTHER}\))?)*")


class Gatherer:
    """Gathers the segments of pages; what it is asked to say in another language it says as it is.

    Args:
        labels: of the KPIs, which are segments of their own.
        names: those of the data.
        vocabulary: the words that can be ours, in small letters.
    """

    def __init__(self, labels: Iterable[str], names: Collection[str], vocabulary: Collection[str]) -> None:
        self._own = vocabulary
        self._names = names
        self._labels = {form for label in labels for form in _forms(label)}
        self._found: dict[str, None] = {LIST: None}

    @property
    def found(self) -> list[str]:
        """The segments; of two that differ by the sign at their end the one without."""
        return [one for one in self._found if one[-1] not in STOPS or one[:-1] not in self._found]

    def ours(self, page: str) -> None:
        """Gather the segments of HTML that holds no name of the data."""
        Walk(self._take_ours, self._plain_ours, "").html(page)

    def html(self, page: str) -> None:
        """Gather the segments of a page."""
        Walk(self._take, self.text, "").html(page)

    def text(self, text: str) -> str:
        """Gather the segments of a text."""
        self._take(text, Held())
        return text

    def value(self, text: str) -> str:
        """Gather what a datum says, in parts where some of it is a figure or a name."""
        held = Held()
        masked = self._masked(text, held)
        parts = BETWEEN.split(masked)
        for part in parts if SIGNS.search(masked) else [masked]:
            if not re.search(ANOTHER, part):
                self._add(part)
        return text

    def _plain_ours(self, text: str) -> str:
        self._take_ours(text, Held())
        return text

    def _take_ours(self, text: str, held: Held, cell: bool = False) -> None:
        for part in ENDS.split(figures(text, lambda figure: self._figure(figure, held))):
            self._add(part)

    def _take(self, text: str, held: Held, cell: bool = False) -> None:
        plain = held.words(held.flat(text))
        if plain in self._names:
            return
        if plain in self._labels:
            self._add(plain)
            return
        for part in ENDS.split(self._masked(text, held)):
            own = _numbered(figures(held.words(held.flat(part)), held.figure))
            if own in self._found:
                continue
            several = [_REMARKED.fullmatch(one) for one in AND.split(part.rstrip(STOPS))]
            if all(several):
                for one in several:
                    self._add(one[1] or "" if one else "")
            else:
                self._add(part)

    def _masked(self, text: str, held: Held) -> str:
        """A text with signs for names, KPIs, unknown words and figures."""
        if text in self._names:
            return held.other(text)
        text = with_names(text, self._names, held.other)
        text = figures(text, lambda figure: self._figure(figure, held))
        text = _ID.sub(lambda found: held.other(found[0]), text)
        if text not in self._labels:
            text = with_names(text, self._labels, lambda label: self._label(label, held))
        return WORD.sub(lambda found: found[0] if found[0].casefold() in self._own else held.other(found[0]), text)

    def _label(self, label: str, held: Held) -> str:
        self._add(label)
        return held.other(label)

    def _figure(self, figure: str, held: Held) -> str:
        """The sign of a figure; its unit, or the name of its month, is a segment of its own."""
        self._add(figures(figure, held.figure, BARE))
        return held.figure(figure)

    def _add(self, text: str) -> None:
        english = _numbered(_SEVERAL.sub(lambda found: found[0][0], text))
        if has_words(re.sub(r"\{\w+\}", "", english)) and not english.endswith("…"):
            self._found[english] = None


def _numbered(text: str) -> str:
    """A text with placeholders for its signs: figures by number, others by letter; empty where it has braces itself."""
    if re.search("[{}]", text) or len(re.findall(ANOTHER, text)) > len(ascii_lowercase):
        return ""
    numbers, letters = iter(range(1, len(text) + 1)), iter(ascii_lowercase)
    return SIGNS.sub(lambda sign: f"{{{next(numbers) if re.match(A_FIGURE, sign[0]) else next(letters)}}}", text)


def _forms(label: str) -> tuple[str, ...]:
    """How a text says a KPI: as its label, and, of several words, as in the middle of a sentence."""
    return (label, label[:1].lower() + label[1:], label.lower()) if " " in label else (label,)
