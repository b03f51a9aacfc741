"""What a rule or a look says a post is, before it becomes a verdict."""

from __future__ import annotations

from dataclasses import dataclass

from storage.words import Kind, Reason


@dataclass(frozen=True, slots=True)
class Ruling:
    """`share` 0..1 is how sure it is of `kind`. `shares` are those of all kinds, empty where a rule decided; `mood` -1..1, None as the cues say."""

    kind: Kind
    share: float
    reasons: tuple[Reason, ...]
    shares: tuple[float, ...] = ()
    mood: float | None = None
    unhappy: float | None = None  # the share of a bad mood, 0..1
    urgency: int | None = None  # where a rule knows
