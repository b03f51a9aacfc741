"""Which language a post is in: the place's word for it, unless the letters say otherwise."""

from __future__ import annotations

import pytest

from monitor.filter import LANGUAGES, find_language
from monitor.filter.folding import fold
from monitor.filter.language import detect


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The bread was stale and nobody answered the phone", "en"),
        ("Хлеб был чёрствый, и никто не ответил", "ru"),
        ("Хліб був черствий, і ніхто не відповів", "uk"),
        ("Pâinea era veche și nu a răspuns nimeni la telefon", "ro"),
        ("painea era veche si nu a raspuns nimeni la telefon", "ro"),
        ("కేక్ బాలేదు", "te"),
        ("cake assalu baledu andi, chala late ga vachindi", "te"),
        ("केक बहुत खराब था", "hi"),
        ("cake bahut kharab tha, paise wapas karo", "hi"),
        ("El pan estaba duro y nadie contestó al teléfono", "es"),
        ("Das Brot war hart und niemand ging ans Telefon", "de"),
        ("Le pain était dur et personne n'a répondu au téléphone", "fr"),
        ("Il pane era duro e nessuno ha risposto al telefono", "it"),
        ("O pão estava duro e ninguém atendeu o telefone", "pt"),
        ("Chleb był twardy i nikt nie odbierał telefonu", "pl"),
        ("Ekmek bayattı ve kimse telefona cevap vermedi", "tr"),
        ("", "und"),
        ("ok", "und"),
        ("https://rosebakery.example @rosebakery", "und"),
        ("12345 !!! 678", "und"),
    ],
)
def test_a_text_of_which_nothing_else_is_known(text: str, language: str) -> None:
    assert find_language(text) == language


@pytest.mark.parametrize(
    ("text", "field", "language"),
    [
        ("stale bread", "en", "en"),
        ("stale bread", "en-GB", "en"),
        ("pan duro otra vez", "es", "es"),
        ("ужас", "en", "ru"),  # no English is written so
        ("చెత్త", "en", "te"),
        ("cake assalu baledu andi", "en", "te"),  # no place knows romanised Telugu
        ("Хліб черствий", "uk", "uk"),
        ("The bread was stale and hard again", "qme", "en"),
        ("The bread was stale and hard again", "xx", "en"),
        ("bread", "und", "und"),
    ],
)
def test_the_place_says_it_unless_the_letters_say_otherwise(text: str, field: str, language: str) -> None:
    assert detect(text, fold(text).keys, field) == language


def test_only_our_languages_are_ever_told() -> None:
    swedish = "Brödet var gammalt och ingen svarade i telefon när jag ringde"
    assert find_language(swedish) in (*LANGUAGES, "und")
