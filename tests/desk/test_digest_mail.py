"""Ana's daily mail, through a real mail server on this machine."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any, cast

import html5lib
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from desk.config import DigestSection, Mail, Settings
from desk.digest.letter import LARGEST, Letter, write_letter
from desk.digest.post_office import NotSent, check_server, send_mail, write_mail
from desk.digest.sending import send_due
from desk.wiring import House

Complain = Callable[..., int]

ANA = "ana@rosebakery.example"
NOW = datetime(2026, 11, 22, 7, 0, tzinfo=UTC)  # Sunday, 9 in the morning in Bucharest
HEADERS = {"Subject", "From", "To", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type"}


@dataclass
class Mailbox:
    """What the mail server was given, and what it answers."""

    mails: list[tuple[Envelope, EmailMessage]] = field(default_factory=list)
    answer: str = "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        """Take a mail, or refuse it."""
        if self.answer.startswith("250"):
            content = cast("bytes", envelope.content)
            self.mails.append((envelope, message_from_bytes(content, policy=default)))
        return self.answer


def free_port() -> int:
    """aiosmtpd cannot be told to choose a port by itself."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@pytest.fixture
def mailbox() -> Iterator[tuple[Mailbox, int]]:
    """A mail server on loopback, and its port."""
    box, port = Mailbox(), free_port()
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    yield box, port
    controller.stop()


def with_mail(house: House, port: int, **digest: Any) -> House:
    """The house, set up to send its digest to this port."""
    mail = Mail(host="127.0.0.1", port=port, security="none", sender="amends@rosebakery.example")
    section = DigestSection.model_validate({"to": (ANA,), "at": "08:00", **digest})
    house.settings = house.settings.model_copy(update={"mail": mail, "digest": section})
    return house


def text_of(mail: EmailMessage, kind: str) -> str:
    """The mail's body, "plain" or "html"."""
    part = mail.get_body((kind,))
    assert part is not None
    return str(part.get_content())


def test_ana_gets_the_complaint_the_signed_proposal_and_a_link_that_opens_the_case(
    house: House, mailbox: tuple[Mailbox, int], complain: Complain
) -> None:
    box, port = mailbox
    case_id = complain()
    assert send_due(with_mail(house, port), NOW) == 1
    ((envelope, mail),) = box.mails
    assert envelope.rcpt_tos == [ANA]
    assert mail["Subject"] == "Amends: 1 customer waits for an answer"
    for kind in ("plain", "html"):
        body = text_of(mail, kind)
        assert "My bread was burnt." in body
        assert "We are sorry that your bread was burnt. – Ana, Rose Bakery" in body
        assert f"http://127.0.0.1:8420/cases/{case_id}" in body


def test_a_digest_goes_out_once_a_day_and_again_the_next(
    house: House, mailbox: tuple[Mailbox, int], complain: Complain
) -> None:
    box, port = mailbox
    complain()
    with_mail(house, port)
    assert [send_due(house, NOW + timedelta(minutes=step)) for step in range(0, 240, 20)].count(1) == 1
    assert send_due(house, NOW + timedelta(days=1)) == 1
    ids = [mail["Message-ID"] for _, mail in box.mails]
    assert len(set(ids)) == len(ids) == 2


