"""Writing to Mastodon: the approved words behind the customer's name, once for each key, and what every answer means for us."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import pytest

from places.doors import NeedsPerson, Refused, Repeat, Unavailable, Unsure
from places.mastodon import MastodonSettings
from places.mastodon.handles import Home
from sandbox.faults import CUT, NOTHING, Answer, Changed, Done, Fault
from sandbox.keys import mastodon_keys
from sandbox.mastodon.names import Names
from storage.words import Audience, Author, Post, Posted, ReachHow, Reply

if TYPE_CHECKING:
    from tests.places.benching import Bench
    from tests.places.mastodon_bench import MastodonTown

MakeReply = Callable[..., Reply]
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
HTML = (("content-type", "text/html"),)


@pytest.fixture
def reply(bench: Bench, make_reply: MakeReply) -> Reply:
    """Ana's answer to Cora."""
    bench.complain()
    (post,), _ = bench.read_all()
    return make_reply(post)


def sent(bench: Bench) -> list[dict[str, list[str]]]:
    """What was asked to be posted, word for word."""
    calls = bench.world.calls("mastodon")
    return [parse_qs(call.body) for call in calls if call.method == "POST"]


# --- posting ----------------------------------------------------------------------------------------


def test_the_answer_goes_out_unlisted_behind_the_customers_name_so_that_they_are_told(
    town: MastodonTown, bench: Bench, reply: Reply
) -> None:
    posted = bench.publisher.post(replace(reply, language="ro"), bench.now())
    (ours,) = bench.posted()
    assert sent(bench)[0]["status"] == ["@cora@other.example We are sorry, Cora."]
    assert (ours.text, ours.board, ours.parent_id, ours.lang) == (
        "We are sorry, Cora.",
        "unlisted",
        reply.parent_id,
        "ro",
    )
    assert [account.id for account in Names(town.world, "town.example").mentioned(ours)] == [town.cora.id]
    assert posted == Posted(ours.id, f"{town.served.url}/@rosebakery/{ours.id}", posted.at)
    assert abs(posted.at - ours.created_at) < timedelta(milliseconds=1)


@pytest.mark.parametrize(
    ("handle", "text", "goes_out"),
    [
        ("cora@other.example", "Sorry.", "@cora@other.example Sorry."),
        ("dan@town.example", "Sorry.", "@dan Sorry."),
        ("dan@TOWN.example", "Sorry.", "@dan Sorry."),
        ("cora@other.example", "Dear @Cora@other.example, sorry.", "Dear @Cora@other.example, sorry."),
        ("dan@town.example", "Dear @dan, sorry.", "Dear @dan, sorry."),
        ("dan@town.example", "Dear @dan@town.example. Sorry.", "Dear @dan@town.example. Sorry."),
        (
            "dan@town.example",
            "Dear @dan@other.example and @danny, sorry.",
            "@dan Dear @dan@other.example and @danny, sorry.",
        ),
        ("cora@other.example", "Write to cora@other.example", "@cora@other.example Write to cora@other.example"),
        (
            "cora@other.example",
            "Not @cora or @cora@other.example.org",
            "@cora@other.example Not @cora or @cora@other.example.org",
        ),
        ("a.b@x.example", "@aXb@x.example hello", "@a.b@x.example @aXb@x.example hello"),
    ],
)
def test_whom_it_answers_is_named_in_front_unless_they_are_named_already(handle: str, text: str, goes_out: str) -> None:
    assert Home.of("@rosebakery@Town.Example", "https://town.example").address(text, handle) == goes_out


@pytest.mark.parametrize("handle", ["", "cora@other.example visible to all", "@cora", "cora@", "co ra@x.example"])
def test_nothing_goes_out_to_what_is_no_name(bench: Bench, reply: Reply, handle: str) -> None:
    with pytest.raises(Refused) as failed:
        bench.publisher.post(replace(reply, customer_handle=handle), bench.now())
    assert failed.value.by_hand
    assert bench.writes() == []


