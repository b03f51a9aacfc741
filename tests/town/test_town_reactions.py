"""Customers read an answer by their own lights, react to it once, and the town remembers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sandbox.town.content import load
from sandbox.town.judging import Feeling, judge, language_of
from sandbox.town.reactions import find_answer, react
from sandbox.town.town import READS_WITHIN, Town
from sandbox.world import World, WorldPost

CONTENT = load()

GOOD = {
    "en": (
        "@rosebakery my bread was burnt and the queue took forever",
        "Burnt bread after a wait like that: we got this wrong, and I'm sorry. We'd like to put it right. Could you send us a message? Ana",
    ),
    "ru": (
        "@rosebakery торт привезли на два часа позже, гости разошлись",
        "Торт опоздал на два часа, и это наша вина. Простите нас, пожалуйста. Хотим всё исправить: напишите нам в личные сообщения. Анна",
    ),
    "ro": (
        "@rosebakery cozonacul era crud la mijloc, pacat",
        "Un cozonac crud nu avea ce căuta pe masă. E vina noastră și ne pare rău. Vrem să îndreptăm lucrurile: ne scrieți un mesaj privat? Ana",
    ),
    "te": (
        "@rosebakery కేక్ మీద పేరు తప్పు రాశారు",
        "కేక్ మీద పేరు తప్పుగా రాయడం మా పొరపాటు, క్షమించండి. దీన్ని సరిచేయాలనుకుంటున్నాం, దయచేసి మాకు ఒక మెసేజ్ పంపండి. అన",
    ),
}

BAD = {
    "en": [
        ("conditional", "We are sorry if you felt that your bread was not up to standard, please message us."),
        ("blame", "We are sorry, but you should have checked the bread before you left the shop."),
        ("boilerplate", "Dear customer, we apologise for the inconvenience. Your feedback is important to us."),
        ("short", "Sorry about that!"),
        ("cold", "The oven settings are checked every morning by the team on duty in the shop."),
        ("shouting", "WE ARE VERY SORRY ABOUT THE BREAD, PLEASE SEND US A MESSAGE TODAY"),
        ("language", "Нам очень жаль, это наша вина. Напишите нам, пожалуйста, в личные сообщения."),
    ],
    "ru": [
        ("conditional", "Нам жаль, если вам показалось, что торт опоздал. Напишите нам в личные сообщения."),
        ("blame", "Извините, но вы сами указали неверный адрес доставки торта."),
        ("boilerplate", "Уважаемый клиент, приносим извинения за неудобства. Ваше мнение важно для нас."),
        ("short", "Извините, пожалуйста."),
        ("language", "We are so sorry about the cake, this is our fault. Please send us a message."),
    ],
    "ro": [
        ("conditional", "Ne pare rău dacă ați fost nemulțumit de cozonac, scrieți-ne un mesaj privat."),
        ("blame", "Ne pare rău, dar trebuia să citiți eticheta înainte să cumpărați cozonacul."),
        ("boilerplate", "Stimate client, ne cerem scuze pentru inconvenientul creat de acest produs."),
        ("short", "Ne pare rău."),
        ("language", "We are so sorry about your bread, this is our fault. Please send us a message."),
    ],
    "te": [
        ("conditional", "ఒకవేళ మీకు ఇబ్బంది కలిగి ఉంటే క్షమించండి, మాకు మెసేజ్ పంపండి."),
        ("blame", "క్షమించండి, కానీ ఆర్డర్ ఇచ్చేటప్పుడు మీరే చూసుకోవాలి కదా అండి."),
        ("boilerplate", "ప్రియమైన కస్టమర్, మీకు కలిగిన అసౌకర్యానికి చింతిస్తున్నాము అండి."),
        ("short", "క్షమించండి."),
        ("language", "We are so sorry about the cake, this is our fault. Please send us a message."),
    ],
}


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 11, 22, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


class Visit:
    """A quiet visit to the town: Cora complains, Ana's shop answers, time passes."""

    def __init__(self, path: Path | str = ":memory:", seed: int = 7) -> None:
        self.clock = Clock()
        self.world = World(path, self.clock)
        self.town = Town(self.world, seed=seed)

    def wait(self, seconds: float) -> None:
        for _ in range(int(seconds)):
            self.clock.now += timedelta(seconds=1)
            self.town.live(1)

    def complain(self, text: str, who: str = "cora_complains") -> WorldPost:
        cora = self.world.add_account("x", who, "Cora Complains")
        return self.world.publish("x", cora.id, text)

    def answer(self, post: WorldPost, text: str) -> WorldPost:
        shop = self.world.account(post.place, handle="rosebakery")
        assert shop is not None
        self.clock.now += timedelta(seconds=1)
        return self.world.publish(post.place, shop.id, text, parent_id=post.id)

    def under(self, reply: WorldPost) -> list[WorldPost]:
        return [
            post for post in self.world.conversation(reply.place, reply.conversation_id) if post.parent_id == reply.id
        ]


