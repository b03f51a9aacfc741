"""Silence is told: above the inbox, on top of the digest, by mail at once, and to machines, with its reason and what to do."""

from __future__ import annotations

from datetime import timedelta
from typing import cast

import pytest

from desk.alerts.letter import write_alert
from desk.alerts.sending import SETTLING_IN, send_alerts
from desk.digest.sending import send_due
from desk.freshness import Silence, by_site, recent_windows, silences, tell_window
from desk.wiring import House, learn_accounts
from places.doors import Publisher, Source, Unavailable
from storage.words import Batch, Cause
from tests.desk.conftest import NOW, Complain
from tests.desk.test_digest_mail import ANA, Mailbox, free_port, text_of, with_mail
from tests.desk.test_digest_mail import mailbox as mailbox  # noqa: PLC0414 - a fixture
from tests.monitor.shop import Ourselves, Shelf

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
MENTIONS, SEARCH = "x:mentions:rosebakery", "x:search:rosebakery"


@pytest.fixture
def listening(house: House) -> House:
    """The house reads two sources of X since an hour ago."""
    sources = {key: cast("Source", Shelf(key)) for key in (MENTIONS, SEARCH)}
    house.sources, house.opened_at = sources, NOW - HOUR
    for key in sources:
        house.casebook.sources.ensure(key, "rosebakery", "x", 2 * MINUTE, NOW - HOUR)
        see(house, key, -60)
    return house


def see(house: House, key: str, at_minute: float, *, gap: bool = False) -> None:
    """A source is read so many minutes after the beginning."""
    now = NOW + at_minute * MINUTE
    house.casebook.sources.poll_now(now)
    claimed = house.casebook.sources.claim(key, now)
    assert claimed is not None
    house.casebook.rounds.record(key, claimed.fence, [], Batch((), "c", gap=gap), now)


def fail(house: House, key: str, at_minute: float, why: str, cause: Cause) -> None:
    """A source cannot be read; it is tried again an hour later."""
    now = NOW + at_minute * MINUTE
    house.casebook.sources.poll_now(now)
    claimed = house.casebook.sources.claim(key, now)
    assert claimed is not None
    house.casebook.sources.failed(key, claimed.fence, why, now + HOUR, now, cause)


def told(house: House, at_minute: float = 0) -> list[str]:
    """What is told so many minutes after the beginning."""
    now = NOW + at_minute * MINUTE
    return [one.tell("Europe/Bucharest", now) for one in by_site(silences(house, now))]


def test_while_all_is_seen_nothing_is_told(listening: House) -> None:
    see(listening, MENTIONS, -1)
    see(listening, SEARCH, -1)
    assert told(listening) == []


@pytest.mark.parametrize(
    ("cause", "why", "expected"),
    [
        (Cause.KEY, "X refused the key. Make a new one and put it into AMENDS_X_BEARER_TOKEN.", "X refused the key. Make a new one and put it into AMENDS_X_BEARER_TOKEN. Next try 09:30."),
        (Cause.KEY, "X refused the key", "X refused the key. This stays so until you act: put in a key that works and start Amends again. Next try 09:30."),
        (Cause.LIMIT, "X asks us to slow down.", "X asks us to slow down. It goes on by itself; you need not do anything. Next try 09:30."),
        (Cause.DOWN, "X did not answer.", "X did not answer. We keep trying. If the site works in your browser, amends doctor says more. Next try 09:30."),
        (Cause.OURS, "Reading it failed in a way we did not foresee (KeyError).", "Reading it failed in a way we did not foresee (KeyError). We keep trying. The log says what happened; please report it. Next try 09:30."),
    ],
)  # fmt: skip
def test_a_silence_has_its_reason_and_what_to_do(listening: House, cause: Cause, why: str, expected: str) -> None:
    see(listening, SEARCH, -1)
    fail(listening, MENTIONS, -30, why, cause)
    assert told(listening) == [f"We have not seen X since 08:00. {expected}"]


def test_a_source_that_nobody_looks_at_is_told_too(listening: House) -> None:
    assert told(listening) == [
        "We have not seen X since 08:00. Nobody has looked. Is the service that does the work running? amends doctor says more."
    ]


def test_a_silence_of_days_says_the_day(listening: House) -> None:
    (line,) = told(listening, 3 * 24 * 60)
    assert line.startswith("We have not seen X since Sun 22 Nov, 08:00.")