def test_the_same_key_twice_is_one_post(bench: Bench, reply: Reply) -> None:
    first = bench.publisher.post(reply, bench.now())
    bench.clock.ahead += MINUTE * 49
    again = bench.publisher.post(replace(reply, attempt=2), bench.now())
    assert (first.native_id, len(bench.posted())) == (again.native_id, 1)
    assert bench.writes() == [200, 200]


def test_a_key_lives_for_as_long_as_we_rely_on_it_and_no_longer_than_mastodon_keeps_it(
    town: MastodonTown, bench: Bench, reply: Reply
) -> None:
    capabilities = bench.opened.place.capabilities
    assert (capabilities.repeat, capabilities.addresses) == (Repeat.KEYED, True)
    assert capabilities.key_lives is not None
    assert capabilities.key_lives + timedelta(minutes=10) == town.options.keys_kept
    bench.publisher.post(reply, bench.now())
    bench.clock.ahead += HOUR
    bench.publisher.post(reply, bench.now())
    assert len(bench.posted()) == 2  # which is why nobody repeats after that


def test_a_repeat_that_is_answered_with_an_error_is_unsure_and_found(
    town: MastodonTown, bench: Bench, reply: Reply
) -> None:
    town.options.repeats_fail = True
    first = bench.publisher.post(reply, bench.now())
    with pytest.raises(Unsure):
        bench.publisher.post(reply, bench.now())
    assert bench.publisher.find(reply, bench.now()) == first


def test_a_text_is_measured_with_the_name_in_front_before_anything_is_sent(
    town: MastodonTown, bench: Bench, reply: Reply
) -> None:
    place = bench.opened.place
    longest = "x" * place.measure("x", Audience.PUBLIC).limit
    assert place.measure(longest, Audience.PUBLIC).fits
    long_name = "c" * 30 + "@other.example"
    bench.publisher.post(replace(reply, text=longest, customer_handle=long_name), bench.now())
    assert bench.writes() == [200]
    with pytest.raises(Refused, match="longer than") as failed:
        bench.publisher.post(
            replace(reply, text=longest, customer_handle="c" * 60 + "@x.example", key="2"), bench.now()
        )
    assert not failed.value.by_hand
    assert bench.writes() == [200]


def test_an_instance_that_became_stricter_refuses_and_says_how_much_it_takes(
    town: MastodonTown, bench: Bench, reply: Reply
) -> None:
    town.options.max_characters = 20
    with pytest.raises(Refused, match=r"shorten it\..*limit of 20") as failed:
        bench.publisher.post(reply, bench.now())
    assert not failed.value.by_hand


def test_private_answers_are_not_sent(bench: Bench, reply: Reply) -> None:
    with pytest.raises(Refused) as failed:
        bench.publisher.post(replace(reply, audience=Audience.PRIVATE), bench.now())
    assert failed.value.by_hand
    with pytest.raises(Refused):
        bench.publisher.post(replace(reply, parent_id="../../media"), bench.now())
    assert bench.world.calls("mastodon")[-1].method == "GET"


def test_a_token_of_another_account_posts_nothing(town: MastodonTown, make_reply: MakeReply) -> None:
    town.world.add_account("mastodon", "mallory", "Mallory")
    bench = town.bench(access_token=mastodon_keys("mallory").access_token)
    bench.complain("@mallory hi")
    (post,), _ = bench.read_all()
    with pytest.raises(NeedsPerson, match="belongs to @mallory and not to @rosebakery"):
        bench.publisher.post(make_reply(post), bench.now())
    assert bench.writes() == []


def test_the_account_is_asked_for_once(bench: Bench, reply: Reply) -> None:
    for n in range(3):
        bench.publisher.post(replace(reply, key=str(n)), bench.now())
        bench.publisher.find(reply, bench.now())
    asked = [call for call in bench.world.calls("mastodon") if "verify_credentials" in call.path]
    assert len(asked) == 1


