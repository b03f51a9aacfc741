"""judge(): what a post is, how sure we are, how urgent it is, and the words that told us so.

A first filter, meant to be replaced part by part: nothing outside asks for more than `judge`. It is pure: the same post,
brand and data files give the same verdict, on any machine, at any time. Followers never count.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from monitor.filter import cues, naming
from monitor.filter.folding import MOST_JUDGED, fold
from monitor.filter.language import cues_for, detect
from monitor.filter.mood import measure_mood
from monitor.filter.saying import Said, say_why
from monitor.filter.topics import find_topic
from monitor.filter.urgency import is_sensitive, rate_urgency
from monitor.filter.weighing import weigh
from storage.words import Brand, Kind, Post, Reason, Topic, Verdict

LINE = 1.0
"""Weight from which a text is a complaint: one plain cue."""
LINE_AFTER_GOOD_RATING = 2.4
"""With 4 or 5 stars of 5 it takes more than one cue, however strong."""
_STEEPNESS = 1.6  # of the curve from weight to probability: one strong cue is .83, the line itself .5
_PRAISE_TAKES = 0.2  # of its weight from the trouble; "lovely cake, but it came three hours late" stays a complaint
_MOST_PRAISE = 6.0
_VADER_ADDS = 0.8  # at a compound of -1; alone it stays under the line
_VADER_TAKES = 0.4  # at a compound of +1
_ASKING_TAKES = 1.2  # "can you fix a cracked screen?" names the trouble that is the trade
_STRONG = 2.0  # a strong cue, as weighed in the data files
_SURE = 0.97
_GLAD = 0.2  # of mood: "sorted, thanks" is praise, "it came in the end" is not


def judge(post: Post, brand: Brand) -> Verdict:
    """What the filter says of a post that a source of `brand` brought.

    Never raises on text, however hostile; reads at most MOST_JUDGED code points of text and of title. `reasons` mark words in
    `post.text`; those that stand in the title have no place to mark (0, 0). At least one reason is always given.
    """
    return _Judging(post, brand).judge()


@dataclass(slots=True)
class _Mood:
    value: float  # -1..1
    vader: float | None  # None outside English


class _Judging:
    """One post being judged; holds what several steps need."""

    def __init__(self, post: Post, brand: Brand) -> None:
        self.post = post
        self.brand = brand
        self.title = fold(post.title)
        self.text = fold(post.text)
        whole = f"{post.title}\n{post.text[:MOST_JUDGED]}" if post.title else post.text[:MOST_JUDGED]
        self.whole = whole
        self.language = detect(whole, [*self.title.keys, *self.text.keys], post.lang)
        self.weighed = weigh(self.title, self.text, cues_for(self.language))
        self.mood = self._find_mood()

    def judge(self) -> Verdict:
        for decide in (self._not_us, self._ours, self._spam_or_news, self._by_rating, self._resolved):
            verdict = decide()
            if verdict is not None:
                return verdict
        return self._by_words()

    # --- what is not the customer's voice ---------------------------------------------------------

    def _not_us(self) -> Verdict | None:
        namesake = naming.find_namesake(self.title, self.text, self.brand)
        if namesake is not None:
            return self._give(Kind.NOT_US, 0.95, (namesake,))
        if not self._must_name_us() or naming.is_named(self.post, self.title, self.text, self.brand):
            return None
        inside = naming.find_inside(self.text, self.brand)
        if inside is not None:
            return self._give(Kind.NOT_US, 0.9, (inside,))
        if self.post.parent_id is not None:
            return None  # said in a conversation about us, which need not repeat our name
        return self._give(Kind.NOT_US, 0.8, (Reason("not_named", f"It does not name {self.brand.name}"),))

    def _must_name_us(self) -> bool:
        """A review with stars stands on our own page, and what the owner brought in himself is about us."""
        return self.post.rating is None and self.post.place not in ("paste", "import") and bool(self.brand.name)

    def _ours(self) -> Verdict | None:
        if naming.is_own(self.post, self.brand):
            return self._give(Kind.CHATTER, _SURE, (Reason("own_post", "We wrote this ourselves"),))
        if self.post.is_repost:
            return self._give(Kind.CHATTER, 0.95, (Reason("repost", "Only passes on somebody else's post"),))
        return None

    def _spam_or_news(self) -> Verdict | None:
        """Advertising and reporting. Who speaks of himself ("I", "my") is a customer, unless the advertising is thick."""
        trouble = self.weighed.sum("complaint")
        spam, news = self.weighed.sum("spam"), self.weighed.sum("news")
        if self.weighed.speaks_alone or self.weighed.of("question"):
            spam -= 1.5
        if spam >= 2.0 and spam > trouble:
            return self._give(Kind.SPAM, _probability(spam - 1.0), self._why("spam"))
        if news >= 2.0 and not self.weighed.first_person and self.post.rating is None and news * 2 > trouble:
            return self._give(Kind.NEWS, _probability(news - 1.0), self._why("news"))
        return None

    # --- the customer -----------------------------------------------------------------------------

    def _by_rating(self) -> Verdict | None:
        rating = self.post.rating
        if rating is None or rating > 2:
            return None
        return self._complaint(_SURE, (self._rating_reason(), *self._why("complaint", "safety", "legal")))

    def _resolved(self) -> Verdict | None:
        """ "Fixed, thanks!": the trouble is over, told after it and with thanks or in an edit."""
        resolved = self.weighed.of("resolved")
        if not resolved or self.weighed.of("unresolved") or self.weighed.of("safety"):
            return None
        last = max((told.in_title is False, told.hit.last) for told in resolved)
        later = [
            told
            for told in self.weighed.of("complaint")
            if told.weight > 1.0 and (told.in_title is False, told.hit.first) > last
        ]
        glad = self.weighed.of("praise") or self.weighed.comes_back or self.weighed.sum("complaint") < LINE
        if later or not glad:
            return None
        kind = Kind.PRAISE if self.mood.value > _GLAD else Kind.CHATTER
        return self._give(kind, 0.8, self._why("resolved"))

    def _by_words(self) -> Verdict:
        trouble = self._trouble()
        line = LINE_AFTER_GOOD_RATING if (self.post.rating or 0) >= 4 else LINE
        probability = _probability(trouble - line)
        rated = (self._rating_reason(),) if self.post.rating is not None else ()
        if probability >= 0.5 and (self.weighed.of("complaint") or self.weighed.of("safety")):
            return self._complaint(
                probability, (*rated, *self._why("complaint", "safety", "legal"), *self._mood_reason())
            )
        if self.weighed.of("question") or (("?" in self.whole) and not self.weighed.of("praise")):
            asked = self._why("question") or (Reason("question_mark", "Asks something"),)
            return self._give(Kind.QUESTION, 1 - probability, asked)
        if self.weighed.sum("praise") >= 0.6 or (self.post.rating or 0) >= 4:
            return self._give(Kind.PRAISE, 1 - probability, (*rated, *self._why("praise", "fine")))
        return self._give(Kind.CHATTER, 1 - probability, rated)

    def _trouble(self) -> float:
        weighed = self.weighed
        trouble = weighed.sum("complaint") + weighed.sum("safety")
        if not trouble:
            return 0.0
        trouble -= min(weighed.sum("praise") + weighed.sum("fine"), _MOST_PRAISE) * _PRAISE_TAKES
        if any(told.weight >= _STRONG for told in weighed.of("question")):
            trouble -= _ASKING_TAKES
        if self.mood.vader is not None:
            trouble -= self.mood.vader * (_VADER_ADDS if self.mood.vader < 0 else _VADER_TAKES)
        return trouble

    def _find_mood(self) -> _Mood:
        told = self.weighed
        good = told.sum("praise") + told.sum("fine") / 2 + told.sum("resolved") / 2
        bad = told.sum("complaint") + told.sum("safety")
        value = math.tanh((good - bad) / 2.5)
        if self.language != "en":
            return _Mood(value, None)
        vader = measure_mood(self.whole)
        return _Mood((value + vader) / 2, vader)

    # --- giving the verdict -----------------------------------------------------------------------

    def _complaint(self, probability: float, reasons: tuple[Reason, ...]) -> Verdict:
        return self._give(
            Kind.COMPLAINT, probability, reasons, urgency=rate_urgency(self.weighed, self.post, self._trouble())
        )

    def _give(self, kind: Kind, probability: float, reasons: tuple[Reason, ...], urgency: int = 1) -> Verdict:
        return Verdict(
            kind=kind,
            probability=round(min(max(probability, 0.01), 0.99), 3),
            language=self.language,
            mood=round(self.mood.value, 3),
            topic=find_topic(self.weighed) if kind is Kind.COMPLAINT else Topic.OTHER,
            urgency=urgency,
            reasons=reasons or (Reason("nothing", "Nothing in it asks for an answer"),),
            sensitive=is_sensitive(self.weighed, kind),
            model_version=cues.version(),
        )

    def _why(self, *sorts: str) -> tuple[Reason, ...]:
        return say_why(self._said(), sorts)

    def _said(self) -> Said:
        return Said(self.weighed, self.title, self.text, self.post)

    def _rating_reason(self) -> Reason:
        rating = self.post.rating or 0
        return Reason("rating", f"Gave {rating} star{'s' if rating != 1 else ''} of 5")

    def _mood_reason(self) -> tuple[Reason, ...]:
        if self.mood.vader is not None and self.mood.vader < -0.3:
            return (Reason("vader", "The tone is unhappy"),)
        return ()


def _probability(over: float) -> float:
    """From weight over the line to 0..1, by the logistic curve."""
    return 1 / (1 + math.exp(-_STEEPNESS * max(min(over, 20.0), -20.0)))