def test_two_sources_silent_for_one_reason_are_one_trouble_and_for_two_reasons_two(listening: House) -> None:
    fail(listening, MENTIONS, -30, "X did not answer.", Cause.DOWN)
    fail(listening, SEARCH, -30, "X did not answer.", Cause.DOWN)
    assert len(told(listening)) == 1
    fail(listening, SEARCH, -20, "X asks us to slow down.", Cause.LIMIT)
    assert len(told(listening)) == 2


def test_a_source_taken_out_of_the_settings_is_nobodys_business(listening: House) -> None:
    listening.sources = {SEARCH: listening.sources[SEARCH]}
    see(listening, SEARCH, -1)
    assert told(listening) == []


def test_a_site_whose_key_is_missing_is_told_as_long_as_it_is_wanted(listening: House) -> None:
    from dataclasses import replace

    listening.sources = {}
    assert told(listening) == []
    wanted = replace(listening.brands["rosebakery"], handles={"x": "rosebakery"})
    listening.brands = {"rosebakery": wanted}
    (line,) = told(listening)
    assert "A key is missing. This stays so until you act" in line


def test_an_approved_reply_that_does_not_go_out_is_told(house: House, complain: Complain) -> None:
    from storage.words import Reach, ReachHow

    case_id = complain(proposal=None)
    from storage.words import Audience, Draft, Purpose

    draft = Draft("We are sorry.", "en", Audience.PUBLIC, Purpose.ACKNOWLEDGE)
    proposal = house.casebook.proposals.store(case_id, 1, [draft], Reach(ReachHow.API, "."), NOW)[0]
    reply = house.casebook.replies.approve(proposal, 1, "command", NOW, hold=MINUTE)
    assert told(house, 29) == []
    assert told(house, 31) == [
        "An approved reply for Imported has been waiting since 09:00. Is the service that does the work running? amends doctor says more."
    ]
    house.casebook.replies.put_off(reply, "Waiting to look at the post once more: X did not answer.", NOW, NOW)
    assert told(house, 31) == [
        "An approved reply for Imported has been waiting since 09:00. Waiting to look at the post once more: X did not answer."
    ]


# The mail at once ------------------------------------------------------------------------------------------------------


def test_ana_is_told_at_once_and_once(listening: House, mailbox: tuple[Mailbox, int]) -> None:
    box, port = mailbox
    with_mail(listening, port)
    see(listening, SEARCH, -1)
    fail(listening, MENTIONS, -30, "X refused the key. Make a new one.", Cause.KEY)
    assert [send_alerts(listening, NOW + step * MINUTE) for step in range(9)].count(1) == 1
    ((envelope, mail),) = box.mails
    assert envelope.rcpt_tos == [ANA]
    assert mail["Subject"] == "Amends: we cannot see X"
    for kind in ("plain", "html"):
        body = text_of(mail, kind)
        assert "We have not seen X since 08:00. X refused the key. Make a new one." in body
        assert "http://127.0.0.1:8420/sources" in body


