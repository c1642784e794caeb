"""The validated tables of unchanged files, kept as Parquet under a key of everything they follow from."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import polars as pl

import kpitools.intake
import kpitools.model.tables
from kpitools.intake.plan import Plan
from kpitools.intake.read import Loaded
from kpitools.model.dataset import Quality

FACTS = "load.json"
#: So many states of the data are kept in one cache folder; beyond, those unused for a day go.
KEPT = 5
A_DAY = 24 * 60 * 60


def key(plan: Plan) -> str:
    """A hash of every input file's bytes, the mapping's words, the version and the code that reads and checks.

    Raises:
        OSError: a file cannot be read.
    """
    whole = hashlib.blake2b(digest_size=16)
    for part in (_version(), plan.name, plan.text, *plan.notes, *_code()):
        whole.update(part.encode() + b"\0")
    for table, number, source in plan.sources():
        whole.update(f"{table} {number} {source.file.name if source.file else ''}\0".encode())
    for path in plan.files():
        with path.open("rb") as file:
            whole.update(hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).digest())
    return whole.hexdigest()


def _version() -> str:
    try:
        return version("kpitools")
    except PackageNotFoundError:
        return "source"


def _code() -> Iterator[str]:
    """The tables' classes and what holds them against files: a changed rule is a changed result."""
    for package in (kpitools.model.tables, kpitools.intake):
        for path in sorted(Path(str(package.__file__)).parent.glob("*.py")):
            yield path.read_text(encoding="utf-8")


def folder_for(plan: Plan, asked: Path | None) -> Path | None:
    """Where to keep the cache: as asked, beside the source, in the user's cache; None where none can be written."""
    user = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "kpitools"
    beside = plan.home if plan.text else plan.home.parent
    for folder in [asked] if asked else [beside / ".kpitools-cache", user]:
        with suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True)
            if os.access(folder, os.W_OK):
                return folder
    return None


def get(entry: Path) -> Loaded | None:
    """What an entry holds, or None where it is missing or not whole."""
    try:
        facts = json.loads((entry / FACTS).read_text(encoding="utf-8"))
        frames = {name: pl.scan_parquet(entry / f"{name}.parquet", glob=False) for name in facts["quality"]}
        quality = {name: Quality(**counts) for name, counts in facts["quality"].items()}
        whole = all(_rows(frames[name]) == counts.kept for name, counts in quality.items())
        loaded = Loaded(facts["name"], frames, quality, messages=tuple(facts["messages"]))
        os.utime(entry)
    except (OSError, ValueError, KeyError, TypeError, pl.exceptions.PolarsError):
        return None
    return loaded if whole else None


def _rows(frame: pl.LazyFrame) -> int:
    return int(frame.select(pl.len()).collect().item())


def put(loaded: Loaded, entry: Path) -> Loaded:
    """Write an entry, whole or not at all, and return what it holds, lazily; what was loaded where that fails."""
    with suppress(OSError, pl.exceptions.PolarsError), _beside(entry) as part:
        for name, frame in loaded.frames.items():
            frame.lazy().sink_parquet(part / f"{name}.parquet")
        facts = {
            "name": loaded.name,
            "messages": loaded.messages,
            "quality": {name: asdict(quality) for name, quality in loaded.quality.items()},
        }
        (part / FACTS).write_text(json.dumps(facts, indent=1), encoding="utf-8")
    with suppress(OSError):
        _forget(entry.parent)
    return get(entry) or loaded


@contextmanager
def _beside(entry: Path) -> Iterator[Path]:
    """A folder that takes the entry's place when it is done; another process may have been quicker."""
    with tempfile.TemporaryDirectory(prefix=".part-", dir=entry.parent) as work:
        part = Path(work) / "new"
        part.mkdir()
        yield part
        if entry.exists() and get(entry) is None:
            entry.replace(Path(work) / "old")
        with suppress(OSError):
            part.rename(entry)


def _forget(folder: Path) -> None:
    entries = sorted(folder.glob("*/" + FACTS), key=lambda facts: facts.parent.stat().st_mtime, reverse=True)
    for facts in entries[KEPT:]:
        if facts.parent.stat().st_mtime < time.time() - A_DAY:
            shutil.rmtree(facts.parent, ignore_errors=True)
