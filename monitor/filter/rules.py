"""Rules come first, where rules are right: whom a post is about, who wrote it, stars, and what nobody here can read."""

from __future__ import annotations

from monitor.filter import naming
from monitor.filter.by_cues import GOOD_RATING
from monitor.filter.heard import Heard
from monitor.filter.language import MANY_WORDS, UNKNOWN, has_words, is_foreign
from monitor.filter.ruling import Ruling
from monitor.filter.urgency import TODAY
from storage.words import Kind, Reason

_SURE = 0.97
_BROUGHT_IN = ("paste", "import")
_BAD_STARS = 2


def not_us(heard: Heard) -> Ruling | None:
    """A namesake, our name within another word, or nothing that names us."""
    post, brand = heard.post, heard.brand
    namesake = naming.find_namesake(heard.title, heard.text, brand)
    if namesake is not None:
        return Ruling(Kind.NOT_US, 0.95, (namesake,))
    if not _must_name_us(heard) or naming.is_named(post, heard.title, heard.text, brand):
        return None
    inside = naming.find_inside(heard.text, brand)
    if inside is not None:
        return Ruling(Kind.NOT_US, 0.9, (inside,))
    if post.parent_id is not None:
        return None  # said in a conversation about us, which need not repeat our name
    return Ruling(Kind.NOT_US, 0.8, (Reason("not_named", f"It does not name {brand.name}"),))


def asked_for(heard: Heard) -> Ruling | None:
    """Words that the owner never wants to see, or one of which must be there. A post to our own account is always heard."""
    brand = heard.brand
    if not (brand.required or brand.forbidden) or not _must_name_us(heard):
        return None
    if naming.is_addressed(heard.post, heard.text, brand):
        return None
    forbidden = naming.find_words(brand.forbidden, heard.title, heard.text)
    if forbidden is not None and forbidden[1] is not None:
        return Ruling(Kind.NOT_US, 0.95, (forbidden[1],))
    if (
        brand.required
        and heard.post.parent_id is None
        and naming.find_words(brand.required, heard.title, heard.text) is None
    ):
        return Ruling(Kind.NOT_US, 0.85, (Reason("none_required", "It has none of the words that you ask for"),))
    return None


def _must_name_us(heard: Heard) -> bool:
    """A review with stars stands on our own page, and what the owner brought in himself is about us."""
    return not heard.rating and heard.post.place not in _BROUGHT_IN and bool(heard.brand.name)


def ours(heard: Heard) -> Ruling | None:
    """Our own posts, and posts that only pass on somebody else's."""
    if naming.is_own(heard.post, heard.brand):
        return Ruling(Kind.CHATTER, _SURE, (Reason("own_post", "We wrote this ourselves"),))
    if heard.post.is_repost:
        return Ruling(Kind.CHATTER, 0.95, (Reason("repost", "Only passes on somebody else's post"),))
    return None


def bad_stars(heard: Heard) -> Ruling | None:
    """One or two stars are a complaint, whatever the words."""
    if not 0 < heard.rating <= _BAD_STARS:
        return None
    return Ruling(Kind.COMPLAINT, _SURE, (*heard.rating_reason(), *heard.why("complaint", "safety", "legal")))


def unreadable(heard: Heard) -> Ruling | None:
    """A language that nobody here reads goes to the owner, who may; signs alone say nothing in any language."""
    if heard.language != UNKNOWN:
        return None
    if is_foreign(heard.whole) or len(heard.text.keys) + len(heard.title.keys) >= MANY_WORDS:
        reason = Reason("cannot_judge", "We cannot read this language; please have a look yourself")
        return Ruling(Kind.COMPLAINT, 0.5, (reason,), urgency=TODAY)
    if not has_words(heard.whole) and not any(heard.weighed.of(sort) for sort in ("complaint", "praise", "safety")):
        if heard.rating >= GOOD_RATING:
            return Ruling(Kind.PRAISE, _SURE, heard.rating_reason())
        return Ruling(Kind.CHATTER, 0.6, (Reason("no_words", "There are no words in it"),))
    return None


RULES = (not_us, asked_for, ours, bad_stars, unreadable)
"""In the order in which they are asked; the first that has an answer is right."""
