"""Bytes to UTF-8: what a file says about its encoding, checked, and never guessed."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from pathlib import Path

from kpitools.errors import DataError

CHUNK = 1 << 20
UTF_16 = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}


def as_utf8(path: Path, *, encoding: str | None, work: Path) -> Path:
    """The file itself where it is UTF-8, with or without a byte-order mark; else a UTF-8 copy of it in `work`.

    Lines that end in a carriage return alone, as spreadsheets on a Mac may write them, get a line feed in the copy.
    A byte-order mark says what a file is and wins over `encoding`, which is for files that cannot say it themselves.

    Raises:
        DataError: the file is empty, or a byte in it is not of its encoding.
    """
    with path.open("rb") as file:
        head = file.read(CHUNK)
    if not head.removeprefix(codecs.BOM_UTF8).strip():
        raise DataError(f"{path.name} is empty: it has not even a header line. Export it again, or take it away.")
    named = _encoding(path, head, encoding)
    old_mac = b"\r" in head and b"\n" not in head
    if named == "utf-8" and not old_mac:
        for _ in _decoded(path, named):
            pass
        return path
    copy = work / f"{len(list(work.iterdir()))}-{path.stem}.csv"
    with copy.open("w", encoding="utf-8", newline="") as out:
        out.writelines(text.replace("\r", "\n") if old_mac else text for text in _decoded(path, named))
    return copy


def _encoding(path: Path, head: bytes, asked: str | None) -> str:
    for mark, name in UTF_16.items():
        if head.startswith(mark):
            return name
    if asked is None and b"\0" in head:
        raise DataError(
            f"{path.name} holds zero bytes: it is no UTF-8 text. Save it as CSV in UTF-8, "
            f'or say encoding = "utf-16" in the mapping if that is what it is.'
        )
    if asked is None or head.startswith(codecs.BOM_UTF8):
        return "utf-8"
    try:
        return codecs.lookup(asked).name
    except LookupError:
        raise DataError(
            f'{path.name}: there is no encoding {asked!r}. Say for example encoding = "cp1252" in the mapping.'
        ) from None


def _decoded(path: Path, encoding: str) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder(encoding)()
    lines, held = 1, b""
    with path.open("rb") as file:
        while True:
            chunk = file.read(CHUNK)
            try:
                text = decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                raise _wrong_byte(path, error, lines, encoding) from None
            lines += text.count("\n")
            yield text if held else text.removeprefix("\ufeff")
            held = held or chunk[:1]
            if not chunk:
                return


def _wrong_byte(path: Path, error: UnicodeDecodeError, lines: int, encoding: str) -> DataError:
    before = error.object[: error.start]
    line = lines + before.count(b"\n")
    byte = error.object[error.start : error.start + 1].hex().upper()
    near = before.rsplit(b"\n", 1)[-1][-20:].decode(encoding, errors="ignore")
    remedy = (
        'Save the file as UTF-8, or say what it is in the mapping, for example encoding = "cp1252".'
        if encoding == "utf-8"
        else "Say its right encoding in the mapping."
    )
    return DataError(f"{path.name}, line {line}: byte 0x{byte} after {near!r} is not {encoding.upper()}. {remedy}")
