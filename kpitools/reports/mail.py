"""The mail that a recipient gets: the headlines in words, and the pages of its own slice attached."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import localtime, make_msgid
from functools import cached_property
from typing import Any

from kpitools.errors import DataError, UnknownNameError, shortened
from kpitools.formats import one_line
from kpitools.reports.finished import Entry, Finished, Page
from kpitools.reports.recipients import EVERY, Recipient, checked_line, named_address
from kpitools.reports.words.reading import Reading, Words

SUBJECT = "Sales reports {period}: {member}"
CHANGED = "Since the last reports"
KINDS: Mapping[str, Mapping[str, Any]] = {
    ".html": {"maintype": "text", "subtype": "html", "params": {"charset": "utf-8"}},
    ".pdf": {"maintype": "application", "subtype": "pdf"},
}
CLOSING = (
    "Each attached page opens without a network. It holds the rows of its own {by} only and is meant for you; please do"
    " not pass it on to others."
)
#: Bytes of a mail for each byte attached: base64 in lines of 76 signs.
GROWTH = 78 / 57
#: Bytes left for what stands before the pages.
HEAD = 20_000


@dataclass(frozen=True)
class Part:
    """What is said of one member: of each of its reports, and what moved since the last batch."""

    name: str
    reports: Sequence[tuple[str, str]]
    changes: Sequence[str]


@dataclass(frozen=True)
class Letter:
    """A mail that is still to be made.

    Attributes:
        pages: the pages of the recipient's own slices, each proven.
        words: those of the reader's language, where the mail is not in English.
        missing: reports of those slices without a page, as nothing happened in them or they failed.
    """

    recipient: Recipient
    sender: Address
    subject: str
    brand: str
    words: Words | None
    batch: Finished
    pages: Sequence[Page]
    missing: Sequence[Entry]

    @property
    def size(self) -> float:
        """Bytes of the mail, about."""
        return sum(page.size for page in self.pages) * GROWTH + HEAD

    @property
    def key(self) -> str:
        """Digest of address and pages: what makes it the same mail."""
        parts = [self.recipient.email.casefold(), *sorted(page.digest for page in self.pages)]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()

    @property
    def title(self) -> str:
        """The subject line."""
        values = {"period": str(self.pages[0].facts.get("period") or self.batch.period), "member": self._members()}
        return one_line(_PLACE.sub(lambda found: values[found[1]], self.subject))[:200]

    @property
    def greeting(self) -> str:
        """How it begins."""
        return f"Dear {self.recipient.name}," if self.recipient.name else "Hello,"

    @property
    def opening(self) -> str:
        """Which period it is about."""
        facts = self.pages[0].facts
        dates, seen = facts.get("dates"), facts.get("as_of") or self.batch.as_of
        period = f"{facts.get('period') or self.batch.period}{f' ({dates})' if dates else ''}"
        return one_line(f"Here are the reports for {period}, as seen at the end of {seen}.")

    @property
    def closing(self) -> str:
        """How it ends."""
        return CLOSING.format(by=self.batch.by.replace("_", " "))

    @property
    def parts(self) -> list[Part]:
        """What is said, by member."""
        found: dict[str | None, list[tuple[str, str]]] = {}
        for entry, title, said in self._reports():
            found.setdefault(entry.member, []).append((one_line(title), one_line(said)))
        spoken, by = {entry.member: entry.spoken for entry in self._entries()}, self.batch.by.replace("_", " ")
        return [
            Part(
                name=one_line(f"{by.capitalize()} {spoken[member]}"),
                reports=reports,
                changes=[*map(one_line, self.batch.changes.get(member, ()))],
            )
            for member, reports in found.items()
        ]

    def _entries(self) -> list[Entry]:
        return [*(page.entry for page in self.pages), *self.missing]

    def _reports(self) -> Iterator[tuple[Entry, str, str]]:
        for page in self.pages:
            yield page.entry, str(page.facts.get("title") or page.entry.template), page.entry.headline
        for entry in self.missing:
            why = "nothing happened in this period." if entry.status == "empty" else "the page could not be made."
            yield entry, entry.template.capitalize(), why

    def _members(self) -> str:
        if EVERY in self.recipient.may:
            return f"every {self.batch.by.replace('_', ' ')}"
        return shortened(list(dict.fromkeys(page.entry.spoken for page in self.pages)), most=3)

    def text(self) -> str:
        """The mail in plain text."""
        lines = [*([self.brand, ""] if self.brand else []), self.greeting, "", self.opening]
        for part in self.parts:
            lines += ["", part.name, *(f"- {title}: {said}" if said else f"- {title}" for title, said in part.reports)]
            lines += [f"{CHANGED}:", *(f"- {change}" for change in part.changes)] if part.changes else []
        return "\n".join(map(self._say, [*lines, "", self.closing, ""]))

    def html(self) -> str:
        """The same as a page, everything escaped."""
        from kpitools.reports.export import environment

        lang = self.words.lang if self.words else "en"
        page = environment().get_template("mail.html.j2").render(letter=self, changed=CHANGED, lang=lang)
        return self._reading.html(page) if self._reading else page

    @cached_property
    def _reading(self) -> Reading | None:
        """What puts the words in; the names of the reports' members stay as they are."""
        names = {name for entry in self._entries() for name in (entry.member, entry.spoken) if name}
        return self.words.reading({*names, self.recipient.name, self.brand}) if self.words else None

    def _say(self, text: str) -> str:
        return self._reading.text(text) if self._reading else text

    def message(self) -> EmailMessage:
        """The whole mail.

        Raises:
            ReportError: a page was changed since it was proven.
        """
        mail = EmailMessage(policy=SMTP)
        mail["From"], mail["To"], mail["Subject"] = self.sender, self.recipient.address, self._say(self.title)
        mail["Date"], mail["Message-ID"] = localtime(), make_msgid(domain=self.sender.domain)
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(self.text(), cte="quoted-printable")
        mail.add_alternative(self.html(), subtype="html", cte="quoted-printable")
        for page in self.pages:
            mail.add_attachment(page.content(), filename=page.path.name, **KINDS[page.path.suffix])
        return mail


_PLACE = re.compile(r"\{(\w*)\}")


def heads(mail: Mapping[str, Any], brand: Mapping[str, Any], *, sender: str) -> dict[str, Any]:
    """What is the same in every mail of a batch: sender, subject and brand.

    Args:
        mail: the settings' `[mail]`.
        brand: the settings' `[brand]`.
        sender: whom the mails are from, where `[mail]` does not say.

    Raises:
        UnknownNameError: the subject has a placeholder that there is not.
        DataError: the sender or the subject cannot stand in a mail's header.
    """
    subject = checked_line(mail.get("subject") or SUBJECT, "mail.subject")
    for name in _PLACE.findall(subject):
        if name not in ("period", "member"):
            raise UnknownNameError("placeholder of mail.subject", name, ("period", "member"))
    if not (told := mail.get("from") or sender):
        raise DataError(
            'Nobody is named whom the mails are from; write [mail] from = "you@example.com" in kpitools.toml.'
        )
    return {
        "sender": named_address(told, "mail.from"),
        "subject": subject,
        "brand": one_line(brand.get("name", "")),
    }
