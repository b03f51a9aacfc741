"""Labelled files: what is read, and what is said of those that cannot be measured with."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from monitor.filter.evaluating.reading import MOST_TEXT, Labelled, Labels, Unreadable, read_labelled
from storage.words import Kind


def read(tmp_path: Path, content: str | bytes, name: str = "labelled.tsv") -> Labels:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_labelled(path)


def test_tabs_commas_and_semicolons_part_columns_in_any_order(tmp_path: Path) -> None:
    expected = (Labelled("Stale bread, again", True), Labelled('"Nice"', False))
    assert read(tmp_path, 'text\tlabel\nStale bread, again\tcomplaint\n"Nice"\tother\n').texts == expected
    assert read(tmp_path, 'label,text\n1,"Stale bread, again"\n0,"""Nice"""\n').texts == expected
    assert read(tmp_path, 'TEXT;Label\r\nStale bread, again;YES\r\n"""Nice""";no\r\n').texts == expected


def test_json_lines_are_read(tmp_path: Path) -> None:
    rows: list[dict[str, object]] = [
        {"text": "Stale", "label": True, "lang": "en-GB", "kind": "complaint", "stars": 1},
        {"text": "Nice\nand fresh", "label": False, "lang": None, "trait": "Two\nlines"},
        {"Text": "Sour", "LABEL": 1.0},
    ]
    read_rows = read(tmp_path, "\n".join(map(json.dumps, rows)) + "\n\n", "labelled.jsonl").texts
    assert read_rows == (
        Labelled("Stale", True, "en", Kind.COMPLAINT),
        Labelled("Nice\nand fresh", False, trait="two lines"),
        Labelled("Sour", True),
    )


def test_a_byte_order_mark_and_blank_lines_do_no_harm(tmp_path: Path) -> None:
    assert len(read(tmp_path, "\ufefftext\tlabel\n\nStale\t1\n\nNice\t0\n\n").texts) == 2


def test_columns_that_nobody_knows_are_left_alone(tmp_path: Path) -> None:
    assert len(read(tmp_path, "stars\ttext\tlabel\n1\tStale\t1\n5\tNice\t0\n").texts) == 2


def test_labels_that_tell_a_feeling_make_it_a_file_of_moods(tmp_path: Path) -> None:
    labels = read(tmp_path, "text\tlabel\nSad\tnegative\nGlad\tpositive\nSo so\tneutral\n")
    assert labels.tells_mood
    assert [one.positive for one in labels.texts] == [True, False, False]


def test_a_negative_text_among_complaints_is_no_complaint(tmp_path: Path) -> None:
    labels = read(tmp_path, "text\tlabel\nStale bread\tcomplaint\nRain again\tnegative\n")
    assert not labels.tells_mood
    assert [one.positive for one in labels.texts] == [True, False]


def test_labels_may_be_kinds(tmp_path: Path) -> None:
    labels = read(tmp_path, "text\tlabel\nStale\tcomplaint\nAnother Rose\tnot-us\nLovely\tPraise\nWell\tother\n")
    assert [one.kind for one in labels.texts] == [Kind.COMPLAINT, None, Kind.PRAISE, None]
    told = read(tmp_path, "text\tlabel\tkind\nStale\t1\tcomplaint\nAnother Rose\t0\tnot-us\nHm\t0\tsomething\n")
    assert [one.kind for one in told.texts] == [Kind.COMPLAINT, Kind.NOT_US, None]
    plain = read(tmp_path, "text\tlabel\nStale\tcomplaint\nNice\tother\n")
    assert [one.kind for one in plain.texts] == [None, None]  # one kind alone is nothing to tell apart


def test_halves_of_letters_are_left_out(tmp_path: Path) -> None:
    labels = read(tmp_path, '{"text": "Stale \\ud83d bread", "label": 1}\n{"text": "Nice", "label": 0}\n')
    assert labels.texts[0].text == "Stale  bread"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "labelled.tsv is empty"),
        ("\n\n", "is empty"),
        ("words\nno columns here\n", "must name the columns text and label; it names “words”"),
        ("text\tstars\nStale\t1\n", "it names “stars”, “text”"),
        ("text\tlabel\n", "has no rows"),
        ("text\tlabel\nStale\tcomplaint\nSour\tcomplaint\n", "labels every text “complaint”"),
        ("text\tlabel\nNice\tother\nGood\tfine\n", "labels no text a complaint, only “fine”, “other”"),
        ("text\tlabel\nStale\n", "Line 2 of labelled.tsv has no label"),
        ("text\tlabel\n \tother\n", "Line 2 of labelled.tsv has no text"),
        ("text\tlabel\nStale\tbread\tcomplaint\n", "has 3 cells where the first line names 2 columns"),
        ("text\tlabel\tlang\nStale\t1\tEnglish\n", "says the language “English”: write its code"),
        (b"text\tlabel\nCaf\xe9\t1\n", "is not written in UTF-8: save it as UTF-8"),
        ("text\tlabel\nStale\t1\n".encode("utf-16"), "is not written in UTF-8"),
        (b"text\tlabel\nSta\0le\t1\n", "Line 2 of labelled.tsv holds a NUL"),
        (
            f"text\tlabel\n{'w' * 1_000_000}\t1\nNice\t0\n",
            f"has a text of 1,000,000 characters: shorten it to {MOST_TEXT:,}",
        ),
        ('text,label\n"Stale,1\n' + "Nice,0\n" * 50_000, "is a quote left open?"),
        ('text,label\nNice,0\n"Stale,1\n', "Line 3 of labelled.tsv cannot be read (unexpected end of data)"),
        ('{"text": "Stale", "label": 1}\nnonsense\n', "Line 2 of labelled.tsv is no JSON object"),
        ('{"text": "Stale", "label": 1}\n[1]\n', "Line 2 of labelled.tsv is no JSON object"),
        ('{"text": "Stale"}\n', "Line 1 of labelled.tsv has no label"),
        ('{"text": ["Stale"], "label": 1}\n', "has a text that is neither text nor a number"),
        ('[{"text": "Stale", "label": 1}]\n', "is one JSON list: write one object per line"),
        ('{"text": ' + "[" * 100_000, "is no JSON object"),
    ],
    ids=range(23),
)
def test_a_file_that_cannot_be_measured_with_says_so_in_a_sentence(
    tmp_path: Path, content: str | bytes, says: str
) -> None:
    with pytest.raises(Unreadable) as refused:
        read(tmp_path, content)
    assert says in str(refused.value)
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 300
