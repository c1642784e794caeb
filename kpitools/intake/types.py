"""Text to values: one function per type, null where a text is no value of it. Nothing is guessed."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import polars as pl

EXAMPLE = datetime(2026, 9, 30, 14, 30)
INSTANT = pl.Datetime("us")
TRUE, FALSE = ("true", "yes", "1"), ("false", "no", "0")
_DAY = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_CLOCK = "[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:[.][0-9]{1,9})?)?"
_ZONE = "(?:Z|[+-][0-9]{2}:?[0-9]{2})"
_TIMES = ("%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f%#z", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M%#z")
_GROUPS = {".": "[,'\u00a0\u202f ]", ",": "[.'\u00a0\u202f ]"}


@dataclass(frozen=True)
class Form:
    """How a column's values are written, where that differs from the plain form.

    Attributes:
        dates: date formats as in `strftime`, for example `%d/%m/%Y`; none: 2026-09-30, with or without a time.
        decimal: the decimal sign; with it digits may be grouped by the other one. None: a point and no groups.
    """

    dates: tuple[str, ...] = ()
    decimal: str | None = None


PLAIN = Form()


def parse(text: pl.Series, dtype: pl.DataType, form: Form = PLAIN) -> pl.Series:
    """The values of a column of stripped texts; null where a text is no value of the type.

    >>> parse(pl.Series(["2026-09-30", "30.09.2026"]), pl.Date()).to_list()
    [datetime.date(2026, 9, 30), None]
    >>> parse(pl.Series(["1.234,50", "12"]), pl.Float64(), Form(decimal=",")).to_list()
    [1234.5, 12.0]
    """
    return PARSERS[dtype.base_type()](text, form)


def expected(dtype: pl.DataType, form: Form = PLAIN) -> str:
    """What a text of this type should have been, in words.

    >>> expected(pl.Date(), Form(dates=("%d/%m/%Y",)))
    'not a date in the form 30/09/2026'
    """
    if dtype.is_temporal():
        return "not a date in the form " + " or ".join(_examples(form))
    if dtype.is_float():
        return "not a number" if form.decimal is None else f"not a number in the form {_number_example(form.decimal)}"
    return "not a whole number" if dtype.is_integer() else "not one of " + ", ".join(TRUE + FALSE)


def _examples(form: Form) -> list[str]:
    return [EXAMPLE.strftime(re.sub(r"%[.#:0-9]*([fz])", r"%\1", date)) for date in form.dates] or ["2026-09-30"]


def _number_example(decimal: str) -> str:
    return "1.234,56" if decimal == "," else "1,234.56"


def _text(text: pl.Series, form: Form) -> pl.Series:
    return text


def _instant(text: pl.Series, form: Form) -> pl.Series:
    """Points in time in UTC, a day being its midnight; a text that names a zone is brought to UTC."""
    if form.dates:
        return _by_turns(text, [_reader(date) for date in form.dates])
    iso = text.str.contains(f"^{_DAY}(?:[T ]{_CLOCK} ?{_ZONE}?)?$")
    text = _kept(text, iso).str.replace(" ", "T", literal=True).str.replace(" ", "", literal=True)
    return _by_turns(text, [_reader("%Y-%m-%d"), *map(_reader, _TIMES)])


def _day(text: pl.Series, form: Form) -> pl.Series:
    return _instant(text, form).dt.date()


def _reader(date: str) -> Callable[[pl.Series], pl.Series]:
    """The function that reads one date format, with or without a time, with or without a zone."""
    if re.search(r"%[.#:0-9]*z", date):
        return lambda text: text.str.to_datetime(
            date, time_unit="us", time_zone="UTC", strict=False
        ).dt.replace_time_zone(None)
    if re.search(r"%[-]?[HIklTRXcrs]", date):
        return lambda text: text.str.to_datetime(date, time_unit="us", strict=False)
    return lambda text: text.str.to_date(date, strict=False).cast(INSTANT)


def _by_turns(text: pl.Series, readers: list[Callable[[pl.Series], pl.Series]]) -> pl.Series:
    """What the first reader can read, then of the rest what the next one can. A year of two digits is no year."""
    done = pl.Series(text.name, [None], INSTANT).new_from_index(0, len(text))
    for reader in readers:
        left = text.is_not_null() & done.is_null()
        if not left.any():
            break
        read = reader(_kept(text, left))
        done = done.zip_with(~left, _kept(read, read.dt.year() >= 1000))
    return done


def _kept(values: pl.Series, where: pl.Series) -> pl.Series:
    """The values, null where the mask is not true."""
    return values.zip_with(where.fill_null(False), pl.Series([None], dtype=values.dtype).new_from_index(0, len(values)))


def _number(text: pl.Series, form: Form) -> pl.Series:
    if form.decimal is not None:
        text = _ungrouped(text, form.decimal)
    number = text.cast(pl.Float64, strict=False)
    return _kept(number, number.is_finite())


def _ungrouped(text: pl.Series, decimal: str) -> pl.Series:
    group, sign = _GROUPS[decimal], re.escape(decimal)
    grouped = text.str.contains(f"^[+-]?(?:[0-9]{{1,3}}(?:{group}[0-9]{{3}})+|[0-9]+)?(?:{sign}[0-9]+)?$")
    return _kept(text, grouped).str.replace_all(group, "").str.replace(decimal, ".", literal=True)


def _whole(text: pl.Series, form: Form) -> pl.Series:
    number = _number(text, form)
    return _kept(number, number == number.round()).cast(pl.Int64, strict=False)


def _flag(text: pl.Series, form: Form) -> pl.Series:
    words = text.str.to_lowercase()
    return words.replace_strict({**dict.fromkeys(TRUE, True), **dict.fromkeys(FALSE, False)}, default=None,
                                return_dtype=pl.Boolean)  # fmt: skip


PARSERS: dict[type[pl.DataType] | pl.DataType, Callable[[pl.Series, Form], pl.Series]] = {
    pl.String: _text,
    pl.Float64: _number,
    pl.Int64: _whole,
    pl.Boolean: _flag,
    pl.Date: _day,
    pl.Datetime: _instant,
}
