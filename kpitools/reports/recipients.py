"""Who gets which reports by mail: a table of addresses, each with the members whose pages it may see."""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from email.headerregistry import Address
from pathlib import Path

from kpitools.errors import DataError, UnknownNameError

#: Stands for every member: nobody sees everything unless the table says so.
EVERY = "*"
_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_DOMAIN = re.compile(
    r"(?=.{1,253}$)[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*"
)
_NAMED = re.compile(r'\s*(?:"?([^"<>]*?)"?\s*<([^<>]*)>|([^<>]*))\s*')


@dataclass(frozen=True)
class Recipient:
    """One address and what it may see.

    Attributes:
        name: of the person; may be empty.
        may: member as the table names it -> the templates it is to get, all where empty. `*` alone stands for every
            member.
    """

    email: str
    name: str
    may: Mapping[str, tuple[str, ...]]

    @property
    def address(self) -> Address:
        """Name and address as a mail's header has them."""
        return Address(self.name, addr_spec=self.email)


def read_recipients(path: Path | str, by: str) -> list[Recipient]:
    """The recipients of a CSV table, in its order; rows with the same address are one recipient.

    Args:
        path: a file with the columns `email`, `name`, one named as `by` (a member, or `*` for all of them) and, if
            some are to get certain templates only, `template` (names with `;` between).
        by: the dimension of the batch, such as `team`.

    Raises:
        DataError: the file cannot be read as such a table, or an address, a name or a row cannot be meant.
    """
    found: dict[str, Recipient] = {}
    for line, row in _rows(Path(path), by):
        where = f"{path}, line {line}"
        one = _recipient(row, by, where)
        found[one.email.casefold()] = _joined(found.get(one.email.casefold()), one, where)
    if not found:
        raise DataError(f"{path} names no recipient; add a row with an address for each.")
    return list(found.values())


def chosen(recipients: Iterable[Recipient], only: Iterable[str]) -> list[Recipient]:
    """The recipients with these addresses; all where none is named.

    Raises:
        UnknownNameError: an address that is not in the table.
    """
    known = {one.email.casefold(): one for one in recipients}
    for email in (only := list(only)):
        if email.casefold() not in known:
            raise UnknownNameError("recipient", email, [one.email for one in known.values()])
    return [known[email] for email in dict.fromkeys(map(str.casefold, only))] or list(known.values())


def checked_address(text: str, where: str) -> str:
    """An address that can be sent to, its domain in ASCII.

    Raises:
        DataError: it is none.

    >>> checked_address("ann@exämple.org", "")
    'ann@xn--exmple-cua.org'
    """
    local, _, domain = text.rpartition("@")
    try:
        domain = domain.encode("idna").decode("ascii")
    except UnicodeError:
        domain = ""
    if not _LOCAL.fullmatch(local) or len(local) > 64 or not _DOMAIN.fullmatch(domain):
        raise DataError(f"{where}: {text!r} is not an address; write one such as ann@example.com.")
    return f"{local}@{domain}"


def named_address(text: str, where: str) -> Address:
    """`Sales <sales@example.com>`, or an address alone, as a mail's header has it.

    Raises:
        DataError: it is neither.
    """
    found = _NAMED.fullmatch(checked_line(text, where))
    if found is None:
        raise DataError(f"{where}: {text!r} is not an address; write Sales <sales@example.com>.")
    return Address((found[1] or "").strip(), addr_spec=checked_address((found[2] or found[3] or "").strip(), where))


def checked_line(text: str, where: str) -> str:
    """Text that may stand in a mail's header.

    Raises:
        DataError: it holds a line break or another control character.
    """
    if any(unicodedata.category(sign) in ("Cc", "Cs", "Zl", "Zp") for sign in text):
        raise DataError(f"{where}: {text!r} holds a line break or a control character; write it in one line.")
    return text


def _rows(path: Path, by: str) -> Iterator[tuple[int, dict[str, str]]]:
    """Each row with its line number."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            _check_columns([(name or "").strip() for name in reader.fieldnames or ()], by, path)
            for row in reader:
                if None in row or None in row.values():
                    raise DataError(f"{path}, line {reader.line_num}: more or fewer values than columns.")
                yield reader.line_num, {name.strip(): value.strip() for name, value in row.items()}
    except OSError as error:
        raise DataError(f"The table of recipients {path} cannot be read: {error.strerror}.") from None
    except (csv.Error, UnicodeDecodeError) as error:
        raise DataError(f"{path} is not a CSV file in UTF-8 with commas: {error}.") from None


def _check_columns(columns: list[str], by: str, path: Path) -> None:
    needed = ("email", "name", by)
    if missing := [name for name in needed if name not in columns]:
        raise DataError(
            f"{path} lacks the column {', '.join(missing)}; it has {', '.join(columns) or 'none'}. The batch is by"
            f" {by}: write email,name,{by} in the first line, with commas."
        )
    for name in columns:
        if name not in (*needed, "template"):
            raise UnknownNameError("column of recipients", name, (*needed, "template"), hint=f"(in {path})")
    if len(set(columns)) < len(columns):
        raise DataError(f"{path} has a column twice: {', '.join(columns)}.")


def _recipient(row: Mapping[str, str], by: str, where: str) -> Recipient:
    if not row[by]:
        raise DataError(f"{where}: no {by} is named for {row['email']!r}; name one, or {EVERY} for every one of them.")
    templates = tuple(filter(None, (name.strip() for name in row.get("template", "").split(";"))))
    email = checked_address(row["email"], where)
    return Recipient(email, checked_line(row["name"], where), {row[by]: templates})


def _joined(before: Recipient | None, one: Recipient, where: str) -> Recipient:
    """A further row of the same recipient added to the rows before."""
    if before is None:
        return one
    if before.name != one.name:
        raise DataError(f"{where}: {one.email} is {one.name!r} here and {before.name!r} above; give it one name.")
    if twice := sorted(before.may.keys() & one.may.keys()):
        raise DataError(f"{where}: {one.email} is to get {twice[0]!r} twice; keep one of the rows.")
    if EVERY in (*before.may, *one.may):
        raise DataError(f"{where}: {one.email} gets {EVERY}, which is every one already; take the other rows away.")
    return Recipient(before.email, before.name, {**before.may, **one.may})
