"""The words of a page in the reader's language: as a gettext PO file says them, put in when the page is finished."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from markupsafe import Markup

from kpitools.errors import ReportError
from kpitools.reports.words.names import with_names
from kpitools.reports.words.segments import A_FIGURE, BARE, ENDS, Held, Walk, figures, has_words

if TYPE_CHECKING:
    from babel.messages.catalog import Catalog

#: A placeholder: `{1}` stands for a figure, a day or a period, `{a}` for a name or a KPI.
PLACE = re.compile(r"\{(\d+|[a-z])\}")
#: How several names are said; every words file has it.
LIST = "{a} and {b}"
ENGLISH = re.compile(r"en(-[A-Za-z0-9]{2,8})*", re.IGNORECASE)
#: What stands between the parts of a text that says several things of a datum, and between several names.
BETWEEN, AND = re.compile(r"(, | · )"), re.compile(r", | and ")
#: A text with a remark behind it.
WITHIN = re.compile(r"(.+) \(([^()]+)\)")
#: A segment stands for the text with each of these behind it, too.
STOPS = ".:;"
_A_SIGN = "\U000f0000"


@dataclass(frozen=True)
class Words:
    """What a words file says.

    Attributes:
        lang: the language, as a tag.
        said: (English, translation) of each segment that is translated.
    """

    lang: str
    said: tuple[tuple[str, str], ...]

    @classmethod
    def read(cls, place: Path, lang: str) -> Words:
        """The words of a PO file.

        Args:
            place: the file.
            lang: the language that is meant, as a tag.

        Raises:
            ReportError: it is missing, is no PO file or one of another language, or a translation lacks a placeholder
                of its English text, or has one that is not there.
        """
        catalog = read_catalog(place)
        own = str(catalog.locale_identifier or lang).replace("_", "-")
        if own.partition("-")[0].lower() != lang.partition("-")[0].lower():
            raise ReportError(f"{place} says that its language is {own}, and [formats] says {lang}; they must agree.")
        said = {str(one.id): str(one.string) for one in catalog if one.id and one.string and not one.fuzzy}
        for english, other in said.items():
            _check(english, other, place)
        return cls(lang, tuple(said.items()))

    def reading(self, names: Collection[str] = frozenset()) -> Reading:
        """What translates one page; `names` are those of the data, which stay as they are."""
        return Reading(self, names)


def read_catalog(place: Path) -> Catalog:
    """A PO file as Babel's catalog.

    Raises:
        ReportError: it is missing, or is no PO file.
    """
    from babel.messages.pofile import PoFileError, read_po

    try:
        with place.open("rb") as file:
            catalog = read_po(file, abort_invalid=True)
    except OSError as error:
        raise ReportError(
            f"The words {place} cannot be read: {error.strerror or error}. `kpitools words` makes such a file."
        ) from None
    except (PoFileError, ValueError, LookupError) as error:
        raise ReportError(f"{place} is not a PO file: {error}. `kpitools words` makes one.") from None
    if plural := next((one for one in catalog if not isinstance(one.id, str)), None):
        raise ReportError(f"{place} has plural forms for {plural.id[0]!r}; each segment has one translation.")
    return catalog


def _check(english: str, other: str, place: Path) -> None:
    wanted, there = set(PLACE.findall(english)), set(PLACE.findall(other))
    told = f"{place}: the translation {other!r} of {english!r}"
    if missing := sorted(wanted - there):
        raise ReportError(f"{told} lacks {', '.join(f'{{{one}}}' for one in missing)}; put it where it belongs.")
    if there - wanted or re.search(r"[{}]", PLACE.sub("", other)):
        raise ReportError(f"{told} has a placeholder that the English has not; it has {_listed(wanted)}.")


def _listed(places: set[str]) -> str:
    return ", ".join(f"{{{one}}}" for one in sorted(places)) or "none"


@dataclass(frozen=True)
class _Known:
    """The translated segments as they are looked up: those without names by what they read with one sign for every
    figure, the others by a pattern and the longest text that it needs, with most words of its own first.
    """

    exact: Mapping[str, tuple[list[str], str]]
    patterns: tuple[tuple[str, re.Pattern[str], str], ...]
    list: str


@lru_cache(2)
def _known(said: tuple[tuple[str, str], ...]) -> _Known:
    exact, patterns = {}, []
    for english, other in said:
        own = PLACE.split(english)[::2]
        if all(place.isdigit() for place in PLACE.findall(english)):
            exact[_A_SIGN.join(own)] = PLACE.findall(english), other
        elif english != LIST:
            patterns.append((len("".join(own)), max(own, key=len), _pattern(english), other))
    patterns.sort(key=lambda one: -one[0])
    return _Known(exact, tuple(one[1:] for one in patterns), dict(said).get(LIST, LIST))


def _pattern(english: str) -> re.Pattern[str]:
    """What a text of this segment looks like, its figures and names in groups.

    >>> bool(_pattern("{a} won {1} deals.").fullmatch("Ann Lee won \\U000f0003 deals."))
    True
    """
    parts = PLACE.split(english)
    parts[::2] = map(re.escape, parts[::2])
    parts[1::2] = [f"(?P<_{name}>{A_FIGURE})" if name.isdigit() else f"(?P<_{name}>.+?)" for name in parts[1::2]]
    return re.compile("".join(parts) + f"(?<![{STOPS}])" * (not parts[-1]))


class Reading:
    """One page in another language.

    A text is looked up sentence by sentence. Figures and names go into their places as they are, KPIs and units in
    their own translation. What has none stays English and, in HTML, is marked so.
    """

    def __init__(self, words: Words, names: Collection[str] = frozenset()) -> None:
        self._known = _known(words.said)
        self._names = names
        self._foreign = "" if ENGLISH.fullmatch(words.lang) else ' lang="en"'

    def html(self, page: str) -> str:
        """A whole page."""
        return Walk(self._block, self.text, self._foreign).html(page)

    def text(self, text: str, *, cell: bool = False) -> str:
        """A text that cannot be marked: an attribute, a title, a line of a mail, a cell of a workbook."""
        held = Held()
        done = self._said(text, held, cell=cell)
        return held.words("".join(part if said is None else said for part, said in done))

    def value(self, text: str) -> str:
        """What a cell or a datum says: a figure, a word of our own, or a name, which stays."""
        held = Held()
        return held.words(self._value(self._figures(text, held), held))

    def _block(self, text: str, held: Held, cell: bool) -> str | None:
        if cell and not self._names and not self._exact(text):
            return text  # who knows no names cannot tell one from a word
        done = self._said(text, held, cell=cell)
        if all(said is None or not has_words(part) for part, said in done) and any(said is None for _, said in done):
            return None
        return "".join(self._marked(part, held) if said is None else said for part, said in done)

    def _marked(self, part: str, held: Held) -> str:
        return held.other(Markup(f"<span{self._foreign}>{held.html(part)}</span>")) if self._foreign else part

    def _said(self, text: str, held: Held, *, cell: bool) -> list[tuple[str, str | None]]:
        """Each sentence and its translation, None where there is none; the sentences as they lead to most of those."""
        if held.words(text) in self._names and (cell or not self._exact(text)):
            return [(text, text)]
        tries = dict.fromkeys((text, held.flat(text), with_names(held.flat(text), self._names, held.other)))
        done: list[tuple[str, str | None]] = []
        for one in tries:
            parts = ENDS.split(self._figures(one, held))
            found = [(part, self._sentence(part, held)) for part in parts]
            if not done or _missing(found) < _missing(done):
                done = found
            if not _missing(done):
                break
        return done

    def _sentence(self, text: str, held: Held) -> str | None:
        """A sentence translated, with or without the sign it ends in."""
        if not has_words(text):
            return text
        end = text[-1] if text[-1] in STOPS else ""
        bare = text.removesuffix(end)
        if found := self._exact(text):
            return found
        if all(self._is_known(one, held) for one in AND.split(bare)) and (found := self._value(bare, held)) != bare:
            return found + end
        if found := self._matched(text, held):
            return found
        found = self._matched(bare, held) or self._value(bare, held)
        return None if found == bare else found + end

    def _exact(self, text: str) -> str:
        places, other = self._known.exact.get(re.sub(A_FIGURE, _A_SIGN, text), ([], ""))
        return _filled(other, dict(zip(places, re.findall(A_FIGURE, text), strict=False)))

    def _matched(self, text: str, held: Held) -> str:
        for needed, pattern, other in self._known.patterns:
            if needed in text and (found := pattern.fullmatch(text)):
                given = {name[1:]: part for name, part in found.groupdict().items()}
                return _filled(other, {name: self._value(part, held) for name, part in given.items()})
        return ""

    def _value(self, text: str, held: Held) -> str:
        """A name as it is, a word of our own translated; of several each."""
        if not has_words(text) or held.words(text) in self._names:
            return text
        if found := self._exact(text):
            return found
        if within := WITHIN.fullmatch(text):
            return f"{self._value(within[1], held)} ({self._value(within[2], held)})"
        if " and " not in text:
            parts = BETWEEN.split(text)
            return "".join(self._value(part, held) for part in parts) if len(parts) > 1 else text
        several = AND.split(text)
        if not all(self._is_known(one, held) for one in several):
            return text
        *first, last = (self._value(one, held) for one in several)
        return _filled(self._known.list, {"a": ", ".join(first), "b": last})

    def _is_known(self, text: str, held: Held) -> bool:
        return not has_words(text) or held.words(text) in self._names or self._value(text, held) != text

    def _figures(self, text: str, held: Held) -> str:
        return figures(text, lambda figure: held.figure(self._figure(figure)))

    def _figure(self, figure: str) -> str:
        """A figure, its unit or month translated."""
        held = Held()
        return held.words(self._exact(figures(figure, held.figure, BARE))) or figure


def _missing(done: list[tuple[str, str | None]]) -> int:
    return sum(len(part) for part, said in done if said is None)


def _filled(text: str, given: Mapping[str, str]) -> str:
    return PLACE.sub(lambda place: given[place[1]], text)
