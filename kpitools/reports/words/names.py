"""The names that a company's data holds: nothing that is translated, and nothing that leaves in a file of words."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Collection

import polars as pl

from kpitools.formats import one_line
from kpitools.kpis.kpi import ROLES
from kpitools.model.dataset import Dataset
from kpitools.model.dimensions import DIMENSIONS
from kpitools.model.tables import TABLES

#: Letters of a text that can be a name, and places where one may end.
LONGEST, MOST_ENDS = 200, 24
#: The columns that figures are broken down by, and the words of the model, which are nobody's names.
_BROKEN_DOWN = frozenset(one.column.rpartition(".")[2] for one in DIMENSIONS.values())
_WORDS = sorted(
    {*ROLES}
    | {
        word
        for table in TABLES.values()
        for column in table.columns().values()
        for word in (column.metadata or {}).get("one_of", ())
    }
    | {word for table in TABLES.values() for words in table.words.values() for word in words}
)
_WORD, _RUN = re.compile(r"\w+"), re.compile(r"[^\s,;:]+")


def names_of(data: Dataset) -> frozenset[str]:
    """The texts of the data: names of people, customers, teams, stages, ..., but no words of the sales model itself.

    Ids are left out, as they are known by their digits, and so is a small word in a column that nothing is broken down
    by.

    >>> reps = pl.DataFrame({"rep_id": ["R1", "R2"], "name": ["Ann  Lee", "R&D (North)"], "role": ["ae", "helper"]})
    >>> sorted(names_of(Dataset.of({"reps": reps})))
    ['Ann Lee', 'R&D (North', 'R&D (North)', 'helper']
    """
    asked = [
        _texts(frame, name)
        for table, frame in data.frames.items()
        for name, kind in frame.collect_schema().items()
        if kind == pl.String and not _is_chosen(table, name)
    ]
    found = {one_line(name) for frame in pl.collect_all(asked) for name in frame["name"]}
    return frozenset(found | {bare for name in found if (bare := re.sub(r"^\W+|\W+$", "", name))})


def _texts(frame: pl.LazyFrame, column: str) -> pl.LazyFrame:
    text = pl.col("name")
    found = frame.select(pl.col(column).alias("name").drop_nulls().unique())
    small = text.str.contains(r"^\p{Ll}+$") if column not in _BROKEN_DOWN else pl.lit(False)
    is_id = text.str.contains(r"^\S*\d\S*$") if column.endswith("_id") or column not in _BROKEN_DOWN else pl.lit(False)
    is_name = text.str.contains(r"\p{L}") & ~text.is_in(_WORDS) & ~is_id & ~small
    return found.filter(is_name, text.str.len_chars() <= LONGEST)


def _is_chosen(table: str, column: str) -> bool:
    """Whether the column holds one of a few words that the model itself names."""
    declared = TABLES[table].columns().get(column)
    return declared is not None and "one_of" in (declared.metadata or {})


def with_names(text: str, names: Collection[str], put: Callable[[str], str]) -> str:
    """A text with each name in it changed, of several that begin alike the longest.

    >>> with_names("Ann Lee of Lee & Co., (East): Annual", {"Ann", "Ann Lee", "Lee & Co.", "(East)"}, lambda _: "#")
    '# of #, #: Annual'
    """
    out, done = [], 0
    spans = sorted({found.span() for pattern in (_WORD, _RUN) for found in pattern.finditer(text)})
    ends = sorted({end for _, end in spans})
    for start in sorted({start for start, _ in spans}):
        first = bisect_right(ends, start)
        for end in reversed(ends[first : first + MOST_ENDS] if start >= done else ()):
            if text[start:end] in names:
                out += [text[done:start], put(text[start:end])]
                done = end
                break
    return "".join([*out, text[done:]])
