"""Sends the alerts that are due: one for each silence and recipient, claimed in the base before the mail server is asked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import structlog

from desk.alerts.letter import write_alert
from desk.digest.post_office import NotSent, send_mail, write_mail
from desk.freshness import Silence, silences
from desk.secret import find_secret
from storage.views import Alert

if TYPE_CHECKING:
    from desk.wiring import House

SETTLING_IN = timedelta(minutes=10)
"""After a start, what nobody has tried to read yet is no news: the first looks are on their way."""

_log = structlog.get_logger()


def send_alerts(house: House, now: datetime) -> int:
    """Tell everybody who gets the digest what has fallen silent; how many mails went out. A failure waits for its next try."""
    settings = house.settings
    if not settings.mail.host or not settings.digest.to:
        return 0
    found = [one for one in silences(house, now) if one.tried or now - house.opened_at > SETTLING_IN]
    return sum(_send_one(house, recipient, found, now) for recipient in settings.digest.to) if found else 0


def _send_one(house: House, recipient: str, found: Sequence[Silence], now: datetime) -> bool:
    """One mail for all that is new to this recipient. It has the first alert's Message-ID, so that a repeat is known as one."""
    alerts = house.casebook.alerts
    claimed: list[tuple[Silence, Alert]] = []
    for one in found:
        alert = alerts.claim(one.thing, one.since, recipient, now)
        if alert is not None:
            claimed.append((one, alert))
    if not claimed:
        return False
    try:
        _deliver(house, recipient, [one for one, _ in claimed], claimed[0][1].message_id, now)
    except NotSent as failure:
        for _, alert in claimed:
            alerts.failed(alert.id, failure.why, now)
        _log.warning("an alert was not sent and will be tried again", about=len(claimed), why=failure.why)
        return False
    for _, alert in claimed:
        alerts.sent(alert.id, now)
    _log.info("an alert was sent", about=[alert.thing for _, alert in claimed])
    return True


def _deliver(house: House, recipient: str, found: Sequence[Silence], message_id: str, now: datetime) -> None:
    settings = house.settings
    mail = write_mail(write_alert(house, found, now), settings.mail.sender, recipient, message_id, now)
    send_mail(mail, settings.mail.sender, recipient, settings.mail, find_secret("MAIL_PASSWORD", house.environ))
