"""The model that tells languages apart holds those that we read, and no more."""

from __future__ import annotations

from typing import Any

from storage.languages import LANGUAGES, identifier


def test_what_the_model_knows_of_other_languages_is_let_go() -> None:
    model: Any = identifier()
    model.set_languages(None)  # all that it has left
    assert sorted(model.labels) == sorted(LANGUAGES)
    assert model.classify("Свежий хлеб, спасибо вам большое!")[0] == "ru"
