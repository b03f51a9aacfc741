"""What a complaint is about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from monitor.filter.heads import TOPICS
from monitor.filter.weighing import Weighed
from storage.words import Topic

_COUNTS: Mapping[str, float] = {"waiting": 0.7, "communication": 0.7, "refund": 0.9, "service": 0.9, "hygiene": 1.2}
"""Waiting, silence and wanting the money back usually come on top of the trouble itself; what is unclean is told in the words of taste as well."""
_FURTHER = 0.15  # of a further cue's weight: ten words about the waiter weigh less than one hair in the soup each
_LETTERS = 2.0  # for the first look's share, so that where it is sure it weighs as much as a strong cue
_HINT = 0.3  # for words that only belong to the topic ("courier"), however many


def find_topic(weighed: Weighed, shares: Sequence[float] = ()) -> Topic:
    """The topic that most of the complaint is about; of equals the one told first. Safety goes before all.

    `shares` is what the first look makes of its letters, one for each of TOPICS; empty where it has no weights.
    """
    if any(told.weight > 1 for told in weighed.of("safety")):
        return Topic.SAFETY
    weights: dict[str, float] = {}
    for told in sorted(weighed.of("complaint"), key=lambda told: -told.weight):
        share = 1.0 if told.topic not in weights else _FURTHER
        weights[told.topic] = weights.get(told.topic, 0.0) + told.weight * _COUNTS.get(told.topic, 1.0) * share
    for topic in dict.fromkeys(told.topic for told in weighed.of("hint")):
        weights[topic] = weights.get(topic, 0.0) + _HINT
    for topic, share in zip(TOPICS, shares, strict=False):
        weights[topic] = weights.get(topic, 0.0) + _LETTERS * share
    if not shares:
        weights.pop(Topic.OTHER, None)
    return Topic(max(weights, key=lambda topic: weights[topic], default=Topic.OTHER))
