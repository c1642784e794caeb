"""What is known of the reports in a folder: how each was made, and whether its files are still whole.

A report counts as made once its record is written. While a batch runs, records are appended to a journal; when it
ends, they are part of the manifest. Whatever stops a batch, the next one finds the record of every finished report.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from kpitools.reports.run import Outcome

MANIFEST = "manifest.json"
JOURNAL = ".journal.jsonl"


@dataclass(frozen=True)
class Record:
    """How a report came to be what it is.

    Attributes:
        key: what it followed from, part by part: the digests of its data, template, parameters, code, ...
        outcome: what became of it.
        digests: the digest of each of its files.
        state: the digest of everything the whole batch followed from, where that is known.
    """

    key: Mapping[str, str]
    outcome: Outcome
    digests: Mapping[str, str] = field(default_factory=dict)
    state: str = ""

    @classmethod
    def of(cls, key: Mapping[str, str], outcome: Outcome, folder: Path, state: str) -> Record:
        """The record of a report that has just been made, with the digests of the files that it left."""
        return cls(key, outcome, {name: digest_of(folder / name) for name in outcome.files}, state)

    def stands(self, folder: Path) -> bool:
        """Whether the report was made (or is empty) and its files are what they were."""
        with suppress(OSError):
            return self.outcome.status != "failed" and all(
                digest_of(folder / name) == digest for name, digest in self.digests.items()
            )
        return False

    def at(self, state: str) -> Record:
        """The same record, found to hold for another state of the batch."""
        return replace(self, state=state)

    def plain(self) -> dict[str, Any]:
        """The record as values that JSON has."""
        return asdict(self)

    @classmethod
    def read(cls, found: Mapping[str, Any]) -> Record:
        """The record that `plain` gave.

        Raises:
            TypeError, KeyError: it is none, or one of another version of this package.
        """
        return cls(**{**found, "outcome": Outcome.read(found["outcome"])})


def digest_of(path: Path) -> str:
    """The size of a file and a hash of its content.

    Raises:
        OSError: there is no such file.
    """
    with path.open("rb") as file:
        content = hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).hexdigest()
    return f"{path.stat().st_size} {content}"


class Journal:
    """The records of a folder, by the stem of the report's files. What cannot be read counts as not there."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / JOURNAL
        self.before = _manifest(folder)
        self.records = {**_readable(self.before.get("records", {})), **_lines(self._path)}

    def add(self, stem: str, record: Record) -> None:
        """Keep a record from now on, whatever happens."""
        self.records[stem] = record
        line = json.dumps({"stem": stem, **record.plain()}, ensure_ascii=False)
        with self._path.open("ab") as file:
            file.write(f"\n{line}\n".encode("utf-8", "replace"))  # the first break ends a line that a kill tore

    def standing(self) -> dict[str, dict[str, Any]]:
        """The records whose files are there, as plain values."""
        return {
            stem: record.plain()
            for stem, record in sorted(self.records.items())
            if all((self._path.parent / name).is_file() for name in record.digests)
        }

    def close(self) -> None:
        """The records are in the manifest now."""
        self._path.unlink(missing_ok=True)


def _manifest(folder: Path) -> dict[str, Any]:
    with suppress(OSError, ValueError):
        found = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        return found if isinstance(found, dict) else {}
    return {}


def _readable(found: Mapping[str, Any]) -> dict[str, Record]:
    records = {}
    for stem, plain in found.items():
        with suppress(TypeError, KeyError, ValueError):
            records[stem] = Record.read(plain)
    return records


def _lines(path: Path) -> dict[str, Record]:
    found: dict[str, Record] = {}
    with suppress(OSError):
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
            with suppress(TypeError, KeyError, ValueError):
                plain = json.loads(line)
                found |= _readable({plain.pop("stem"): plain})
    return found
