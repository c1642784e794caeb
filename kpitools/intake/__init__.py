"""The door: files in, a validated dataset out, and an account of every row that did not come in."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from os import PathLike
from pathlib import Path

from kpitools.errors import DataError
from kpitools.intake import cache as _cache
from kpitools.intake.mapping import of_mapping
from kpitools.intake.plan import Plan, of_folder
from kpitools.intake.quarantine import Check
from kpitools.intake.read import Loaded, read
from kpitools.model.dataset import Dataset

log = logging.getLogger("kpitools")


def load(
    source: str | PathLike[str],
    *,
    folder: str | PathLike[str] | None = None,
    cache: bool = True,
    cache_folder: str | PathLike[str] | None = None,
) -> Dataset:
    """The data of a folder of CSV or Parquet files named by table, or of a mapping file for files of another layout.

    Types are parsed, never guessed. A row that breaks a rule is set aside with every reason, and nothing else is
    lost: rows read = rows kept + rows set aside, for each table. `check` shows and writes those set aside. A foreign
    key must be among all the keys read in its table, kept or set aside; where that table was not brought, any will
    do. What a person should know is logged as a warning. Unchanged files are not read again but taken from a cache.

    Args:
        source: a folder, or a mapping (.toml), see `kpitools.intake.mapping`.
        folder: the folder that a mapping reads from, instead of the one it names.
        cache: whether to keep the validated tables as Parquet and to use them again.
        cache_folder: where; else `.kpitools-cache` beside the folder or the mapping, or in the user's cache.

    Raises:
        DataError: a file, folder or mapping that cannot be read as what it is said to be.
        UnknownNameError: a mapping names a key, table, column or file that there is not.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as export:
    ...     _ = Path(export, "deals.csv").write_text("deal_id,amount\\nD1,100\\nD2,250.5\\n")
    ...     load(export, cache=False)["deals"].select("deal_id", "amount").collect().rows()
    [('D1', 100.0), ('D2', 250.5)]
    """
    with _readable(source):
        plan = _plan(source, folder)
        kept = _cache.folder_for(plan, Path(cache_folder) if cache_folder else None) if cache else None
        loaded = read(plan) if kept is None else _through(plan, kept)
    for message in loaded.messages:
        log.warning(message)
    return _dataset(loaded)


def check(source: str | PathLike[str], *, folder: str | PathLike[str] | None = None) -> Check:
    """Read as `load` does, always from the files, and keep the whole account: counts, rows set aside, messages.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as export:
    ...     _ = Path(export, "deals.csv").write_text("deal_id,amount\\nD1,100\\nD2,1oo\\n")
    ...     check(export).aside["deals"].rows()
    [('deals.csv', 3, 'amount: not a number: "1oo"', 'D2', '1oo')]
    """
    with _readable(source):
        loaded = read(_plan(source, folder))
    return Check(_dataset(loaded), loaded.quality, loaded.aside, loaded.messages)


def version_of(source: str | PathLike[str], *, folder: str | PathLike[str] | None = None) -> str:
    """A text that differs whenever what `load` gives does: a hash of the files, the mapping and the code that reads.

    Raises:
        DataError, UnknownNameError: as `load`.
    """
    with _readable(source):
        return _cache.key(_plan(source, folder))


@contextmanager
def _readable(source: str | PathLike[str]) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise DataError(f"{error.filename or source} cannot be read: {error.strerror or error}.") from error


def _plan(source: str | PathLike[str], folder: str | PathLike[str] | None) -> Plan:
    path = Path(source)
    if path.suffix.lower() == ".toml":
        return of_mapping(path, folder=Path(folder) if folder else None)
    if folder is not None:
        raise DataError(f"{source} is no mapping (.toml), so it reads from no other folder. Name the folder itself.")
    return of_folder(path)


def _through(plan: Plan, folder: Path) -> Loaded:
    entry = folder / _cache.key(plan)
    return _cache.get(entry) or _cache.put(read(plan), entry)


def _dataset(loaded: Loaded) -> Dataset:
    return Dataset.of(loaded.frames, quality=loaded.quality, source=loaded.name)


__all__ = ["Check", "check", "load", "version_of"]