def test_two_services_at_once_send_one_digest(house: House, mailbox: tuple[Mailbox, int], complain: Complain) -> None:
    box, port = mailbox
    complain()
    with_mail(house, port)
    threads = [threading.Thread(target=send_due, args=(house, NOW)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(box.mails) == 1


def test_before_eight_on_anas_clock_nothing_goes_out(
    house: House, mailbox: tuple[Mailbox, int], complain: Complain
) -> None:
    box, port = mailbox
    complain()
    eight = datetime(2026, 11, 22, 6, 0, tzinfo=NOW.tzinfo)
    assert send_due(with_mail(house, port), eight - timedelta(seconds=1)) == 0
    assert send_due(house, eight) == 1
    assert len(box.mails) == 1


def test_on_a_quiet_day_there_is_no_mail_unless_ana_wants_one(house: House, mailbox: tuple[Mailbox, int]) -> None:
    box, port = mailbox
    assert send_due(with_mail(house, port), NOW) == 0
    assert send_due(with_mail(house, port, when_empty=True), NOW + timedelta(days=1)) == 1
    ((_, mail),) = box.mails
    assert mail["Subject"] == "Amends: nobody waits for an answer"


def test_a_refused_mail_is_tried_again_later_with_the_same_id_and_shown(
    house: House, mailbox: tuple[Mailbox, int], complain: Complain
) -> None:
    box, port = mailbox
    complain()
    with_mail(house, port)
    box.answer = "451 try later"
    assert send_due(house, NOW) == 0
    (shown,) = house.troubles()
    assert "The last digest was not sent: the mail server 127.0.0.1" in shown
    assert "error 451" in shown
    assert send_due(house, NOW + timedelta(seconds=5)) == 0, "not hammered"
    box.answer = "250 OK"
    assert send_due(house, NOW + timedelta(minutes=10)) == 1
    assert house.troubles() == ()
    assert len(box.mails) == 1


def test_a_dead_mail_server_stops_nothing_and_is_shown(house: House, complain: Complain) -> None:
    complain()
    assert send_due(with_mail(house, free_port()), NOW) == 0
    assert "nothing listens" in (house.casebook.digests.last_failure() or "")


def test_one_recipient_who_is_refused_does_not_cost_the_other_the_mail(
    house: House, mailbox: tuple[Mailbox, int], complain: Complain, monkeypatch: pytest.MonkeyPatch
) -> None:
    box, port = mailbox
    complain()

    async def refuse_ben(
        _self: Mailbox, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if address.startswith("ben"):
            return "550 nobody of that name"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    monkeypatch.setattr(Mailbox, "handle_RCPT", refuse_ben, raising=False)
    assert send_due(with_mail(house, port, to=("ben@rosebakery.example", ANA)), NOW) == 1
    assert [envelope.rcpt_tos for envelope, _ in box.mails] == [[ANA]]
    assert "refused the recipient" in explain_failures(house)


def explain_failures(house: House) -> str:
    """Every failure that the base remembers, the older ones too."""
    with house.engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT why FROM digests WHERE state = 'failed'").all()
    return " ".join(row.why for row in rows)


HOSTILE = (
    "Mallory\r\nBcc: everybody@x.example",
    "=?UTF-8?Q?=0A?=Bcc: everybody@x.example",
    "=?utf-8?b?DQpCY2M6IGV2ZXJ5Ym9keUB4LmV4YW1wbGU=?=",
    "<script>alert(1)</script>",
    "\u202egnol eman\u2066",
    'Rose Bakery" <ana@rosebakery.example>',
    "lone\ud800surrogate",
    "nul\x00 and esc\x1b[2J",
    "{{ 7 * 7 }}{% raw %}",
)


@pytest.mark.parametrize("hostile", HOSTILE)
def test_no_word_of_mallorys_reaches_a_header_or_becomes_markup(
    house: House, mailbox: tuple[Mailbox, int], complain: Complain, hostile: str
) -> None:
    box, port = mailbox
    told = hostile.replace("\ud800", "\ufffd").replace("\x00", "")  # the edge takes these off before the base sees them
    complain(text=f"Burnt! {told}", name=told, proposal=f"We are sorry. {told}")
    assert send_due(with_mail(house, port), NOW) == 1
    ((envelope, mail),) = box.mails
    assert set(mail.keys()) == HEADERS
    assert len(mail.keys()) == len(HEADERS)
    assert envelope.rcpt_tos == [ANA]
    head = cast("bytes", envelope.content).partition(b"\r\n\r\n")[0]
    assert b"Mallory" not in head
    assert b"everybody" not in head
    page = html5lib.parse(text_of(mail, "html"), namespaceHTMLElements=False)
    assert not page.findall(".//script")
    assert "49" not in text_of(mail, "plain").partition("Burnt!")[2].partition("Read it")[0]
    assert "\u202e" not in text_of(mail, "html")


def test_python_itself_is_not_trusted_with_a_subject_that_is_not_ours() -> None:
    letter = Letter("=?UTF-8?Q?=0A?=Bcc: everybody@x.example", "", "", 0)
    with pytest.raises(ValueError, match="our own words"):
        write_mail(letter, "a@x.example", ANA, "<1@x.invalid>", NOW)
    for sender, recipient in (("a@x.example\nBcc: b@x.example", ANA), ("a@x.example", "ana@x.example, b@x.example")):
        with pytest.raises(ValueError, match="not a mail address"):
            write_mail(Letter("Amends: hello", "", "", 0), sender, recipient, "<1@x.invalid>", NOW)


def test_gravest_and_oldest_stand_on_top_and_the_rest_is_counted(house: House, complain: Complain) -> None:
    newer = complain("Newer.", urgency=2, hours_ago=1)
    older = complain("Older.", urgency=2, hours_ago=9)
    grave = complain("Grave.", urgency=4, hours_ago=2)
    mild = [complain(f"Mild {n}.", urgency=1, hours_ago=n) for n in range(1, 6)]
    letter = write_letter(with_mail(house, 1, most=4), ANA, NOW)
    links = re.findall(r"/cases/(\d+)", letter.text)
    assert links == [str(case) for case in (grave, older, newer, mild[-1])]
    assert "… and 4 more" in letter.text
    assert "… and 4 more" in letter.html
    assert letter.waiting == 8


def test_a_long_day_stays_under_a_hundred_kilobytes(house: House, complain: Complain) -> None:
    for n in range(60):
        complain("ప" * 279, proposal="రొట్టె " * 180, hours_ago=n % 40)
    letter = write_letter(with_mail(house, 1, most=50), ANA, NOW)
    assert len(letter.html.encode()) <= LARGEST
    shown = letter.html.count("Proposed answer")
    assert 5 <= shown < 50
    assert f"… and {60 - shown} more" in letter.html


def test_the_shops_own_signer_signs_for_the_shop(house: House, complain: Complain) -> None:
    complain("The bread from Market Street was burnt.")
    assert "– Ben, Rose Bakery" in write_letter(with_mail(house, 1), ANA, NOW).text


def test_a_name_that_imitates_the_brand_is_marked(house: House, complain: Complain) -> None:
    complain(name="Rоse Bаkery ✔ Support")  # two of its letters are Cyrillic
    letter = write_letter(with_mail(house, 1), ANA, NOW)
    assert "Support (not you) on" in letter.text
    assert "(not you)" in letter.html
    complain(name="Rosemary Baker")
    assert write_letter(with_mail(house, 1), ANA, NOW).text.count("(not you)") == 1


def test_a_case_without_a_proposal_says_so(house: House, complain: Complain) -> None:
    complain(proposal=None)
    letter = write_letter(with_mail(house, 1), ANA, NOW)
    assert "No answer is proposed yet." in letter.html
    assert "No answer is proposed yet." in letter.text


def test_everything_else_takes_two_lines(house: House, complain: Complain) -> None:
    complain()
    lines = write_letter(with_mail(house, 1), ANA, NOW).text.splitlines()
    at = lines.index("Nothing else needs you.")
    assert lines[at + 1].startswith("So far: 1 mention read, 0 answered")


def test_the_page_of_a_mail_calls_nothing_and_holds_no_form(house: House, complain: Complain) -> None:
    complain()
    html = write_letter(with_mail(house, 1), ANA, NOW).html
    page = html5lib.parse(html, namespaceHTMLElements=False)
    assert not [one for name in ("form", "script", "img", "link", "iframe", "input") for one in page.iter(name)]
    assert {one.attrib["href"].partition("/cases")[0] for one in page.iter("a")} == {
        "http://127.0.0.1:8420",
        "http://127.0.0.1:8420/",
    }
    assert "prefers-color-scheme: dark" in html


class Guarded:
    """A mail server that asks for a password."""

    def __call__(self, _server: SMTP, _session: Session, _envelope: Envelope, _how: str, data: object) -> AuthResult:
        """Let in whoever knows it."""
        right = isinstance(data, LoginPassword) and data.password == b"open sesame"
        return AuthResult(success=right, handled=False)


@pytest.fixture
def guarded() -> Iterator[int]:
    """The port of a mail server that asks for a password."""
    port = free_port()
    controller = Controller(Mailbox(), hostname="127.0.0.1", port=port, authenticator=Guarded(), auth_require_tls=False)
    controller.start()
    yield port
    controller.stop()


def test_a_wrong_password_is_told_and_the_right_one_lets_us_in(guarded: int) -> None:
    mail = Mail(host="127.0.0.1", port=guarded, security="none", sender="a@x.example", user="ana")
    check_server(mail, "open sesame")
    with pytest.raises(NotSent, match="AMENDS_MAIL_PASSWORD"):
        check_server(mail, "wrong")
    with pytest.raises(NotSent, match="password is missing"):
        check_server(mail, None)


@pytest.mark.parametrize(
    ("security", "words"), [("starttls", "does not offer"), ("tls", "no protected connection|hung up|no connection")]
)
def test_a_server_without_protection_is_not_trusted_with_a_mail(
    mailbox: tuple[Mailbox, int], security: str, words: str
) -> None:
    box, port = mailbox
    mail = Mail.model_validate({"host": "127.0.0.1", "port": port, "security": security, "sender": "a@x.example"})
    with pytest.raises(NotSent, match=words):
        send_mail(
            write_mail(Letter("Amends: hello", "", "", 0), "a@x.example", ANA, "<1@x.invalid>", NOW),
            "a@x.example",
            ANA,
            mail,
            None,
        )
    assert box.mails == []


def test_the_links_of_a_mail_come_from_the_settings_alone(settings: Settings, house: House, complain: Complain) -> None:
    complain()
    house.settings = settings.model_copy(
        update={"service": settings.service.model_copy(update={"address": "https://inbox.rosebakery.example"})}
    )
    letter = write_letter(house, ANA, NOW)
    assert "https://inbox.rosebakery.example/cases/" in letter.html
    assert "127.0.0.1" not in letter.html + letter.text
