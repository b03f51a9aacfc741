"""`make held-out`: both looks and VADER on the texts that we measure with, by other authors than the examples, in thirteen languages."""

from __future__ import annotations

import argparse

from monitor.filter.evaluating.reading import Labelled, Labels
from monitor.filter.evaluating.results import evaluate
from monitor.filter.evaluating.showing import show, show_json
from monitor.filter.evaluating.ways import Stage
from monitor.filter.examples import read_examples
from monitor.filter.training.inputs import HELD_OUT
from storage.words import Kind


def read_held_out() -> Labels:
    """The texts of all languages, each with its kind and with what is hard about it. Raises Unusable, OSError."""
    texts = tuple(
        Labelled(one.text, one.kind is Kind.COMPLAINT, one.language, one.kind, one.trait)
        for one in read_examples(HELD_OUT)
    )
    return Labels(str(HELD_OUT), texts, tells_mood=False)


def main() -> None:
    """Measure, and print what was measured."""
    asked = argparse.ArgumentParser(prog="make held-out", description=__doc__)
    asked.add_argument("--stage", type=Stage, choices=list(Stage), default=Stage.BOTH)
    asked.add_argument("--json", action="store_true", help="the numbers alone, for programs")
    chosen = asked.parse_args()
    results = evaluate(read_held_out(), chosen.stage)
    print((show_json if chosen.json else show)(results))


if __name__ == "__main__":
    main()
