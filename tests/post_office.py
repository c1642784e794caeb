"""A real mail server on this machine, for tests: it takes mails over sockets and keeps what it got."""

from __future__ import annotations

import os
import signal
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email import message_from_bytes, policy
from email.message import EmailMessage
from queue import Empty, Queue
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session


class PostOffice:
    """The server's side: which addresses it refuses, and the mails that came."""

    def __init__(self) -> None:
        self.mails: list[tuple[str, list[str], bytes]] = []
        self.refused: set[str] = set()
        self.full: set[str] = set()
        #: Processes to kill when their next mail has come.
        self.kill: Queue[int] = Queue()
        self.logins: list[tuple[str, str]] = []

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.refused:
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.full & set(envelope.rcpt_tos):
            return "552 mailbox full"
        with suppress(Empty):
            os.kill(self.kill.get_nowait(), signal.SIGKILL)
            return "250 OK"
        assert isinstance(envelope.content, bytes)
        self.mails.append((str(envelope.mail_from), list(envelope.rcpt_tos), envelope.content))
        return "250 OK"

    def authenticator(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: LoginPassword
    ) -> AuthResult:
        self.logins.append((data.login.decode(), data.password.decode()))
        return AuthResult(success=data.password == b"correct horse", handled=False)

    def messages(self) -> list[EmailMessage]:
        """What came, as Python's own parser reads it."""
        return [message_from_bytes(content, policy=policy.default) for _, _, content in self.mails]


@contextmanager
def post_office(
    context: ssl.SSLContext | None = None, *, login: bool = False, implicit: bool = False
) -> Iterator[tuple[PostOffice, int]]:
    """A server on a free port of this machine; with a context it insists on STARTTLS, with `login` on a password.

    Where TLS is `implicit`, it begins with the first byte, and a password is taken but not insisted on: the server
    knows of no other safe connection than one that STARTTLS made.
    """
    office = PostOffice()
    safe: dict[str, Any] = {"tls_context": context, "require_starttls": True} if context else {}
    if implicit:
        safe = {"ssl_context": context, "auth_require_tls": False}
    guarded = {"authenticator": office.authenticator, "auth_required": not implicit} if login else {}
    server = Controller(office, hostname="127.0.0.1", port=free_port(), data_size_limit=None, **safe, **guarded)
    server.start()
    try:
        yield office, server.port
    finally:
        server.stop()


def free_port() -> int:
    """A port at which nobody listens."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def parts(mail: EmailMessage) -> tuple[str, str, dict[str, bytes]]:
    """The plain text, the HTML, and the attached files by name."""
    text, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert text is not None
    assert html is not None
    files = {str(one.get_filename()): one.get_payload(decode=True) for one in mail.iter_attachments()}
    return text.get_content(), html.get_content(), files