def test_an_answer_that_says_nothing_of_us_is_no_account(bench: Bench) -> None:
    for body in (b"[]", b'{"id": 7}', b'{"id": "7", "acct": "a b"}', b'{"acct": "rosebakery"}'):
        bench.plan.add(Fault("GET", "verify_credentials", Done.NEVER, Answer(200, body)))
        with pytest.raises(Unavailable) as failed:
            bench.publisher.me(bench.now())
        assert not isinstance(failed.value, NeedsPerson)
    me = bench.publisher.me(bench.now())
    assert (me.handle, me.native_id, me.name) == ("rosebakery@town.example", bench.us.id, "Rose Bakery")


# --- what every answer means ------------------------------------------------------------------------

ERROR = b'{"error": "Something"}'
SCOPE = (("www-authenticate", 'Bearer realm="Doorkeeper", error="insufficient_scope"'),)


@pytest.mark.parametrize(
    ("status", "body", "headers", "means", "by_hand"),
    [
        (400, ERROR, (), Refused, True),
        (401, ERROR, (), NeedsPerson, None),
        (403, ERROR, (), Refused, True),
        (403, b'{"error": "Diese Aktion ist nicht erlaubt"}', SCOPE, NeedsPerson, None),
        (403, b'{"error": "Your login is currently disabled"}', (), NeedsPerson, None),
        (403, b"<html>blocked</html>", HTML, NeedsPerson, None),
        (404, ERROR, (), Refused, False),
        (404, b"<html>nginx</html>", HTML, NeedsPerson, None),
        (405, ERROR, (), Refused, True),
        (408, b"", (), Unsure, None),
        (409, ERROR, (), Unsure, None),
        (410, ERROR, (), Refused, False),
        (413, b"", (), Refused, False),
        (422, b'{"error": "Validation failed: Text character limit of 500 exceeded"}', (), Refused, False),
        (422, b'{"error": "Validation failed: Poll is odd"}', (), Refused, True),
        (425, b"", (), Unsure, None),
        (429, ERROR, (("x-ratelimit-reset", "2099-01-01T00:00:00Z"),), Unavailable, None),
        (429, b"", (), Unavailable, None),
        (451, ERROR, (), Refused, False),
        (301, b"", (("location", "https://new.example/"),), NeedsPerson, None),
        (308, b"", (("location", "/elsewhere"),), NeedsPerson, None),
        (302, b"", (("location", "/somewhere"),), Unsure, None),
        (303, b"", (("location", "/done"),), Unsure, None),
        (304, b"", (), Unsure, None),
        (500, ERROR, (), Unsure, None),
        (502, b"<html>", HTML, Unsure, None),
        (503, b"", (("retry-after", "5"),), Unsure, None),
        (504, b"", (), Unsure, None),
        (520, b"", (), Unsure, None),
        (200, b"<html>hello</html>", HTML, Unsure, None),
        (200, b"null", (), Unsure, None),
        (200, b"[]", (), Unsure, None),
        (200, b'{"id": "7"}', (), Unsure, None),
        (200, b'{"id": "7", "in_reply_to_id": "8"}', (), Unsure, None),
        (202, b"", (), Unsure, None),
        (204, b"", (), Unsure, None),
    ],
)
def test_every_answer_to_a_post_means_exactly_one_thing(
    bench: Bench,
    reply: Reply,
    status: int,
    body: bytes,
    headers: tuple[tuple[str, str], ...],
    means: type[Exception],
    by_hand: bool | None,
) -> None:
    bench.publisher.me(bench.now())
    bench.plan.add(Fault("POST", bench.posting, Done.NEVER, Answer(status, body, headers), times=None))
    with pytest.raises((Unavailable, Refused, Unsure)) as failed:
        bench.publisher.post(reply, bench.now())
    assert type(failed.value) is means
    if isinstance(failed.value, Refused):
        assert failed.value.by_hand is by_hand
    assert len(bench.writes()) == 1
    assert all(call.path.startswith("/api/") for call in bench.world.calls("mastodon"))


