"""The rules one by one: offsets, what may be overruled, private data, and texts that mean harm."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from responders.check import NEVER_OVERRULED, check, leave_out_invitation
from responders.check.phrases import compile_phrases, phrases
from responders.check.reading import fold, sentences
from responders.languages import FIRST_CLASS, differs
from storage.words import Brand, Finding, Length

ROSE = Brand(
    "rosebakery", "Rose Bakery", names=("Rose Bakery",), contact={"en": "write to us at hello@rosebakery.example"}
)


def found(text: str, code: str, language: str = "en", **more: object) -> list[Finding]:
    return [one for one in check(text, language, brand=ROSE, **more) if one.code == code]  # type: ignore[arg-type]


def test_a_finding_marks_the_very_words() -> None:
    text = "We are sorry, BUT you know how it is."
    (one,) = found(text, "conditional")
    assert text[one.start : one.end] == "BUT"
    assert one.principle == "A4"
    assert one.blocks


def test_accents_curly_quotes_and_invisible_letters_move_no_offset() -> None:
    text = "Ne pare r\u0061\u0306u \u200b– „sincer” –, da\u0163i-ne voie; dar\u0103m. Scuze, dac\u0103 am gre\u0219it."
    (one,) = [hit for hit in found(text, "conditional", "ro") if hit.blocks]
    assert text[one.start : one.end] == "dac\u0103"


def test_romanian_reads_the_same_with_and_without_diacritics() -> None:
    for text in ("Scuze dacă v-am supărat.", "Scuze daca v-am suparat.", "Scuze dac\u0061\u0306 v-am sup\u0103rat."):
        assert found(text, "conditional", "ro")


def test_an_if_in_an_invitation_passes_and_an_if_in_the_apology_never_does() -> None:
    assert not found("If you send us a message, we'll put it right.", "conditional")
    assert all(one.blocks for one in found("We're sorry if you were upset.", "conditional"))
    (mixed,) = found("We're sorry, and if you send us a message we'll put it right.", "conditional")
    assert not mixed.blocks
    (soft,) = found("If it rains we stay open.", "conditional")
    assert not soft.blocks


def test_an_if_about_the_fault_blocks_in_any_sentence() -> None:
    assert found("If there was a mistake, we'll look into it.", "conditional")[0].blocks


def test_a_sentence_that_opens_with_but_after_the_apology_takes_it_back() -> None:
    assert found("We are sorry. But we were full.", "conditional")
    assert not found("We open at nine. But first, coffee. We are sorry.", "conditional")


@pytest.mark.parametrize(
    "text",
    [
        "We work on it with our supplier.",
        "It is not your fault.",
        "This is no small thing for you.",
        "You should have been greeted with a smile.",
        "You should have received it on Monday.",
        "We should have called you.",
        "You said you waited only an hour at first.",
        "We just baked a new one.",
        "Nobody should have to wait like that.",
        "Our driver will bring it himself.",
        "Nothing but the best is good enough for you.",
    ],
)
def test_innocent_words_pass(text: str) -> None:
    assert not [one for one in check(text, "en", brand=ROSE) if one.blocks]


@pytest.mark.parametrize(
    ("complaint", "reply"),
    [
        ("write me at cora@mail.example please", "We wrote to CORA@mail.example."),
        ("my number is +44 20 7946 0958", "We will ring 020 7946 0958."),
        ("order #4711 never came", "We found order 4711."),
        ("заказ № 55123 не пришёл", "Нашли ваш заказ №55123."),
        ("AWB 998877665 pierdut", "Am găsit coletul 998877665."),
        ("card 4111 1111 1111 1111 was charged", "We see 4111-1111-1111-1111."),
        ("IBAN RO49AAAA1B31007593840000", "We pay to RO49AAAA1B31007593840000."),
    ],
)
def test_private_data_of_the_complaint_is_not_said_again(complaint: str, reply: str) -> None:
    (one,) = found(reply, "private_data", complaint=complaint)
    assert one.blocks
    assert one.code not in NEVER_OVERRULED
    assert any(character.isdigit() or character == "@" for character in reply[one.start : one.end])


@pytest.mark.parametrize(
    ("complaint", "reply"),
    [
        ("I paid 15000 rupees", "You paid 15000 rupees."),
        ("waited 90 minutes in 2026", "90 minutes in 2026 is too long."),
        ("I wrote to hello@rosebakery.example twice", "Please write to us at hello@rosebakery.example."),
        ("order 4711", "We found your order."),
    ],
)
def test_sums_times_and_our_own_contacts_pass(complaint: str, reply: str) -> None:
    assert not found(reply, "private_data", complaint=complaint)


def test_too_long_says_by_how_much_and_cannot_be_overruled() -> None:
    (one,) = found("x" * 290, "too_long", measure=lambda text: Length(len(text), 280))
    assert "290 of 280" in one.says
    assert "by 10" in one.says
    assert one.blocks
    assert {"too_long", "placeholder", "empty"} == NEVER_OVERRULED


def test_an_endless_text_is_measured_whole() -> None:
    (one,) = found("sorry " * 4_000, "too_long", measure=lambda text: Length(len(text), 10_000))
    assert "24000 of 10000" in one.says


def test_nothing_is_not_an_apology() -> None:
    assert [one.code for one in check(" \n", "en", brand=ROSE)] == ["empty"]


@pytest.mark.parametrize(
    "text", ["Hi {customer},", "Hi {{name}},", "Dear [NAME]", "<name>", "XXX", "ХХХ", "____", "TODO", "%(name)s"]
)
def test_gaps_are_found(text: str) -> None:
    (one,) = found(f"{text} we are sorry", "placeholder")[:1]
    assert one.blocks


@pytest.mark.parametrize(
    "text", ["We <3 you", "size XXL", "see [1]", "[our page](https://rosebakery.example)", "xx", "a_b"]
)
def test_what_only_looks_like_a_gap_passes(text: str) -> None:
    assert not found(text, "placeholder")


def test_the_brands_name_may_be_as_large_as_it_likes() -> None:
    assert not found("ROSE BAKERY is sorry. Send us a DM or SMS.", "shouting")
    assert found("We are REALLY TERRIBLY sorry.", "shouting")


def test_a_link_that_the_brand_gave_as_its_contact_passes() -> None:
    linked = replace(ROSE, contact={"en": "come to rosebakery.example/sorry"})
    text = "We're sorry. Please come to rosebakery.example/sorry"
    assert not [one for one in check(text, "en", brand=linked) if one.code == "link"]
    assert found(text, "link")
    assert not found("Write to hello@rosebakery.example.", "link")


@pytest.mark.parametrize("text", ["Sorry!", "OK", "Rose Bakery", "👍👍👍", "Ana, Rose Bakery"])
def test_short_texts_are_not_judged_for_language(text: str) -> None:
    for language in ("en", "ro"):
        assert not found(text, "wrong_language", language)


def test_languages_are_told_apart() -> None:
    assert differs("Нам очень жаль, что торт опоздал", "en") == "ru"
    assert differs("Ne pare foarte rău că tortul a întârziat, este greșeala noastră", "en") == "ro"
    assert differs("We are very sorry that your cake came late", "ro") == "en"
    assert differs("Es tut uns sehr leid, dass die Torte zu spät kam", "en") == "de"
    assert differs("మీ కేక్ ఆలస్యంగా వచ్చింది", "ru") == "te"
    assert differs("We are very sorry that your cake came late", "xx") is None


def test_a_language_without_phrases_says_that_it_was_not_checked() -> None:
    text = "Es tut uns sehr leid, dass die Torte zu spät kam."
    assert [one.code for one in check(text, "de", brand=ROSE)] == ["unchecked_language"]
    assert found(text + " {name}", "placeholder", "de")


def test_worst_comes_first() -> None:
    findings = check("You should have called. We are sorry.", "en", brand=ROSE)
    assert [one.blocks for one in findings] == sorted((one.blocks for one in findings), reverse=True)


def test_the_brands_own_contact_counts_as_an_invitation() -> None:
    own = replace(ROSE, contact={"en": "ask for Ana at counter two."})
    text = "We're sorry we let you down. We'll fix it. Please ask for Ana at counter two"
    assert "no_invitation" not in [one.code for one in check(text, "en", brand=own)]
    assert found(text, "no_invitation")


def test_leaving_out_the_invitation_keeps_every_other_sentence() -> None:
    text = "We're sorry we let you down. Please send us a private message. We're looking into it."
    assert leave_out_invitation(text, "en", ROSE) == "We're sorry we let you down. We're looking into it."
    assert leave_out_invitation("Please message us.", "en", ROSE) == "Please message us."
    assert leave_out_invitation("Schreiben Sie uns.", "de", ROSE) == "Schreiben Sie uns."


def test_sentences_end_at_marks_and_not_inside_addresses() -> None:
    folded = fold("Write to hello@rosebakery.example now. Sorry! Really?")
    assert [folded.text[one.start : one.end].strip() for one in sentences(folded)] == [
        "write to hello@rosebakery.example now.",
        "sorry!",
        "really?",
    ]


def test_the_signs_of_a_phrase() -> None:
    pattern = compile_phrases(["we (really)? (let|lett*) you", "because of ... weather"])
    for text in (
        "we let you",
        "we really let you",
        "we letting you",
        "because of weather",
        "because of this very bad weather",
    ):
        assert pattern.search(text), text
    for text in ("wewe let you", "we let your", "because of a b c d e weather", "because of rain. weather"):
        assert not pattern.search(text), text
    assert not compile_phrases([]).search("anything")


@pytest.mark.parametrize("language", FIRST_CLASS)
@pytest.mark.parametrize(
    "text",
    [
        "x" * 10_000,
        "మ" * 10_000,
        "if " * 3_000,
        "a@" * 5_000,
        "1-" * 5_000,
        "!" * 9_000,
        "{[<" * 3_000,
        "a.b" * 3_000,
        "+1 (2" * 2_000,
    ],
)
def test_a_text_made_to_stall_the_check_does_not(language: str, text: str) -> None:
    check("We are sorry that your cake was late", language, brand=ROSE)
    began = time.process_time()
    check(text, language, brand=ROSE, complaint=text)
    assert time.process_time() - began < 2.0  # of one core; a pattern that goes back and forth over it takes hours


@pytest.mark.parametrize("text", ["\x00\x00", "\u202esorry\u202c", "İİİ ß", "\ud800", "\u200b" * 50, "क्षमा करें"])
def test_odd_letters_break_nothing(text: str) -> None:
    for language in (*FIRST_CLASS, "", "und", "../../x"):
        for one in check(text, language, brand=ROSE, complaint=text):
            assert 0 <= one.start <= one.end <= len(text)


@pytest.mark.parametrize("language", FIRST_CLASS)
def test_phrases_of_every_language_load_whole(language: str) -> None:
    assert phrases(language) is not None
