"""The weights that ship are made from the examples that ship: whoever changes one makes the other anew."""

from __future__ import annotations

import hashlib

import pytest

from monitor.filter.examples import Example, read_examples
from monitor.filter.first_look import first_look
from monitor.filter.second_look import is_installed, second_look
from monitor.filter.training.inputs import digest_features, digest_inputs
from monitor.filter.weights import FOLDER, WeightsDamaged, read_manifest, read_weights, version_of

MOST_MEGABYTES = 3


def test_weights_and_what_they_were_made_from_have_not_drifted_apart() -> None:
    made_from, is_now = read_manifest()["inputs"], digest_inputs()
    changed = sorted(name for name in {*made_from, *is_now} if made_from.get(name) != is_now.get(name))
    assert changed == [], "run `make model`, and commit the weights with what changed"


def test_the_manifest_is_about_these_weights() -> None:
    manifest = read_manifest()
    for name, digest in manifest["weights"].items():
        assert hashlib.sha256((FOLDER / f"{name}.npz").read_bytes()).hexdigest() == digest, name
    assert manifest["examples"] == len(read_examples())


def test_the_first_look_is_small_enough_to_ship() -> None:
    assert (FOLDER / "first.npz").stat().st_size <= MOST_MEGABYTES * 1_000_000


def test_every_look_says_which_weights_it_has() -> None:
    assert version_of("first") == first_look().version
    if is_installed():
        assert version_of("second") == second_look().version
    assert version_of("first") != version_of("second")
    with pytest.raises(WeightsDamaged, match="make model"):
        read_weights("third")


def test_a_feature_that_is_read_in_another_way_is_noticed() -> None:
    examples = read_examples()
    other = [
        Example(one.language, one.kind, one.trait, one.mood, one.topic, one.severity, one.trade, f"{one.text}!")
        for one in examples
    ]
    assert digest_features(tuple(other)) != digest_features(examples)
