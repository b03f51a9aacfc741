"""Our promises, kept against Bluesky's own servers: nobody here pretends to be Bluesky."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import regex

from places.bluesky.place import BlueskyPlace
from places.bluesky.uris import key_of, time_of
from places.doors import NeedsPerson, Refused, Unavailable
from sandbox.world import utc_now
from storage.words import Audience, Gone, Post, ReachHow, Reply
from tests.bluesky_network.conftest import ADDRESS, POST, Bakery, Person, eventually, open_it

if TYPE_CHECKING:
    MakeReply = Callable[..., Reply]
    Join = Callable[[str], Person]

SORRY = "We are sorry, Cora 👩‍👩‍👧‍👦 — that croissant should have been warm. We are looking into it."


def test_a_mention_becomes_a_post_that_we_can_answer(bakery: Bakery, cora: Person) -> None:
    asked = cora.tag(bakery.person, "mi-e rece cornul 🥐", langs=["ro"])
    post = bakery.hears(asked["uri"])
    assert (post.text, post.lang) == (f"@{bakery.person.handle} mi-e rece cornul 🥐", "ro")
    assert (post.author.native_id, post.author.handle) == (cora.did, cora.handle)
    assert bakery.publisher.reach(post, Audience.PUBLIC).how is ReachHow.API
    assert bakery.publisher.me(utc_now()).native_id == bakery.person.did
    assert utc_now() - timedelta(minutes=1) < post.created_at <= utc_now()


def test_the_same_reply_twice_is_one_post_with_one_hash(bakery: Bakery, cora: Person, make_reply: MakeReply) -> None:
    post = bakery.hears(cora.tag(bakery.person, "cold")["uri"])
    reply = make_reply(post, SORRY, approved_at=utc_now())
    first = bakery.publisher.post(reply, utc_now())
    (written,) = bakery.written()
    again = replace(reply, sent_at=reply.sent_at + timedelta(hours=1), first_sent_at=reply.sent_at, attempt=2, fence=2)
    assert bakery.publisher.post(again, utc_now()).native_id == first.native_id == written["uri"]
    assert bakery.written() == [written]
    assert (written["value"]["text"], written["value"]["reply"]["parent"]["uri"]) == (SORRY, post.native_id)


def test_nothing_that_is_up_is_written_over(bakery: Bakery, cora: Person, make_reply: MakeReply) -> None:
    post = bakery.hears(cora.tag(bakery.person, "cold")["uri"])
    reply = make_reply(post, SORRY, approved_at=utc_now())
    first = bakery.publisher.post(reply, utc_now())
    before = bakery.written()
    other = replace(reply, sent_at=reply.sent_at + timedelta(hours=1))  # other bytes under the same key
    with pytest.raises(Exception, match="is there already"):
        bakery.publisher.post(other, utc_now())
    assert bakery.written() == before
    found = bakery.publisher.find(other, utc_now())
    assert found is not None
    assert found.native_id == first.native_id


def test_a_second_process_finds_the_reply_and_knows_its_key(
    bakery: Bakery, cora: Person, make_reply: MakeReply
) -> None:
    post = bakery.hears(cora.tag(bakery.person, "cold")["uri"])
    reply = make_reply(post, SORRY, approved_at=utc_now())
    elsewhere = open_it(bakery.person, bakery.password).publisher
    assert elsewhere is not None
    assert elsewhere.find(reply, utc_now()) is None
    posted = bakery.publisher.post(reply, utc_now())
    found = elsewhere.find(reply, utc_now())
    assert found is not None
    assert (found.native_id, found.url) == (posted.native_id, posted.url)
    assert posted.native_id == f"at://{bakery.person.did}/{POST}/{key_of(reply)}"
    made_at = time_of(key_of(reply))
    assert made_at is not None
    assert abs(made_at - utc_now()) < timedelta(minutes=1)


def test_an_answer_given_in_the_app_is_found_too(bakery: Bakery, cora: Person, make_reply: MakeReply) -> None:
    asked = cora.tag(bakery.person, "cold")
    post = bakery.hears(asked["uri"])
    reply = make_reply(post, SORRY)
    by_ben = bakery.person.answer(asked, asked, "So sorry! Ben")
    found = bakery.publisher.find(reply, utc_now())
    assert found is not None
    assert found.native_id == by_ben["uri"]
    assert bakery.publisher.find(replace(reply, known_ids=(by_ben["uri"],)), utc_now()) is None


def test_cora_answers_and_we_read_the_whole_conversation(bakery: Bakery, cora: Person, make_reply: MakeReply) -> None:
    asked = cora.tag(bakery.person, "cold")
    post = bakery.hears(asked["uri"])
    posted = bakery.publisher.post(make_reply(post, SORRY), utc_now())
    ours = eventually(lambda: next(iter(cora.ask("app.bsky.feed.getPosts", uris=[posted.native_id])["posts"]), None))
    answer = cora.answer(asked, {"uri": ours["uri"], "cid": ours["cid"]}, "thank you, that is kind")
    heard = bakery.hears(answer["uri"])
    assert (heard.parent_id, heard.conversation_id) == (posted.native_id, asked["uri"])
    assert bakery.publisher.reach(heard, Audience.PUBLIC).how is ReachHow.API
    thread = eventually(lambda: _of_three(bakery.mentions.thread(heard, utc_now())))
    assert [one.native_id for one in thread] == [asked["uri"], posted.native_id, answer["uri"]]
    follow_up = bakery.publisher.post(make_reply(heard, "Come by tomorrow.", key="reply-2"), utc_now())
    value = next(one["value"] for one in bakery.written() if one["uri"] == follow_up.native_id)
    assert (value["reply"]["root"]["uri"], value["reply"]["parent"]["uri"]) == (asked["uri"], answer["uri"])


def _of_three(posts: Any) -> Any:
    return posts if len(posts) == 3 else None


def test_what_we_took_down_is_gone_and_taking_down_twice_does_no_harm(
    bakery: Bakery, cora: Person, make_reply: MakeReply
) -> None:
    post = bakery.hears(cora.tag(bakery.person, "cold")["uri"])
    posted = bakery.publisher.post(make_reply(post, SORRY), utc_now())
    bakery.publisher.remove(posted, utc_now())
    assert bakery.written() == []
    bakery.publisher.remove(posted, utc_now())
    assert bakery.publisher.find(make_reply(post, SORRY), utc_now()) is None


def test_links_mentions_and_tags_of_a_reply_are_where_people_see_them(
    bakery: Bakery, cora: Person, make_reply: MakeReply
) -> None:
    post = bakery.hears(cora.tag(bakery.person, "cold")["uri"])
    text = f"👩‍👩‍👧 שלום @{cora.handle}: write to https://rosebakery.example/hello, é #croissant @nobody.test"
    posted = bakery.publisher.post(make_reply(post, text, language="en"), utc_now())

    def shown() -> Any:
        views = bakery.person.ask("app.bsky.feed.getPosts", uris=[posted.native_id])["posts"]
        return views[0]["record"] if views else None

    record = eventually(shown)
    raw = record["text"].encode()
    features = {
        raw[facet["index"]["byteStart"] : facet["index"]["byteEnd"]].decode(): facet["features"][0]
        for facet in record["facets"]
    }
    assert {words: one["$type"].rpartition("#")[2] for words, one in features.items()} == {
        f"@{cora.handle}": "mention",
        "https://rosebakery.example/hello": "link",
        "#croissant": "tag",
    }
    assert features[f"@{cora.handle}"]["did"] == cora.did
    assert (record["text"], record["langs"]) == (text, ["en"])


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("x" * 300, True),
        ("x" * 301, False),
        ("👩‍👩‍👧‍👦" * 120, True),
        ("👩‍👩‍👧‍👦" * 121, False),  # 3,025 bytes, although 121 graphemes
        ("é" * 300, True),
        ("क्षि" * 250, True),
        ("క్షమించండి " * 60, True),
        ("🇷🇴" * 301, False),
    ],
    ids=["300", "301", "families", "too many bytes", "marks", "hindi", "telugu", "flags"],
)
def test_we_count_as_bluesky_counts(bakery: Bakery, cora: Person, make_reply: MakeReply, text: str, fits: bool) -> None:
    """What we say fits is taken, and what we say does not is refused there too."""
    assert BlueskyPlace().measure(text, Audience.PUBLIC).fits is fits
    asked = cora.tag(bakery.person, "cold")
    if fits:
        bakery.publisher.post(make_reply(bakery.hears(asked["uri"]), text), utc_now())
        assert bakery.written()[0]["value"]["text"] == text
        return
    with pytest.raises(Refused, match="longer than Bluesky takes"):
        bakery.publisher.post(make_reply(bakery.hears(asked["uri"]), text), utc_now())
    with pytest.raises(AssertionError, match="too big"):
        bakery.person.answer(asked, asked, text)
    assert len(regex.findall(r"\X", text)) > 300 or len(text.encode()) > 3000


@pytest.mark.parametrize(
    "words",
    ["క్షమించండి, ", "क्षमा कीजिए ", "вибачте é", "👩🏽‍🍳🇷🇴👍🏿", "ກິນ ขอโทษ ", "죄송합니다 각", "இது மன்னிக்கவும் ", "a\r\nb"],
)
def test_bluesky_counts_no_other_number_than_we_do(bakery: Bakery, words: str) -> None:
    """It tells the number when it is too high."""
    text = words
    while len(regex.findall(r"\X", text)) <= 300:
        text += words
    number = BlueskyPlace().measure(text, Audience.PUBLIC).used if len(text.encode()) <= 3_000 else len(text.encode())
    said = bakery.person.http.post(
        "com.atproto.repo.createRecord",
        headers={"authorization": f"Bearer {bakery.person.token}"},
        json={
            "repo": bakery.person.did,
            "collection": POST,
            "record": {"$type": POST, "text": text, "createdAt": "2026-11-22T12:00:00.000Z"},
        },
    ).json()["message"]
    assert f"got {number})" in said


def test_a_deleted_post_is_gone_and_takes_no_answer(bakery: Bakery, cora: Person, make_reply: MakeReply) -> None:
    post = bakery.hears(cora.tag(bakery.person, "cold")["uri"])
    cora.delete(post.native_id)
    gone = eventually(lambda: _gone(bakery, post))
    assert gone.why == "deleted"
    later = utc_now() + timedelta(minutes=10)  # until then it might merely be late
    with pytest.raises(Unavailable):
        bakery.publisher.post(make_reply(post, SORRY), utc_now())
    with pytest.raises(Refused, match="gone"):
        bakery.publisher.post(make_reply(post, SORRY), later)
    assert bakery.written() == []


def _gone(bakery: Bakery, post: Post) -> Gone | None:
    state = bakery.mentions.again([post.native_id], utc_now()).get(post.native_id)
    return state if isinstance(state, Gone) else None


def test_a_rewritten_post_is_an_edited_one(bakery: Bakery, cora: Person) -> None:
    post = bakery.hears(cora.tag(bakery.person, "cold")["uri"])
    assert post.edited_at is None
    cora.rewrite(post.native_id, "never mind, all is well")

    def rewritten() -> Post | None:
        state = bakery.mentions.again([post.native_id], utc_now())[post.native_id]
        return state if isinstance(state, Post) and state.text != post.text else None

    edited = eventually(rewritten)
    assert (edited.native_id, edited.text) == (post.native_id, "never mind, all is well")
    assert edited.edited_at is not None


def test_where_only_some_may_answer_we_do_not(bakery: Bakery, cora: Person, make_reply: MakeReply) -> None:
    """Bluesky's server would take the reply, and nobody would ever see it."""
    asked = cora.tag(bakery.person, "cold")
    gate = {
        "$type": "app.bsky.feed.threadgate",
        "post": asked["uri"],
        "allow": [],
        "createdAt": utc_now().isoformat().replace("+00:00", "Z"),
    }
    rkey = asked["uri"].rpartition("/")[2]
    cora.act(
        "com.atproto.repo.createRecord",
        repo=cora.did,
        collection="app.bsky.feed.threadgate",
        rkey=rkey,
        record=gate,
    )
    post = bakery.hears(asked["uri"])

    def refused() -> str:
        bakery.mentions.again([post.native_id], utc_now())
        reach = bakery.publisher.reach(post, Audience.PUBLIC)
        return reach.why if reach.how is ReachHow.NONE else ""

    assert "only some people" in eventually(refused)
    with pytest.raises(Refused, match="only some people"):
        bakery.publisher.post(make_reply(post, SORRY), utc_now())
    assert bakery.written() == []


