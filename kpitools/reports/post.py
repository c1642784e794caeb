"""A connection to the mail server that the settings name."""

from __future__ import annotations

import os
import smtplib
import ssl
from collections.abc import Mapping
from contextlib import suppress
from email.message import EmailMessage
from types import TracebackType
from typing import Any

from kpitools.errors import DataError, ReportError

PORTS = {"none": 25, "starttls": 587, "tls": 465}
#: Seconds that the server may take for an answer.
PATIENCE = 30


class Post:
    """Sends mails over one connection, made anew for the next mail where the server has closed it.

    Args:
        mail: the settings' `[mail]`: host, port, security, user, password_env.

    Raises:
        DataError: no host is named, or the environment has no password.
    """

    def __init__(self, mail: Mapping[str, Any]) -> None:
        if not mail.get("host"):
            raise DataError("No mail server is named; write [mail] host in kpitools.toml, or use --dry-run.")
        self.host = mail["host"]
        self.security = mail.get("security", "starttls")
        self.port = mail.get("port") or PORTS[self.security]
        self.user = mail.get("user", "")
        self._password = _password(mail["password_env"]) if self.user else ""
        self._server: smtplib.SMTP | None = None

    def __enter__(self) -> Post:
        """Connect, so that a server that is not there is known before the first mail.

        Raises:
            ReportError: the server cannot be reached, is not to be trusted, or does not let the user in.
        """
        self._server = self._connected()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Say goodbye, where the server still listens."""
        if self._server:
            with suppress(OSError):
                self._server.quit()

    def send(self, message: EmailMessage) -> None:
        """Hand over one mail.

        Raises:
            ReportError: the server cannot be reached any more, or does not take the mail; the message says why.
        """
        self._server = self._server or self._connected()
        try:
            self._server.send_message(message)
        except smtplib.SMTPRecipientsRefused as error:
            raise ReportError("; ".join(_said(*answer) for answer in error.recipients.values())) from None
        except smtplib.SMTPResponseException as error:
            raise ReportError(_said(error.smtp_code, error.smtp_error)) from None
        except OSError as error:  # smtplib's own are such
            self._server.close()
            self._server = None
            raise ReportError(f"the connection broke: {error or type(error).__name__}") from None

    def _connected(self) -> smtplib.SMTP:
        where = f"The mail server {self.host}:{self.port}"
        try:
            return self._open()
        except smtplib.SMTPAuthenticationError as error:
            raise ReportError(
                f"{where} does not let {self.user} in: {_said(error.smtp_code, error.smtp_error)}"
            ) from None
        except smtplib.SMTPNotSupportedError as error:
            raise ReportError(f"{where} cannot do what [mail] asks: {error} Change security or user.") from None
        except ssl.SSLCertVerificationError as error:
            raise ReportError(
                f"{where} shows a certificate that is not to be trusted: {error.verify_message.rstrip('.')}."
                " Nothing was sent; check host in [mail], or ask those who run the server."
            ) from None
        except ssl.SSLError as error:
            said = str(error.reason or error).lower().replace("_", " ")
            raise ReportError(
                f"{where} has no safe connection: {said}. Check host, port and security in [mail]."
            ) from None
        except smtplib.SMTPException as error:
            raise ReportError(f"{where} does not answer as a mail server: {error}") from None
        except OSError as error:
            raise ReportError(
                f"{where} cannot be reached: {error.strerror or error or 'no answer'}. Check host, port and security in"
                " [mail] of kpitools.toml."
            ) from None

    def _open(self) -> smtplib.SMTP:
        context = ssl.create_default_context()
        if self.security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(self.host, self.port, timeout=PATIENCE, context=context)
        else:
            server = smtplib.SMTP(self.host, self.port, timeout=PATIENCE)
        try:
            if self.security == "starttls":
                server.starttls(context=context)
            if self.user:
                server.login(self.user, self._password)
        except BaseException:
            server.close()
            raise
        return server


def _password(name: str) -> str:
    if not (found := os.environ.get(name)):
        raise DataError(f"The environment has no {name}, which is to hold the mail server's password; set it.")
    return found


def _said(code: int, answer: bytes | str) -> str:
    """A server's answer in one line."""
    text = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
    return f"{code} {' '.join(text.split())}"
