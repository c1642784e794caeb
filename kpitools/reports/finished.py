"""A finished batch as its folder holds it, and the proof that a page is of the slice it is taken for."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from markupsafe import escape

from kpitools.errors import EvaluationError, ReportError, UnknownNameError
from kpitools.model.slice import UNASSIGNED as UNASSIGNED_TEXT
from kpitools.model.slice import Slice
from kpitools.reports.assets import FOLDER
from kpitools.reports.changes import largest
from kpitools.reports.names import UNASSIGNED
from kpitools.reports.plan import SLICE, where_of
from kpitools.reports.recipients import EVERY, Recipient
from kpitools.reports.record import MANIFEST, digest_of

#: What is mailed of a report: the first of these that there is.
PAGES = (".pdf", ".html")
#: So many of a member's movements are told.
MOST = 3


@dataclass(frozen=True)
class Entry:
    """A report as the manifest has it.

    Attributes:
        member: whom it is for; None for the rows that belong to none.
        files: the names of its files; no page where it is empty or failed.
        within: what the whole was cut to before it was divided, in words; empty where it was everything.
    """

    member: str | None
    template: str
    slice: str
    status: str
    files: tuple[str, ...]
    headline: str
    within: str = ""

    @property
    def page(self) -> str | None:
        """The file that is mailed."""
        return next((name for ending in PAGES for name in self.files if name.endswith(ending)), None)

    @property
    def spoken(self) -> str:
        """Whom it is for, in words."""
        return ", ".join(filter(None, (_spoken(self.member), self.within)))


@dataclass(frozen=True)
class Page:
    """A page whose slice is proven.

    Attributes:
        facts: what its notebook says of it: title, period, dates, as_of, ...
        digest: SHA-256 of the file that was proven.
    """

    entry: Entry
    path: Path
    facts: Mapping[str, Any]
    digest: str
    size: int

    def content(self) -> bytes:
        """The file's bytes.

        Raises:
            ReportError: they are not the ones that were proven.
        """
        content = _bytes(self.path)
        if hashlib.sha256(content).hexdigest() != self.digest:
            raise ReportError(f"{self.path.name} was changed while mails were made; run the command again.")
        return content


@dataclass(frozen=True)
class Finished:
    """A finished batch.

    Attributes:
        chosen: what the whole was cut to, in the text form of a slice; empty where it was everything.
        digests: file -> its digest, of those that the manifest records.
        changes: member -> what moved most of its own figures since the last batch, in words.
    """

    folder: Path
    by: str
    period: str
    as_of: str
    chosen: str
    entries: tuple[Entry, ...]
    digests: Mapping[str, str]
    changes: Mapping[str | None, Sequence[str]]

    def share(self, recipient: Recipient) -> list[Entry]:
        """The reports a recipient may see, in the batch's order.

        Raises:
            UnknownNameError: a member or template that the batch has not; the message names the nearest.
            ReportError: a member whose name cannot be told from `*` or from the rows that belong to none.
        """
        members = self._members()
        templates = {entry.template for entry in self.entries}
        wanted: dict[str | None, tuple[str, ...]] = {}
        for name, asked in recipient.may.items():
            if name != EVERY and name not in members:
                raise UnknownNameError(self.by.replace("_", " "), name, members, hint=f"(asked for {recipient.email})")
            for template in asked:
                if template not in templates:
                    raise UnknownNameError("template", template, templates, hint=f"(asked for {recipient.email})")
            wanted |= dict.fromkeys(members.values() if name == EVERY else [members[name]], asked)
        return [one for one in self.entries if one.member in wanted and _meant(one.template, wanted[one.member])]

    def _members(self) -> dict[str, str | None]:
        """Member as a table of recipients names it -> member. A slice is named in full: its words can mean two."""
        members = {entry.member for entry in self.entries}
        if self.by == SLICE:
            return dict.fromkeys([self.chosen], self.entries[0].member)
        for name in (EVERY, *([UNASSIGNED_TEXT] if None in members else [])):
            if name in members:
                raise ReportError(f"A {self.by} is called {name!r}, which means something else here; rename it.")
        return {UNASSIGNED_TEXT if name is None else name: name for name in members}

    def proven(self, entry: Entry) -> Page:
        """The page of a report, if it is whole and of that report's slice.

        Raises:
            ReportError: a file is missing, is not the one that was made, or is of another slice.
        """
        assert entry.page is not None
        self._check_slice(entry)
        notebook = next((name for name in entry.files if name.endswith(".ipynb")), "")
        facts = _facts(self._whole(entry, notebook), notebook, entry.slice)
        content = self._whole(entry, entry.page)
        self._check_page(entry, content)
        path = self.folder / entry.page
        return Page(entry, path, facts, hashlib.sha256(content).hexdigest(), len(content))

    def _check_slice(self, entry: Entry) -> None:
        """The slice that the manifest names is the member's own, in the batch's period."""
        try:
            told = Slice.parse(entry.slice)
        except EvaluationError as error:
            raise ReportError(f"{MANIFEST}: {error}") from None
        period = (told.period or "").partition("@")[0]
        own = where_of(Slice.parse(self.chosen).where, self.by, entry.member)
        if told.where != own or (period, told.as_of) != (self.period, self.as_of):
            raise ReportError(
                f"{MANIFEST} gives the slice {entry.slice!r} to {self.by} {entry.spoken}, {self.period}, as of"
                f" {self.as_of}. Nothing was sent; make the reports again."
            )

    def _whole(self, entry: Entry, name: str) -> bytes:
        """The bytes of a file, which are those the batch wrote."""
        path = self.folder / name
        if not name or Path(name).name != name or path.is_symlink():
            raise ReportError(
                f"{MANIFEST} names {name!r} for {entry.spoken}, which is no file of the batch's own folder."
            )
        content = _bytes(path)
        if name in self.digests and digest_of(path) != self.digests[name]:
            raise ReportError(f"{name} is not the file that the batch wrote. Nothing was sent; make the reports again.")
        return content

    def _check_page(self, entry: Entry, content: bytes) -> None:
        """A page says at its foot of which slice it is; what cannot say so must be the very file the batch wrote."""
        name = entry.page or ""
        if name.endswith(".html"):
            if str(escape(entry.slice)).encode() not in content:
                raise ReportError(f"{name} does not say that it is of the slice {entry.slice!r}. Nothing was sent.")
            if f'="{FOLDER}/'.encode() in content:
                raise ReportError(
                    f"{name} needs the files in {FOLDER}, which a mail does not have. Make the reports without --site,"
                    " or with --pdf."
                )
        elif name not in self.digests:
            raise ReportError(f"{MANIFEST} does not record which file {name} is; make the reports again.")


def read_finished(folder: Path | str) -> Finished:
    """The batch in a folder.

    Raises:
        ReportError: there is none, its manifest is broken, or its slices do not make up the whole.
    """
    place = Path(folder)
    if not (place / MANIFEST).is_file():
        raise ReportError(
            f"There is no batch in {place}: no {MANIFEST}. Make one with `kpitools report --out {place}`."
        )
    try:
        found = json.loads(_bytes(place / MANIFEST))
        entries = tuple(_entry(one, found) for one in found["reports"])
        by, period, as_of = (_text(found[key]) for key in ("by", "period", "as_of"))
        chosen = _text(found.get("slice", ""))
        digests = {name: _text(one) for record in _records(found) for name, one in record["digests"].items()}
        changes = _changes(found)
        sums = [(_text(one["table"]), one["column"], one["ok"] is True) for one in found["sums"]]
    except (ValueError, KeyError, TypeError, AttributeError, EvaluationError) as error:
        raise ReportError(
            f"{place / MANIFEST} is not the manifest of a batch ({type(error).__name__}: {error}); make the reports"
            " again."
        ) from None
    if wrong := [f"{table}.{column}" for table, column, ok in sums if not ok]:
        raise ReportError(f"The slices of this batch do not make up the whole ({', '.join(wrong)}); nothing is sent.")
    return Finished(place, by, period, as_of, chosen, entries, digests, changes)


def _records(found: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    """How each report was made, where the manifest tells."""
    return found.get("records", {}).values()


def _changes(found: Mapping[str, Any]) -> dict[str | None, list[str]]:
    """What moved of each member's figures; nothing of any other member's, and nothing of the whole."""
    compared, before = found.get("comparison") or {}, found.get("before") or {}
    told = {}
    for row in compared.get("rows", ())[1:]:  # the first is the whole
        own = {**found, "comparison": {**compared, "rows": [row]}}
        moved = largest(before, own, MOST)
        told[row["name"]] = [str(one).removeprefix(f"{_spoken(row['name'])}: ") for one in moved]
    return told


def _spoken(member: str | None) -> str:
    return UNASSIGNED if member is None else member


def _entry(found: Mapping[str, Any], batch: Mapping[str, Any]) -> Entry:
    member, chosen = found["member"], Slice.parse(_text(batch.get("slice", "")))
    return Entry(
        member=None if member is None else _text(member),
        template=_text(found["template"]),
        slice=_text(found["slice"]),
        status=_text(found["status"]),
        files=tuple(map(_text, found["files"])),
        headline=_text(found["headline"]),
        within=chosen.words() if chosen.where and batch["by"] != SLICE else "",
    )


def _facts(content: bytes, name: str, slice_: str) -> Mapping[str, Any]:
    """What a notebook says of itself, if it was run for the slice."""
    try:
        metadata = json.loads(content)["metadata"]
        facts = metadata["kpitools"]
        given = [facts["slice"], metadata.get("papermill", {}).get("parameters", {}).get("slice", slice_)]
    except (ValueError, KeyError, TypeError, AttributeError):
        raise ReportError(f"{name} is not the notebook of a report; make the reports again.") from None
    for one in given:
        if one != slice_:
            raise ReportError(f"{name} is of the slice {one!r}, not of {slice_!r}. Nothing was sent.")
    return facts


def _meant(template: str, asked: Iterable[str]) -> bool:
    return not asked or template in asked


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ReportError(f"{path} cannot be read: {error.strerror}. Make the reports again.") from None


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is not a text")
    return value
