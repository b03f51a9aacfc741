"""The outbox: approved replies go out, uncertain ones are looked for, unwanted ones are taken down.

The order of every posting is: look at what it answers once more, claim (committed, payload frozen), one request, settle under the
claim's fence. A process that dies anywhere in between leaves a reply in `sending`; whoever finds it looks before anything else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from places.doors import (
    NeedsPerson,
    Place,
    Publisher,
    Refused,
    Repeat,
    Unavailable,
    Unsure,
)
from storage.casebook import Casebook, DueReply
from storage.casebook.removals import Removal
from storage.engine import BaseUnavailable
from storage.lifecycle import MovedOn
from storage.words import Posted, Reply

log = structlog.get_logger(__name__)

FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=1)
LONGEST_PUT_OFF = timedelta(hours=2)
"""How long at most between two tries to look at the answered post: with polling, at most 60 requests a day at a place's limit."""
"""Between tries of a reply that could not go out: doubled each time up to an hour, unless the platform names its own time."""

PERSON_WAIT = timedelta(minutes=15)
"""How long a reply waits before another try when somebody must act first (a key, credits)."""

LONGEST_TOLD = timedelta(days=1)
"""A site that asks for more is asked again after a day all the same: what is planned farther ahead is taken for another clock's."""

CLAIM_HOLDS = timedelta(seconds=30)
"""How old a claim may be when the request begins. A machine that slept in between must not post what another has taken over."""

MOST_ATTEMPTS_AFTER_LOOKING = 2
"""A reply that twice vanished without a trace is for a person (reliability.md: one automatic retry on Reddit)."""


@dataclass(frozen=True, slots=True)
class Outbox:
    """What posting needs. `look_again` brings the answered post up to date in the casebook, and raises Unavailable."""

    casebook: Casebook
    places: Mapping[str, Place]
    publishers: Mapping[tuple[str, str], Publisher]
    look_again: Callable[[DueReply, datetime], None]
    clock: Callable[[], datetime]


def post_due(outbox: Outbox, account: tuple[str, str] | None = None) -> int:
    """Post every reply whose hold is over; gives how many went up. One failing reply never stops the others.

    `account` (a brand's key and a place): only this one's, where others see to the rest.
    """
    dues = outbox.casebook.replies.due(outbox.clock(), account=account)
    if dues:
        outbox.casebook.can_write()  # or nothing could be claimed, and the sites would be looked at for nothing, at every tick
    return sum(_post(outbox, due) for due in dues)


def _post(outbox: Outbox, due: DueReply) -> bool:
    publisher = outbox.publishers.get((due.brand, due.place))
    if publisher is None:
        _put_off(outbox, due, f"No account is connected for {due.place}. Connect one, or post it by hand.")
        return False
    if not _still_stands(outbox, due):
        return False
    reply = outbox.casebook.replies.claim(due.id, outbox.clock())
    if reply is None:
        return False
    try:
        return _send(outbox, publisher, reply)
    except MovedOn as moved:
        log.warning("a reply was settled by another process", reply=reply.id, why=moved.why)
        return False


def _still_stands(outbox: Outbox, due: DueReply) -> bool:
    """Look at the answered post once more. What changed moves the case's turn, and the claim then refuses."""
    try:
        outbox.look_again(due, outbox.clock())
    except Unavailable as away:
        _put_off(outbox, due, f"Waiting to look at the post once more: {away.why}", away)
        return False
    except BaseUnavailable:
        raise
    except Exception as error:
        log.exception("the post could not be looked at once more", reply=due.id)
        _put_off(outbox, due, f"The post could not be looked at once more: {type(error).__name__}.")
        return False
    return True


def _put_off(outbox: Outbox, due: DueReply, why: str, away: Unavailable | None = None) -> None:
    now = outbox.clock()
    told = away.retry_at if away is not None else None
    least = PERSON_WAIT if isinstance(away, NeedsPerson) or away is None else FIRST_WAIT
    # Ever longer, without anything to remember: as long again as it has waited since the yes.
    wait = max(least, min(now - due.approved_at, LONGEST_PUT_OFF))
    outbox.casebook.replies.put_off(due.id, why, max(_told(told, now) or now, now + wait), now)


