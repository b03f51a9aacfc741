"""Mail, from our words to a mail server's yes. Headers hold nothing but our own strings, counts and checked addresses."""

from __future__ import annotations

import smtplib
import socket
import ssl
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from desk.checks import check_email
from desk.config import Mail
from desk.digest.letter import Letter

PATIENCE = 20.0
"""Seconds for each answer of the mail server."""


class NotSent(Exception):
    """The mail server did not take the mail. `why` is a sentence for the owner."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def write_mail(letter: Letter, sender: str, recipient: str, message_id: str, now: datetime) -> EmailMessage:
    """The letter as a mail. What strangers wrote is in its body alone.

    Python's own mail library can be made to write a header too many by a crafted one (CVE-2024-6923, CVE-2026-1299), so
    addresses are checked again and the subject is plain printable ASCII or refused with ValueError.
    """
    if not letter.subject.isascii() or not letter.subject.isprintable() or "=?" in letter.subject:
        raise ValueError("a subject holds only our own words")
    mail = EmailMessage(policy=SMTP)
    mail["Subject"] = letter.subject
    mail["From"] = Address("Amends", addr_spec=check_email(sender))
    mail["To"] = Address(addr_spec=check_email(recipient))
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = message_id
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(letter.text, cte="base64")
    mail.add_alternative(letter.html, subtype="html", cte="base64")
    return mail


def send_mail(mail: EmailMessage, sender: str, recipient: str, settings: Mail, password: str | None) -> None:
    """Hand a mail to the server. Raises NotSent with the reason."""
    try:
        with open_server(settings, password) as server:
            server.send_message(mail, from_addr=sender, to_addrs=[recipient])
    except (smtplib.SMTPException, OSError, ValueError) as error:
        raise NotSent(explain(error, settings)) from error


def check_server(settings: Mail, password: str | None) -> None:
    """Connect and sign in without sending anything. Raises NotSent."""
    try:
        with open_server(settings, password) as server:
            server.noop()
    except (smtplib.SMTPException, OSError, ValueError) as error:
        raise NotSent(explain(error, settings)) from error


def open_server(settings: Mail, password: str | None) -> smtplib.SMTP:
    """A connection, protected as the settings say and signed in."""
    if settings.user and not password:
        raise ValueError("the password is missing: set AMENDS_MAIL_PASSWORD or AMENDS_MAIL_PASSWORD_FILE")
    # Without a name of its own, smtplib would ask the network who we are, and may wait long for the answer.
    ours = settings.sender.rpartition("@")[2]
    if settings.security == "tls":
        context = ssl.create_default_context()
        server: smtplib.SMTP = smtplib.SMTP_SSL(
            settings.host, settings.port, local_hostname=ours, timeout=PATIENCE, context=context
        )
    else:
        server = smtplib.SMTP(settings.host, settings.port, local_hostname=ours, timeout=PATIENCE)
    try:
        if settings.security == "starttls":
            server.starttls(context=ssl.create_default_context())
        if settings.user:
            server.login(settings.user, password or "")
    except BaseException:
        server.close()
        raise
    return server


def explain(error: Exception, settings: Mail) -> str:
    """What a failure means for the owner. The server's own words are left out: they may hold anything."""
    server = f"the mail server {settings.host}:{settings.port}"
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return f"{server} refused the user name or the password; check mail.user and AMENDS_MAIL_PASSWORD"
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return f'{server} does not offer what mail.security = "{settings.security}" or signing in asks for'
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return f"{server} refused the recipient"
    if isinstance(error, smtplib.SMTPSenderRefused):
        return f"{server} refused the sender {settings.sender}"
    if isinstance(error, smtplib.SMTPServerDisconnected):
        return f"{server} hung up; is mail.security right for this port?"
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{server} answered with error {error.smtp_code}"
    if isinstance(error, ssl.SSLError):
        return f'no protected connection to {server}; is mail.security = "{settings.security}" right for this port, and its certificate valid?'
    if isinstance(error, socket.gaierror):
        return f"{server} was not found; check mail.host"
    if isinstance(error, TimeoutError):
        return f"{server} did not answer in time"
    if isinstance(error, ConnectionRefusedError):
        return f"nothing listens at {server}; check mail.host and mail.port"
    if isinstance(error, ValueError):
        return str(error)
    return f"no connection to {server}"
