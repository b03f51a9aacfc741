"""What the town's people may say: all four languages whole, nothing said twice, and every trap that a real place sets."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest

from sandbox.town.content import LANGUAGES, Pattern, ScenePost, all_choices, choose, count_choices, load, seconds
from sandbox.town.founding import tagged
from sandbox.town.judging import language_of

CONTENT = load()
DAY, HOUR = 86_400.0, 3_600.0


def scene(**wanted: str) -> list[ScenePost]:
    return [post for post in CONTENT.scene if all(getattr(post, name) == value for name, value in wanted.items())]


def test_no_text_of_the_scene_is_there_twice() -> None:
    texts = [post.text for post in CONTENT.scene] + [post.edited for post in CONTENT.scene if post.edited]
    assert [text for text, times in Counter(texts).items() if times > 1] == []


def test_no_text_of_the_stream_can_come_out_of_two_patterns() -> None:
    texts = Counter(text for pattern in CONTENT.patterns for text in set(all_choices(pattern.text)))
    assert [text for text, times in texts.items() if times > 1] == []
    assert len(texts) > 5_000


def test_no_pattern_offers_the_same_choice_twice() -> None:
    assert [p.text for p in CONTENT.patterns if len(set(all_choices(p.text))) < count_choices(p.text)] == []


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_language_complains_praises_and_asks_about_every_shop(lang: str) -> None:
    said = {(pattern.brand, pattern.kind) for pattern in CONTENT.patterns if pattern.lang == lang}
    for shop in CONTENT.shops:
        assert {(shop.key, kind) for kind in ("complaint", "praise", "question")} <= said
    complaints = [each for each in CONTENT.patterns if each.lang == lang and each.kind == "complaint"]
    assert {each.tone for each in complaints} == {"plain", "polite", "sarcasm", "rage"}
    assert len({each.topic for each in complaints}) >= 6
    assert any(pattern.lang == lang and pattern.kind == "spam" for pattern in CONTENT.patterns)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_language_has_words_to_read_with_and_words_to_say(lang: str) -> None:
    speech = CONTENT.speech[lang]
    english = CONTENT.speech["en"]
    assert set(speech.words) == set(english.words)
    assert set(speech.topics) == set(english.topics)
    assert set(speech.says) == set(english.says)
    assert set(speech.angrier) == set(english.angrier)
    assert all([*speech.words.values(), *speech.topics.values(), *speech.says.values(), *speech.angrier.values()])


@pytest.mark.parametrize("lang", LANGUAGES)
def test_what_people_say_is_in_their_language(lang: str) -> None:
    for key, texts in {**CONTENT.speech[lang].says, **CONTENT.speech[lang].angrier}.items():
        for text in texts:
            said = choose(text, Random(key))
            assert "{" not in said.replace("{name}", "").replace("{handle}", "")
            assert language_of(said, CONTENT) in (lang, ""), (key, said)


def test_fourteen_complaints_are_older_than_two_days_and_within_the_week_that_search_sees() -> None:
    old = [post for post in scene(kind="complaint") if post.at < -2 * DAY]
    assert len(old) == 14
    assert all(post.at >= -6 * DAY for post in old)
    assert {post.lang for post in old} == set(LANGUAGES)
    assert {post.brand for post in old} == {shop.key for shop in CONTENT.shops}
    answered = {post.parent for post in scene(kind="own")}
    assert not answered & {post.key for post in old}


def test_the_first_hours_bring_fresh_complaints_in_every_language_on_both_places() -> None:
    fresh = [post for post in scene(kind="complaint") if -8 * HOUR < post.at < 0 and not post.key.startswith("twelve")]
    assert len(fresh) >= 10
    assert {post.lang for post in fresh} == set(LANGUAGES)
    assert {post.place for post in fresh} == {"x", "reddit"}


def test_twelve_people_complain_under_one_post_of_the_courier() -> None:
    under = scene(parent="swift-record", kind="complaint")
    assert len(under) == len({post.by for post in under}) == 12
    assert {post.lang for post in under} == set(LANGUAGES)


def test_the_scene_has_all_that_makes_listening_hard() -> None:
    kinds = {post.kind for post in CONTENT.scene}
    assert kinds >= {"praise", "question", "news", "spam", "not_us", "own", "repost", "chatter"}
    assert {post.tone for post in CONTENT.scene} >= {"plain", "polite", "sarcasm", "rage"}
    assert any(len(post.text) > 280 for post in scene(place="x"))
    assert any(post.quoted for post in scene(kind="complaint"))
    assert any(post.visible is not None and post.visible > 0 > post.at for post in CONTENT.scene)
    assert any(post.edited and "fixed, thanks" in post.edited.lower() for post in CONTENT.scene)
    assert any(post.delete_at is not None for post in CONTENT.scene)
    assert any("\u202e" in post.text for post in CONTENT.scene)
    assert any("<script>" in post.text for post in CONTENT.scene)
    assert any("rose bakery" in name.lower() for name in CONTENT.people.values())


def test_most_complaints_on_x_mention_the_shop_and_some_only_name_it() -> None:
    complaints = scene(place="x", kind="complaint")
    summoned = [post for post in complaints if f"@{post.brand}" in post.text or post.quoted]
    by_name = [post for post in complaints if post not in summoned]
    assert len(summoned) > 5 * len(by_name)
    assert len(by_name) >= 2


def test_telugu_is_written_in_both_alphabets_and_x_knows_only_one() -> None:
    telugu = [post for post in CONTENT.scene if post.lang == "te"]
    assert {tagged(post.text, "te") for post in telugu if post.romanised} == {"und"}
    assert {tagged(post.text, "te") for post in telugu if not post.romanised} == {"te"}


def test_romanian_is_written_with_and_without_its_marks() -> None:
    romanian = [post.text for post in CONTENT.scene if post.lang == "ro"]
    marked = [text for text in romanian if set(text) & set("ăâîșț")]
    assert 0 < len(marked) < len(romanian)


def test_handles_are_as_long_as_the_places_allow() -> None:
    for post in CONTENT.scene:
        assert len(post.by) <= (15 if post.place == "x" else 20), post.by


def test_everyone_who_is_named_writes_something() -> None:
    assert set(CONTENT.people) == {post.by for post in CONTENT.scene} - {shop.handle for shop in CONTENT.shops}


@pytest.mark.parametrize(("span", "expected"), [("-3d4h", -273_600.0), ("+2m30s", 150.0), ("-5h", -18_000.0)])
def test_spans_are_seconds(span: str, expected: float) -> None:
    assert seconds(span) == expected


@pytest.mark.parametrize("span", ["3d", "+", "-3x", "", "+1.5h"])
def test_a_span_that_is_none_is_refused(span: str) -> None:
    with pytest.raises(ValueError, match="not a span"):
        seconds(span)


def test_choices_inside_choices_are_made_too() -> None:
    made = {choose("{a|b{c|d}} {name}", Random(n)) for n in range(40)}
    assert made == {"a {name}", "bc {name}", "bd {name}"}


def test_a_pattern_names_its_shop_unless_it_is_about_somebody_else() -> None:
    def silent(pattern: Pattern) -> bool:
        return "{at}" not in pattern.text and pattern.kind not in ("not_us", "news")

    assert [pattern.text for pattern in CONTENT.patterns if silent(pattern)] == []