@pytest.mark.parametrize(
    "headers",
    [
        (("x-ratelimit-reset", "never"),),
        (("x-ratelimit-reset", "99999999999999999999"), ("x-ratelimit-remaining", "-1")),
        (("deprecation", "true"), ("link", "<<>>; rel"), ("mastodon-async-refresh", "=,;=")),
        (("date", "yesterday"), ("x-ratelimit-reset", "1")),
    ],
)
def test_what_was_carried_out_counts_as_posted_however_the_library_stumbles(
    town: MastodonTown, bench: Bench, reply: Reply, headers: tuple[tuple[str, str], ...]
) -> None:
    truth: list[bytes] = []

    def keep(body: bytes) -> bytes:
        truth.append(body)
        return body

    bench.plan.add(Fault("POST", bench.posting, Done.FIRST, Changed(keep)))
    first = bench.publisher.post(reply, bench.now())
    bench.plan.add(Fault("POST", bench.posting, Done.NEVER, Answer(200, truth[0], headers)))
    assert bench.publisher.post(reply, bench.now()) == first


def test_nobody_there_is_unavailable_and_every_post_has_a_line_of_its_own(
    town: MastodonTown, bench: Bench, reply: Reply
) -> None:
    bench.publisher.post(reply, bench.now())
    town.served.stop()
    with pytest.raises(Unavailable) as failed:
        bench.publisher.post(replace(reply, key="2"), bench.now())
    assert not isinstance(failed.value, NeedsPerson)
    assert "nothing was sent" in failed.value.why
    with pytest.raises(Unavailable, match="cannot be reached"):
        bench.publisher.find(reply, bench.now())


def test_an_instance_whose_name_is_nowhere_is_unavailable(town: MastodonTown, make_reply: MakeReply) -> None:
    town.complain()
    (post,), _ = town.bench().read_all()
    away = town.bench(instance_url="http://no-such-instance.invalid").publisher
    with pytest.raises(Unavailable) as failed:
        away.post(make_reply(post), town.clock())
    assert not isinstance(failed.value, NeedsPerson)


def test_the_token_stands_in_no_repr_and_in_no_error(town: MastodonTown, bench: Bench, reply: Reply) -> None:
    token = mastodon_keys("rosebakery").access_token
    assert token not in repr(town.settings())
    bench.plan.add(Fault("", "/api", Done.NEVER, CUT, times=None))
    for ask in (bench.publisher.me, lambda now: bench.source.poll(None, now)):
        with pytest.raises(Unavailable) as failed:
            ask(bench.now())
        assert token not in str(failed.value) + repr(failed.value)


# --- looking ----------------------------------------------------------------------------------------


def lost(bench: Bench, reply: Reply) -> None:
    """It was carried out, and the answer got lost."""
    bench.publisher.me(bench.now())
    bench.plan.add(Fault("POST", bench.posting, Done.FIRST, CUT))
    with pytest.raises(Unsure):
        bench.publisher.post(reply, bench.now())


def test_another_answer_of_ours_under_the_same_post_is_not_taken_for_this_one(bench: Bench, reply: Reply) -> None:
    other = bench.world.publish("mastodon", bench.us.id, "Thank you for telling us.", parent_id=reply.parent_id)
    reply = replace(reply, known_ids=(other.id,))
    assert bench.publisher.find(reply, bench.now()) is None
    lost(bench, reply)
    found = bench.publisher.find(reply, bench.now())
    assert found is not None
    assert found.native_id not in (None, other.id)


def test_what_others_answer_or_we_answer_elsewhere_is_not_ours(bench: Bench, reply: Reply) -> None:
    bench.world.publish("mastodon", bench.cora.id, "We are sorry, Cora.", parent_id=reply.parent_id)
    elsewhere = bench.complain("@rosebakery another")
    bench.world.publish("mastodon", bench.us.id, "We are sorry, Cora.", parent_id=elsewhere.id)
    bench.world.publish("mastodon", bench.us.id, "We are sorry, Cora.")
    long_ago = bench.now() - HOUR
    bench.world.publish("mastodon", bench.us.id, "We are sorry, Cora.", parent_id=reply.parent_id, at=long_ago)
    assert bench.publisher.find(reply, bench.now()) is None


