"""Teaching the second look: biases, norms and heads learn kind, mood, topic and severity of the examples together.

Numbers were tried by judging a fifth of all trades by the other four fifths; `make model` prints how well it does on the texts that we
measure with.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from monitor.filter.encoder_file import Layout
from monitor.filter.examples import Example
from monitor.filter.heads import KINDS, MOODS, SEVERITIES, TOPICS
from monitor.filter.second_look import SPREAD, make_plain
from monitor.filter.training.encoder import Encoder, pad
from monitor.filter.training.pieces import Cutter

EPOCHS = 4
_BATCH = 24
_SORTED_AT_ONCE = 20  # batches whose texts are put together by length
_PACE, _HEAD_PACE = 1.5e-3, 1e-2  # AdamW's, at the top of the slope
_WARM_UP = 0.06  # of all steps
_DROPPED = 0.2  # of the vector, while learning
_DOUBT = 0.05  # label smoothing
_MOOD, _TOPIC, _SEVERITY = 0.5, 0.25, 0.15  # beside one of kind
NONE = -1
WIDTHS = (len(KINDS), len(MOODS), len(TOPICS), len(SEVERITIES))

Progress = Callable[[int, int], None]
"""Called with texts taught and texts to teach in all."""


@dataclass(frozen=True, slots=True)
class Taught:
    """What the second look's weights are made of: `heads` has a row per number of the vector, and the bias as the last."""

    differences: NDArray[np.float32]
    heads: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Labels:
    """What is true of some examples, as torch takes it; -1 where a thing has no topic or severity."""

    kinds: Tensor
    moods: Tensor
    topics: Tensor
    severities: Tensor


def teach(examples: Sequence[Example], path: Path, layout: Layout, seed: int, progress: Progress) -> Taught:
    """Teach the model these examples. The same examples, model, seed and kind of machine give the same numbers."""
    torch.manual_seed(seed)
    chance = random.Random(seed)
    cutter = Cutter(path, layout)
    cuts = [cutter.cut(make_plain(one.text)) for one in examples]
    encoder = Encoder(path, layout, sorted({piece for cut in cuts for piece in cut}))
    rows = [encoder.rows(cut) for cut in cuts]
    head = nn.Linear(layout.hidden, sum(WIDTHS))
    nn.init.zeros_(head.weight)
    nn.init.zeros_(head.bias)
    labels = read_labels(examples)
    learner, slope = _learner(encoder, head, EPOCHS * -(-len(rows) // _BATCH))
    done = 0
    for _ in range(EPOCHS):
        for batch in _batches(rows, chance):
            loss = _loss(head(_look(encoder, [rows[at] for at in batch])), labels, torch.tensor(batch))
            learner.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_([*encoder.taught.values(), *head.parameters()], 1.0)
            learner.step()
            slope.step()
            done += len(batch)
            progress(done, EPOCHS * len(rows))
    heads = torch.cat((head.weight.detach().T, head.bias.detach()[None]))
    return Taught(encoder.differences(), heads.numpy())


def precision() -> torch.dtype:
    """What to calculate with: bfloat16 where the processor knows it; where it does not, single precision is forty times as quick."""
    knows = torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()  # noqa: SLF001 - it has no other name
    return torch.bfloat16 if knows else torch.float32


def _look(encoder: Encoder, texts: Sequence[Sequence[int]]) -> Tensor:
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=precision() is torch.bfloat16):
        vectors = encoder(*pad(texts))
    return functional.dropout(vectors.float() * SPREAD, _DROPPED)


def read_labels(examples: Sequence[Example]) -> Labels:
    """The labels of examples."""
    return Labels(
        torch.tensor([KINDS.index(one.kind) for one in examples]),
        torch.tensor([MOODS.index(one.mood) for one in examples]),
        torch.tensor([NONE if one.topic is None else TOPICS.index(one.topic) for one in examples]),
        torch.tensor([NONE if one.severity is None else SEVERITIES.index(one.severity) for one in examples]),
    )


def _loss(logits: Tensor, labels: Labels, batch: Tensor) -> Tensor:
    kinds, moods, topics, severities = logits.split(WIDTHS, dim=1)
    loss = functional.cross_entropy(kinds, labels.kinds[batch], label_smoothing=_DOUBT)
    loss = loss + _MOOD * functional.cross_entropy(moods, labels.moods[batch], label_smoothing=_DOUBT)
    if (labels.topics[batch] != NONE).any():
        loss = loss + _TOPIC * functional.cross_entropy(topics, labels.topics[batch], ignore_index=NONE)
        loss = loss + _SEVERITY * functional.cross_entropy(severities, labels.severities[batch], ignore_index=NONE)
    return loss


def _learner(
    encoder: Encoder, head: nn.Linear, steps: int
) -> tuple[torch.optim.Optimizer, torch.optim.lr_scheduler.LRScheduler]:
    learner = torch.optim.AdamW(
        [
            {"params": list(encoder.taught.values()), "lr": _PACE, "weight_decay": 0.0},
            {"params": list(head.parameters()), "lr": _HEAD_PACE, "weight_decay": 0.01},
        ]
    )
    slope = torch.optim.lr_scheduler.LambdaLR(
        learner, lambda step: min(1.0, (step + 1) / (_WARM_UP * steps)) * max(0.02, 1 - step / steps)
    )
    return learner, slope


def _batches(rows: Sequence[Sequence[int]], chance: random.Random) -> Iterator[list[int]]:
    """All texts in random order, texts of like length together so that little is padded."""
    order = list(range(len(rows)))
    chance.shuffle(order)
    batches: list[list[int]] = []
    for begin in range(0, len(order), _BATCH * _SORTED_AT_ONCE):
        alike = sorted(order[begin : begin + _BATCH * _SORTED_AT_ONCE], key=lambda at: len(rows[at]))
        batches.extend(alike[at : at + _BATCH] for at in range(0, len(alike), _BATCH))
    chance.shuffle(batches)
    yield from batches
