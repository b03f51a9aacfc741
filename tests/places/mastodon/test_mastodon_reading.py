"""Reading Mastodon: who named us, in whose conversation, and nothing that was not meant for everybody."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from places.doors import NeedsPerson, Unavailable
from places.mastodon.cursor import Cursor
from sandbox.faults import EMPTY, Answer, Changed, Done, Fault
from sandbox.keys import mastodon_keys
from sandbox.mastodon import mark_post
from storage.words import Audience, Brand, Gone, Poison, Post

if TYPE_CHECKING:
    from tests.places.benching import Bench
    from tests.places.mastodon_bench import MastodonTown

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
TOKEN = mastodon_keys("rosebakery").access_token


def one(bench: Bench) -> Post:
    (post,), _ = bench.read_all()
    return post


def asked(bench: Bench, path: str) -> int:
    return sum(path in call.path for call in bench.world.calls("mastodon"))


# --- what a post is ---------------------------------------------------------------------------------


def test_a_mention_is_read_with_everything_we_need_of_it(town: MastodonTown) -> None:
    bench = town.bench()
    said = town.complain(
        "@rosebakery cold & late <sigh>\n\nhttps://pics.example/1?a=b&c=d #bread", title="food", lang="ro"
    )
    post = one(bench)
    assert (post.place, post.native_id, post.reply_to) == ("mastodon", said.id, said.id)
    assert post.text == "@rosebakery cold & late <sigh>\n\nhttps://pics.example/1?a=b&c=d #bread"
    assert post.title == "food"
    assert (post.author.native_id, post.author.handle, post.author.name) == (town.cora.id, "cora@other.example", "Cora")
    assert abs(post.created_at - said.created_at) < timedelta(milliseconds=1)
    assert (post.conversation_id, post.parent_id, post.edited_at, post.is_repost) == (said.id, None, None, False)
    assert post.addressed == (town.us.id, "rosebakery@town.example")
    assert post.url == f"{town.served.url}/@cora@other.example/{said.id}"
    assert post.lang == "ro"


def test_english_is_what_most_programs_are_set_to_and_tells_nothing(town: MastodonTown) -> None:
    town.complain(lang="en")
    assert one(town.bench()).lang is None


def test_somebody_on_our_own_instance_has_its_address_in_their_name_and_not_in_the_link(town: MastodonTown) -> None:
    dan = town.world.add_account("mastodon", "dan", "Dan")
    said = town.world.publish("mastodon", dan.id, "@rosebakery stale")
    post = one(town.bench())
    assert post.author.handle == "dan@town.example"
    assert post.url == f"{town.served.url}/@dan/{said.id}"


def test_a_customer_who_answers_us_stays_in_the_conversation_that_they_began(town: MastodonTown) -> None:
    bench = town.bench()
    root = town.complain()
    ours = town.world.publish("mastodon", town.us.id, "Sorry!", parent_id=root.id)
    again = town.complain("still cold", parent_id=ours.id)
    posts, cursor = bench.read_all()
    found = {post.native_id: post for post in posts}
    assert {post.conversation_id for post in posts} == {root.id}
    assert found[again.id].parent_id == ours.id
    assert town.us.id in found[again.id].addressed
    assert asked(bench, "/context") == 1
    more = town.complain("@rosebakery and late", parent_id=again.id)
    posts, _ = bench.read_all(cursor)
    assert {post.conversation_id for post in posts} == {root.id}
    assert more.id in {post.native_id for post in posts}
    assert asked(bench, "/context") == 1  # what it answers is known already


def test_an_answer_to_what_is_gone_begins_where_the_rest_begins(town: MastodonTown) -> None:
    root = town.complain()
    middle = town.complain("hello?", parent_id=root.id)
    last = town.complain("@rosebakery anybody?", parent_id=middle.id)
    town.world.delete("mastodon", root.id)
    posts, _ = town.bench().read_all()
    assert {post.native_id: post.conversation_id for post in posts} == {last.id: middle.id}


def test_when_the_beginning_cannot_be_asked_for_nothing_counts_as_read(town: MastodonTown) -> None:
    bench = town.bench()
    root = town.complain(at=town.clock() - DAY * 9)
    town.complain("@rosebakery still cold", parent_id=root.id)
    town.options.faults.add(Fault("GET", "/context", Done.NEVER, EMPTY))
    with pytest.raises(Unavailable):
        bench.source.poll(None, bench.now())
    assert one(bench).conversation_id == root.id


@pytest.mark.parametrize("visibility", ["private", "direct"])
def test_what_is_meant_for_us_alone_is_never_a_post_and_a_person_is_told_once(
    town: MastodonTown, visibility: str
) -> None:
    bench = town.bench()
    root = town.complain()
    secret = town.complain("@rosebakery my number is 0712 345 678", board=visibility)
    below = town.complain("@rosebakery and my street", parent_id=root.id, board=visibility)
    batch = bench.source.poll(None, bench.now())
    assert [post.native_id for post in batch.posts] == [root.id]
    assert {one.native_id for one in batch.poison} == {secret.id, below.id}
    assert all(one.raw == "" and "private" in one.why for one in batch.poison)
    assert "0712" not in repr(batch)
    assert bench.source.poll(batch.cursor, bench.now()).poison == ()
    post = batch.posts[0]
    assert [each.native_id for each in bench.source.thread(post, bench.now())] == [root.id]
    assert bench.source.again([secret.id], bench.now()) == {secret.id: Gone(secret.id, "hidden")}


def test_the_content_warning_is_part_of_what_was_said(town: MastodonTown) -> None:
    bench = town.bench()
    said = town.complain("@rosebakery mould", title="food \U0001f922 & more")
    assert one(bench).title == "food \U0001f922 & more"
    assert one(bench).native_id == said.id


def test_markup_from_another_instance_is_read_as_text(town: MastodonTown) -> None:
    said = town.complain("@rosebakery x")
    mark_post(
        town.world,
        said.id,
        html='<p>hi <a href="https://evil.example">https://bank.example</a><script>steal()</script></p>',
    )
    post = one(town.bench())
    assert post.text == "hi https://bank.example (https://evil.example)"


def test_a_boost_is_nobodys_complaint(town: MastodonTown) -> None:
    said = town.complain("@rosebakery cold #bread")
    boost = town.world.publish("mastodon", town.cora.id, "#bread", reposted_id=said.id)
    opened = town.open(hashtags=("bread",))
    posts = {post.native_id: post for post in opened.sources[1].poll(None, town.clock()).posts}
    assert posts[boost.id].is_repost
    assert posts[boost.id].text == "@rosebakery cold #bread"
    assert not posts[said.id].is_repost


@pytest.mark.parametrize(("api_version", "seen"), [(7, True), (6, False)])
def test_a_quote_calls_us_where_the_instance_tells_of_quotes(town: MastodonTown, api_version: int, seen: bool) -> None:
    town.options.api_version = api_version
    ours = town.world.publish("mastodon", town.us.id, "Fresh bread!")
    quote = town.complain("fresh? hardly", quoted_id=ours.id)
    posts, _ = town.bench().read_all()
    assert [post.native_id for post in posts] == ([quote.id] if seen else [])
    assert all(town.us.id in post.addressed for post in posts)


# --- walking ----------------------------------------------------------------------------------------


def test_a_long_absence_is_walked_back_page_by_page_and_nothing_is_missed(town: MastodonTown) -> None:
    bench = town.bench()
    _, cursor = bench.read_all()
    for n in range(200):
        town.complain(f"@rosebakery number {n}", at=town.clock() - timedelta(seconds=200 - n))
    batch = bench.source.poll(cursor, bench.now())
    assert (len(batch.posts), batch.more) == (80, True)
    town.complain("@rosebakery in the middle of it")
    rest, after = bench.read_all(batch.cursor)
    assert {post.text for post in [*batch.posts, *rest]} >= {f"@rosebakery number {n}" for n in range(200)}
    assert "in the middle" in one_of(bench, after, "in the middle")


def one_of(bench: Bench, cursor: str | None, word: str) -> str:
    return next(post.text for post in bench.read_all(cursor)[0] if word in post.text)


def test_a_walk_goes_on_in_another_process(town: MastodonTown) -> None:
    for n in range(170):
        town.complain(f"@rosebakery number {n}", at=town.clock() - timedelta(seconds=200 - n))
    first = town.bench().source.poll(None, town.clock())
    second = town.bench().source.poll(first.cursor, town.clock())
    third = town.bench().source.poll(second.cursor, town.clock())
    assert len({post.native_id for batch in (first, second, third) for post in batch.posts}) == 170


def test_the_first_look_goes_a_week_back(town: MastodonTown) -> None:
    town.complain("@rosebakery last year", at=town.clock() - DAY * 300)
    recent = town.complain("@rosebakery last week", at=town.clock() - DAY * 6)
    assert one(town.bench()).native_id == recent.id


def test_a_quiet_instance_is_asked_once_a_poll(town: MastodonTown) -> None:
    bench = town.bench()
    town.complain("@rosebakery old", at=town.clock() - DAY * 30)
    town.complain("@rosebakery new")
    _, cursor = bench.read_all()
    before = asked(bench, "/notifications")
    bench.read_all(cursor)
    assert asked(bench, "/notifications") == before + 1


def test_what_the_instance_tells_late_is_not_missed(town: MastodonTown) -> None:
    bench = town.bench()
    town.options.index_lag = HOUR
    said = town.complain()
    posts, cursor = bench.read_all()
    assert posts == []
    town.clock.ahead += HOUR + MINUTE
    town.options.index_lag = timedelta(0)
    now = town.complain("@rosebakery now")
    posts, _ = bench.read_all(cursor)
    assert {post.native_id for post in posts} == {said.id, now.id}


def test_a_notification_from_the_future_does_not_hide_what_comes_until_then(town: MastodonTown) -> None:
    bench = town.bench()
    town.complain("@rosebakery from the future")

    def ahead(body: bytes) -> bytes:
        return body.replace(b'"created_at": "20', b'"created_at": "29', 1)

    town.options.faults.add(Fault("GET", bench.reading, Done.FIRST, Changed(ahead)))
    batch = bench.source.poll(None, bench.now())
    assert Cursor.read(batch.cursor).mark is None


def test_an_instance_that_shows_the_same_page_for_ever_does_not_keep_us_for_ever(town: MastodonTown) -> None:
    bench = town.bench()
    town.complain()
    page: list[bytes] = []

    def remember(body: bytes) -> bytes:
        page.append(page[0] if page else body)
        return page[0]

    town.options.faults.add(Fault("GET", bench.reading, Done.FIRST, Changed(remember), times=None))
    posts, _ = bench.read_all()
    assert len(posts) == 2
    assert len(page) == 2


# --- what is closed to us ---------------------------------------------------------------------------


@pytest.mark.parametrize("trouble", ["revoked", "expired", "scope", "suspended", "unknown"])
def test_a_token_that_no_longer_works_is_for_a_person(town: MastodonTown, trouble: str) -> None:
    bench = town.bench(access_token="nobody's" if trouble == "unknown" else TOKEN)
    town.complain()
    if trouble == "revoked":
        town.options.revoked.add(TOKEN)
    if trouble == "expired":
        town.options.expires[TOKEN] = town.clock()
    if trouble == "scope":
        town.options.scopes[TOKEN] = {"write"}
    if trouble == "suspended":
        town.options.suspended.add(town.us.id)
    with pytest.raises(NeedsPerson) as failed:
        bench.source.poll(None, bench.now())
    told = {"scope": "scopes read and write:statuses", "suspended": "does not let our account in"}
    assert told.get(trouble, "Make a new one there") in failed.value.why


@pytest.mark.parametrize(
    ("answer", "person", "told"),
    [
        (Answer(404, b"<html>nginx</html>", (("content-type", "text/html"),)), True, "address of a Mastodon instance"),
        (Answer(403, b"<html>Attention Required!</html>"), True, "blocks our requests"),
        (Answer(301, b"", (("location", "https://new.example/api"),)), True, "https://new.example/api"),
        (Answer(422, b'{"error": "This method requires an authenticated user"}'), True, "did not understand"),
        (Answer(200, b"<html>sign in to the hotel's network</html>"), False, "no answer"),
        (Answer(200, b'{"statuses": []}'), False, "no list"),
        (Answer(200, b"[" * 100_000), False, "no answer"),
        (Answer(502, b"<html>Bad Gateway</html>"), False, "having trouble (502)"),
        (Answer(408, b""), False, "having trouble (408)"),
        (Answer(429, b'{"error": "Too many requests"}'), False, "slow down"),
        (Answer(429, b"", (("x-ratelimit-reset", "nonsense"), ("retry-after", "120"))), False, "slow down"),
    ],
)
def test_every_odd_answer_means_one_thing(town: MastodonTown, answer: Answer, person: bool, told: str) -> None:
    bench = town.bench()
    town.complain()
    town.options.faults.add(Fault("GET", bench.reading, Done.NEVER, answer))
    with pytest.raises(Unavailable) as failed:
        bench.source.poll(None, bench.now())
    assert isinstance(failed.value, NeedsPerson) is person
    assert told in failed.value.why
    assert len(bench.read_all()[0]) == 1


@pytest.mark.parametrize(
    ("headers", "minutes"),
    [
        ({"x-ratelimit-reset": "{iso}"}, 3),
        ({"x-ratelimit-reset": "{unix}"}, 3),
        ({"retry-after": "180"}, 3),
        ({"x-ratelimit-reset": "2099-01-01T00:00:00.000000Z"}, 25 * 60),
        ({"x-ratelimit-reset": "0001-01-01T00:00:00+14:00"}, None),
        ({}, None),
    ],
)
def test_the_time_until_which_to_wait_is_read_in_every_form(
    town: MastodonTown, headers: dict[str, str], minutes: int | None
) -> None:
    bench = town.bench()
    reset = bench.now() + MINUTE * 3
    filled = tuple(
        (name, value.format(iso=reset.isoformat(), unix=int(reset.timestamp()))) for name, value in headers.items()
    )
    town.options.faults.add(Fault("GET", bench.reading, Done.NEVER, Answer(429, b"{}", filled)))
    with pytest.raises(Unavailable) as failed:
        bench.source.poll(None, bench.now())
    at = failed.value.retry_at
    assert (at is None) is (minutes is None)
    assert at is None or minutes is None or abs(at - bench.now() - MINUTE * minutes) < timedelta(seconds=5)


def test_an_answer_under_an_odd_header_is_an_answer_all_the_same(town: MastodonTown) -> None:
    bench = town.bench()
    town.complain()

    def known(body: bytes) -> bytes:
        whole.append(body)
        return body

    whole: list[bytes] = []
    town.options.faults.add(Fault("GET", bench.reading, Done.FIRST, Changed(known)))
    bench.source.poll(None, bench.now())
    headers = (("x-ratelimit-reset", "soon"), ("deprecation", "true"), ("link", "<<<"), ("x-ratelimit-remaining", "?"))
    town.options.faults.add(Fault("GET", bench.reading, Done.NEVER, Answer(200, whole[0], headers)))
    assert len(bench.source.poll(None, bench.now()).posts) == 1


# --- posts by id, and threads -----------------------------------------------------------------------


@pytest.mark.parametrize("by_ids", [True, False])
def test_many_posts_are_looked_at_again_on_new_instances_and_on_old_ones(town: MastodonTown, by_ids: bool) -> None:
    town.options.by_ids = by_ids
    bench = town.bench()
    said = [town.complain(f"@rosebakery number {n}") for n in range(45)]
    town.world.delete("mastodon", said[7].id)
    town.world.edit("mastodon", said[8].id, "@rosebakery better now")
    found = bench.source.again([post.id for post in said], bench.now())
    assert len(found) == 45
    assert found[said[7].id] == Gone(said[7].id, "deleted")
    edited = found[said[8].id]
    assert isinstance(edited, Post)
    assert (edited.text, edited.edited_at is not None) == ("@rosebakery better now", True)
    lookups = sum(call.path.startswith("/api/v1/statuses") for call in bench.world.calls("mastodon"))
    assert lookups == (4 if by_ids else 46)


def test_a_post_whose_author_blocks_us_or_was_suspended_is_gone_for_us(town: MastodonTown) -> None:
    bench = town.bench()
    said = town.complain()
    town.options.blocks.add((town.cora.id, town.us.id))
    assert bench.source.again([said.id], bench.now()) == {said.id: Gone(said.id, "deleted")}
    town.options.blocks.clear()
    town.options.suspended.add(town.cora.id)
    assert bench.source.again([said.id], bench.now()) == {said.id: Gone(said.id, "deleted")}


def test_trouble_while_looking_again_is_no_proof_that_a_post_is_gone(town: MastodonTown) -> None:
    bench = town.bench()
    said = town.complain()
    for answer in (Answer(500, b"{}"), Answer(200, b"{"), Answer(401, b"{}"), Answer(404, b"<html>")):
        town.options.faults.add(Fault("GET", f"/statuses/{said.id}", Done.NEVER, answer))
        if answer.status == 404:
            continue
        with pytest.raises(Unavailable):
            bench.source.again([said.id], bench.now())
    town.options.faults.clear()
    town.options.faults.add(Fault("GET", f"/statuses/{said.id}", Done.FIRST, Changed(lambda _: b'{"id": 7}')))
    assert bench.source.again([said.id], bench.now()) == {}


def test_ids_that_are_none_are_not_asked_for(town: MastodonTown) -> None:
    bench = town.bench()
    assert bench.source.again(["", "../1", "a b", "x" * 65], bench.now()) == {}
    assert town.world.calls("mastodon") == []
    odd = replace(_post(town), native_id="../../oauth")
    assert bench.source.thread(odd, bench.now()) == ()


def _post(town: MastodonTown) -> Post:
    town.complain()
    return one(town.bench())


def test_a_thread_holds_what_others_say_under_the_same_beginning(town: MastodonTown) -> None:
    bench = town.bench()
    dan = town.world.add_account("mastodon", "dan@third.example", "Dan")
    root = town.world.publish("mastodon", dan.id, "Which bakery do you like?")
    said = town.complain("@rosebakery not this one", parent_id=root.id)
    beside = town.world.publish("mastodon", dan.id, "I do", parent_id=root.id)
    ours = town.world.publish("mastodon", town.us.id, "Sorry", parent_id=said.id)
    (post,) = (one for one in bench.read_all()[0] if one.native_id == said.id)
    thread = bench.source.thread(post, bench.now())
    assert [each.native_id for each in thread] == [root.id, said.id, beside.id, ours.id]
    assert {each.conversation_id for each in thread} == {root.id}
    town.world.delete("mastodon", said.id)
    assert [each.native_id for each in bench.source.thread(post, bench.now())] == [root.id, beside.id]
    town.world.delete("mastodon", root.id)
    assert bench.source.thread(post, bench.now()) == []


# --- hashtags and search ----------------------------------------------------------------------------


def test_hashtags_and_searches_are_read_only_where_the_owner_says_so(town: MastodonTown) -> None:
    assert [source.key for source in town.open().sources] == ["mastodon:mentions:rosebakery"]
    town.brand = Brand(
        "rose", "Rose", ('Rose "Bakery"', "rosebakery", "Роза"), handles={"mastodon": "rosebakery@town.example"}
    )
    opened = town.open(search=True, hashtags=("#bread", "cake", "bread "))
    assert [source.key for source in opened.sources] == [
        "mastodon:mentions:rose",
        "mastodon:hashtag:rose",
        "mastodon:hashtag:rose:2",
        "mastodon:search:rose",
        "mastodon:search:rose:2",
        "mastodon:search:rose:3",
    ]


def test_a_search_finds_whoever_speaks_of_us_and_a_hashtag_what_carries_it(town: MastodonTown) -> None:
    opened = town.open(search=True, hashtags=("bread",))
    assert opened.publisher is not None
    named = town.complain("never again Rose Bakery")
    tagged = town.complain("so dry #Bread")
    town.complain("Rose Bakery, for friends only", board="private")
    _, hashtag, search = opened.sources
    (by_name,) = search.poll(None, town.clock()).posts
    (by_tag,) = hashtag.poll(None, town.clock()).posts
    assert (by_name.native_id, by_tag.native_id) == (named.id, tagged.id)
    assert opened.publisher.reach(by_name, Audience.PUBLIC).how == "by_hand"


def test_a_search_walks_through_pages_and_waits_for_the_index(town: MastodonTown) -> None:
    town.options.search_lag = HOUR
    search = town.bench(source=1, search=True)
    for n in range(90):
        town.complain(f"Rose Bakery {n}", at=town.clock() - timedelta(seconds=90 - n))
    assert search.read_all()[0] == []
    town.clock.ahead += HOUR * 2
    assert len({post.native_id for post in search.read_all()[0]}) == 90


def test_an_instance_without_search_says_so_plainly(town: MastodonTown) -> None:
    town.options.has_search = False
    with pytest.raises(NeedsPerson, match="search = false"):
        town.bench(source=1, search=True).source.poll(None, town.clock())


def test_an_instance_that_searches_no_texts_finds_nothing(town: MastodonTown) -> None:
    town.options.searches = False
    town.complain("Rose Bakery")
    assert town.bench(source=1, search=True).read_all()[0] == []


# --- the instance's limits --------------------------------------------------------------------------


def test_the_instances_own_limits_are_learnt_while_reading(town: MastodonTown) -> None:
    town.options.max_characters, town.options.characters_reserved_per_url = 5000, 30
    bench = town.bench()
    place = bench.opened.place
    assert place.measure("x", Audience.PUBLIC).limit == 500 - 32
    bench.read_all()
    assert place.measure("x", Audience.PUBLIC).limit == 5000 - 32
    assert place.measure("See https://rosebakery.com/a/very/long/address/of/a/page.", Audience.PUBLIC).used == 35
    bench.read_all()
    assert asked(bench, "/api/v2/instance") == 1
    town.options.max_characters = 600
    town.clock.ahead += DAY
    bench.read_all()
    assert place.measure("x", Audience.PUBLIC).limit == 600 - 32


@pytest.mark.parametrize(
    "answer",
    [
        Answer(500, b""),
        Answer(200, b"[]"),
        Answer(200, b'{"configuration": null, "api_versions": 7}'),
        Answer(
            200, b'{"configuration": {"statuses": {"max_characters": "many"}}, "api_versions": {"mastodon": "new"}}'
        ),
        Answer(200, b'{"configuration": {"statuses": {"max_characters": 3, "characters_reserved_per_url": -1}}}'),
        Answer(200, b'{"configuration": {"statuses": {"max_characters": true}}}'),
    ],
)
def test_an_instance_that_does_not_tell_its_limits_is_read_all_the_same(town: MastodonTown, answer: Answer) -> None:
    town.options.faults.add(Fault("GET", "/instance", Done.NEVER, answer, times=None))
    town.complain()
    bench = town.bench()
    assert one(bench).author.native_id == town.cora.id
    assert bench.opened.place.measure("x", Audience.PUBLIC).limit == 500 - 32


def test_an_older_instance_tells_its_limits_at_the_older_address(town: MastodonTown) -> None:
    town.options.max_characters = 700
    town.options.faults.add(
        Fault("GET", "/api/v2/instance", Done.NEVER, Answer(404, b'{"error": "Not Found"}'), times=None)
    )
    bench = town.bench()
    bench.read_all()
    assert bench.opened.place.measure("x", Audience.PUBLIC).limit == 700 - 32


@pytest.mark.parametrize(
    ("text", "used"),
    [
        ("", 0),
        ("naïve café", 10),
        ("cafe\u0301", 4),
        ("\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466", 1),
        ("క్షమించండి", 4),
        ("write to @cora@other.example", 14),
        ("see https://rosebakery.com/" + "x" * 300, 27),
    ],
)
def test_length_is_counted_as_mastodon_counts(town: MastodonTown, text: str, used: int) -> None:
    assert town.open().place.measure(text, Audience.PUBLIC).used == used


def test_poison_never_holds_more_than_it_may(town: MastodonTown) -> None:
    bench = town.bench()
    town.complain("@rosebakery " + "x" * 50_000)
    town.options.faults.add(Fault("GET", bench.reading, Done.FIRST, Changed(bench.spoil)))
    (poison,) = bench.source.poll(None, bench.now()).poison
    assert isinstance(poison, Poison)
    assert len(poison.raw) <= 2000