def test_an_answer_whose_parent_vanished_meanwhile_is_known_by_its_words(bench: Bench, reply: Reply) -> None:
    reply = replace(reply, text="We are sorry & on it <now>.\n\nWrite to hello@rosebakery.com")
    lost(bench, reply)
    bench.world.publish("mastodon", bench.us.id, "We are sorry.", parent_id=bench.complain().id)
    bench.world.delete("mastodon", reply.parent_id)
    found = bench.publisher.find(reply, bench.now())
    assert found is not None
    assert found.native_id == bench.posted()[0].id
    assert bench.publisher.find(replace(reply, text="We are sorry, Dan."), bench.now()) is None
    assert bench.publisher.find(replace(reply, customer_handle="dan@town.example"), bench.now()) is None


def test_a_repeat_is_looked_for_since_the_first_try(bench: Bench, reply: Reply) -> None:
    lost(bench, reply)
    bench.clock.ahead += MINUTE * 40
    later = replace(reply, sent_at=bench.now(), attempt=3)
    assert bench.publisher.find(later, bench.now()) is None
    assert bench.publisher.find(replace(later, first_sent_at=reply.sent_at), bench.now()) is not None


def test_what_one_view_does_not_show_yet_the_other_may(town: MastodonTown, bench: Bench, reply: Reply) -> None:
    lost(bench, reply)
    bench.plan.add(Fault("GET", f"/accounts/{bench.us.id}/statuses", Done.NEVER, Answer(200, b"[]")))
    assert bench.publisher.find(reply, bench.now()) is not None
    bench.plan.add(Fault("GET", "/context", Done.NEVER, Answer(404, ERROR)))
    assert bench.publisher.find(reply, bench.now()) is not None
    town.options.replica_lag = MINUTE
    assert bench.publisher.find(reply, bench.now()) is None
    town.clock.ahead += MINUTE
    assert bench.publisher.find(reply, bench.now()) is not None


def test_many_posts_of_ours_are_looked_through_and_too_many_are_no_proof(bench: Bench, reply: Reply) -> None:
    lost(bench, reply)
    for n in range(130):
        bench.world.publish("mastodon", bench.us.id, f"Fresh bread {n}")
    assert bench.publisher.find(reply, bench.now()) is not None
    other = replace(reply, parent_id=bench.complain().id, parent_ids=())
    assert bench.publisher.find(other, bench.now()) is None
    for n in range(300):
        bench.world.publish("mastodon", bench.us.id, f"Fresh cake {n}")
    with pytest.raises(Unavailable, match="all of our own posts"):
        bench.publisher.find(other, bench.now())


@pytest.mark.parametrize("body", [b'{"error": "odd"}', b"null", b'[{"id": null}]', b"[7]"])
def test_a_list_of_ours_that_cannot_be_read_is_no_proof_that_nothing_is_there(
    bench: Bench, reply: Reply, body: bytes
) -> None:
    bench.publisher.me(bench.now())
    bench.plan.add(Fault("GET", f"/accounts/{bench.us.id}/statuses", Done.NEVER, Answer(200, body)))
    with pytest.raises(Unavailable):
        bench.publisher.find(reply, bench.now())


def test_an_unreadable_post_of_ours_does_not_hide_the_one_we_look_for(bench: Bench, reply: Reply) -> None:
    lost(bench, reply)
    bench.world.publish("mastodon", bench.us.id, "Fresh bread")

    def spoil(body: bytes) -> bytes:
        return body.replace(b'"created_at": "', b'"created_at": "odd', 1)

    bench.plan.add(Fault("GET", f"/accounts/{bench.us.id}/statuses", Done.FIRST, Changed(spoil)))
    assert bench.publisher.find(reply, bench.now()) is not None


# --- taking down ------------------------------------------------------------------------------------


def test_a_post_of_somebody_else_is_not_taken_down_and_not_thought_gone(bench: Bench, reply: Reply) -> None:
    theirs = Posted(reply.parent_id, None, bench.now())
    with pytest.raises(Refused):
        bench.publisher.remove(theirs, bench.now())
    assert bench.world.post("mastodon", reply.parent_id) is not None


