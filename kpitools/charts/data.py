"""From a tidy frame to the rows a chart holds: checked, cleaned, small, under fixed column names.

Names from data are only ever values here, never field names or expressions.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence

import altair as alt
import polars as pl

from kpitools.errors import EvaluationError, UnknownNameError
from kpitools.formats import format_interval, format_value, is_figure

MOST_ROWS = 5000
NO_NAME = "(none)"
CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029\ufffe\uffff]+")
#: Signs of a name; to find out how wide a longer one is takes seconds, and no chart has room for it.
LONGEST = 100


class Rows(alt.InlineData):
    """Rows that the copies of a chart share: Altair copies a chart, data and all, whenever one is put on another."""

    def __deepcopy__(self, _: object) -> Rows:
        return self


def need(frame: pl.DataFrame, *columns: str) -> None:
    """Raise UnknownNameError for the first column that the chart needs and the frame lacks."""
    for column in columns:
        if column not in frame.columns:
            raise UnknownNameError("column", column, frame.columns, hint=f"This chart needs: {', '.join(columns)}.")


def one_row_each(frame: pl.DataFrame, *keys: str) -> None:
    """Raise EvaluationError where several rows would be drawn on one spot."""
    if frame.select(keys).is_duplicated().any():
        where = " and ".join(keys)
        raise EvaluationError(
            f"Several rows have the same {where}. Filter the frame first, or name the column to split by."
        )


def has_figures(frame: pl.DataFrame, column: str) -> bool:
    """Whether there is anything to draw."""
    return any(is_figure(value) for value in frame[column])


def column(frame: pl.DataFrame, name: str) -> pl.Series:
    """A column, or nulls where the frame has none of that name."""
    return frame[name] if name in frame.columns else pl.Series(name, [None] * frame.height)


def names(series: pl.Series) -> list[str]:
    """Names from data as one-line text; a missing name is said to be missing."""
    return [NO_NAME if value is None else _cut(CONTROL.sub(" ", str(value))) for value in series]


def _cut(name: str) -> str:
    """A name that is not too long; cut it keeps a mark of the whole, as others may begin alike.

    >>> _cut("North"), len(_cut("N" * 10_000)), _cut("N" * 10_000) == _cut("N" * 10_001)
    ('North', 100, False)
    """
    if len(name) <= LONGEST:
        return name
    mark = hashlib.sha256(name.encode()).hexdigest()[:6]
    return f"{name[: LONGEST - len(mark) - 2]}… {mark}"


def floats(series: pl.Series) -> pl.Series:
    """Figures as floats, null where there is none: what is not finite is not a figure."""
    values = series.cast(pl.Float64)
    return values.set(~values.is_finite(), None)


def flags(series: pl.Series, *, default: bool) -> pl.Series:
    """Yes or no, with what a missing answer means."""
    return series.cast(pl.Boolean).fill_null(default)


def texts(series: pl.Series, unit: str) -> list[str]:
    """Each figure as text, for labels and tooltips."""
    return [format_value(value, unit) for value in series]


def intervals(lower: pl.Series, upper: pl.Series, unit: str) -> list[str]:
    """Each interval as text, for labels and tooltips."""
    return [format_interval(low, high, unit) for low, high in zip(lower, upper, strict=True)]


def ordered(frame: pl.DataFrame, name: str, position: str) -> list[str]:
    """The distinct names in the order of their positions, names with no position last."""
    return list(dict.fromkeys(frame.sort(position, nulls_last=True, maintain_order=True)[name]))


def distinct(values: Iterable[str]) -> list[str]:
    """The distinct names, each once, in the order they come in."""
    return list(dict.fromkeys(values))


def inline(frame: pl.DataFrame) -> alt.InlineData:
    """The rows as data inside the chart; raises EvaluationError where they are too many to be an aggregate."""
    if frame.height > MOST_ROWS:
        raise EvaluationError(
            f"A chart takes at most {MOST_ROWS:,} rows, this has {frame.height:,}. Aggregate it first."
        )
    return Rows(values=frame.to_dicts())


def tooltips(**titles: str) -> list[alt.Tooltip]:
    """Tooltip lines from text columns: column name = what stands before it."""
    return [alt.Tooltip(field=field, type="nominal", title=title) for field, title in titles.items()]


def most(values: pl.Series) -> float:
    """The greatest figure, 0 where there is none."""
    return max(filter(is_figure, values), default=0.0)


def ages(series: pl.Series, age_unit: str, unit: str = "number") -> list[str]:
    """Each age as text.

    >>> ages(pl.Series([0, 1, 12]), "months")
    ['0 months', '1 month', '12 months']
    """
    return [f"{text} {age_unit.removesuffix('s') if text == '1' else age_unit}" for text in texts(series, unit)]


def named(frame: pl.DataFrame, *parts: str | pl.Expr) -> pl.DataFrame:
    """The rows with what a screen reader says of each mark, under `said`: columns of text, or texts made of them."""
    chosen = frame.select(**{f"part_{at}": part for at, part in enumerate(parts)})
    said = [", ".join(filter(None, texts)) for texts in chosen.rows()]
    return frame.with_columns(pl.Series("said", said, dtype=pl.String))


def sentences(begin: str, parts: Sequence[str], *, limit: int = 12) -> str:
    """A text alternative: what is shown, then the figures, cut after `limit` with the number left out."""
    more = [f"And {len(parts) - limit} more."] if len(parts) > limit else []
    return " ".join([begin, *parts[:limit], *more])


def known(what: str, asked: str, there_are: Iterable[str]) -> None:
    """Raise UnknownNameError for an option that does not exist."""
    if asked not in (there := list(there_are)):
        raise UnknownNameError(what, asked, there)
