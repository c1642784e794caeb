"""Which file and which of its columns each of our tables comes from; of a folder or of a mapping alike."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path

from kpitools.errors import DataError, shortened
from kpitools.intake.types import PLAIN, Form
from kpitools.model.tables import DERIVED, TABLES

#: The tables that are read from files.
LOADED = {name: table for name, table in TABLES.items() if name not in DERIVED}
ENDINGS = (".csv", ".parquet")


@dataclass(frozen=True)
class Fallback:
    """Where an empty value is taken from instead: a column of the row that `by` leads to.

    Attributes:
        table, column: what is looked up.
        by: our column that holds the key of that table.
        where: only in rows whose columns hold one of these values.
    """

    table: str
    column: str
    by: str
    where: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Column:
    """How one of our columns is filled from a file.

    Attributes:
        column: their name; None for a column that is not in the file.
        values: every value of theirs -> ours; one that is not listed sets its row aside.
        aliases: corrections of single values; any other stays as it is.
        form: how dates and numbers are written.
        default: the text that an empty cell stands for.
        constant: the text of every row.
        fallback: where a value still missing is looked up.
    """

    column: str | None = None
    values: Mapping[str, str] | None = None
    aliases: Mapping[str, str] = field(default_factory=dict)
    form: Form = PLAIN
    default: str | None = None
    constant: str | None = None
    fallback: Fallback | None = None


@dataclass(frozen=True)
class Source:
    """One file, or list of rows, that a table comes from.

    Attributes:
        file: the file; None where `rows` are written down.
        rows: rows as text, by column.
        columns: our columns; None: every column of the file that bears the name of one of ours.
        distinct: one row for each key that was not there yet, for things that are only named in other things' rows.
        path, mapping: where this is said and in which mapping file, for messages.
    """

    file: Path | None = None
    rows: tuple[Mapping[str, str], ...] = ()
    columns: Mapping[str, Column] | None = None
    distinct: bool = False
    encoding: str | None = None
    separator: str | None = None
    path: str = ""
    mapping: str = ""

    def place(self, key: str = "") -> str:
        """A spot of this source in its mapping, as it is written there."""
        return f"[{self.path}{key and '.'}{key}] of {self.mapping}"


@dataclass(frozen=True)
class Plan:
    """Everything that is to be read.

    Attributes:
        name: the folder's or mapping's name, for people.
        home: the folder beside which a cache may be kept.
        tables: the sources of each table.
        text: the mapping's own words.
        notes: what was seen and is not read.
    """

    name: str
    home: Path
    tables: Mapping[str, tuple[Source, ...]]
    text: str = ""
    notes: tuple[str, ...] = ()

    def files(self) -> list[Path]:
        """Every file once, sorted."""
        return sorted({source.file for sources in self.tables.values() for source in sources if source.file})

    def sources(self) -> Iterator[tuple[str, int, Source]]:
        """Each source with its table and its number in it."""
        for table, sources in self.tables.items():
            for number, source in enumerate(sources):
                yield table, number, source


def of_folder(folder: Path) -> Plan:
    """The plan of a folder whose files are named by table.

    Raises:
        DataError: there is no such folder, no table in it, or one table twice.
    """
    if not folder.is_dir():
        raise DataError(f"There is no folder {folder}. Name a folder of CSV or Parquet files, or a mapping (.toml).")
    files = sorted(path for path in folder.iterdir() if path.suffix.lower() in ENDINGS and path.is_file())
    found: dict[str, Path] = {}
    for path in files:
        if path.stem in LOADED and path.stem in found:
            raise DataError(f"{folder} holds both {found[path.stem].name} and {path.name}. Take one of them away.")
        if path.stem in LOADED:
            found[path.stem] = path
    notes = tuple(_not_read(path) for path in files if path.stem not in LOADED)
    if not found:
        raise DataError(
            f"{folder} holds no table. A file is named by its table, .csv or .parquet: "
            f"{shortened(list(LOADED))}. {' '.join(notes)}".strip()
        )
    tables = {name: (Source(file=found[name]),) for name in LOADED if name in found}
    return Plan(name=folder.resolve().name, home=folder.resolve(), tables=tables, notes=notes)


def _not_read(path: Path) -> str:
    if path.stem in DERIVED:
        return f"{path.name} was not read: {path.stem} is worked out from other tables."
    near = get_close_matches(path.stem.casefold(), LOADED, n=1, cutoff=0.7)
    question = f"Did you mean {near[0]}{path.suffix.lower()}?" if near else "It bears the name of no table."
    return f"{path.name} was not read. {question}"