@pytest.mark.parametrize("lang", GOOD)
def test_an_answer_that_is_sorry_and_owns_it_feels_good(lang: str) -> None:
    complaint, answer = GOOD[lang]
    impression = judge(answer, complaint, lang, CONTENT)
    assert impression.feeling is Feeling.GOOD
    assert (impression.sorry, impression.owns, impression.names_it, impression.next_step, impression.invites) == (
        True,
    ) * 5


@pytest.mark.parametrize(
    ("lang", "why", "answer"), [(lang, why, text) for lang, rows in BAD.items() for why, text in rows]
)
def test_a_bad_answer_is_felt_for_what_is_wrong_with_it(lang: str, why: str, answer: str) -> None:
    impression = judge(answer, GOOD[lang][0], lang, CONTENT)
    assert (impression.feeling, impression.why) == (Feeling.BAD, why)


def test_half_an_answer_leaves_one_unsure() -> None:
    complaint = GOOD["en"][0]
    half = judge("Oh dear, we are truly sorry to hear about your day, Cora.", complaint, "en", CONTENT)
    assert half.feeling is Feeling.MIDDLING


@pytest.mark.parametrize(
    ("text", "lang"),
    [
        ("@pixelfix phone repair ki ichi 12 rojulu ayyindi, meeru em chestunnaru andi", "te"),
        ("am platit de doua ori pentru acelasi tort si nu raspunde nimeni la mailuri", "ro"),
        ("the bread was stale and you did not care", "en"),
        ("Где посылка?", "ru"),
        ("ఎక్కడుంది?", "te"),
        ("@rosebakery 😡😡", ""),
        ("", ""),
    ],
)
def test_the_town_knows_which_language_it_reads(text: str, lang: str) -> None:
    assert language_of(text, CONTENT) == lang


@pytest.mark.parametrize("lang", GOOD)
def test_a_good_answer_is_thanked_for_or_taken_to_private_or_doubted_but_never_makes_angrier(lang: str) -> None:
    complaint, text = GOOD[lang]
    visit, seen = Visit(), set()
    for n in range(40):
        post = visit.complain(f"{complaint} {n}", who=f"cora{n}")
        reply = visit.answer(post, text)
        shop = visit.world.account("x", id=reply.author_id)
        assert shop is not None
        answer = find_answer(visit.world, CONTENT, reply, shop)
        assert answer is not None
        reaction = react(answer, 7, CONTENT)
        assert reaction.public
        assert reaction.impression is not None
        assert reaction.impression.feeling is Feeling.GOOD
        seen.add("private" if reaction.private else "public")
        assert not reaction.bystander
    assert seen == {"private", "public"}


def test_a_bad_answer_makes_the_customer_angrier_and_sometimes_others_join_in() -> None:
    visit, joined = Visit(), 0
    for n in range(30):
        post = visit.complain(f"@rosebakery the bread was burnt again, number {n}", who=f"cora{n}")
        reply = visit.answer(post, "Sorry about that!")
        shop = visit.world.account("x", id=reply.author_id)
        assert shop is not None
        answer = find_answer(visit.world, CONTENT, reply, shop)
        assert answer is not None
        reaction = react(answer, 7, CONTENT)
        assert not reaction.private
        assert reaction.public in {
            choice for pattern in CONTENT.speech["en"].angrier["short"] for choice in expand(pattern)
        }
        joined += bool(reaction.bystander)
    assert 0 < joined < 25


def expand(pattern: str) -> list[str]:
    from sandbox.town.content import all_choices

    return all_choices(pattern)