def test_whoever_blocked_us_is_hidden(bakery: Bakery, cora: Person, make_reply: MakeReply) -> None:
    post = bakery.hears(cora.tag(bakery.person, "cold")["uri"])
    block = {
        "$type": "app.bsky.graph.block",
        "subject": bakery.person.did,
        "createdAt": utc_now().isoformat().replace("+00:00", "Z"),
    }
    cora.act("com.atproto.repo.createRecord", repo=cora.did, collection="app.bsky.graph.block", record=block)
    assert eventually(lambda: _gone(bakery, post)).why == "hidden"
    with pytest.raises(Refused, match="hidden"):
        bakery.publisher.post(make_reply(post, SORRY), utc_now() + timedelta(minutes=10))


def test_a_post_that_only_names_us_is_found_and_left_to_the_owner(bakery: Bakery, cora: Person) -> None:
    named = cora.write("Rose Bakery let me down today")

    def found() -> Post | None:
        posts = bakery.search.poll(None, utc_now()).posts
        return next((post for post in posts if post.native_id == named["uri"]), None)

    # The search of the servers here takes a query as it stands, quotes and all, so that it is asked for plain words.
    bakery.opened = open_with_plain_search(bakery)
    post = eventually(found)
    assert bakery.publisher.reach(post, Audience.PUBLIC).how is ReachHow.BY_HAND


