"""Every authored apology: the good ones pass without a word, the bad ones get the finding they stand under."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from responders.check import check
from responders.languages import FIRST_CLASS
from storage.words import Brand

ROSE = Brand("rosebakery", "Rose Bakery", names=("Rose Bakery",))
TEXTS = Path(__file__).parent / "texts"
LEAST_GOOD, LEAST_BAD = 40, 60


def read(language: str) -> dict[str, Any]:
    return tomllib.loads((TEXTS / f"{language}.toml").read_text(encoding="utf-8"))


GOOD = [(language, text) for language in FIRST_CLASS for text in read(language)["good"]]
BAD = [
    (language, code, text)
    for language in FIRST_CLASS
    for code, texts in read(language)["bad"].items()
    for text in texts
]


@pytest.mark.parametrize(("language", "text"), GOOD)
def test_a_good_apology_passes_without_a_word(language: str, text: str) -> None:
    assert [(found.code, text[found.start : found.end]) for found in check(text, language, brand=ROSE)] == []


@pytest.mark.parametrize(("language", "code", "text"), BAD)
def test_a_bad_apology_hears_why(language: str, code: str, text: str) -> None:
    found = [one for one in check(text, language, brand=ROSE) if one.code == code]
    assert found, f"expected {code}"
    assert all(0 <= one.start <= one.end <= len(text) for one in found)


@pytest.mark.parametrize("language", FIRST_CLASS)
def test_each_language_is_tried_widely(language: str) -> None:
    good = {text for found, text in GOOD if found == language}
    bad = {text for found, _, text in BAD if found == language}
    assert len(good) >= LEAST_GOOD
    assert len(bad) >= LEAST_BAD