def test_what_has_no_id_is_for_a_person_to_take_down(bench: Bench) -> None:
    for native in (None, "", "../7"):
        with pytest.raises(Refused) as failed:
            bench.publisher.remove(Posted(native, None, bench.now()), bench.now())
        assert failed.value.by_hand


@pytest.mark.parametrize(
    ("seen", "means"), [(CUT, Unsure), (NOTHING, Unsure), (Answer(500, b""), Unsure), (Answer(429, b""), Unavailable)]
)
def test_a_taking_down_that_fails_is_done_again(bench: Bench, reply: Reply, seen: Any, means: type[Exception]) -> None:
    posted = bench.publisher.post(reply, bench.now())
    bench.plan.add(Fault("DELETE", bench.posting, Done.NEVER, seen))
    with pytest.raises(means):
        bench.publisher.remove(posted, bench.now())
    bench.publisher.remove(posted, bench.now())
    assert bench.posted() == []


# --- reach ------------------------------------------------------------------------------------------


def some_post(bench: Bench, **more: Any) -> Post:
    author = Author(bench.cora.id, "cora@other.example", "Cora")
    return Post("mastodon", "7", author, "cold", bench.now(), "7", **more)


def test_we_answer_whom_calls_us_and_by_hand_everybody_else(town: MastodonTown, bench: Bench) -> None:
    reach = bench.publisher.reach
    called = some_post(bench, addressed=("17", "rosebakery@town.example"))
    assert reach(called, Audience.PUBLIC).how is ReachHow.API
    assert "begins with @cora@other.example" in reach(called, Audience.PUBLIC).why
    others = reach(some_post(bench, addressed=("17", "rosebakery@else.example")), Audience.PUBLIC)
    assert others.how is ReachHow.BY_HAND
    assert "did not call @rosebakery@town.example" in others.why
    assert reach(some_post(bench, is_repost=True), Audience.PUBLIC).how is ReachHow.NONE
    assert reach(called, Audience.PRIVATE).how is ReachHow.NONE
    ours = replace(called, author=Author("1", "RoseBakery@town.example"), addressed=())
    assert reach(ours, Audience.PUBLIC).how is ReachHow.API
    by_id = some_post(bench, addressed=(bench.us.id,))
    assert reach(by_id, Audience.PUBLIC).how is ReachHow.BY_HAND
    bench.publisher.me(bench.now())
    assert reach(by_id, Audience.PUBLIC).how is ReachHow.API


def test_the_owner_may_choose_to_answer_people_who_did_not_call(town: MastodonTown) -> None:
    bench = town.bench(answer_untagged=True)
    found = bench.publisher.reach(some_post(bench), Audience.PUBLIC)
    assert (found.how, "you chose" in found.why) == (ReachHow.API, True)


def test_reach_asks_nobody(town: MastodonTown, bench: Bench) -> None:
    bench.publisher.reach(some_post(bench), Audience.PUBLIC)
    assert town.world.calls("mastodon") == []


def test_by_hand_one_answers_on_the_posts_page_on_our_own_instance(
    town: MastodonTown, bench: Bench, reply: Reply
) -> None:
    place = town.open(site_url="https://town.example/").place
    assert place.compose_link(reply) == f"https://town.example/@cora@other.example/{reply.parent_id}"
    local = replace(reply, customer_handle="dan@town.example")
    assert place.compose_link(local) == f"https://town.example/@dan/{reply.parent_id}"
    assert place.compose_link(replace(reply, parent_id="javascript:alert(1)")) is None
    assert place.compose_link(replace(reply, customer_handle='x" onclick="')) is None


@pytest.mark.parametrize(
    ("token", "url"), [("", "https://town.example"), ("t", ""), ("t", "town.example"), ("t", "javascript:alert(1)")]
)
def test_settings_that_cannot_work_are_refused_at_once(token: str, url: str) -> None:
    with pytest.raises(ValueError, match="Mastodon needs"):
        MastodonSettings(token, url)