def open_with_plain_search(bakery: Bakery) -> Any:
    opened = open_it(bakery.person, bakery.password)
    question = opened.sources[1]._question  # type: ignore[attr-defined]
    question._phrase = "Bakery"
    return opened


def test_a_quote_is_heard_and_its_words_are_its_authors(bakery: Bakery, cora: Person) -> None:
    ours = bakery.person.write("Our croissants are the best in town")
    quote = cora.write("not today", embed={"$type": "app.bsky.embed.record", "record": ours})
    post = bakery.hears(quote["uri"])
    assert post.text == "not today"
    assert bakery.publisher.reach(post, Audience.PUBLIC).how is ReachHow.API


def test_a_password_that_was_taken_back_asks_for_a_person(bakery: Bakery, cora: Person) -> None:
    cora.tag(bakery.person, "cold")
    bakery.publisher.me(utc_now())
    answer = bakery.person.http.post(
        "com.atproto.server.revokeAppPassword",
        json={"name": "amends"},
        headers={"authorization": f"Bearer {bakery.person.token}"},
    )
    assert answer.status_code == 200
    fresh = open_it(bakery.person, bakery.password)
    with pytest.raises(NeedsPerson, match="App passwords"):
        fresh.sources[0].poll(None, utc_now())
    # A log-in made before lives on until its token ends, and is then not renewed.
    session = bakery.publisher._line.session  # type: ignore[attr-defined]
    assert bakery.poll() is not None
    session.spoil(session.held)
    with pytest.raises(NeedsPerson, match="App passwords"):
        bakery.mentions.poll(None, utc_now())


