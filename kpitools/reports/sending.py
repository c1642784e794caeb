"""Sends a finished batch by mail: everything checked before the first mail leaves, every outcome recorded."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from kpitools.errors import ReportError
from kpitools.reports.finished import Finished, read_finished
from kpitools.reports.mail import Letter, heads
from kpitools.reports.names import slugs
from kpitools.reports.post import Post
from kpitools.reports.recipients import Recipient, chosen, read_recipients
from kpitools.reports.run import put
from kpitools.reports.words.reading import Words

RECORD = "sent.json"
#: Megabytes that a mail may have, where the settings do not say; most servers take 25.
LIMIT_MB = 20.0
#: The sender of mails that are only looked at, where the settings name none.
NOBODY = "reports@localhost"
NO_PAGE = "none of its reports has a page"
#: Outcomes after which nothing is left to do.
WELL = ("sent", "written", "already sent", "empty")


@dataclass(frozen=True)
class Sent:
    """What became of a recipient's mail.

    Attributes:
        status: `sent`, `written` (dry run), `already sent`, `empty` (none of its reports has a page), `failed`, or
            `unknown` (an earlier run was stopped while the mail was under way).
        key: digest of address and pages, so that the same mail is known again.
        pages: the files attached.
        at: when, in UTC.
    """

    email: str
    status: str
    key: str = ""
    period: str = ""
    pages: tuple[str, ...] = ()
    reason: str = ""
    at: str = ""

    def __str__(self) -> str:
        return f"{self.status} {self.email}" + (f": {self.reason}" if self.reason else "")


@dataclass(frozen=True)
class Sending:
    """What became of all mails of a run."""

    outcomes: Sequence[Sent]

    @property
    def exit_code(self) -> int:
        """What the command line ends with: 0 where all is well, else 1."""
        return 0 if all(one.status in WELL for one in self.outcomes) else 1

    def summary(self) -> str:
        """Counts by outcome, then a line for each recipient."""
        counts: dict[str, int] = {}
        for one in self.outcomes:
            counts[one.status] = counts.get(one.status, 0) + 1
        told = ", ".join(f"{count} {status}" for status, count in counts.items())
        return "\n".join([f"{told} of {len(self.outcomes)} mails", *(f"  {one}" for one in self.outcomes)])


def send_reports(
    batch: Path | str,
    recipients: Path | str,
    *,
    mail: Mapping[str, Any],
    brand: Mapping[str, Any],
    words: Words | None = None,
    only: Iterable[str] = (),
    again: bool = False,
    dry_run: Path | None = None,
) -> Sending:
    """Send each recipient one mail with the pages of its own slices.

    Everything is checked before the first mail leaves: that each recipient's members are in the batch, that each page
    is whole and of the slice it is sent for, that no mail is too large. A mail that fails does not stop the others.
    What was sent stands in `sent.json` in the batch's folder, and is not sent a second time.

    Args:
        batch: the folder that `make_reports` wrote.
        recipients: a table of addresses; see `kpitools.reports.recipients.read_recipients`.
        mail: the settings' `[mail]`.
        brand: the settings' `[brand]`.
        words: what the settings' file of words says, for mails in its language; English where left out.
        only: addresses to send to; all of the table where none is named.
        again: send also what was sent before.
        dry_run: a folder to write the mails into as `.eml` files, instead of sending them.

    Raises:
        DataError: the table or the settings cannot be meant.
        UnknownNameError: a member, template or recipient there is not.
        ReportError: the batch is broken, a page is not of its recipient's slice, a mail is too large, or the server
            cannot be reached. Nothing was sent then.
    """
    made = read_finished(batch)
    asked = chosen(read_recipients(recipients, made.by), only)
    said = {**heads(mail, brand, sender=NOBODY if dry_run else ""), "words": words}
    letters = _letters(made, asked, said)
    _check_sizes(letters, mail.get("limit_mb", LIMIT_MB))
    reached = {letter.recipient.email for letter in letters}
    empty = [Sent(one.email, "empty", reason=NO_PAGE) for one in asked if one.email not in reached]
    done = _written(letters, dry_run) if dry_run else _sent(letters, made, mail, again)
    return Sending([*done, *empty])


def _letters(made: Finished, asked: Iterable[Recipient], said: Mapping[str, Any]) -> list[Letter]:
    """A mail for each recipient with a page to get; each page is proven once."""
    shares = [(recipient, made.share(recipient)) for recipient in asked]
    entries = {entry.page: entry for _, share in shares for entry in share if entry.page}
    pages = {name: made.proven(entry) for name, entry in entries.items()}
    return [
        Letter(
            recipient=recipient,
            batch=made,
            pages=[pages[entry.page] for entry in share if entry.page],
            missing=[entry for entry in share if not entry.page],
            **said,
        )
        for recipient, share in shares
        if any(entry.page for entry in share)
    ]


def _check_sizes(letters: Iterable[Letter], limit_mb: float) -> None:
    """Refuse mails that servers would."""
    large = [one for one in letters if one.size > limit_mb * 1e6]
    if large:
        sizes = ", ".join(f"{one.recipient.email} {one.size / 1e6:.1f} MB" for one in large)
        raise ReportError(
            f"Too large for a mail of {limit_mb:g} MB: {sizes}. Nothing was sent. Name fewer templates or members for"
            " them in the table, make the reports with --compact, or raise limit_mb in [mail]."
        )


def _written(letters: Sequence[Letter], folder: Path) -> Iterator[Sent]:
    folder.mkdir(parents=True, exist_ok=True)
    names = slugs(letter.recipient.email for letter in letters)
    for letter in letters:
        place = folder / f"{names[letter.recipient.email]}.eml"
        put(place, letter.message().as_bytes())
        yield _outcome(letter, "written", str(place))


def _sent(letters: Iterable[Letter], made: Finished, mail: Mapping[str, Any], again: bool) -> Iterator[Sent]:
    outbox = Outbox(made.folder)
    before = {} if again else {letter.key: found for letter in letters if (found := outbox.before(letter))}
    yield from before.values()
    due = [letter for letter in letters if letter.key not in before]
    if due:
        with Post(mail) as post:
            for letter in due:
                yield _handed_over(letter, post, outbox)


def _handed_over(letter: Letter, post: Post, outbox: Outbox) -> Sent:
    """Send one mail. That it is under way is recorded first, so that a run that is killed cannot send it twice."""
    outbox.add(_outcome(letter, "unknown", "a run was stopped while this mail was under way; --again sends it"))
    try:
        post.send(letter.message())
    except ReportError as error:
        done = _outcome(letter, "failed", str(error))
    else:
        done = _outcome(letter, "sent")
    outbox.add(done)
    return done


def _outcome(letter: Letter, status: str, reason: str = "") -> Sent:
    pages = tuple(page.path.name for page in letter.pages)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return Sent(letter.recipient.email, status, letter.key, letter.batch.period, pages, reason, now)


class Outbox:
    """Which mails of a batch's folder were sent, in `sent.json`.

    Raises:
        ReportError: the file cannot be read.
    """

    def __init__(self, folder: Path) -> None:
        self._place = folder / RECORD
        self._mails: dict[str, Sent] = {}
        if self._place.exists():
            try:
                found = json.loads(self._place.read_bytes())["mails"]
                self._mails = {one["key"]: Sent(**{**one, "pages": tuple(one["pages"])}) for one in found}
            except (OSError, ValueError, KeyError, TypeError) as error:
                raise ReportError(
                    f"{self._place} cannot be read ({type(error).__name__}: {error}), so mails could go out twice. Move"
                    " it away to send all of them."
                ) from None

    def before(self, letter: Letter) -> Sent | None:
        """What stands against sending the mail: it was sent, or may have been."""
        found = self._mails.get(letter.key)
        if found is None or found.status == "failed":
            return None
        return replace(found, status="already sent", reason=found.at) if found.status == "sent" else found

    def add(self, outcome: Sent) -> None:
        """Write the outcome down, before anything else happens."""
        self._mails[outcome.key] = outcome
        text = json.dumps({"mails": [asdict(one) for one in self._mails.values()]}, indent=1, ensure_ascii=False)
        put(self._place, f"{text}\n".encode())
