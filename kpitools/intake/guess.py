"""A first mapping guessed from files' headers and values: for a person to check, never to be trusted as it is.

A column is guessed where its name says so and its values allow it; each guess bears its reason. Where two columns fit
as well, or the values speak against the name, nothing is guessed, and that is said.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from kpitools.errors import DataError, shortened
from kpitools.intake.headers import Headed, forms, read_headers
from kpitools.intake.plan import LOADED
from kpitools.intake.types import PLAIN, Form
from kpitools.intake.words import COLUMN_WORDS, TABLE_WORDS, VALUE_WORDS, same_words, words

#: A column with more different values than these is not one of few words.
FEW = 30
#: At least so much of a foreign key must be found where it leads.
OVERLAP = 0.5


@dataclass(frozen=True)
class Guess:
    """Where one of our columns may come from.

    Attributes:
        ours, theirs: the columns.
        reason: why, for a person; or, where `refused`, why not.
        form: how its dates or numbers are written.
        values: what each of their words means.
    """

    ours: str
    theirs: str
    reason: str
    refused: bool = False
    form: Form = PLAIN
    values: Mapping[str, str] | None = None


@dataclass(frozen=True)
class Guessed:
    """The guesses for one table, from one file."""

    table: str
    file: Headed
    columns: Sequence[Guess]

    @property
    def taken(self) -> list[Guess]:
        """The guesses that go into the mapping."""
        return [guess for guess in self.columns if not guess.refused]

    @property
    def unmapped(self) -> list[str]:
        """The columns of the file that no guess takes."""
        taken = {guess.theirs for guess in self.taken}
        return [name for name in self.file.columns if name not in taken]


@dataclass(frozen=True)
class FirstMapping:
    """The tables guessed, and of each file left out the reason."""

    tables: Sequence[Guessed]
    left_out: Mapping[str, str] = field(default_factory=dict)


def guess_mapping(folder: Path) -> FirstMapping:
    """The first mapping of a folder of files.

    Raises:
        DataError: no file to read, or none that could be taken for a table.
    """
    with tempfile.TemporaryDirectory(prefix="kpitools-") as work:
        files, left_out = read_headers(folder, Path(work))
        chosen, apart = _chosen(files)
        keys = {name: _key(name, file) for name, file in chosen.items()}
        known = {name: _key_values(chosen[name], guesses) for name, guesses in keys.items()}
        order = [name for name in ("deals", *LOADED) if known.get(name) is not None]
        tables = [_guessed(name, chosen[name], keys[name], known) for name in dict.fromkeys(order)]
    keyless = {chosen[name].path.name: _keyless(name, keys[name]) for name in chosen if known[name] is None}
    left_out = {**left_out, **apart, **keyless}
    if not tables:
        told = " ".join(f"{name}: {reason}" for name, reason in left_out.items())
        raise DataError(
            f"No file in {folder} could be taken for a table. {told} Name each file by what it holds: "
            f"{shortened([f'{name}.csv' for name in TABLE_WORDS])}."
        )
    return FirstMapping(tables, left_out)


def _chosen(files: Sequence[Headed]) -> tuple[dict[str, Headed], dict[str, str]]:
    """The one file of each table; a file that may be two tables and files that may be one are left to a person."""
    chosen, left_out = {}, {}
    for file in files:
        rivals = [other.path.name for other in files if other is not file and other.tables == file.tables]
        if not file.tables:
            left_out[file.path.name] = "its name speaks of no table."
        elif len(file.tables) > 1:
            left_out[file.path.name] = (
                f"it may hold {' or '.join(file.tables)}: two fit as well, so neither is guessed."
            )
        elif rivals:
            left_out[file.path.name] = f"{', '.join(rivals)} may hold {file.tables[0]} as well."
        else:
            chosen[file.tables[0]] = file
    return chosen, left_out


def _named(table: str, ours: str, file: Headed) -> list[str]:
    """Their columns that bear our column's name; else those that bear one of its other names."""
    phrases = COLUMN_WORDS.get(table, {}).get(ours, "")
    for names in ((ours,), tuple(filter(None, phrases.split("|")))):
        if found := [theirs for theirs in file.columns if any(_says(table, theirs, name) for name in names)]:
            return found
    return []


