"""Proposing for every case whose turn has no proposal yet: how it can be reached, what the reply is for, and what to say."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import structlog

from places.doors import Place, Publisher
from responders.proposals import propose
from storage.casebook import Casebook
from storage.engine import BaseUnavailable
from storage.lifecycle import MovedOn
from storage.reading import Reading
from storage.views import CaseFile
from storage.words import Audience, Brand, Length, Purpose, Reach, ReachHow, ReplyState

log = structlog.get_logger(__name__)

AT_ONCE = 100
"""Cases taken up in one go. More than a tick can meet, so that a few that fail again and again keep no other case waiting."""

UNKNOWN_LIMIT = 2_000
"""Characters allowed on a site that we know nothing of; the review sites we looked at take at least that."""

SAID = frozenset({ReplyState.POSTED, ReplyState.SENDING, ReplyState.UNCERTAIN})
"""Replies that the customer has read, or may have read: what comes next follows up."""


def propose_due(
    casebook: Casebook,
    reading: Reading,
    places: Mapping[str, Place],
    publishers: Mapping[tuple[str, str], Publisher],
    brands: Mapping[str, Brand],
    now: datetime,
) -> int:
    """Store proposals for the open cases whose present turn has none; gives how many cases got theirs.

    A case that fails is logged and tried again at the next tick; it never stops the others. Raises BaseUnavailable.
    """
    done = 0
    for case_id in casebook.proposals.due(now, limit=AT_ONCE):
        try:
            done += propose_one(casebook, reading, places, publishers, brands, case_id, now)
        except BaseUnavailable:
            raise
        except Exception:
            log.exception("no proposal could be made for a case", case=case_id)
    return done


def propose_one(
    casebook: Casebook,
    reading: Reading,
    places: Mapping[str, Place],
    publishers: Mapping[tuple[str, str], Publisher],
    brands: Mapping[str, Brand],
    case_id: int,
    now: datetime,
) -> bool:
    """Store proposals for one case; False when it is gone, of a brand we no longer have, moved on, or has its proposals already."""
    file = reading.case(case_id)
    brand = brands.get(file.case.brand) if file else None
    if file is None or brand is None:
        return False
    place = places.get(file.case.place)
    drafts = propose(
        file,
        brand,
        audience=Audience.PUBLIC,
        purpose=purpose_of(file),
        measure=lambda text: _measure(place, text),
    )
    try:
        casebook.proposals.store(case_id, file.case.turn, drafts, reach_of(file, places, publishers), now)
    except (
        MovedOn
    ):  # the customer wrote meanwhile, or another process was quicker: the next tick sees what is left to do
        log.debug("the case moved on while its proposal was written", case=case_id)
        return False
    return True


def purpose_of(file: CaseFile) -> Purpose:
    """What the next public reply is for: the first one acknowledges, every later one follows up."""
    answered = any(reply.state in SAID and reply.audience is Audience.PUBLIC for reply in file.replies)
    return Purpose.FOLLOW_UP if answered else Purpose.ACKNOWLEDGE


def reach_of(file: CaseFile, places: Mapping[str, Place], publishers: Mapping[tuple[str, str], Publisher]) -> Reach:
    """How the customer's newest post can be answered; by hand, with the reason, where we cannot post."""
    publisher = publishers.get((file.case.brand, file.case.place))
    if publisher is not None:
        return publisher.reach(file.last.post, Audience.PUBLIC)
    place = places.get(file.case.place)
    if place is not None and place.capabilities.by_hand:
        return Reach(ReachHow.BY_HAND, place.capabilities.by_hand)
    if place is not None and place.capabilities.posts:
        title = place.capabilities.title
        return Reach(ReachHow.BY_HAND, f"No account of yours on {title} is connected, so you post this one yourself.")
    return Reach(ReachHow.BY_HAND, "We cannot post on this site, so you copy the reply and post it there.")


def _measure(place: Place | None, text: str) -> Length:
    return place.measure(text, Audience.PUBLIC) if place else Length(len(text), UNKNOWN_LIMIT)
