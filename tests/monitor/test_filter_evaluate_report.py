"""The page with what was measured: it stands alone, runs nothing, and strangers' words are words in it."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree.ElementTree import Element

import html5lib
import pytest

from monitor.filter.evaluating.reading import Labelled, Labels
from monitor.filter.evaluating.report import MOST_MISTAKES, compose, write_report
from monitor.filter.evaluating.results import Results, evaluate
from monitor.filter.evaluating.ways import Stage
from storage.words import Kind

HOSTILE = "What a lovely bakery, thank you so much for the wonderful bread, we will come back <script>alert(1)</script><img src=x onerror=alert(2)> \u202etxet {{ 7 * 7 }}"


def make(hostile: int = 30) -> Results:
    """Complaints that read like praise, so that there are misses; praise that reads like trouble; two languages with curves."""
    rows = [Labelled(f"{HOSTILE} {at}", True, "en", Kind.COMPLAINT, "<b>bold</b>") for at in range(hostile)]
    rows += [Labelled(f"Rude staff, cold soup and a bill for {at} euros", False, "en", Kind.PRAISE) for at in range(30)]
    rows += [Labelled(f"Хлеб был чёрствый, {at} раз звонили", bool(at % 2), "ru", Kind.COMPLAINT) for at in range(60)]
    return evaluate(Labels("<hostile>.tsv", tuple(rows), tells_mood=False), Stage.FIRST)


@pytest.fixture(scope="module")
def results() -> Results:
    return make()


@pytest.fixture(scope="module")
def tree(results: Results) -> Element:
    parsed: Element = html5lib.HTMLParser(namespaceHTMLElements=False).parse(compose(results))
    return parsed


def names(tree: Element) -> set[str]:
    return {str(element.tag).rpartition("}")[2] for element in tree.iter()}


def test_the_page_runs_nothing_and_asks_nobody(tree: Element) -> None:
    assert names(tree).isdisjoint({"script", "img", "link", "iframe", "object", "a", "form"})
    told = [name.rpartition("}")[2] for element in tree.iter() for name in element.attrib]
    assert [name for name in told if name.startswith("on") or name in ("src", "href")] == []
    policy = next(meta for meta in tree.iter("meta") if meta.get("http-equiv") == "Content-Security-Policy")
    assert policy.get("content") == "default-src 'none'; style-src 'unsafe-inline'"


def test_what_strangers_wrote_is_shown_word_for_word(tree: Element, results: Results) -> None:
    said = ["".join(one.itertext()) for one in tree.iter("p") if one.get("class") == "said"]
    assert f"{HOSTILE} 0" in said
    assert len(said) == 2 * MOST_MISTAKES
    assert "<b>bold</b>" in "".join(tree.itertext())
    assert "<hostile>.tsv" in "".join(tree.itertext())


def test_there_are_curves_of_all_and_of_each_language_shares_and_kinds(tree: Element) -> None:
    figures = [one.get("aria-label") or "" for one in tree.iter("figure")]
    assert [name.rpartition(", ")[2] for name in figures[:-1]] == ["all languages", "en", "ru"]
    assert len([one for one in tree.iter() if str(one.tag).endswith("svg")]) == len(figures) == 4
    heat = [one for one in tree.iter("td") if (one.get("class") or "").startswith("heat")]
    assert len(heat) == 2 * len(Kind)


def test_the_same_results_give_the_same_page(results: Results) -> None:
    page = compose(results)
    assert compose(results) == page
    assert re.findall(r"https?://(?!www\.w3\.org/)", page) == []


def test_a_page_without_mistakes_or_curves_says_so() -> None:
    rows = (Labelled("Rude staff, cold soup, never again", True), Labelled("Lovely cakes, thank you", False))
    page = compose(evaluate(Labels("small.tsv", rows, tells_mood=False), Stage.FIRST))
    assert "None was missed." in page
    assert "None was raised for nothing." in page


def test_the_page_is_written_in_letters_of_every_language(results: Results, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    write_report(results, path)
    assert path.read_text(encoding="utf-8") == compose(results)
    with pytest.raises(OSError, match="Is a directory"):
        write_report(results, tmp_path)