def _says(table: str, theirs: str, name: str) -> bool:
    """Whether a column says a name, with or without the noun of the table; the noun alone is the row's name.

    >>> _says("deals", "Opportunity Owner", "owner"), _says("accounts", "Company", "name")
    (True, True)
    """
    if any(same_words(theirs, plain) for plain in (name, *LOADED[table].column_names())):
        return same_words(theirs, name)
    nouns = TABLE_WORDS.get(table, set())
    return (set(words(theirs)) - nouns or {"name"}) == set(words(name)) - nouns


def _key(table: str, file: Headed) -> list[Guess]:
    """The key's columns. For a key, its other names are tried in their order: an id before a name."""
    return [_key_column(table, ours, file) for ours in LOADED[table].primary_key()]


def _key_column(table: str, ours: str, file: Headed) -> Guess:
    alone = len(LOADED[table].primary_key()) == 1
    for name in (ours, *COLUMN_WORDS.get(table, {}).get(ours, "").split("|")):
        found = [theirs for theirs in file.columns if name and _says(table, theirs, name)]
        unique = [theirs for theirs in found if not alone or _is_key(file.values(theirs))]
        if len(unique) == 1:
            why = "no value is missing or there twice" if alone else "it is a part of the key"
            return Guess(ours, unique[0], f"{_why(ours, unique[0])}; {why}")
        if len(unique) > 1:
            return Guess(ours, unique[0], f"{' and '.join(unique)} fit as well", refused=True)
    return Guess(ours, "", "no column that bears its name has a value of its own in every row", refused=True)


def _is_key(values: pl.Series) -> bool:
    return not values.null_count() and values.n_unique() == len(values)


def _key_values(file: Headed, key: Sequence[Guess]) -> pl.Series | None:
    if any(guess.refused for guess in key):
        return None
    return file.values(key[0].theirs).drop_nulls().unique()


def _keyless(table: str, key: Sequence[Guess]) -> str:
    return f"it may hold {table}, but its key {key[0].ours} is not plain: {key[0].reason}."


def _guessed(table: str, file: Headed, key: Sequence[Guess], known: Mapping[str, pl.Series | None]) -> Guessed:
    schema = LOADED[table]
    rest = [name for name in schema.column_names() if name not in {*schema.primary_key(), *schema.derived}]
    found = [_column(table, ours, file, known) for ours in rest]
    return Guessed(table, file, _stage_apart([*key, *(guess for guess in found if guess)]))


def _column(table: str, ours: str, file: Headed, known: Mapping[str, pl.Series | None]) -> Guess | None:
    tried = [_tried(table, ours, theirs, file.values(theirs), known) for theirs in _named(table, ours, file)]
    good = [guess for guess in tried if not guess.refused]
    if len(good) > 1:
        names = " and ".join(guess.theirs for guess in good)
        return Guess(ours, good[0].theirs, f"{names} fit as well, so none is guessed", refused=True)
    return good[0] if good else next(iter(tried), None)


def _tried(table: str, ours: str, theirs: str, values: pl.Series, known: Mapping[str, pl.Series | None]) -> Guess:
    """A column whose name fits, held against its values."""
    column: Any = LOADED[table].columns()[ours]
    parent = LOADED[table].foreign_keys.get(ours)
    if not values.drop_nulls().len():
        return Guess(ours, theirs, "it is empty in every row", refused=True)
    if parent is not None and known.get(parent) is not None:
        return _leads(ours, theirs, values, parent, known[parent])
    if allowed := (column.metadata or {}).get("one_of"):
        return _meant(ours, theirs, values, allowed)
    return _written(ours, theirs, values, column.dtype)