def test_a_renamed_account_stays_the_same_one(bakery: Bakery, cora: Person) -> None:
    post = bakery.hears(cora.tag(bakery.person, "cold")["uri"])
    cora.act("com.atproto.identity.updateHandle", handle=f"new-{cora.handle}")

    def renamed() -> Post | None:
        state = bakery.mentions.again([post.native_id], utc_now()).get(post.native_id)
        return state if isinstance(state, Post) and state.author.handle != cora.handle else None

    now = eventually(renamed)
    assert (now.native_id, now.author.native_id) == (post.native_id, post.author.native_id)
    assert now.author.handle in {f"new-{cora.handle}", "handle.invalid"}


def test_a_walk_through_many_pages_brings_every_post_once(bakery: Bakery, cora: Person) -> None:
    asked = {cora.tag(bakery.person, f"complaint number {n}")["uri"] for n in range(120)}

    def all_heard() -> dict[str, Post] | None:
        cursor, heard = None, dict[str, Post]()
        for _ in range(5):
            batch = bakery.mentions.poll(cursor, utc_now())
            heard |= {post.native_id: post for post in batch.posts}
            cursor = batch.cursor
            if not batch.more:
                break
        return heard if heard.keys() >= asked else None

    assert eventually(all_heard).keys() == asked


def test_the_servers_are_where_we_say(http: httpx.Client) -> None:
    told = http.get("com.atproto.server.describeServer").json()
    assert ADDRESS.startswith("http://localhost:")
    assert told["did"] == "did:web:localhost"
