"""What the first look learns from beside the examples: authored phrases, cues told as phrases, and words of the dictionary."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from monitor.filter.encoder_file import read_layout
from monitor.filter.examples import Example, Unusable
from monitor.filter.grams import cut
from monitor.filter.heads import KINDS, TOPICS
from monitor.filter.second_look import model_path
from monitor.filter.training.inputs import digest_features
from monitor.filter.training.lessons import PHRASES, Phrase, ask_about_words, collect_words, read_phrases, tell_cues
from storage.languages import LANGUAGES
from storage.words import Kind, Topic

WITH_CUES = ("en", "ru", "ro", "te")


def example(text: str) -> Example:
    return Example("en", Kind.COMPLAINT, "plain", "bad", Topic.PRODUCT, 2, "bakery", text)


def test_every_language_without_cues_has_phrases() -> None:
    assert {path.stem for path in PHRASES.glob("*.tsv")} == set(LANGUAGES) - set(WITH_CUES)


def test_phrases_tell_every_kind_that_people_post_and_come_once() -> None:
    for path in PHRASES.glob("*.tsv"):
        lines = path.read_text(encoding="utf-8").splitlines()[1:]
        sorts = Counter(line.split("\t")[0] for line in lines)
        assert (sorts["complaint"] >= 400, sorts["praise"] >= 100, len(sorts)) == (True, True, 9), path.name
        assert max(Counter(line.split("\t")[2] for line in lines).values()) == 1, path.name


def test_phrases_carry_a_kind_and_where_they_tell_one_a_mood(tmp_path: Path) -> None:
    (tmp_path / "de.tsv").write_text(
        "sort\ttopic\tphrase\ncomplaint\twaiting\tewig gewartet\nnews\t-\tteilte die polizei mit\n"
    )
    assert list(read_phrases(tmp_path)) == [
        Phrase("ewig gewartet", Kind.COMPLAINT, "bad", 1.0),
        Phrase("teilte die polizei mit", Kind.NEWS, None, 1.0),
    ]


@pytest.mark.parametrize("line", ["complaint\twaiting", "wrath\t-\tzefix", "praise\t-\t "])
def test_a_line_that_is_no_phrase_is_named(tmp_path: Path, line: str) -> None:
    (tmp_path / "de.tsv").write_text(f"sort\ttopic\tphrase\n{line}\n")
    with pytest.raises(Unusable, match=r"de\.tsv, line 2"):
        list(read_phrases(tmp_path))
    (tmp_path / "de.tsv").write_text(f"{line}\n")
    with pytest.raises(Unusable, match="first line"):
        list(read_phrases(tmp_path))


def test_cues_are_told_as_people_would_type_them() -> None:
    phrases = list(tell_cues(7))
    texts = {phrase.text for phrase in phrases}
    assert "never arrived" in texts
    assert not [text for text in texts if set(text) & set("<>|*") or ".." in text]
    assert {phrase.kind for phrase in phrases} >= {Kind.COMPLAINT, Kind.PRAISE, Kind.QUESTION, Kind.NEWS, Kind.SPAM}
    assert phrases == list(tell_cues(7))


def test_words_are_those_of_the_examples_and_of_scripts_that_we_read() -> None:
    words = set(collect_words([example("My zorblax cake!")], model_path(), read_layout(model_path())))
    assert {"zorblax", "cake", "disappointed", "ужасно", "foarte", "చాలా", "बहुत"} <= words
    assert not words & {"这个", "هذا", "αυτό", "それは"}
    assert all(cut(word) == [word] for word in list(words)[:2000] if word.isalpha())


def test_the_digest_of_features_changes_with_them(monkeypatch: pytest.MonkeyPatch) -> None:
    among = tuple(example(f"late again, number {'x' * number}") for number in range(90))
    before = digest_features(among)
    assert digest_features(among) == before
    monkeypatch.setattr("monitor.filter.grams._WORD_SALT", 99)
    assert digest_features(among) != before


def test_the_second_look_is_asked_about_words_on_one_thread_each(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    done: list[tuple[int, int]] = []
    words = ("scam", "refund", "lovely", "thanks")
    told = ask_about_words(words, lambda *so_far: done.append(so_far))
    assert (told.words, done, os.environ["OMP_NUM_THREADS"]) == (words, [(1, 1)], "7")
    complaint = told.feelings[:, KINDS.index(Kind.COMPLAINT)]
    assert complaint[:2].min() > complaint[2:].max()
    assert told.topics[:, TOPICS.index(Topic.REFUND)].argmax() == 1
    for one in (told.feelings, told.topics):
        assert np.allclose(one.mean(axis=0), 0, atol=1e-5), "less those of an average word"