def test_cora_reads_within_twenty_seconds_and_answers_in_the_thread() -> None:
    visit = Visit()
    reply = visit.answer(visit.complain(GOOD["en"][0]), GOOD["en"][1])
    visit.wait(READS_WITHIN[0] - 1)
    assert visit.under(reply) == []
    visit.wait(READS_WITHIN[1])
    told = visit.under(reply)
    assert [post.author_id for post in told] == [visit.world.post("x", reply.parent_id or "").author_id]  # type: ignore[union-attr]


def test_each_answer_is_reacted_to_once_even_when_the_town_is_closed_and_opened_again(tmp_path: Path) -> None:
    visit = Visit(tmp_path / "town.db")
    reply = visit.answer(visit.complain(GOOD["en"][0]), GOOD["en"][1])
    visit.wait(2)
    visit.world.close()

    again = Visit(tmp_path / "town.db")
    again.clock.now = visit.clock.now
    again.wait(60)
    assert len(again.under(reply)) == 1
    again.world.close()

    third = Visit(tmp_path / "town.db")
    third.clock.now = again.clock.now
    third.wait(60)
    assert len(third.under(reply)) == 1


def test_a_second_answer_is_reacted_to_as_well() -> None:
    visit = Visit()
    first = visit.answer(visit.complain("@rosebakery my bread was burnt"), "Sorry about that!")
    visit.wait(25)
    anger = next(post for post in visit.under(first))
    second = visit.answer(anger, GOOD["en"][1])
    visit.wait(25)
    assert len(visit.under(second)) == 1


def test_an_answer_taken_down_in_time_is_never_read() -> None:
    visit = Visit()
    reply = visit.answer(visit.complain("@rosebakery my bread was burnt"), "Sorry about that!")
    visit.world.delete("x", reply.id)
    visit.wait(40)
    assert visit.under(reply) == []


def test_who_is_asked_to_write_privately_does_so_and_says_so() -> None:
    visit = Visit()
    shop = visit.world.account("x", handle="rosebakery")
    assert shop is not None
    replies = []
    for n in range(12):
        post = visit.complain(f"{GOOD['en'][0]}, number {n}", who=f"cora{n}")
        replies.append(visit.answer(post, GOOD["en"][1]))
    visit.wait(40)
    letters = visit.world.messages("x", shop.id)
    assert letters
    assert all(len(visit.under(reply)) == 1 for reply in replies)
    assert {letter.from_id for letter in letters} < {post.author_id for post in visit.world.posts("x")}


def test_praise_answered_kindly_is_answered_kindly_and_a_newspaper_does_not_answer() -> None:
    visit = Visit()
    posts = {post.text[:20]: post for post in visit.world.posts("x")}
    praise = next(post for text, post in posts.items() if text.startswith("Rose Bakery made a"))
    news = next(post for text, post in posts.items() if text.startswith("Harbour roadworks"))
    to_praise, to_news = (
        visit.answer(praise, "Give him a kiss!"),
        visit.answer(news, "Thanks for the mention of the roadworks."),
    )
    visit.wait(40)
    assert len(visit.under(to_praise)) == 1
    assert visit.under(to_news) == []


def test_an_answer_from_before_the_town_began_is_history() -> None:
    visit = Visit()
    visit.wait(60)
    old = next(post for post in visit.world.posts("x") if post.text.startswith("@niamh_walsh"))
    assert visit.under(old) == []


def test_a_visitors_complaint_on_reddit_is_taken_as_seriously() -> None:
    visit = Visit()
    cora = visit.world.add_account("reddit", "cora_c", "cora_c")
    post = visit.world.publish(
        "reddit", cora.id, "the bread was burnt", title="Rose Bakery: burnt again", board="rosetown"
    )
    reply = visit.answer(post, GOOD["en"][1])
    visit.wait(30)
    assert [each.author_id for each in visit.under(reply)] == [cora.id]


def test_the_customer_answers_in_the_language_of_the_complaint() -> None:
    visit = Visit()
    for lang, (complaint, text) in GOOD.items():
        reply = visit.answer(visit.complain(complaint, who=f"cora_{lang}"), text)
        visit.wait(25)
        assert [language_of(post.text, CONTENT) or lang for post in visit.under(reply)] == [lang]
