"""What both looks tell apart: the heads, in the order of their columns."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from storage.words import Kind, Topic

KINDS: tuple[Kind, ...] = tuple(Kind)
MOODS = ("bad", "neutral", "good")
TOPICS: tuple[Topic, ...] = tuple(Topic)
SEVERITIES = (1, 2, 3, 4)

Floats = NDArray[np.float32]


def softmax(logits: Floats) -> Floats:
    """Logits as shares of one, along the last axis."""
    raised = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=-1, keepdims=True), np.float32)
