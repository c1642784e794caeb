"""How figures and days are written where the readers are: the customs of their language, or a company's own."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from kpitools.errors import ReportError
from kpitools.formats.dates import ISO, PLAIN, is_pattern, write_dates
from kpitools.formats.numbers import Separators, write_numbers
from kpitools.formats.text import one_line

_POINT = Separators()
#: Words in a pattern, as Bulgarian has one behind the year.
_QUOTED = re.compile(r" *'[^']*'\.?")
#: Spaces that lists of customs name and `Separators` does not.
_SPACES = {"\u2009": "\N{NARROW NO-BREAK SPACE}"}


@dataclass(frozen=True)
class Conventions:
    """How numbers and days are written. Words are English whatever the customs.

    Attributes:
        separators: the signs inside a number.
        day: day (`d`, `dd`), month (`M`, `MM`, or `MMM` for its name) and year (`y`) with signs between.

    Raises:
        ReportError: a day that is no such pattern.
    """

    separators: Separators = _POINT
    day: str = PLAIN

    def __post_init__(self) -> None:
        if not is_pattern(self.day):
            raise ReportError(f"Days cannot be written as {self.day!r}; give d, M and y with signs between: d.M.y.")

    @classmethod
    def of(cls, formats: Mapping[str, str]) -> Conventions:
        """What a section `[formats]` of settings means.

        Args:
            formats: language (a tag such as `de`, `de-CH`, `en-US`, whose customs are taken), and decimal and thousands
                where other signs are wanted.

        Raises:
            ReportError: no language that customs are known of, or signs that cannot be told apart.

        >>> Conventions.of({"language": "de"})
        Conventions(separators=Separators(decimal=',', thousands='.'), day='d.M.y')
        >>> Conventions.of({"language": "de-CH", "thousands": " "}).separators
        Separators(decimal='.', thousands=' ')
        """
        usual = _customs(formats["language"]) if formats.get("language") else cls()
        signs = usual.separators
        decimal, thousands = formats.get("decimal", signs.decimal), formats.get("thousands", signs.thousands)
        return cls(Separators(decimal, thousands), usual.day)


def _customs(language: str) -> Conventions:
    """The customs of a language, by the Unicode Common Locale Data Repository."""
    if language.lower() == "en":
        return Conventions()
    from babel import Locale, UnknownLocaleError

    try:
        found = Locale.parse(language, sep="-")
    except (UnknownLocaleError, ValueError):
        raise ReportError(
            f"How numbers and days are written in the language {language!r} is not known; give a tag such as en, en-US,"
            " de or pt-BR."
        ) from None
    signs = found.number_symbols["latn"]
    group = _SPACES.get(signs["group"], signs["group"])
    # months by name are words, and words are English
    pattern = found.date_formats["medium"] if found.language == "en" else found.datetime_skeletons["yMd"]
    day = _QUOTED.sub("", one_line(pattern.pattern))
    return Conventions(Separators(signs["decimal"], group), day if is_pattern(day) else ISO)


def write_as(conventions: Conventions) -> Conventions:
    """From now on write numbers and days so, in this process; returns how they were written before."""
    return Conventions(write_numbers(conventions.separators), write_dates(conventions.day))


@contextmanager
def written_as(conventions: Conventions) -> Iterator[None]:
    """Write numbers and days so for a while.

    >>> from datetime import date
    >>> from kpitools.formats import format_date, format_value
    >>> with written_as(Conventions.of({"language": "de"})):
    ...     format_value(1234.56, "days"), format_value(1234567, "currency", short=True), format_date(date(2026, 9, 30))
    ('1.234,6 d', '1,23 M', '30.9.2026')
    >>> format_value(1234.56, "days"), format_date(date(2026, 9, 30))
    ('1,234.6 d', '30 Sep 2026')
    """
    before = write_as(conventions)
    try:
        yield
    finally:
        write_as(before)
