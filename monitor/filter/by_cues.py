"""Judging by cues alone: where the first look's weights are missing, and of texts so short that a plain cue is all there is to go by."""

from __future__ import annotations

import math

from monitor.filter.heard import Heard
from monitor.filter.ruling import Ruling
from monitor.filter.weighing import Weighed
from storage.words import Kind, Reason

LINE = 1.0
"""Weight from which a text is a complaint: one plain cue."""
LINE_AFTER_GOOD_RATING = 2.4
"""With 4 or 5 stars of 5 it takes more than one cue, however strong."""
GOOD_RATING = 4
FEW_WORDS = 12
"""Texts with no more words say too little by their letters; hardly any of the texts that we learn from is so short."""
_I_TAKES = 1.5  # from advertising, where somebody speaks of himself

_STEEPNESS = 1.6  # of the curve from weight to probability: one strong cue is .83, the line itself .5
_GLAD = 0.2  # of mood: "sorted, thanks" is praise, "it came in the end" is not


def judge_by_cues(heard: Heard) -> Ruling:
    """What cues and VADER say."""
    return _spam_or_news(heard) or _resolved(heard) or _by_words(heard)


def plain_trouble(heard: Heard) -> float:
    """The share of a complaint in a short text with a plain cue of trouble that nothing speaks against; else 0."""
    weighed = heard.weighed
    if len(heard.text.keys) + len(heard.title.keys) > FEW_WORDS:
        return 0.0
    if not (weighed.of("complaint") or weighed.of("safety")):
        return 0.0
    if any(weighed.of(sort) for sort in ("question", "resolved", "fine")) or _sells(weighed) >= heard.trouble():
        return 0.0
    share = _probability(heard.trouble() - _line(heard))
    return share if share >= 0.5 else 0.0


def _sells(weighed: Weighed) -> float:
    """The weight of advertising and reporting. Who speaks of himself ("I", "my") is a customer, unless it is thick."""
    return weighed.sum("spam") + weighed.sum("news") - (_I_TAKES if weighed.speaks_alone else 0.0)


def _line(heard: Heard) -> float:
    return LINE_AFTER_GOOD_RATING if heard.rating >= GOOD_RATING else LINE


def _spam_or_news(heard: Heard) -> Ruling | None:
    """Advertising and reporting. Who speaks of himself ("I", "my") is a customer, unless the advertising is thick."""
    weighed = heard.weighed
    trouble = weighed.sum("complaint")
    spam, news = weighed.sum("spam"), weighed.sum("news")
    if weighed.speaks_alone or weighed.of("question"):
        spam -= _I_TAKES
    if spam >= 2.0 and spam > trouble:
        return Ruling(Kind.SPAM, _probability(spam - 1.0), heard.why("spam"))
    if news >= 2.0 and not weighed.first_person and not heard.rating and news * 2 > trouble:
        return Ruling(Kind.NEWS, _probability(news - 1.0), heard.why("news"))
    return None


def _resolved(heard: Heard) -> Ruling | None:
    """ "Fixed, thanks!": the trouble is over, told after it and with thanks or in an edit."""
    weighed = heard.weighed
    resolved = weighed.of("resolved")
    if not resolved or weighed.of("unresolved") or weighed.of("safety"):
        return None
    last = max((told.in_title is False, told.hit.last) for told in resolved)
    later = [
        told
        for told in weighed.of("complaint")
        if told.weight > 1.0 and (told.in_title is False, told.hit.first) > last
    ]
    glad = weighed.of("praise") or weighed.comes_back or weighed.sum("complaint") < LINE
    if later or not glad:
        return None
    return Ruling(Kind.PRAISE if heard.mood() > _GLAD else Kind.CHATTER, 0.8, heard.why("resolved"))


def _by_words(heard: Heard) -> Ruling:
    weighed = heard.weighed
    share = _probability(heard.trouble() - _line(heard))
    rated = heard.rating_reason()
    if share >= 0.5 and (weighed.of("complaint") or weighed.of("safety")):
        return Ruling(Kind.COMPLAINT, share, (*rated, *heard.why("complaint", "safety", "legal"), *heard.mood_reason()))
    if weighed.of("question") or (("?" in heard.whole) and not weighed.of("praise")):
        asked = heard.why("question") or (Reason("question_mark", "Asks something"),)
        return Ruling(Kind.QUESTION, 1 - share, asked)
    if weighed.sum("praise") >= 0.6 or heard.rating >= GOOD_RATING:
        return Ruling(Kind.PRAISE, 1 - share, (*rated, *heard.why("praise", "fine")))
    return Ruling(Kind.CHATTER, 1 - share, rated)


def _probability(over: float) -> float:
    """From weight over the line to 0..1, by the logistic curve."""
    return 1 / (1 + math.exp(-_STEEPNESS * max(min(over, 20.0), -20.0)))