def _send(outbox: Outbox, publisher: Publisher, reply: Reply) -> bool:
    replies, settle = outbox.casebook.replies, _settle(outbox, reply.place)
    begun = outbox.clock()
    if begun - reply.sent_at > CLAIM_HOLDS:
        replies.put_back(reply.id, reply.fence, "The machine was asleep when this was due.", begun, begun)
        return False
    if reply.first_sent_at is not None and not _key_holds(outbox, reply, begun):
        why = "An earlier try may have arrived, too long ago for the site to know that this is the same answer."
        replies.unsure(reply.id, reply.fence, why, begun, begun)
        return False
    try:
        posted = publisher.post(reply, begun)
    except Refused as no:
        replies.refused(reply.id, reply.fence, no.why, outbox.clock(), by_hand=no.by_hand)
    except Unsure as unsure:
        now = outbox.clock()
        replies.unsure(reply.id, reply.fence, unsure.why, now + settle, now)
    except Unavailable as away:
        now = outbox.clock()
        replies.put_back(reply.id, reply.fence, away.why, _next_try(reply, away, now), now)
    except Exception as error:
        # We don't know how far it got, and a second post would be worse than a late one.
        log.exception("posting failed in a way we did not foresee", reply=reply.id)
        now = outbox.clock()
        why = f"Something unforeseen happened while posting ({type(error).__name__})."
        replies.unsure(reply.id, reply.fence, why, now + settle, now)
    else:
        replies.posted(reply.id, reply.fence, posted, outbox.clock())
        log.info("a reply was posted", reply=reply.id, place=reply.place)
        return True
    return False


def _next_try(reply: Reply, away: Unavailable, now: datetime) -> datetime:
    doublings: int = min(reply.attempt - 1, 10)
    first = PERSON_WAIT if isinstance(away, NeedsPerson) else FIRST_WAIT
    backed_off = now + min(first * (1 << doublings), LONGEST_WAIT)
    if away.retry_at is None:
        return backed_off
    # A place may reset every quarter of an hour and refuse each time; only its first refusals are taken at their word.
    return max(_told(away.retry_at, now) or now, backed_off)


def _told(retry_at: datetime | None, now: datetime) -> datetime | None:
    """When the platform said to come again, within LONGEST_TOLD."""
    return min(retry_at, now + LONGEST_TOLD) if retry_at is not None else None


def _settle(outbox: Outbox, place: str) -> timedelta:
    return outbox.places[place].capabilities.settle


def _key_holds(outbox: Outbox, reply: Reply, now: datetime) -> bool:
    """Whether the place still knows a repeat by its key. A clock that stands before the first try tells nothing: no."""
    lives = outbox.places[reply.place].capabilities.key_lives
    age = now - (reply.first_sent_at or reply.sent_at)
    return lives is None or timedelta(0) <= age < lives


def clock_was_set(outbox: Outbox, jump: timedelta) -> None:
    """The clock was set by `jump` (negative: back), or the machine slept: holds run on, and looks count when a settling time apart."""
    now = outbox.clock()
    outbox.casebook.clocks.was_set(jump, now)
    for place, known in outbox.places.items():
        outbox.casebook.replies.look_anew(place, now + known.capabilities.settle, now)


def look_due(outbox: Outbox) -> int:
    """Look for every reply we are unsure of, and for those a dead process left in `sending`; gives how many were found up."""
    replies = outbox.casebook.replies
    for reply in replies.stranded(outbox.clock()):
        _strand(outbox, reply)
    due = replies.to_look(outbox.clock())
    if due:
        outbox.casebook.can_write()  # or what is found could not be kept
    return sum(_look(outbox, reply, looks) for reply, looks in due)


def _strand(outbox: Outbox, reply: Reply) -> None:
    now = outbox.clock()
    look_at = max(now, reply.sent_at + _settle(outbox, reply.place))
    if look_at > now + _settle(outbox, reply.place):
        look_at = now + _settle(outbox, reply.place)  # sent under a clock that was ahead
    why = "The service stopped while this reply was going out."
    try:
        outbox.casebook.replies.unsure(reply.id, reply.fence, why, look_at, now)
    except MovedOn as moved:
        log.info("a reply was settled by another process", reply=reply.id, why=moved.why)


