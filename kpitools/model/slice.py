"""A slice: which rows, which period, seen from when; one frozen value with a text form."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from urllib.parse import parse_qsl, urlencode

from kpitools.errors import EvaluationError

#: Stands for "no value" in the text form: rows that belong to no team, no segment, ...
UNASSIGNED = "(unassigned)"
#: A value that reads like it; in the text form it carries a backslash more.
_LIKE_IT = re.compile(r"\\*\(unassigned\)")


@dataclass(frozen=True)
class Slice:
    """Dimension values, period and as-of. Widgets produce it, notebooks and the command line take it.

    >>> chosen = Slice({"team": ("North", "R&D")}, period="2026Q3")
    >>> str(chosen)
    'team=North&team=R%26D&period=2026Q3'
    >>> Slice.parse(str(chosen)) == chosen
    True
    >>> chosen.words()
    'team North or R&D, 2026Q3'
    """

    where: Mapping[str, tuple[str | None, ...]] = field(default_factory=dict)
    period: str | None = None
    as_of: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "where", {name: tuple(values) for name, values in self.where.items() if values})

    def __hash__(self) -> int:
        return hash(str(self))

    def __str__(self) -> str:
        pairs = [(name, _written(value)) for name, values in self.where.items() for value in values]
        settings = [("period", self.period), ("as_of", self.as_of)]
        return urlencode(pairs + [(name, value) for name, value in settings if value])

    @classmethod
    def parse(cls, text: str) -> Slice:
        """The slice a text form stands for.

        Raises:
            EvaluationError: a part is not of the form name=value, or period or as_of comes twice.
        """
        try:
            pairs = parse_qsl(text, keep_blank_values=True, strict_parsing=bool(text))
        except ValueError:
            raise EvaluationError(f"{text!r} is not a slice; write team=North&period=2026Q3.") from None
        where: dict[str, tuple[str | None, ...]] = {}
        settings: dict[str, str] = {}
        for name, value in pairs:
            if name in ("period", "as_of"):
                if name in settings:
                    raise EvaluationError(f"{text!r} names {name} twice; a slice has one.")
                settings[name] = value
            else:
                where[name] = (*where.get(name, ()), _read(value))
        return cls(where, settings.get("period"), settings.get("as_of"))

    def with_(self, *, period: str | None = None, as_of: str | None = None) -> Slice:
        """The same slice at another period or as-of day."""
        return replace(self, period=period or self.period, as_of=as_of or self.as_of)

    def words(self) -> str:
        """The slice as a reader would say it."""
        named = [
            f"{name.replace('_', ' ')} {' or '.join('unassigned' if value is None else value for value in values)}"
            for name, values in self.where.items()
        ]
        seen = f"as of {self.as_of}" if self.as_of else None
        return ", ".join(filter(None, (*named, self.period, seen))) or "everything"


def _written(value: str | None) -> str:
    """A value in the text form.

    >>> _written(None), _written("(unassigned)"), _written("North")
    ('(unassigned)', '\\\\(unassigned)', 'North')
    """
    if value is None:
        return UNASSIGNED
    return f"\\{value}" if _LIKE_IT.fullmatch(value) else value


def _read(text: str) -> str | None:
    if text == UNASSIGNED:
        return None
    return text[1:] if _LIKE_IT.fullmatch(text) else text


def end_of(instant: date | datetime | str) -> datetime:
    """The first moment that an as-of view no longer sees: a date is seen to the end of its day.

    Raises:
        EvaluationError: the text is neither a day nor a point in time.

    >>> end_of("2026-09-30"), end_of(datetime(2026, 9, 30, 12))
    (datetime.datetime(2026, 10, 1, 0, 0), datetime.datetime(2026, 9, 30, 12, 0, 0, 1))
    """
    if isinstance(instant, str):
        instant = _parsed(instant)
    if isinstance(instant, datetime):
        return instant + timedelta(microseconds=1)
    return datetime.combine(instant + timedelta(days=1), time())


def _parsed(text: str) -> date | datetime:
    try:
        return date.fromisoformat(text)
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise EvaluationError(
            f"{text!r} is not a day or a point in time; write 2026-09-30 or 2026-09-30T17:00."
        ) from None
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