def _leads(ours: str, theirs: str, values: pl.Series, parent: str, keys: pl.Series | None) -> Guess:
    """A foreign key, by how many of its values are found where it leads."""
    assert keys is not None
    there = values.drop_nulls().unique().sort()
    missing = there.filter(~there.is_in(keys.implode())).to_list()
    share = f"{len(there) - len(missing)} of its {len(there)} values are keys of {parent}"
    if len(missing) > (1 - OVERLAP) * len(there):
        return Guess(ours, theirs, f"{_why(ours, theirs)}, but only {share}", refused=True)
    rows = values.is_in(missing).sum() if missing else 0
    more = f"; {rows} rows with {shortened(missing, 3)} will be set aside: correct them with aliases" if missing else ""
    return Guess(ours, theirs, f"{_why(ours, theirs)}; {share}{more}")


def _meant(ours: str, theirs: str, values: pl.Series, allowed: Sequence[str]) -> Guess:
    """A column of few words, each of which must be one of ours; a status is open that is neither won nor lost."""
    there = values.drop_nulls().unique().sort().to_list()
    if len(there) > FEW:
        return Guess(ours, theirs, f"it has {len(there)} different values, not a few words", refused=True)
    plain = {word.replace("_", " "): word for word in allowed}
    means = {value: {**plain, **VALUE_WORDS.get(ours, {})}.get(_plain(value)) for value in there}
    other = [value for value, ours_ in means.items() if ours_ is None]
    if ours == "status" and "open" in allowed and {"won", "lost"} & set(means.values()):
        means |= dict.fromkeys(other, "open")
        said = f"; taken as open: {shortened(other, 5)}" if other else ""
        return Guess(ours, theirs, f"its values tell won from lost{said}", values=_text_values(means))
    if other:
        said = f"not known are {shortened(other, 5)}; known are {', '.join(allowed)}"
        return Guess(ours, theirs, f"{_why(ours, theirs)}, but {said}", refused=True)
    return Guess(ours, theirs, f"{_why(ours, theirs)}, and its values are known", values=_text_values(means))


def _plain(value: str) -> str:
    return " ".join(value.casefold().replace("_", " ").replace("-", " ").split())


def _text_values(means: Mapping[str, str | None]) -> dict[str, str]:
    return {value: str(meant) for value, meant in means.items()}


def _written(ours: str, theirs: str, values: pl.Series, dtype: pl.DataType) -> Guess:
    """A column of text, dates or numbers, by how its values are written."""
    what = "date" if dtype.is_temporal() else "number" if dtype.is_numeric() else "word"
    found = forms(values, dtype)
    if not found:
        return Guess(ours, theirs, f"{_why(ours, theirs)}, but {values.drop_nulls()[0]} is no {what}", refused=True)
    if len(found) > 1:
        ways = " or ".join(form.dates[0] if form.dates else f"decimal {form.decimal}" for form, _ in found)
        return Guess(ours, theirs, f"{_why(ours, theirs)}, but its values may be read as {ways}", refused=True)
    ((form, unread),) = found
    said = f"; {unread} of those looked at cannot be read" if unread else ""
    there = values.drop_nulls()
    kind = f"; {len(there)} {what}s" if what != "word" else f"; {there.n_unique()} different, such as {there[0]}"
    return Guess(ours, theirs, f"{_why(ours, theirs)}{kind}{said}", form=form)


def _why(ours: str, theirs: str) -> str:
    return "it bears our name" if same_words(ours, theirs) else f"{theirs} is a usual name for it"


def _stage_apart(guesses: list[Guess]) -> list[Guess]:
    """A column that is both stage and status: where a deal ended is no stage, and gets no value there."""
    status = next((guess for guess in guesses if guess.ours == "status" and guess.values), None)
    return [_without_outcomes(guess, status) if guess.ours == "stage" and status else guess for guess in guesses]


def _without_outcomes(stage: Guess, status: Guess) -> Guess:
    if stage.theirs != status.theirs or stage.refused:
        return stage
    values = {value: value if meant == "open" else "" for value, meant in (status.values or {}).items()}
    return Guess(stage.ours, stage.theirs, f'{stage.reason}; "" where the deal is closed', values=values)
