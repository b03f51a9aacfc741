"""A post as the filter hears it: its text folded, its language, what its cues add up to, and the mood of all that."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from monitor.filter.folding import Folded
from monitor.filter.glance import Glance, glance_at
from monitor.filter.language import cues_for, detect
from monitor.filter.mood import measure_mood
from monitor.filter.reading import read_page
from monitor.filter.saying import Said, say_why
from monitor.filter.weighing import Weighed, weigh
from storage.words import Brand, Post, Reason

_PRAISE_TAKES = 0.2  # of its weight from the trouble; "lovely cake, but it came three hours late" stays a complaint
_MOST_PRAISE = 6.0
_VADER_ADDS = 0.8  # at a compound of -1; alone it stays under the line
_VADER_TAKES = 0.4  # at a compound of +1
_ASKING_TAKES = 1.2  # "can you fix a cracked screen?" names the trouble that is the trade
_STRONG = 2.0  # a strong cue, as weighed in the data files
_UNHAPPY = -0.3  # VADER's compound from which it is worth saying


@dataclass(slots=True)
class Heard:
    """What several steps of judging one post need. `vader` is None outside English; `mood` is -1..1, by cues and VADER."""

    post: Post
    brand: Brand
    glance: Glance | None
    title: Folded
    text: Folded
    whole: str
    language: str = field(init=False)
    weighed: Weighed = field(init=False)
    vader: float | None = field(init=False)

    def __post_init__(self) -> None:
        shares = self.glance.languages if self.glance is not None else None
        self.language = detect(self.whole, [*self.title.keys, *self.text.keys], self.post.lang, shares)
        self.weighed = weigh(self.title, self.text, cues_for(self.language))
        self.vader = measure_mood(self.whole) if self.language == "en" else None

    @property
    def rating(self) -> int:
        """Stars given, 0 for none."""
        return self.post.rating or 0

    def mood(self) -> float:
        """What cues and VADER say, -1 (bad) .. 1 (good)."""
        told = self.weighed
        good = told.sum("praise") + told.sum("fine") / 2 + told.sum("resolved") / 2
        bad = told.sum("complaint") + told.sum("safety")
        value = math.tanh((good - bad) / 2.5)
        return value if self.vader is None else (value + self.vader) / 2

    def trouble(self) -> float:
        """The weight of all trouble that is told of, less some of the praise; 1.0 is one plain cue."""
        weighed = self.weighed
        trouble = weighed.sum("complaint") + weighed.sum("safety")
        if not trouble:
            return 0.0
        trouble -= min(weighed.sum("praise") + weighed.sum("fine"), _MOST_PRAISE) * _PRAISE_TAKES
        if any(told.weight >= _STRONG for told in weighed.of("question")):
            trouble -= _ASKING_TAKES
        if self.vader is not None:
            trouble -= self.vader * (_VADER_ADDS if self.vader < 0 else _VADER_TAKES)
        return trouble

    def why(self, *sorts: str) -> tuple[Reason, ...]:
        """The cues of these sorts, as reasons."""
        return say_why(self.said(), sorts)

    def said(self) -> Said:
        """What was found and where, for saying it."""
        return Said(self.weighed, self.title, self.text, self.post)

    def rating_reason(self) -> tuple[Reason, ...]:
        """The stars as a reason, where there are any."""
        if not self.rating:
            return ()
        return (Reason("rating", f"Gave {self.rating} star{'s' if self.rating != 1 else ''} of 5"),)

    def mood_reason(self) -> tuple[Reason, ...]:
        """VADER's opinion as a reason, where it is clearly bad."""
        if self.vader is not None and self.vader < _UNHAPPY:
            return (Reason("vader", "The tone is unhappy"),)
        return ()


def hear(posts: Sequence[Post], brand: Brand) -> list[Heard]:
    """A page of posts as the filter hears them."""
    page = read_page(posts)
    rows = zip(posts, glance_at([read.words for read in page]), page, strict=True)
    return [Heard(post, brand, glance, read.title, read.text, read.whole) for post, glance, read in rows]
