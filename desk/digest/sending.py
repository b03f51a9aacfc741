"""Sends the digests that are due: one per recipient and local date, claimed in the base before the mail server is asked."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import structlog

from desk.digest.due import due_date
from desk.digest.letter import write_letter
from desk.digest.post_office import NotSent, send_mail, write_mail
from desk.secret import find_secret
from storage.views import Digest

if TYPE_CHECKING:
    from desk.wiring import House

EVERY_BRAND = "*"

_log = structlog.get_logger()


def send_due(house: House, now: datetime) -> int:
    """Send today's digest to everybody who has not had it yet; how many went out. A failure waits for its next try."""
    settings = house.settings
    if not settings.mail.host or not settings.digest.to:
        return 0
    day = due_date(now, settings.digest.at, ZoneInfo(settings.digest_zone))
    return sum(_send_one(house, recipient, day, now) for recipient in settings.digest.to) if day else 0


def _send_one(house: House, recipient: str, day: date, now: datetime) -> bool:
    digest = house.casebook.digests.claim(EVERY_BRAND, recipient, day, now)
    if digest is None:
        return False
    try:
        sent = _deliver(house, digest, now)
    except NotSent as failure:
        house.casebook.digests.failed(digest.id, failure.why, now)
        _log.warning("the digest was not sent and will be tried again", tries=digest.tries, why=failure.why)
        return False
    except BaseException:
        house.casebook.digests.failed(digest.id, "the digest could not be written; the log says why", now)
        raise
    house.casebook.digests.sent(digest.id, now)
    return sent


def _deliver(house: House, digest: Digest, now: datetime) -> bool:
    """Whether a mail went out: on a day with nothing to say there is none, and the day is done all the same."""
    settings = house.settings
    letter = write_letter(house, digest.recipient, now)
    if not letter.waiting and not letter.blind and not settings.digest.when_empty:
        return False
    mail = write_mail(letter, settings.mail.sender, digest.recipient, digest.message_id, now)
    send_mail(mail, settings.mail.sender, digest.recipient, settings.mail, find_secret("MAIL_PASSWORD", house.environ))
    return True
