"""Proposals for a post that is stored nowhere."""

from __future__ import annotations

from responders.proposals import propose
from storage.views import CaseFile, CaseView, Customer, ThreadPost
from storage.words import Audience, Brand, CaseState, Draft, Kind, Length, Post, Purpose, Verdict

ROOM = 1_000
"""Characters, as for a place with room enough."""


def propose_for(post: Post, verdict: Verdict, brand: Brand) -> tuple[Draft, ...]:
    """What would be proposed, if the post is a complaint."""
    if verdict.kind is not Kind.COMPLAINT:
        return ()
    return propose(
        pretend_file(post, verdict, brand),
        brand,
        audience=Audience.PUBLIC,
        purpose=Purpose.ACKNOWLEDGE,
        measure=lambda text: Length(len(text), ROOM),
    )


def pretend_file(post: Post, verdict: Verdict, brand: Brand) -> CaseFile:
    """A case as it would be on the day it was raised."""
    complaint = ThreadPost(id=1, post=post, version=1, by="customer", deleted_at=None, edited=False)
    return CaseFile(
        case=CaseView(
            id=1,
            brand=brand.key,
            place=post.place,
            state=CaseState.OPEN,
            turn=1,
            urgency=verdict.urgency,
            topic=verdict.topic,
            language=verdict.language,
            sensitive=verdict.sensitive,
            opened_at=post.created_at,
            changed_at=post.created_at,
            snoozed_until=None,
            shop=None,
            customer_id=1,
            conversation_id=post.conversation_id,
            parked_why=None,
            thanked=False,
        ),
        customer=Customer(
            1, post.place, post.author.native_id, post.author.handle, post.author.name, do_not_contact=False
        ),
        thread=(complaint,),
        complaint=complaint,
        last=complaint,
        verdict=verdict,
        proposals=(),
        replies=(),
        earlier=(),
        history=(),
        resolution=None,
    )