def _look(outbox: Outbox, reply: Reply, looks: int) -> bool:
    try:
        found = _find(outbox, _asked_for(outbox, reply, looks + 1))
        if found is not None:
            return outbox.casebook.replies.found(reply.id, reply.fence, found, outbox.clock())
        _nothing_there(outbox, reply, looks + 1)
    except Unavailable as away:
        now = outbox.clock()
        wait = _told(away.retry_at, now) or now + _settle(outbox, reply.place)
        outbox.casebook.replies.look_later(reply.id, reply.fence, wait, away.why, now)
    except MovedOn as moved:
        log.info("a reply was settled by another process", reply=reply.id, why=moved.why)
    except BaseUnavailable:
        raise
    except Exception as error:
        log.exception("looking for a reply failed", reply=reply.id)
        now = outbox.clock()
        why = f"Looking for the reply failed ({type(error).__name__})."
        outbox.casebook.replies.look_later(reply.id, reply.fence, now + PERSON_WAIT, why, now)
    return False


def _asked_for(outbox: Outbox, reply: Reply, looks: int) -> Reply:
    """The reply as this look asks for it: since the first try that may have arrived.

    The look before anything is posted again asks since the parent was written, by the platform's own clock: one of ours that was
    ahead at the time of the claim would hide what is there, and it would be posted twice.
    """
    since = reply.first_sent_at or reply.sent_at
    repeats = outbox.places[reply.place].capabilities.repeat is Repeat.AFTER_TWO_LOOKS
    if repeats and looks >= 2 and reply.parent_at is not None:
        since = min(since, reply.parent_at)
    return replace(reply, sent_at=since)


def _find(outbox: Outbox, reply: Reply) -> Posted | None:
    publisher = outbox.publishers.get((reply.brand, reply.place))
    if publisher is None:
        raise NeedsPerson(f"No account is connected for {reply.place} to look with.")
    return publisher.find(reply, outbox.clock())


def _nothing_there(outbox: Outbox, reply: Reply, looks: int) -> None:
    """A look found nothing: look once more, post once more where that is safe, or ask a person."""
    replies, now = outbox.casebook.replies, outbox.clock()
    title = outbox.places[reply.place].capabilities.title
    repeat = outbox.places[reply.place].capabilities.repeat
    keyed = repeat is Repeat.KEYED and _key_holds(outbox, reply, now)
    if not keyed and looks < 2:
        why = f"We looked on {title} once and did not see it yet."
        replies.not_found(reply.id, reply.fence, why, now + _settle(outbox, reply.place), now)
        return
    may_repeat = (keyed or repeat is Repeat.AFTER_TWO_LOOKS) and reply.attempt < MOST_ATTEMPTS_AFTER_LOOKING
    if may_repeat:
        why = f"We looked on {title} and it is not there."
        replies.not_found(reply.id, reply.fence, why, now, now)
        replies.try_again(reply.id, reply.fence, now, keyed=keyed)
        return
    why = f"We looked on {title} {looks} times and did not see it. Please look yourself and tell us."
    replies.not_found(reply.id, reply.fence, why, None, now)


def remove_due(outbox: Outbox) -> int:
    """Take down every reply whose taking down is due; gives how many are down."""
    removals = outbox.casebook.removals
    claimed = (removals.claim(reply_id, outbox.clock()) for reply_id in removals.due(outbox.clock()))
    return sum(_remove(outbox, removal) for removal in claimed if removal is not None)


def _remove(outbox: Outbox, removal: Removal) -> bool:
    removals = outbox.casebook.removals
    publisher = outbox.publishers.get((removal.brand, removal.place))
    if publisher is None:
        why = f"No account is connected for {removal.place}."
        removals.failed(removal.reply_id, removal.fence, why, None, outbox.clock())
        return False
    try:
        publisher.remove(removal.posted, outbox.clock())
        removals.removed(removal.reply_id, removal.fence, outbox.clock())
    except MovedOn as moved:
        log.info("a removal was settled by another process", reply=removal.reply_id, why=moved.why)
        return False
    except (Refused, Unsure, Unavailable) as failed:
        removals.failed(removal.reply_id, removal.fence, failed.why, _remove_again(outbox, failed), outbox.clock())
        return False
    except BaseUnavailable:
        raise
    except Exception as error:
        log.exception("taking a reply down failed", reply=removal.reply_id)
        now = outbox.clock()
        why = f"Something unforeseen happened ({type(error).__name__})."
        removals.failed(removal.reply_id, removal.fence, why, now + PERSON_WAIT, now)
        return False
    return True


def _remove_again(outbox: Outbox, failed: Refused | Unsure | Unavailable) -> datetime | None:
    if isinstance(failed, Refused):
        return None
    # Removing twice is harmless, so an unsure removal is simply done again.
    now = outbox.clock()
    retry_at = _told(failed.retry_at, now) if isinstance(failed, Unavailable) else None
    return retry_at or now + FIRST_WAIT
