"""judge(): what a post is, how sure we are, how urgent it is, and the words that told us so.

Rules come first, where rules are right; then the first look weighs letters, cues and VADER together. Pure: the same post, brand and data
files give the same verdict, on any machine. Followers never count.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from monitor.filter import cues
from monitor.filter.by_both import judge_by_both
from monitor.filter.by_cues import judge_by_cues
from monitor.filter.by_look import COMPLAINT, judge_by_look
from monitor.filter.first_look import first_look
from monitor.filter.heads import softmax
from monitor.filter.heard import Heard, hear
from monitor.filter.learned import AS_SHIPPED, Learned
from monitor.filter.rules import RULES
from monitor.filter.ruling import Ruling
from monitor.filter.second_look import second_look
from monitor.filter.topics import find_topic
from monitor.filter.urgency import is_sensitive, rate_urgency
from storage.words import Brand, Kind, Post, Reason, Topic, Verdict

_WORTH_ASKING = 0.03
"""The first look's share of a complaint from which a second look is worth its time."""
_NOTHING = (Reason("nothing", "Nothing in it asks for an answer"),)


def judge(post: Post, brand: Brand, learned: Learned = AS_SHIPPED) -> Verdict:
    """What the filter says of a post that a source of `brand` brought, with what the brand has taught it.

    Never raises on text, however hostile; reads at most MOST_JUDGED code points of text and of title. `reasons` mark words in
    `post.text`; those that stand in the title have no place to mark (0, 0). At least one reason is always given.
    """
    (verdict,) = judge_page([post], brand, learned)
    return verdict


def judge_page(posts: Sequence[Post], brand: Brand, learned: Learned = AS_SHIPPED) -> list[Verdict]:
    """The same for a page of posts, which is much quicker than one by one."""
    page = hear(posts, brand)
    rulings = [_by_rules(heard) for heard in page]
    undecided = [heard for heard, ruling in zip(page, rulings, strict=True) if ruling is None]
    looked = iter(_by_words(undecided, learned))
    settled = [(heard, ruling or next(looked)) for heard, ruling in zip(page, rulings, strict=True)]
    return [_give(*one, topic) for one, topic in zip(settled, _find_topics(settled), strict=True)]


def judge_page_again(posts: Sequence[Post], brand: Brand, learned: Learned = AS_SHIPPED) -> list[Verdict | None]:
    """What both looks together say of a page of posts: later verdicts, of stage 2. Slow: `make bench` says how slow.

    None for those that a rule decides: there is nothing to look at again. Raises WeightsDamaged where one of the looks cannot be had.
    """
    first, second = first_look(), second_look()
    page = hear(posts, brand)
    undecided = [heard for heard in page if _by_rules(heard) is None]
    rulings, deep = judge_by_both(undecided, first, second, learned) if undecided else ([], None)
    if deep is None:
        return [None] * len(page)
    version = f"{first.version}+{second.version}"
    verdicts = iter(
        [
            replace(
                _give(heard, ruling, _topic_of(heard, ruling, topics), version, severities),
                stage=2, vector=vector.tobytes(), ask_again=False,
            )
            for heard, ruling, topics, severities, vector in zip(
                undecided, rulings, softmax(deep.topics).tolist(), softmax(deep.severities).tolist(),
                deep.vectors.astype("<f2"), strict=True,
            )
        ]
    )  # fmt: skip
    waiting = {id(heard) for heard in undecided}
    return [next(verdicts) if id(heard) in waiting else None for heard in page]


def _by_rules(heard: Heard) -> Ruling | None:
    return next((ruling for rule in RULES if (ruling := rule(heard)) is not None), None)


def _by_words(page: Sequence[Heard], learned: Learned) -> list[Ruling]:
    if any(heard.glance is None for heard in page):
        return [judge_by_cues(heard) for heard in page]
    return judge_by_look(page, first_look(), learned) if page else []


def _find_topics(settled: Sequence[tuple[Heard, Ruling]]) -> list[Topic]:
    """What each is about, by what its letters say of it and its cues."""
    complaints = [heard for heard, ruling in settled if ruling.kind is Kind.COMPLAINT]
    cuts = [heard.glance.words for heard in complaints if heard.glance is not None]
    shares: list[list[float]] = [[]] * len(complaints)
    if cuts and len(cuts) == len(complaints):
        shares = first_look().find_topics(cuts).tolist()
    left = iter(shares)
    return [_topic_of(heard, ruling, next(left) if ruling.kind is Kind.COMPLAINT else ()) for heard, ruling in settled]


def _topic_of(heard: Heard, ruling: Ruling, shares: Sequence[float]) -> Topic:
    return find_topic(heard.weighed, shares) if ruling.kind is Kind.COMPLAINT else Topic.OTHER


def _give(heard: Heard, ruling: Ruling, topic: Topic, version: str = "", severities: Sequence[float] = ()) -> Verdict:
    """A ruling as a verdict, with its urgency."""
    is_complaint = ruling.kind is Kind.COMPLAINT
    urgency = 1
    if is_complaint:
        by_look = rate_urgency(heard.weighed, heard.post, heard.trouble(), topic, severities)
        urgency = max(by_look, ruling.urgency or 1)
    return Verdict(
        kind=ruling.kind,
        probability=round(min(max(ruling.share, 0.01), 0.99), 3),
        language=heard.language,
        mood=round(heard.mood() if ruling.mood is None else ruling.mood, 3),
        topic=topic,
        urgency=urgency,
        reasons=ruling.reasons or _NOTHING,
        sensitive=is_sensitive(heard.weighed, ruling.kind, topic),
        model_version=version or _version(ruling),
        shares=ruling.shares,
        unhappy=ruling.unhappy,
        ask_again=bool(ruling.shares) and ruling.shares[COMPLAINT] >= _WORTH_ASKING,
    )


def _version(ruling: Ruling) -> str:
    """Which cues judged, and which first look where it was asked."""
    return f"{cues.version()}+{first_look().version}" if ruling.shares else cues.version()
