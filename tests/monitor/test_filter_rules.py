"""The filter's rules: whom a post is about, what stars say, what is urgent, what never hides a complaint, where the words stand."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.filter import glance, judge, judge_page, version
from monitor.filter.first_look import FirstLook, first_look
from monitor.filter.folding import MOST_JUDGED
from monitor.filter.urgency import rate_urgency
from monitor.filter.weighing import Weighed
from monitor.filter.weights import WeightsDamaged
from storage.languages import identifier
from storage.words import Author, Brand, Kind, Topic, Verdict
from tests.monitor.shop import CORA, NAMELESS, ROSE, US, post

ROSE_ALONE = Brand(key="rose", name="Rose", names=("Rose",))


def codes(verdict: Verdict) -> set[str]:
    return {reason.code for reason in verdict.reasons}


# --- whom it is about -------------------------------------------------------------------------------


def test_a_namesake_is_not_us_however_angry_the_post_is() -> None:
    verdict = judge(post("Rose Bakery Records lost my order, worst label ever"), ROSE)
    assert verdict.kind is Kind.NOT_US
    assert codes(verdict) == {"namesake"}


def test_our_name_inside_another_word_is_not_us_and_the_word_is_shown() -> None:
    text = "This rosemary bread was awful"
    verdict = judge(post(text), ROSE_ALONE)
    [reason] = verdict.reasons
    assert (verdict.kind, reason.code, text[reason.start : reason.end]) == (Kind.NOT_US, "inside_word", "rosemary")


def test_a_post_that_names_us_by_nothing_is_not_us() -> None:
    assert judge(post("My parcel never arrived"), ROSE).kind is Kind.NOT_US


@pytest.mark.parametrize(
    "text",
    [
        "rose bakery was a let down, stale bread",
        "ROSE BAKERY!!! stale bread",
        "stale bread #RoseBakery",
        "@RoseBakery stale bread",
        "stale bread from Rose Bakery's counter",
        "stale bread https://rosebakery.example/menu",
        "В Пекарне Розе чёрствый хлеб",
        "хлеб из пекарни розы чёрствый",
        "రోజ్ బేకరీలో కేక్ పాడైపోయింది",
    ],
)
def test_our_name_is_known_in_every_dress(text: str) -> None:
    assert judge(post(text), ROSE).kind is Kind.COMPLAINT


def test_a_post_that_addresses_us_need_not_say_our_name() -> None:
    assert judge(post("Still no answer from you", addressed=("rosebakery",)), ROSE).kind is Kind.COMPLAINT


@pytest.mark.parametrize("handle", ["RB@Bread.Example", "@rb@bread.example", "rb.bread.example"])
def test_a_handle_that_is_an_address_is_known_among_those_addressed(handle: str) -> None:
    brand = Brand(key="rose", name="Rose Bakery", handles={"mastodon": handle})
    addressed = ("17", handle.lower().removeprefix("@"))
    assert judge(post("Still no answer from you", addressed=addressed), brand).kind is Kind.COMPLAINT
    assert judge(post("Still no answer from you", addressed=("17", "rb@else.example")), brand).kind is Kind.NOT_US


def test_what_is_said_in_a_conversation_need_not_repeat_our_name() -> None:
    assert judge(post("Same here, stale bread", parent_id="p0"), ROSE).kind is Kind.COMPLAINT


def test_what_ana_pastes_is_about_her_shop() -> None:
    assert judge(post("Stale bread", place="paste"), ROSE).kind is Kind.COMPLAINT


def test_our_own_posts_are_no_complaints() -> None:
    verdict = judge(post("Sorry Cora, the cake was stale. @rosebakery", author=US), ROSE)
    assert (verdict.kind, codes(verdict)) == (Kind.CHATTER, {"own_post"})


def test_mallory_does_not_become_us_by_taking_our_name() -> None:
    mallory = Author("m-1", "mallory", "Rose Bakery")
    assert judge(post("@rosebakery stale bread", author=mallory), ROSE).kind is Kind.COMPLAINT


def test_a_repost_is_chatter() -> None:
    assert judge(post("RT @cora: @rosebakery my cake never arrived", is_repost=True), ROSE).kind is Kind.CHATTER


# --- advertising and news -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "50% off at Rose Bakery, use code ROSE20, click here https://deals.example",
        "Earn money from home! Ask Rose Bakery how. DM me now, link in bio",
        "Скидки до 70%, переходите по ссылке! Rose Bakery",
        "Reduceri până la 50% la Rose Bakery, comandă acum, link în bio",
        "Rose Bakery డిస్కౌంట్ ఆఫర్! ఇప్పుడే ఆర్డర్ చేయండి, లింక్ క్లిక్ చేయండి",
    ],
)
def test_advertising_is_spam(text: str) -> None:
    assert judge(post(text), ROSE).kind is Kind.SPAM


def test_a_customer_who_speaks_of_a_promo_code_is_no_spam() -> None:
    assert (
        judge(post("@rosebakery your promo code doesn't work, I was charged full price"), ROSE).kind is Kind.COMPLAINT
    )
    assert judge(post("@rosebakery do you have a promo code for students?"), ROSE).kind is Kind.QUESTION


@pytest.mark.parametrize(
    "text",
    [
        "Rose Bakery opens new branch on Market Street, council announced today",
        "Rose Bakery fined over cockroaches, police said. Read the full story",
        "Пекарня Роза открыла новый филиал, сообщает пресс-служба мэрии",
    ],
)
def test_news_is_no_complaint(text: str) -> None:
    assert judge(post(text), ROSE).kind is Kind.NEWS


# --- stars --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rating", [1, 2])
@pytest.mark.parametrize("text", ["", "ok", "Best bakery ever, love it!"])
def test_one_or_two_stars_are_a_complaint_whatever_the_text(rating: int, text: str) -> None:
    verdict = judge(post(text, rating=rating), ROSE)
    assert verdict.kind is Kind.COMPLAINT
    assert verdict.reasons[0].code == "rating"


def test_three_stars_go_by_the_text() -> None:
    assert judge(post("Stale bread", rating=3), ROSE).kind is Kind.COMPLAINT
    assert judge(post("Nice bread", rating=3), ROSE).kind is Kind.PRAISE


def test_five_stars_take_more_than_one_cue() -> None:
    assert judge(post("Great cake, arrived late", rating=5), ROSE).kind is Kind.PRAISE
    assert judge(post("", rating=5), ROSE).kind is Kind.PRAISE
    angry = "Cake never arrived, nobody answers the phone, want my money back, worst service"
    assert judge(post(angry, rating=5), ROSE).kind is Kind.COMPLAINT


# --- what never hides a complaint ---------------------------------------------------------------------


@pytest.mark.parametrize("decoration", ["?", " ???", " :)", " 😂", " 🙏🙏", "… lovely", " #love"])
def test_no_question_mark_smiley_or_kind_word_hides_a_complaint(decoration: str) -> None:
    assert judge(post(f"@rosebakery my order never arrived{decoration}"), ROSE).kind is Kind.COMPLAINT


def test_not_only_negates_nothing() -> None:
    assert judge(post("Not only late but rude"), NAMELESS).kind is Kind.COMPLAINT


def test_a_promise_of_repair_is_no_repair() -> None:
    assert judge(post("They said it was fixed but it is still not fixed"), NAMELESS).kind is Kind.COMPLAINT
    assert judge(post("Got my refund, but the new one is broken too"), NAMELESS).kind is Kind.COMPLAINT


def test_the_edit_that_says_thanks_ends_the_complaint() -> None:
    before = "@rosebakery my cake never arrived"
    assert judge(post(before), ROSE).kind is Kind.COMPLAINT
    assert judge(post(before + "\nEDIT: all sorted, thanks!"), ROSE).kind is not Kind.COMPLAINT


# --- urgency ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "urgency"),
    [
        ("The croissants were a bit dry, just a suggestion", 1),
        ("My order never arrived", 2),
        ("My order never arrived, this is the third time", 3),
        ("MY ORDER NEVER ARRIVED AND NOBODY CARES", 3),
        ("I found a piece of glass in my bread", 4),
        ("My order never arrived, my lawyer will write to you", 4),
        ("THIRD TIME MY ORDER NEVER ARRIVED!!! SCAM", 4),
        ("Хлеб чёрствый", 2),
        ("Торт так и не привезли, уже третий раз", 3),
        ("Мой ребёнок отравился вашим тортом", 4),
        ("Am ajuns la spital după prăjiturile voastre, intoxicație", 4),
        ("మీ కేక్ తిని ఫుడ్ పాయిజన్ అయింది", 4),
    ],
)
def test_urgency_follows_what_happened(text: str, urgency: int) -> None:
    verdict = judge(post(text), NAMELESS)
    assert (verdict.kind, verdict.urgency) == (Kind.COMPLAINT, urgency), verdict.reasons


@pytest.mark.parametrize(
    "text",
    [
        "We had your chicken last night and both kids have been throwing up since four in the morning.",
        "У вас съели шаурму, всю ночь рвало, утром увезли на скорой.",
        "Am mâncat la voi aseară și toată noaptea am vomitat, acum sunt la urgențe cu copilul.",
        "మీ దగ్గర బిర్యానీ తిన్నాక ఇంట్లో అందరికీ వాంతులు అయ్యాయి, నాన్నని హాస్పిటల్‌లో చేర్చాం.",
        "mee daggara biryani tinnaka food poisoning ayyindi, amma ni hospital lo join chesam",
        "Comimos el pollo anoche y mi hijo acabó en urgencias con intoxicación alimentaria.",
        "Gestern bei euch gegessen, heute Nacht Lebensmittelvergiftung und Notaufnahme.",
        "Ma fille a mangé chez vous hier et elle a fini aux urgences avec une intoxication alimentaire.",
        "Comi o sushi de vocês ontem e fui parar no pronto-socorro com intoxicação alimentar.",
        "Ieri sera ho mangiato da voi e sono finito al pronto soccorso per un'intossicazione alimentare.",
        "Po waszym kebabie całą noc wymiotowałam i skończyło się na SORze z zatruciem pokarmowym.",
        "Після вашої шаурми всю ніч блювала, забрали на швидкій з отруєнням.",
        "Dün sizde yediğim tavuktan gıda zehirlenmesi geçirdim, geceyi acilde geçirdim.",
        "आपके यहाँ खाना खाने के बाद रात भर उल्टियाँ हुईं, फूड पॉइज़निंग हो गई और अस्पताल में भर्ती होना पड़ा।",
    ],
)
def test_illness_is_urgent_and_sensitive_in_every_language(text: str) -> None:
    verdict = judge(post(text), NAMELESS)
    assert (verdict.kind, verdict.urgency, verdict.sensitive) == (Kind.COMPLAINT, 4, True), verdict


@pytest.mark.parametrize(
    "text",
    [
        "There was a piece of glass in my salad and it cut my mouth.",
        "В салате был осколок стекла, порезала десну.",
        "Am găsit un ciob de sticlă în salată și mi-am tăiat gingia.",
        "సలాడ్‌లో గాజు ముక్క వచ్చింది, నోరు తెగింది.",
        "Había un trozo de cristal en la ensalada y me corté la boca.",
        "Im Salat war eine Glasscherbe, ich habe mir den Mund aufgeschnitten.",
        "Il y avait un morceau de verre dans ma salade et je me suis coupé la bouche.",
        "Tinha um caco de vidro na salada e cortei a boca.",
        "C'era un pezzo di vetro nell'insalata e mi sono tagliato la bocca.",
        "W sałatce był kawałek szkła, rozcięłam sobie usta.",
        "У салаті був шматок скла, порізала ясна.",
        "Salatadan cam parçası çıktı, ağzım kesildi.",
        "सलाद में काँच का टुकड़ा निकला, मुँह कट गया।",
    ],
)
def test_what_does_not_belong_in_food_is_urgent_and_sensitive_in_every_language(text: str) -> None:
    verdict = judge(post(text), NAMELESS)
    assert (verdict.kind, verdict.urgency, verdict.sensitive) == (Kind.COMPLAINT, 4, True), verdict


@pytest.mark.parametrize(
    ("severities", "urgency"),
    [((), 2), ((0.9, 0.1, 0.0, 0.0), 2), ((0.1, 0.3, 0.4, 0.2), 3), ((0.1, 0.1, 0.2, 0.6), 4)],
)
def test_what_a_second_look_finds_grave_is_more_urgent_and_never_less(
    severities: tuple[float, ...], urgency: int
) -> None:
    told = post("My order never arrived")
    assert rate_urgency(Weighed(), told, 1.2, Topic.DELIVERY, severities) == urgency
    assert rate_urgency(Weighed(), told, 1.2, Topic.SAFETY, severities) == 4


def test_illness_is_sensitive_and_about_safety() -> None:
    verdict = judge(post("My daughter had an allergic reaction to your cake"), NAMELESS)
    assert (verdict.sensitive, verdict.topic) == (True, Topic.SAFETY)


def test_asking_about_nuts_is_a_question_and_nothing_to_be_alarmed_about() -> None:
    verdict = judge(post("Do you have cakes without nuts? My son has an allergy"), NAMELESS)
    assert (verdict.kind, verdict.urgency, verdict.sensitive) == (Kind.QUESTION, 1, False)


def test_fame_does_not_count() -> None:
    famous = Author("s-1", "star", "A Star With Millions")
    assert judge(post(author=famous), ROSE) == judge(post(author=CORA), ROSE)


# --- reasons ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Dear @rosebakery, my cake never arrived.", "never arrived"),
        ("Пекарня Роза: хлеб \u0447\u0435\u0308рствый", "\u0447\u0435\u0308рствый"),  # ё as two code points
        ("Rose Bakery: pâinea era MUCEGĂITĂ", "MUCEGĂITĂ"),
        ("Rose Bakery కస్టమర్\u200c కేర్ చాలా దారుణం", "దారుణం"),
        ("Rose Bakery \u0130\u0130\u0130 was terrible", "terrible"),  # İ grows when lowered
        ("Rose Bakery\x00\x00 ter\u00adrible", "ter\u00adrible"),
    ],
)
def test_the_words_that_told_are_marked_in_the_text_as_written(text: str, words: str) -> None:
    marked = [text[reason.start : reason.end] for reason in judge(post(text), ROSE).reasons]
    assert words in marked or any(words in one for one in marked), marked


def test_words_of_the_title_have_no_place_in_the_text() -> None:
    verdict = judge(post("I am Cora.", title="Rose Bakery never delivered my cake"), ROSE)
    assert verdict.kind is Kind.COMPLAINT
    assert all((reason.start, reason.end) == (0, 0) for reason in verdict.reasons)
    assert "title" in verdict.reasons[0].says


def test_every_verdict_gives_a_reason_and_its_version() -> None:
    verdict = judge(post("Rose Bakery at noon"), ROSE)
    assert verdict.reasons
    assert verdict.model_version == f"{version()}+{first_look().version}"
    assert judge(post("Nice."), ROSE).model_version == version(), "a rule decided, and asked no look"


def test_a_page_is_judged_as_its_posts_are_one_by_one() -> None:
    posts = [
        post(text) for text in ("@rosebakery stale bread", "", "Rose Bakery at noon", "@rosebakery தாமதம்", "lovely")
    ]
    for together, alone in zip(judge_page(posts, ROSE), (judge(one, ROSE) for one in posts), strict=True):
        assert (together.kind, together.language, together.reasons) == (alone.kind, alone.language, alone.reasons)
        assert together.shares == pytest.approx(alone.shares, abs=1e-5)
    assert judge_page([], ROSE) == []


# --- what the owner asked for, and what nobody here reads ---------------------------------------------

FUSSY = Brand(
    key="rose", name="Rose", names=("Rose",), handles={"x": "rosebakery"}, required=("bread", "cake"),
    forbidden=("giveaway", "we are hiring"),
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Rose giveaway! Win a cake", "forbidden"),
        ("Rose: WE ARE HIRING bakers of bread", "forbidden"),
        ("My sister Rose never answers the phone", "none_required"),
    ],
)
def test_posts_without_the_words_asked_for_or_with_forbidden_ones_are_left_aside(text: str, code: str) -> None:
    verdict = judge(post(text), FUSSY)
    assert (verdict.kind, codes(verdict)) == (Kind.NOT_US, {code})


@pytest.mark.parametrize(
    ("text", "also"),
    [
        ("@rosebakery never answers the phone, awful giveaway", {}),
        ("Rose never answered, awful", {"addressed": ("rosebakery",)}),
        ("Rose sold me mouldy bread", {}),
        ("giveaway: one star for Rose", {"rating": 1}),
        ("Rose was rude to me", {"place": "paste"}),
    ],
)
def test_who_writes_to_us_or_was_brought_in_is_heard_whatever_the_words(text: str, also: dict[str, Any]) -> None:
    assert judge(post(text, **also), FUSSY).kind is Kind.COMPLAINT


@pytest.mark.parametrize(
    "text",
    [
        "@rosebakery ケーキが届きませんでした。電話にも誰も出ません",
        "@rosebakery الكعكة لم تصل ولا أحد يرد على الهاتف",
        "@rosebakery Tårtan kom aldrig fram och ingen svarar i telefonen",
        "@rosebakery Kakku ei koskaan saapunut eikä kukaan vastaa puhelimeen",
        "@rosebakery A torta soha nem érkezett meg és senki nem veszi fel a telefont",
    ],
)
def test_a_language_that_we_do_not_know_goes_to_the_owner(text: str) -> None:
    verdict = judge(post(text), ROSE)
    assert (verdict.kind, verdict.language, codes(verdict)) == (Kind.COMPLAINT, "und", {"cannot_judge"})
    assert verdict.urgency >= 2


@pytest.mark.parametrize(
    "text", ["", "   ", "🎂🎂🎂", "https://x.example/p/1", "@rosebakery", "!!! ??? ...", "\u200b\x07"]
)
def test_without_words_there_is_nothing_to_answer(text: str) -> None:
    verdict = judge(post(text), NAMELESS)
    assert (verdict.kind, codes(verdict)) == (Kind.CHATTER, {"no_words"})


def test_without_weights_cues_and_rules_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def damaged() -> FirstLook:
        raise WeightsDamaged("first.npz is damaged")

    monkeypatch.setattr(glance, "first_look", damaged)
    verdict = judge(post("@rosebakery my cake never arrived"), ROSE)
    assert (verdict.kind, verdict.shares, verdict.model_version) == (Kind.COMPLAINT, (), version())
    assert judge(post("@rosebakery lovely cake, thank you!"), ROSE).kind is Kind.PRAISE
    assert judge(post("Rose Bakery Records"), ROSE).kind is Kind.NOT_US


# --- hostile texts ------------------------------------------------------------------------------------

HOSTILE = [
    "\x00" * 50_000,
    "a\u0301" * 25_000,
    "e" + "\u0301" * 50_000,
    "." * 50_000,
    "not " * 12_500,
    "waited " * 8_000,
    "no refund " * 5_000,
    "не " * 20_000,
    "a'" * 25_000,
    "😡" * 50_000,
    "😡\u200d" * 25_000,
    "http://" * 8_000,
    "@" * 50_000,
    "#a" * 25_000,
    "క్" * 25_000,
    "x" * 50_000,
    "\ud800" * 50_000,
    "\u202e" * 50_000,
    "<script>alert(1)</script>" * 2_000,
    ("the worst but " * 4_000),
    "İ" * 50_000,
    "\n" * 50_000,
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_text_is_judged_in_no_time(text: str) -> None:
    identifier()
    judge(post("warm up the cues"), ROSE)
    begun = time.process_time()
    verdict = judge(post(text, title=text, author=Author("m", text, text)), ROSE)
    assert time.process_time() - begun < 1.0
    assert all(0 <= reason.start <= reason.end <= MOST_JUDGED for reason in verdict.reasons)


@settings(max_examples=300, deadline=None)
@given(text=st.text(max_size=300), title=st.text(max_size=40), lang=st.one_of(st.none(), st.text(max_size=8)))
def test_no_text_whatever_makes_judging_fail(text: str, title: str, lang: str | None) -> None:
    verdict = judge(post(text, title=title, lang=lang), ROSE)
    assert 0 <= verdict.probability <= 1
    assert -1 <= verdict.mood <= 1
    assert 1 <= verdict.urgency <= 4
    assert all(0 <= reason.start <= reason.end <= len(text) for reason in verdict.reasons)


def test_judging_is_pure() -> None:
    again = post("@rosebakery soooo slowwww, waited an hour, worst service 😡")
    assert judge(again, ROSE) == judge(again, ROSE)