def test_what_a_site_said_cannot_reach_the_mails_head_or_run_in_its_body(
    listening: House, mailbox: tuple[Mailbox, int]
) -> None:
    box, port = mailbox
    with_mail(listening, port)
    fail(listening, MENTIONS, -30, "=?utf-8?q?=0A?=Bcc: x\r\n<script>alert(1)</script>\u202e", Cause.DOWN)
    assert send_alerts(listening, NOW) == 1
    ((envelope, mail),) = box.mails
    assert set(mail.keys()) == {"Subject", "From", "To", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type"}  # fmt: skip
    assert envelope.rcpt_tos == [ANA]
    assert "<script" not in text_of(mail, "html")
    assert "\u202e" not in text_of(mail, "html") + text_of(mail, "plain")


def test_what_falls_silent_together_is_one_mail(listening: House, mailbox: tuple[Mailbox, int]) -> None:
    box, port = mailbox
    with_mail(listening, port)
    fail(listening, MENTIONS, -30, "X asks us to slow down.", Cause.LIMIT)
    fail(listening, SEARCH, -30, "X did not answer.", Cause.DOWN)
    assert send_alerts(listening, NOW) == 1
    ((_, mail),) = box.mails
    assert "slow down" in text_of(mail, "plain")
    assert "did not answer" in text_of(mail, "plain")


def test_a_mail_server_that_is_down_is_asked_again_with_the_same_id(
    listening: House, mailbox: tuple[Mailbox, int]
) -> None:
    box, port = mailbox
    with_mail(listening, port)
    fail(listening, MENTIONS, -30, "X did not answer.", Cause.DOWN)
    box.answer = "451 later"
    assert send_alerts(listening, NOW) == 0
    assert send_alerts(listening, NOW + MINUTE / 2) == 0, "not hammered"
    box.answer = "250 OK"
    assert send_alerts(listening, NOW + 3 * MINUTE) == 1
    assert len(box.mails) == 1


def test_after_a_start_what_nobody_tried_yet_is_no_news(listening: House, mailbox: tuple[Mailbox, int]) -> None:
    box, port = mailbox
    with_mail(listening, port)
    listening.opened_at = NOW
    assert send_alerts(listening, NOW) == 0
    assert send_alerts(listening, NOW + SETTLING_IN + MINUTE) == 1
    assert len(box.mails) == 1


def test_without_a_mail_server_nothing_breaks(listening: House) -> None:
    assert send_alerts(listening, NOW) == 0
    with_mail(listening, free_port())
    assert send_alerts(listening, NOW) == 0


def test_the_subject_names_what_is_wrong_in_our_own_words(house: House) -> None:
    def subject(*found: Silence) -> str:
        return write_alert(house, found, NOW).subject

    x = Silence("a", "rosebakery", "X", NOW, Cause.DOWN, "")
    assert subject(x, Silence("b", "rosebakery", "Reddit", NOW, Cause.DOWN, "")) == "Amends: we cannot see Reddit and X"
    assert (
        subject(Silence("c", "rosebakery", "X", NOW, Cause.DOWN, "", replies=2))
        == "Amends: 2 approved replies not sent yet"
    )
    assert subject(Silence("d", "rosebakery", "=?utf-8?q?x?=", NOW, Cause.DOWN, "")) == "Amends: we cannot see 1 site"
    assert (
        subject(x, Silence("e", "rosebakery", "X", NOW, Cause.DOWN, "", replies=1))
        == "Amends: we cannot see X, and 1 approved reply not sent yet"
    )


# The digest and the windows --------------------------------------------------------------------------------------------


def test_a_digest_in_which_nobody_waits_still_goes_out_when_we_are_blind(
    listening: House, mailbox: tuple[Mailbox, int]
) -> None:
    box, port = mailbox
    with_mail(listening, port)
    fail(listening, MENTIONS, -30, "X did not answer.", Cause.DOWN)
    assert send_due(listening, NOW) == 1
    ((_, mail),) = box.mails
    body = text_of(mail, "plain")
    assert body.index("We have not seen X since 08:00. X did not answer.") < body.index("So far:")


def test_a_window_that_is_over_is_told_in_the_digest_of_the_day(
    listening: House, mailbox: tuple[Mailbox, int], complain: Complain
) -> None:
    box, port = mailbox
    with_mail(listening, port)
    complain()
    fail(listening, MENTIONS, -50, "X asks us to slow down.", Cause.LIMIT)
    see(listening, MENTIONS, -1)
    see(listening, SEARCH, -1)
    assert send_due(listening, NOW) == 1
    ((_, mail),) = box.mails
    for kind in ("plain", "html"):
        body = text_of(mail, kind).replace("&#39;", "'")
        assert (
            "We couldn't see X from 08:00 to 08:59: the limit was reached. What was written then has been read since."
            in body
        )


def test_a_gap_is_told_as_a_gap(listening: House) -> None:
    see(listening, MENTIONS, -58, gap=True)
    (window,) = recent_windows(listening, NOW)
    assert tell_window(listening, window, "UTC", NOW) == (
        "We couldn't see X from 06:00 to 06:02: the limit was reached. "
        "Some of what was written then may be missing, because the site shows no further back."
    )
    assert recent_windows(listening, NOW + 25 * HOUR) == ()


def test_a_place_that_does_not_say_who_we_are_is_asked_ever_less_often(house: House) -> None:
    ourselves = Ourselves(Unavailable("X asks us to slow down."))
    house.publishers = {("rosebakery", "x"): cast("Publisher", ourselves)}
    for minute in range(24 * 60):
        learn_accounts(house, NOW + minute * MINUTE)
    assert 10 <= ourselves.asked <= 24
    before = ourselves.asked
    learn_accounts(house, NOW - 30 * 24 * HOUR)
    assert ourselves.asked == before + 1, "a clock set back does not make it wait for a month"
