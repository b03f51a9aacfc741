"""How soon a complaint wants an answer, and whether it must be kept confidential."""

from __future__ import annotations

import re
from collections.abc import Sequence

from monitor.filter.folding import MOST_JUDGED
from monitor.filter.weighing import Weighed
from storage.words import Kind, Post, Topic

NOW, SOON, TODAY, CAN_WAIT = 4, 3, 2, 1

_FEWEST_CAPITALS = 12  # letters; "OMG" shouts nothing
_LIKELY = 0.5
"""Share of a severity from which it counts: 3 of 4 that the second look then calls the worst are."""
_GRAVE = 4.5  # weight of a text full of complaints
_LETTER: re.Pattern[str] = re.compile(r"[^\W\d_]")


def is_shouting(text: str) -> bool:
    """Whether most letters are capitals. Scripts without capitals (Telugu) never shout."""
    text = text[:MOST_JUDGED]
    if sum(map(str.isupper, text)) < _FEWEST_CAPITALS:
        return False
    letters: list[str] = _LETTER.findall(text)
    capitals = sum(map(str.isupper, letters))
    return capitals >= _FEWEST_CAPITALS and capitals * 10 >= len(letters) * 6


def rate_urgency(weighed: Weighed, post: Post, trouble: float, topic: Topic, severities: Sequence[float] = ()) -> int:
    """1 (can wait) .. 4 (now). Danger to people and threats of law are 4; anger and repetition raise; mildness lowers.

    `severities` are the second look's shares of 1..4, where it was asked: it only raises. What people ask for in public and how often they
    had to, not who they are: followers never count.
    """
    return max(_by_words(weighed, post, trouble, topic), _by_severity(severities))


def _by_severity(severities: Sequence[float]) -> int:
    if not severities:
        return CAN_WAIT
    if severities[NOW - 1] >= _LIKELY:
        return NOW
    return SOON if severities[NOW - 1] + severities[SOON - 1] >= _LIKELY else CAN_WAIT


def _by_words(weighed: Weighed, post: Post, trouble: float, topic: Topic) -> int:
    if topic is Topic.SAFETY:
        return NOW
    if any(told.weight > 1 for told in weighed.of("safety")) or any(
        told.topic == Topic.SAFETY for told in weighed.of("complaint")
    ):
        return NOW
    if weighed.of("legal"):
        return NOW
    signs = sum(
        (
            bool(weighed.of("anger")),
            bool(weighed.of("again")),
            is_shouting(post.text),
            trouble >= _GRAVE,
            "!!!" in post.text,
        )
    )
    if signs == 0:
        mild = bool(weighed.of("mild")) and post.rating not in (1, 2)
        return CAN_WAIT if mild else TODAY
    return SOON if signs < 3 else NOW


def is_sensitive(weighed: Weighed, kind: Kind, topic: Topic) -> bool:
    """Whether it tells of illness, injury or allergies: kept out of reports and forgotten early.

    A strong word is enough in any post; a faint one ("nuts", "hospital") only in a complaint, and so is what a complaint is about.
    """
    strong = any(told.weight > 1 for told in weighed.of("safety"))
    return strong or (kind is Kind.COMPLAINT and (topic is Topic.SAFETY or bool(weighed.of("safety"))))
