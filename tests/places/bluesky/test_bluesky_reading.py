"""Reading Bluesky: lists by the time that authors claim, pages that lose what stands at their edge, and posts of any make."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from places.bluesky import BlueskySettings
from places.bluesky.cursor import Cursor
from places.bluesky.memory import Memory
from places.bluesky.posts import Reader
from places.bluesky.session import Session
from places.bluesky.source import FIRST_LOOK, OVERLAP, phrases
from places.doors import NeedsPerson, Unavailable
from sandbox.faults import Answer, Changed, Done, Fault
from storage.words import Brand, Gone, Poison, Post

if TYPE_CHECKING:
    from tests.places.bluesky_bench import BlueskyTown

RECORDED = Path(__file__).resolve().parents[2] / "recorded" / "bluesky"
NOW = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def recorded(name: str) -> Any:
    return json.loads((RECORDED / name).read_text())


def reader() -> Reader:
    settings = BlueskySettings("rose1600.test", "p")
    return Reader(settings, Session(settings), Memory())


# Posts -----------------------------------------------------------------------------------------------------------------


def test_a_recorded_post_is_read_whole() -> None:
    tagged, quoting, gated = (reader().read(view, NOW) for view in recorded("posts.json")["posts"])
    cora = "did:plc:um27zslbz2ppze6pof57hi5l"
    assert tagged == Post(
        place="bluesky",
        native_id=f"at://{cora}/app.bsky.feed.post/3n2wdi3o6s22n",
        author=tagged.author,
        text="👩‍👩‍👧 @rose1600.test my croissant was cold https://example.com/long/way/round #fail",
        created_at=datetime(2026, 11, 22, 19, 19, 44, tzinfo=UTC),
        conversation_id=tagged.native_id,
        url="https://bsky.app/profile/cora1600.test/post/3n2wdi3o6s22n",
        addressed=("did:plc:jic62dlouzk7er74qlbd4gg7",),
    )
    assert (tagged.author.native_id, tagged.author.handle, tagged.author.name) == (cora, "cora1600.test", "")
    assert (quoting.text, quoting.addressed) == ("look at this", ("did:plc:jic62dlouzk7er74qlbd4gg7",))
    assert (gated.text, gated.addressed) == ("gated croissant", ())


def test_a_notification_reads_as_the_post_it_is_about() -> None:
    (notification,) = recorded("notifications.json")["notifications"]
    assert reader().read(notification, NOW) == reader().read(recorded("posts.json")["posts"][0], NOW)


def view(**changes: Any) -> dict[str, Any]:
    """The recorded post, changed: in itself, or in what its author wrote (written=...)."""
    made: dict[str, Any] = recorded("posts.json")["posts"][0]
    made["record"] |= changes.pop("written", {})
    return made | changes


@pytest.mark.parametrize(
    ("said", "seen", "read"),
    [
        ("2026-11-22T19:00:00.000Z", "2026-11-22T19:19:44.000Z", "2026-11-22T19:00:00+00:00"),
        ("2099-01-01T00:00:00Z", "2026-11-22T19:19:44.000Z", "2026-11-22T19:19:44+00:00"),
        ("2026-11-22T21:00:00+02:00", "2026-11-22T19:19:44.000Z", "2026-11-22T19:00:00+00:00"),
        ("0001-01-01T00:00:00Z", "2026-11-22T19:19:44.000Z", "2006-01-01T00:00:00+00:00"),
        ("yesterday", "2026-11-22T19:19:44.000Z", "2026-11-22T19:19:44+00:00"),
        (None, "2026-11-22T19:19:44.000Z", "2026-11-22T19:19:44+00:00"),
        ("9999-12-31T23:59:59-23:59", "2026-11-22T19:19:44.000Z", "2026-11-22T19:19:44+00:00"),
        ("2026-11-22T19:00:00", "2026-11-22T19:19:44.000Z", "2026-11-22T19:19:44+00:00"),
    ],
)
def test_when_it_was_written_is_what_the_author_says_as_far_as_that_can_be(said: Any, seen: str, read: str) -> None:
    post = reader().read(view(indexedAt=seen, written={"createdAt": said}), NOW)
    assert post.created_at.isoformat() == read


@pytest.mark.parametrize(
    ("langs", "lang"),
    [(["ro"], "ro"), (["pt-BR"], "pt-BR"), (["en"], None), (["en-GB"], None), (["ru", "uk"], None), ([], None), ("ru", None), ([7], None), (None, None)],
)  # fmt: skip
def test_a_language_counts_where_it_is_the_only_one_and_not_what_programs_are_set_to(
    langs: Any, lang: str | None
) -> None:
    assert reader().read(view(written={"langs": langs}), NOW).lang == lang


def test_a_reply_and_a_quote_beside_a_picture_speak_to_whom_they_mean() -> None:
    root, parent, other = (f"at://did:plc:{name}/app.bsky.feed.post/3k" for name in ("root", "parent", "other"))
    embed = {"$type": "app.bsky.embed.recordWithMedia", "record": {"record": {"uri": other, "cid": "b"}}, "media": {}}
    reply = {"root": {"uri": root, "cid": "b"}, "parent": {"uri": parent, "cid": "b"}}
    post = reader().read(view(written={"reply": reply, "embed": embed, "facets": None}), NOW)
    assert (post.conversation_id, post.parent_id) == (root, parent)
    assert post.addressed == ("did:plc:parent", "did:plc:root", "did:plc:other")


def test_what_stands_in_a_picture_or_a_quote_is_not_what_the_author_wrote() -> None:
    images = {"$type": "app.bsky.embed.images", "images": [{"alt": "Rose Bakery is the best", "image": {}}]}
    shown = {"record": {"value": {"text": "Rose Bakery is the best"}}}
    assert "best" not in reader().read(view(written={"embed": images}, embed=shown), NOW).text


@pytest.mark.parametrize(
    "spoilt",
    [
        None, 7, "post", [], {}, view(uri=7), view(uri="at://x"), view(indexedAt=None), view(indexedAt="soon"), view(record=None),
        view(written={"text": None}), view(author=None), view(author={"did": "did:plc:mallory", "handle": "cora1600.test"}),
        view(uri="at://did:plc:um27zslbz2ppze6pof57hi5l/app.bsky.feed.like/3n2wdi3o6s22n"),
    ],
)  # fmt: skip
def test_what_is_no_post_is_poison(spoilt: Any) -> None:
    read = reader().read_or_poison(spoilt, NOW)
    assert isinstance(read, Poison)
    assert read.why


def test_a_nameless_author_is_known_by_their_id() -> None:
    post = reader().read(view(author={"did": "did:plc:um27zslbz2ppze6pof57hi5l"}), NOW)
    assert post.author.handle == post.author.native_id
    assert post.url == f"https://bsky.app/profile/{post.author.native_id}/post/3n2wdi3o6s22n"


def test_a_post_is_edited_when_its_hash_changes_and_not_when_it_is_only_seen_again() -> None:
    read = reader()
    assert read.read(view(cid="a"), NOW).edited_at is None
    assert read.read(view(cid="a"), NOW + MINUTE).edited_at is None
    assert read.read(view(cid="b"), NOW + 2 * MINUTE).edited_at == NOW + 2 * MINUTE
    assert read.read(view(cid="b"), NOW + 3 * MINUTE).edited_at == NOW + 2 * MINUTE


def test_memory_forgets_the_oldest() -> None:
    memory = Memory()
    for n in range(Memory.MOST + 5):
        memory.note(f"at://did:plc:x/app.bsky.feed.post/{n}", "a", "closed", NOW)
    assert not memory.knows("at://did:plc:x/app.bsky.feed.post/4")
    assert memory.closed("at://did:plc:x/app.bsky.feed.post/5") == "closed"
    assert memory.closed("at://did:plc:x/app.bsky.feed.post/4") == ""


# Walks -----------------------------------------------------------------------------------------------------------------


def test_a_walk_through_many_pages_brings_every_post_and_then_the_cursor_rises(sky: BlueskyTown) -> None:
    asked = {sky.complain(f"@rosebakery number {n}", at=sky.clock() - n * MINUTE).id for n in range(250)}
    bench = sky.bench()
    first = bench.source.poll(None, bench.now())
    assert (len(first.posts), first.more) == (100, True)
    assert Cursor.read(first.cursor).newest is None
    posts, cursor = bench.read_all(first.cursor)
    assert {post.native_id for post in (*first.posts, *posts)} == asked
    newest = Cursor.read(cursor).newest
    assert newest is not None
    assert bench.now() - newest < MINUTE
    again, _ = bench.read_all(cursor)
    assert {post.native_id for post in again} <= asked


def test_a_walk_goes_on_where_another_process_left_it(sky: BlueskyTown) -> None:
    asked = {sky.complain(f"@rosebakery number {n}", at=sky.clock() - n * MINUTE).id for n in range(250)}
    found: set[str] = set()
    cursor, more = None, True
    while more:
        batch = sky.bench().source.poll(cursor, sky.clock())
        found |= {post.native_id for post in batch.posts}
        cursor, more = batch.cursor, batch.more
    assert found == asked


def test_the_first_walk_reads_a_week_and_no_further(sky: BlueskyTown) -> None:
    kept = sky.complain(at=sky.clock() - FIRST_LOOK + MINUTE)
    sky.complain(at=sky.clock() - FIRST_LOOK - MINUTE)
    assert [post.native_id for post in sky.bench().read_all()[0]] == [kept.id]


def test_what_arrives_late_is_found_as_long_as_the_overlap_reaches(sky: BlueskyTown) -> None:
    sky.complain("@rosebakery now")
    bench = sky.bench()
    _, cursor = bench.read_all()
    late = sky.complain("@rosebakery late", at=sky.clock() - OVERLAP + MINUTE, visible_at=sky.clock())
    sky.complain("@rosebakery too late", at=sky.clock() - OVERLAP - MINUTE, visible_at=sky.clock())
    posts, _ = bench.read_all(cursor)
    assert late.id in {post.native_id for post in posts}
    assert len(posts) == 2


def test_a_post_from_the_future_does_not_hide_what_comes_after_it(sky: BlueskyTown) -> None:
    ahead = sky.clock() + timedelta(days=400)
    bench = sky.bench()
    sky.complain("@rosebakery from the future")

    def forge(body: bytes) -> bytes:
        page = json.loads(body)
        for one in page["notifications"]:
            one["indexedAt"] = one["record"]["createdAt"] = ahead.strftime("%Y-%m-%dT%H:%M:%S.000Z")
        return json.dumps(page).encode()

    bench.plan.add(Fault("GET", "listNotifications", Done.FIRST, Changed(forge)))
    _, cursor = bench.read_all()
    after = sky.complain("@rosebakery now")
    posts, cursor = bench.read_all(cursor)
    assert after.id in {post.native_id for post in posts}
    newest = Cursor.read(cursor).newest
    assert newest is not None
    assert newest <= bench.now() + MINUTE


def test_nothing_but_mentions_answers_and_quotes_is_asked_for_and_not_only_of_those_we_follow(sky: BlueskyTown) -> None:
    sky.complain()
    sky.bench().read_all()
    (asked,) = [call.path for call in sky.world.calls("bluesky") if "listNotifications" in call.path]
    for part in ("reasons=mention", "reasons=reply", "reasons=quote", "priority=false", "limit=100"):
        assert part in asked


def test_a_server_that_knows_no_reasons_is_sifted_here(sky: BlueskyTown) -> None:
    sky.complain()
    bench = sky.bench()

    def other(body: bytes) -> bytes:
        page = json.loads(body)
        page["notifications"].append({**page["notifications"][0], "reason": "like"})
        page["notifications"].append({**page["notifications"][0], "reason": "mention"})
        return json.dumps(page).encode()

    bench.plan.add(Fault("GET", "listNotifications", Done.FIRST, Changed(other)))
    batch = bench.source.poll(None, bench.now())
    assert (len(batch.posts), batch.poison) == (1, ())


@pytest.mark.parametrize(
    "answer", [Answer(502, b'{"error": "InternalServerError"}'), Answer(400, b'{"error": "InvalidRequest"}')]
)
def test_a_page_that_bluesky_forgot_begins_the_walk_anew_and_waits_its_turn(sky: BlueskyTown, answer: Answer) -> None:
    for n in range(150):
        sky.complain(f"@rosebakery number {n}", at=sky.clock() - n * MINUTE)
    bench = sky.bench()
    first = bench.source.poll(None, bench.now())
    bench.plan.add(Fault("GET", "cursor=", Done.NEVER, answer))
    again = bench.source.poll(first.cursor, bench.now())
    assert {post.native_id for post in again.posts} == {post.native_id for post in first.posts}
    assert not again.more  # or a page that can never be read would be asked for without end
    rest = bench.source.poll(again.cursor, bench.now())
    assert len(rest.posts) == 50


def test_a_limit_in_the_middle_of_a_walk_is_no_forgotten_page(sky: BlueskyTown) -> None:
    for n in range(150):
        sky.complain(f"@rosebakery number {n}", at=sky.clock() - n * MINUTE)
    bench = sky.bench()
    first = bench.source.poll(None, bench.now())
    bench.limit()
    calls = len(sky.world.calls("bluesky"))
    with pytest.raises(Unavailable) as away:
        bench.source.poll(first.cursor, bench.now())
    assert away.value.retry_at is not None
    assert len(sky.world.calls("bluesky")) == calls + 1


def test_a_walk_without_end_is_broken_off_and_told_as_a_gap(sky: BlueskyTown, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("places.bluesky.source.LONGEST_WALK", 2)
    for n in range(250):
        sky.complain(f"@rosebakery number {n}", at=sky.clock() - n * MINUTE)
    bench = sky.bench()
    first = bench.source.poll(None, bench.now())
    second = bench.source.poll(first.cursor, bench.now())
    assert (first.gap, first.more) == (False, True)
    assert (second.gap, second.more) == (True, False)
    assert Cursor.read(second.cursor).newest is not None


def test_what_a_notification_is_about_may_be_gone_already(sky: BlueskyTown) -> None:
    kept, gone = sky.complain("@rosebakery one"), sky.complain("@rosebakery two")
    bench = sky.bench()

    def keep_telling(body: bytes) -> bytes:
        sky.world.delete("bluesky", gone.id)
        return body

    bench.plan.add(Fault("GET", "listNotifications", Done.FIRST, Changed(keep_telling)))
    batch = bench.source.poll(None, bench.now())
    assert [post.native_id for post in batch.posts] == [kept.id]
    assert batch.poison == ()


@pytest.mark.parametrize("body", [b"{}", b'{"notifications": {}}', b'{"notifications": null, "cursor": 7}'])
def test_a_page_that_is_none_is_unavailable(sky: BlueskyTown, body: bytes) -> None:
    bench = sky.bench()
    bench.plan.add(Fault("GET", "listNotifications", Done.NEVER, Answer(200, body)))
    with pytest.raises(Unavailable) as away:
        bench.source.poll(None, bench.now())
    assert not isinstance(away.value, NeedsPerson)


# Search ----------------------------------------------------------------------------------------------------------------


def test_each_name_is_searched_for_as_a_phrase() -> None:
    brand = Brand("r", "Rose", ('Rose "Bakery"', "rose\\bakery", " ", "Rose  Bakery", *(f"name {n}" for n in range(9))))
    assert phrases(brand) == ('"Rose Bakery"', '"rose bakery"', '"name 0"', '"name 1"', '"name 2"')
    assert phrases(Brand("r", "Rose")) == ('"Rose"',)


def test_searching_finds_who_names_us_and_not_what_we_wrote(sky: BlueskyTown) -> None:
    named = sky.complain("I will not go to rose bakery again")
    sky.complain("a rose, and a bakery")
    sky.world.publish("bluesky", sky.us.id, "Rose Bakery is open")
    bench = sky.bench(source=1)
    posts, cursor = bench.read_all()
    assert [post.native_id for post in posts] == [named.id]
    assert bench.source.key == "bluesky:search:rosebakery"
    sky.options.search_lag = timedelta(minutes=5)
    later = sky.complain("Rose Bakery once more")
    assert later.id not in {post.native_id for post in bench.read_all(cursor)[0]}
    sky.clock.ahead += 6 * MINUTE
    assert later.id in {post.native_id for post in bench.read_all(cursor)[0]}


def test_searching_turns_pages(sky: BlueskyTown) -> None:
    asked = {sky.complain(f"Rose Bakery, number {n}", at=sky.clock() - n * MINUTE).id for n in range(130)}
    posts, _ = sky.bench(source=1).read_all()
    assert {post.native_id for post in posts} == asked


def test_who_does_not_want_to_search_does_not(sky: BlueskyTown) -> None:
    assert [source.key for source in sky.open(search=False).sources] == ["bluesky:mentions:rosebakery"]


# Conversations, and looking again ---------------------------------------------------------------------------------------


def test_a_conversation_is_read_from_its_beginning_whatever_was_asked_about(sky: BlueskyTown) -> None:
    root = sky.complain("is anybody there", at=sky.clock() - 9 * MINUTE)
    other = sky.complain("not me", parent_id=root.id, at=sky.clock() - 8 * MINUTE)
    asked = sky.complain("@rosebakery are you", parent_id=other.id, at=sky.clock() - 7 * MINUTE)
    ours = sky.world.publish("bluesky", sky.us.id, "Yes!", parent_id=asked.id, at=sky.clock() - 6 * MINUTE)
    bench = sky.bench()
    (post,), _ = bench.read_all()
    thread = bench.source.thread(post, bench.now())
    assert [one.native_id for one in thread] == [root.id, other.id, asked.id, ours.id]
    assert {one.conversation_id for one in thread} == {root.id}


def test_a_conversation_whose_beginning_is_gone_is_read_around_the_post(sky: BlueskyTown) -> None:
    root = sky.complain("is anybody there", at=sky.clock() - 9 * MINUTE)
    asked = sky.complain("@rosebakery are you", parent_id=root.id, at=sky.clock() - 8 * MINUTE)
    answer = sky.complain("no", parent_id=asked.id, at=sky.clock() - 7 * MINUTE)
    sky.world.delete("bluesky", root.id)
    bench = sky.bench()
    (post,), _ = bench.read_all()
    assert [one.native_id for one in bench.source.thread(post, bench.now())] == [asked.id, answer.id]


def test_a_deep_conversation_is_read_around_the_post(sky: BlueskyTown) -> None:
    above = sky.complain("number 0", at=sky.clock() - 200 * MINUTE)
    for n in range(1, 80):
        above = sky.complain(f"number {n}", parent_id=above.id, at=sky.clock() - (200 - n) * MINUTE)
    asked = sky.complain("@rosebakery and now you", parent_id=above.id)
    bench = sky.bench()
    (post,), _ = bench.read_all()
    thread = bench.source.thread(post, bench.now())
    assert thread[-1].native_id == asked.id
    assert len(thread) == len({one.native_id for one in thread}) > 60


def test_a_recorded_conversation_leaves_out_what_a_block_hides() -> None:
    from places.bluesky.threads import _views

    read = [reader().read(one, NOW) for one in _views(recorded("thread.json")["thread"])]
    assert {post.text for post in read} == {"our new croissants", "cold again", "and burnt"}


def test_looking_again_tells_deleted_from_hidden_and_from_not_yet_there(sky: BlueskyTown) -> None:
    old = sky.clock() - timedelta(hours=1)
    mallory = sky.world.add_account("bluesky", "mallory", "Mallory")
    deleted, kept = sky.complain("@rosebakery one", at=old), sky.complain("@rosebakery two", at=old)
    hidden = sky.world.publish("bluesky", mallory.id, "@rosebakery three", at=old)
    bench = sky.bench()
    sky.options.index_lag = timedelta(minutes=2)
    unseen = sky.complain("@rosebakery four")
    sky.world.delete("bluesky", deleted.id, sky.clock() - timedelta(minutes=30))
    sky.options.blocks.add((mallory.id, sky.us.id))
    found = bench.source.again([deleted.id, kept.id, hidden.id, unseen.id, "t3_abc"], bench.now())
    assert found[deleted.id] == Gone(deleted.id, "deleted")
    assert found[hidden.id] == Gone(hidden.id, "hidden")
    assert isinstance(found[kept.id], Post)
    assert found.keys() == {deleted.id, hidden.id, kept.id}


def test_looking_again_at_hundreds_asks_for_as_many_as_bluesky_gives(sky: BlueskyTown) -> None:
    old = sky.clock() - timedelta(hours=1)
    ids = [sky.complain(f"@rosebakery {n}", at=old).id for n in range(60)]
    for gone in ids[:10]:
        sky.world.delete("bluesky", gone)
    bench = sky.bench()
    found = bench.source.again([*ids, *ids], bench.now())
    assert list(found) == ids
    assert sum(isinstance(one, Gone) for one in found.values()) == 10
    asked = [call for call in sky.world.calls("bluesky") if "getPost" in call.path]
    assert len(asked) == 3 + 5  # the posts, and why the first of the missing ones are missing


def test_an_unreadable_post_is_not_gone(sky: BlueskyTown) -> None:
    old = sky.clock() - timedelta(hours=1)
    one, two = (sky.complain(f"@rosebakery {n}", at=old) for n in range(2))
    bench = sky.bench()

    def spoil(how: Any) -> Changed:
        def change(body: bytes) -> bytes:
            page = json.loads(body)
            how(page["posts"][0])
            return json.dumps(page).encode()

        return Changed(change)

    bench.plan.add(Fault("GET", "getPosts", Done.FIRST, spoil(lambda view: view["record"].pop("text"))))
    assert bench.source.again([one.id, two.id], bench.now()).keys() == {two.id}
    bench.plan.add(Fault("GET", "getPosts", Done.FIRST, spoil(lambda view: view.pop("uri"))))
    assert bench.source.again([one.id, two.id], bench.now()).keys() == {two.id}


def test_a_renamed_customer_is_the_same_customer(sky: BlueskyTown) -> None:
    asked = sky.complain()
    bench = sky.bench()
    (before,), _ = bench.read_all()
    sky.world.rename("bluesky", sky.cora.id, handle="cora.example", name="Cora B.")
    after = bench.source.again([asked.id], bench.now())[asked.id]
    assert isinstance(after, Post)
    assert (after.native_id, after.author.native_id) == (before.native_id, before.author.native_id)
    assert (after.author.handle, after.author.name) == ("cora.example", "Cora B.")
