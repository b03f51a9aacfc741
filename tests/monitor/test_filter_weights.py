"""Files of weights: the same arrays give the same bytes, and a damaged file says what to do."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

from monitor.filter import first_look as room
from monitor.filter.expected import expect_best_line
from monitor.filter.weights import MANIFEST, WeightsDamaged, read_manifest, read_weights, write_weights

ARRAYS: dict[str, np.ndarray] = {
    "words": np.arange(12, dtype=np.int8).reshape(3, 4),
    "version": np.array("abc"),
    "line": np.array(0.4, np.float32),
}


def test_what_is_written_is_read(tmp_path: Path) -> None:
    write_weights("first", ARRAYS, tmp_path)
    found = read_weights("first", tmp_path)
    assert {name: array.tolist() for name, array in found.items()} == {
        name: np.asarray(array).tolist() for name, array in ARRAYS.items()
    }


def test_the_same_arrays_give_the_same_bytes(tmp_path: Path) -> None:
    one = write_weights("first", ARRAYS, tmp_path).read_bytes()
    other = write_weights("other", dict(reversed(list(ARRAYS.items()))), tmp_path).read_bytes()
    assert one == other


def test_missing_weights_say_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(WeightsDamaged, match=r"first\.npz is missing: install Amends anew, or run `make model`"):
        read_weights("first", tmp_path)
    with pytest.raises(WeightsDamaged, match="make model"):
        read_manifest(tmp_path)


@pytest.mark.parametrize("cut", [0, 10, 200, -30])
def test_damaged_weights_say_what_to_do(tmp_path: Path, cut: int) -> None:
    path = write_weights("first", ARRAYS, tmp_path)
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(WeightsDamaged, match=r"first\.npz is damaged"):
        read_weights("first", tmp_path)


@pytest.mark.parametrize("seed", range(60))
def test_a_bit_that_tipped_is_noticed_or_changes_nothing(tmp_path: Path, seed: int) -> None:
    path = write_weights("first", ARRAYS, tmp_path)
    content, chance = bytearray(path.read_bytes()), random.Random(seed)
    content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    path.write_bytes(content)
    try:
        found = read_weights("first", tmp_path)
    except WeightsDamaged as told:
        assert str(told) == "first.npz is damaged: install Amends anew, or run `make model`."  # noqa: PT017 - one or the other
    else:
        assert all(np.array_equal(found[name], ARRAYS[name]) for name in found)


@pytest.mark.parametrize("lacks", ["version", "words", "signs", "line"])
def test_weights_of_which_a_part_lacks_are_damaged(monkeypatch: pytest.MonkeyPatch, lacks: str) -> None:
    parts = {name: array for name, array in read_weights("first").items() if name != lacks}
    monkeypatch.setattr(room, "read_weights", lambda _name: parts)
    with pytest.raises(WeightsDamaged, match=r"first\.npz is damaged: install Amends anew"):
        room._load.__wrapped__()


def test_a_damaged_manifest_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / MANIFEST).write_text("{", encoding="utf-8")
    with pytest.raises(WeightsDamaged, match=r"manifest\.json is missing or damaged"):
        read_manifest(tmp_path)


@pytest.mark.parametrize(
    ("probabilities", "raised"),
    [
        ([0.9, 0.8, 0.1, 0.05], 2),
        ([0.9, 0.5, 0.45, 0.01], 3),  # a doubtful one is worth raising where few are sure
        ([0.3, 0.02, 0.01], 1),
        ([0.6, 0.6, 0.6], 3),
        ([], 0),
    ],
)
def test_the_line_is_where_the_best_is_expected(probabilities: list[float], raised: int) -> None:
    line = expect_best_line(np.array(probabilities))
    assert sum(one >= line for one in probabilities) == raised
