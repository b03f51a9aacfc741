"""Two ways of posting that are wrong on purpose, for the self-check: the harness must catch the one doubling and the other losing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from desk.wiring import House
from places.doors import Refused, Unavailable, Unsure
from storage.words import Posted, Reply

log = structlog.get_logger(__name__)

ANY_LEASE = timedelta(days=1)
"""Whoever looks so far ahead takes every reply that is being sent for one that was left behind."""

Clock = Callable[[], datetime]


def post_again(house: House, clock: Clock) -> int:
    """Post what is due, and post again whatever is found in `sending`. It never looks whether the reply is up already.

    It adds the time to the text: a platform that refuses the same text twice must not be what saves us.
    """
    replies = house.casebook.replies
    found = replies.stranded(clock() + ANY_LEASE)
    claimed = (replies.claim(due.id, clock()) for due in replies.due(clock()))
    return sum(_post(house, reply, clock) for reply in (*found, *(one for one in claimed if one is not None)))


def _post(house: House, reply: Reply, clock: Clock) -> bool:
    publisher = house.publishers[reply.brand, reply.place]
    varied = replace(reply, text=f"{reply.text} ({clock():%H:%M:%S})", key=f"{reply.key}{clock():%H%M%S%f}"[-64:])
    try:
        posted = publisher.post(varied, clock())
    except (Refused, Unavailable, Unsure) as failed:
        log.info("naive: it is tried again", why=failed.why)
        return False
    house.casebook.replies.posted(reply.id, reply.fence, posted, clock())
    return True


def mark_first(house: House, clock: Clock) -> int:
    """Mark a reply as posted, and post it then: whoever dies in between, or hears an error, has lost it."""
    replies, done = house.casebook.replies, 0
    for due in replies.due(clock()):
        reply = replies.claim(due.id, clock())
        if reply is None:
            continue
        replies.posted(reply.id, reply.fence, Posted(None, None, clock()), clock())
        try:
            house.publishers[reply.brand, reply.place].post(reply, clock())
        except (Refused, Unavailable, Unsure) as failed:
            log.info("naive: it is forgotten", why=failed.why)
        done += 1
    return done
