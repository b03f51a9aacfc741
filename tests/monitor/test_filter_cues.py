"""The data files: every cue can be found, matching means what the file format says, and nobody's slip makes a cue deaf."""

from __future__ import annotations

import pytest

from monitor.filter.cues import FOLDER, Cues, load, version
from monitor.filter.finding import Finder
from monitor.filter.folding import fold, unstretch
from storage.words import Topic

NAMES = sorted(path.stem for path in FOLDER.glob("*.toml"))


def found(cue: str, text: str, **groups: str) -> bool:
    tables = {"groups": groups, "praise": {"plain": cue}}
    return bool(Finder((Cues(tables, "test"),)).find(fold(text)))


@pytest.mark.parametrize(
    ("cue", "text", "is_there"),
    [
        ("never arrived", "It NEVER arrived!", True),
        ("never arrived", "It never. Arrived late.", False),
        ("never arrived", "never really arrived", False),
        ("disappoint*", "so disappointing", True),
        ("disappoint*", "reappoint", False),
        ("*లేదు", "పనిచేయలేదు", True),
        ("parcel|order lost", "order lost", True),
        ("parcel|order lost", "letter lost", False),
        ("waited .. weeks", "waited for three long weeks", True),
        ("waited .. weeks", "waited and waited and waited for weeks", True),
        ("waited .. weeks", "waited in the rain for three weeks", False),
        ("<n> hours", "7 hours", True),
        ("<n> hours", "some hours", False),
        ("dont care", "they don’t care", True),
        ("n-a venit", "Nu, n-a venit", True),
        ("nicio problemă", "nicio problema", True),
        ("черствый", "чёрствый", True),
        ("slow", "sloooow", True),
        ("good", "gooood", True),
        ("<url>", "see https://x.example/a?b=c", True),
        ("worst", "@worst", False),
        ("worst", "#worst", True),
        ("😡", "so 😡!", True),
    ],
)
def test_a_cue_means_what_it_says(cue: str, text: str, is_there: bool) -> None:
    assert found(cue, text) is is_there


def test_a_group_stands_for_each_of_its_words() -> None:
    assert found("<thing> lost", "parcels lost", thing="order, parcel*")
    assert not found("<thing> lost", "hope lost", thing="order, parcel*")


def test_words_are_marked_where_they_stood() -> None:
    text = "A\u200b very\u0301 SLOW one"
    folded = fold(text)
    assert [text[start:end] for start, end in (folded.place(at, at) for at in range(len(folded.keys)))] == [
        "A",
        "very",
        "SLOW",
        "one",
    ]


def test_stretched_words_are_known() -> None:
    assert "so" in unstretch("soooo")
    assert unstretch("good") == ()


@pytest.mark.parametrize("name", NAMES)
def test_every_cue_finds_itself(name: str) -> None:
    """Each cue, written out with the first of its choices, is found; a slip of the pen would make it deaf."""
    cues = load(name)
    assert cues is not None
    finder = Finder((cues,))
    deaf = [
        cue.text for cue in cues.all if cue not in [hit.cue for hit in finder.find(fold(_write_out(cues, cue.text)))]
    ]
    assert deaf == []


def _write_out(cues: Cues, text: str) -> str:
    words = []
    for part in text.split():
        choice = part.split("|")[0]
        if choice == "<n>":
            words.append("7")
        elif choice == "<url>":
            words.append("https://shop.example")
        elif choice == "..":
            words.append("meanwhile")
        elif choice.startswith("<"):
            words.append(cues.groups[choice[1:-1]][0].strip("*"))
        else:
            words.append(choice.strip("*"))
    return " ".join(words)


@pytest.mark.parametrize("name", NAMES)
def test_complaints_and_hints_have_topics_that_the_house_knows(name: str) -> None:
    cues = load(name)
    assert cues is not None
    assert {cue.topic for cue in cues.all if cue.sort in ("complaint", "hint")} <= {str(topic) for topic in Topic}
    assert {cue.sort for cue in cues.all} <= {
        *("complaint", "praise", "question", "fine", "resolved", "unresolved", "spam", "news"),
        *("greeting", "safety", "legal", "anger", "again", "mild", "hint"),
    }


@pytest.mark.parametrize("name", ["en", "ru", "ro", "te"])
def test_our_four_languages_have_cues_by_the_thousand(name: str) -> None:
    cues = load(name)
    assert cues is not None
    assert len(cues.all) > 1_500


def test_there_are_none_for_a_language_we_do_not_know() -> None:
    assert load("xx") is None


def test_the_version_names_the_data() -> None:
    assert len(version()) == len("cues-") + 10
