"""The authored examples: enough of every kind in every language, each text once, none of them in the texts that we measure with."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from monitor.filter.examples import COLUMNS, FOLDER, Example, Unusable, read_examples, read_next, take_in_next
from storage.languages import LANGUAGES
from storage.words import Kind, Topic

FIRST_CLASS = ("en", "ru", "ro", "te")
FEWEST = {language: 300 if language in FIRST_CLASS else 150 for language in LANGUAGES}
HARD = (
    "sarcasm",
    "understatement",
    "as_question",
    "mixed",
    "implicit",
    "negated",
    "resolved",
    "sad",
    "competitor",
    "safety",
    "legal",
)
HELD_OUT = Path(__file__).parent / "held_out"

LINE = ("praise", "plain", "good", "-", "-", "bakery", "lovely rolls")


@pytest.fixture(scope="module")
def examples() -> tuple[Example, ...]:
    """Those that the weights are made from, and those that wait for the next time."""
    return (*read_examples(), *read_next())


def bare(text: str) -> str:
    return re.sub(r"\W+", "", text.casefold())


def test_every_language_has_enough_of_every_kind(examples: tuple[Example, ...]) -> None:
    texts = Counter(one.language for one in examples)
    kinds = Counter((one.language, one.kind) for one in examples)
    assert {language: texts[language] for language in LANGUAGES if texts[language] < FEWEST[language]} == {}
    assert [(language, kind) for language in LANGUAGES for kind in Kind if kinds[language, kind] < 15] == []


def test_the_hard_ones_are_there_in_every_language(examples: tuple[Example, ...]) -> None:
    traits = Counter((one.language, one.trait) for one in examples)
    assert [(language, trait) for language in LANGUAGES for trait in HARD if traits[language, trait] < 4] == []


def test_complaints_are_about_everything_and_of_every_severity(examples: tuple[Example, ...]) -> None:
    for language in LANGUAGES:
        complaints = [one for one in examples if one.language == language and one.kind is Kind.COMPLAINT]
        assert {one.topic for one in complaints} == set(Topic), language
        assert {one.severity for one in complaints} == {1, 2, 3, 4}, language


def test_no_text_comes_twice(examples: tuple[Example, ...]) -> None:
    counted = Counter((one.language, bare(one.text)) for one in examples if bare(one.text))
    assert [text for text, times in counted.items() if times > 1] == []


def test_the_texts_we_measure_with_are_no_examples(examples: tuple[Example, ...]) -> None:
    known = {(one.language, bare(one.text)) for one in examples}
    held_out = read_examples(HELD_OUT)
    assert len(held_out) >= 50 * len(LANGUAGES)
    assert [one.text for one in held_out if (one.language, bare(one.text)) in known] == []


def test_texts_name_nobody_who_can_be_reached(examples: tuple[Example, ...]) -> None:
    reachable = re.compile(r"https?://|[\w.]+@[\w-]+\.\w|\+\d{2}[\d ()-]{8,}")
    assert [one.text for one in examples if reachable.search(one.text)] == []


@pytest.mark.parametrize(
    ("cells", "says"),
    [
        (LINE[:-1], "6 cells instead of 7"),
        (("prise", *LINE[1:]), "prise"),
        ((*LINE[:2], "so-so", *LINE[3:]), "bad, neutral, good"),
        ((*LINE[:3], "delivery", "2", *LINE[5:]), "only they"),
        (("complaint", *LINE[1:]), "only they"),
        (("complaint", "plain", "bad", "weather", "2", "bakery", "it rained in"), "weather"),
        (("complaint", "plain", "bad", "product", "5", "bakery", "stale"), "only they"),
        ((*LINE[:-1], " "), "empty"),
    ],
)
def test_a_line_that_is_no_example_is_named(tmp_path: Path, cells: tuple[str, ...], says: str) -> None:
    write_languages(tmp_path, "\t".join(LINE) + "\n" + "\t".join(cells) + "\n")
    with pytest.raises(Unusable, match=rf"en\.tsv, line 3: .*{says}"):
        read_examples(tmp_path)


def test_what_waits_is_taken_in_behind_the_others(tmp_path: Path) -> None:
    write_languages(tmp_path, "\t".join(LINE) + "\n")
    before = read_examples(tmp_path)
    (tmp_path / "next").mkdir()
    assert take_in_next(tmp_path) == 0
    waits = tmp_path / "next" / "ro.tsv"
    waits.write_text("\t".join(COLUMNS) + "\n" + "\t".join((*LINE[:-1], "chifle bune")) + "\n", encoding="utf-8")
    assert read_examples(tmp_path) == before
    assert [one.text for one in read_next(tmp_path / "next")] == ["chifle bune"]
    assert take_in_next(tmp_path) == 1
    assert [one.text for one in read_examples(tmp_path) if one not in before] == ["chifle bune"]
    assert (read_next(tmp_path / "next"), take_in_next(tmp_path)) == ((), 0)


def test_what_waits_and_cannot_be_used_is_named_and_not_taken_in(tmp_path: Path) -> None:
    write_languages(tmp_path, "\t".join(LINE) + "\n")
    before = read_examples(tmp_path)
    (tmp_path / "next").mkdir()
    waits = tmp_path / "next" / "ro.tsv"
    waits.write_text("\t".join(COLUMNS) + "\nprise\n", encoding="utf-8")
    with pytest.raises(Unusable, match=r"ro\.tsv, line 2: 1 cells instead of 7"):
        take_in_next(tmp_path)
    assert read_examples(tmp_path) == before
    assert waits.is_file()


def test_a_file_without_its_first_line_is_named(tmp_path: Path) -> None:
    write_languages(tmp_path, "")
    (tmp_path / "en.tsv").write_text("\t".join(LINE) + "\n", encoding="utf-8")
    with pytest.raises(Unusable, match=r"en\.tsv needs a first line"):
        read_examples(tmp_path)


def test_what_a_line_says_arrives(tmp_path: Path) -> None:
    write_languages(tmp_path, "complaint\tsarcasm\tbad\twaiting\t3\tbakery\tonly an hour for a roll, well done\n")
    first = read_examples(tmp_path)[0]
    assert first == Example(
        "en", Kind.COMPLAINT, "sarcasm", "bad", Topic.WAITING, 3, "bakery", "only an hour for a roll, well done"
    )
    assert FOLDER.name == "examples"


def write_languages(folder: Path, lines: str) -> None:
    for language in LANGUAGES:
        (folder / f"{language}.tsv").write_text("\t".join(COLUMNS) + "\n" + lines, encoding="utf-8")
