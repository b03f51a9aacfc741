"""Writing to Reddit: once, understood, findable, and taken down again."""

from __future__ import annotations

import time
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from places.doors import NeedsPerson, Publisher, Refused, Repeat, Source, Unavailable
from places.reddit import RedditPlace
from sandbox.faults import CUT, Answer, Done, Fault
from sandbox.reddit import mark_account, mark_board, mark_post
from storage.words import Audience, Posted, ReachHow

if TYPE_CHECKING:
    from tests.places.reddit.conftest import Site


def test_the_doors_fit(site: Site) -> None:
    source: Source = site.source()
    publisher: Publisher = site.publisher()
    capabilities = RedditPlace().capabilities
    assert (source.key, source.place, publisher.place, publisher.account) == (
        "reddit:rosebakery",
        "reddit",
        "reddit",
        "rosebakery",
    )
    assert (capabilities.repeat, capabilities.private) == (Repeat.AFTER_TWO_LOOKS, True)
    assert capabilities.settle > timedelta(seconds=site.settings.timeout) * 2


def test_a_reply_goes_up_under_its_post_and_can_be_taken_down(site: Site) -> None:
    complaint = site.complaint()
    publisher = site.publisher()
    posted = publisher.post(site.reply_to(complaint, "We are sorry.\nWrite to us."), site.now)
    (up,) = site.ours()
    assert (posted.native_id, up.parent_id, up.text) == (f"t1_{up.id}", complaint.id, "We are sorry.  \nWrite to us.")
    assert (posted.url, posted.at) == (
        f"https://www.reddit.com/r/springfield/comments/{complaint.id}/ugh/{up.id}/",
        site.now,
    )
    publisher.remove(posted, site.now)
    publisher.remove(posted, site.now)
    assert site.ours() == []


def test_a_reply_in_a_quarantined_subreddit_is_up_though_reddit_names_none(site: Site) -> None:
    """praw's reply() gives None there; the comment exists all the same."""
    mark_board(site.world, "odd", quarantined=True)
    complaint = site.complaint(board="odd")
    publisher, reply = site.publisher(), site.reply_to(complaint)
    posted = publisher.post(reply, site.now)
    assert (posted.native_id, len(site.ours())) == (None, 1)
    found = publisher.find(reply, site.now)
    assert found is not None
    assert found.native_id == f"t1_{site.ours()[0].id}"
    with pytest.raises(Refused):
        publisher.remove(posted, site.now)


@pytest.mark.parametrize("form", ["named", "400", "german"])
@pytest.mark.parametrize(
    ("code", "says"), [("DELETED_COMMENT", "deleted"), ("THREAD_LOCKED", "locked"), ("TOO_OLD", "too old")]
)
def test_a_no_is_for_good_whatever_its_form_and_language(site: Site, code: str, says: str, form: str) -> None:
    site.options.errors_as_400, site.options.german = form == "400", form == "german"
    root = site.complaint()
    comment = site.world.publish("reddit", site.cora, "y", parent_id=root.id)
    if code == "DELETED_COMMENT":
        site.world.delete("reddit", comment.id)
    mark_post(site.world, root.id, locked=code == "THREAD_LOCKED", archived=code == "TOO_OLD")
    with pytest.raises(Refused, match=says) as no:
        site.publisher().post(site.reply_to(comment), site.now)
    assert (no.value.by_hand, site.ours()) == (False, [])


def test_a_no_that_nobody_knows_could_still_be_tried_by_hand(site: Site) -> None:
    said = b'{"json": {"errors": [["SOMETHING_NEW", "the moon is\\nwrong", "text"]]}}'
    site.options.faults.add(Fault("POST", "/api/comment", Done.NEVER, Answer(200, said)))
    with pytest.raises(Refused, match=r"the moon is wrong \(SOMETHING_NEW\)") as no:
        site.publisher().post(site.reply_to(site.complaint()), site.now)
    assert no.value.by_hand


@pytest.mark.parametrize(
    "body",
    [
        b'{"message": "Bad Request", "error": 400}',
        b'{"fields": ["a", "b"], "reason": "ODD", "explanation": "two fields"}',
        b'{"fields": ["a"], "explanation": "no reason"}',
        b"<html>",
        b"",
    ],
)
def test_every_400_is_a_no_even_where_praw_stumbles_over_it(site: Site, body: bytes) -> None:
    site.options.faults.add(Fault("POST", "/api/comment", Done.NEVER, Answer(400, body)))
    with pytest.raises(Refused):
        site.publisher().post(site.reply_to(site.complaint()), site.now)


def test_reddits_wait_between_comments_is_kept_by_its_number(site: Site) -> None:
    site.options.comment_wait = timedelta(minutes=9)
    publisher = site.publisher()
    publisher.post(site.reply_to(site.complaint()), site.now)
    site.wait(minutes=2)
    for german in (False, True):
        site.options.german = german
        with pytest.raises(Unavailable) as later:
            publisher.post(site.reply_to(site.complaint()), site.now)
        assert later.value.retry_at == site.now + timedelta(minutes=7, seconds=1)
        assert not isinstance(later.value, NeedsPerson)
    assert len(site.ours()) == 1


@pytest.mark.parametrize(
    ("says", "wait"),
    [
        ("Take a break for 7 minutes before trying again.", timedelta(minutes=7, seconds=1)),
        ("You are doing that too much. Try again in 59 seconds.", timedelta(minutes=1)),
        ("Try again in 1 minute.", timedelta(minutes=1, seconds=1)),
        ("Take a break for 500 milliseconds", timedelta(seconds=1.5)),
        ("Versuch es in 6 Minuten noch einmal.", timedelta(minutes=6, seconds=1)),
        ("Слишком часто.", timedelta(minutes=10)),
    ],
)
def test_a_wait_told_only_in_words_is_understood_and_never_slept_through(
    site: Site, says: str, wait: timedelta
) -> None:
    """praw sleeps and posts again by itself when the wait is short enough for ratelimit_seconds; at 0, for milliseconds still."""
    said = ('{"json": {"errors": [["RATELIMIT", "' + says + '", "ratelimit"]]}}').encode()
    site.options.faults.add(Fault("POST", "/api/comment", Done.NEVER, Answer(200, said), times=None))
    began = time.monotonic()
    with pytest.raises(Unavailable) as later:
        site.publisher().post(site.reply_to(site.complaint()), site.now)
    assert later.value.retry_at == site.now + wait
    assert (len(site.calls("/api/comment")), time.monotonic() - began < 0.9) == (1, True)


def test_a_subreddit_that_banned_us_is_told(site: Site) -> None:
    mark_board(site.world, "springfield", shut=(site.ana,))
    with pytest.raises(Refused, match="may not write"):
        site.publisher().post(site.reply_to(site.complaint()), site.now)


def test_a_text_too_long_is_not_even_sent(site: Site) -> None:
    text = "*" * 5_001
    assert RedditPlace().measure(text, Audience.PUBLIC).used == 10_002
    assert not RedditPlace().measure(text, Audience.PUBLIC).fits
    assert RedditPlace().measure("x" * 10_000, Audience.PUBLIC).fits
    with pytest.raises(Refused, match="longer"):
        site.publisher().post(site.reply_to(site.complaint(), text), site.now)
    assert site.calls("/api/comment") == []


def test_a_parent_that_is_no_reddit_post_is_not_sent(site: Site) -> None:
    with pytest.raises(Refused):
        site.publisher().post(site.reply_to(site.complaint(), parent_id="1590000"), site.now)
    assert site.calls("/api/comment") == []


def test_a_reply_whose_answer_was_lost_is_found_by_its_parent(site: Site) -> None:
    publisher = site.publisher()
    complaint = site.complaint()
    site.world.publish("reddit", site.mallory, "We are sorry, Cora.", parent_id=complaint.id)
    elsewhere = site.complaint()
    site.world.publish("reddit", site.ana, "We are sorry, Cora.", parent_id=elsewhere.id)
    reply = site.reply_to(complaint)
    assert publisher.find(reply, site.now) is None
    up = site.world.publish("reddit", site.ana, "changed by hand", parent_id=complaint.id)
    found = publisher.find(reply, site.now)
    assert found == Posted(
        f"t1_{up.id}", f"https://www.reddit.com/r/springfield/comments/{complaint.id}/ugh/{up.id}/", site.now
    )


def test_another_reply_of_ours_is_not_taken_for_this_one(site: Site) -> None:
    complaint = site.complaint()
    old = site.world.publish("reddit", site.ana, "Earlier", parent_id=complaint.id, at=site.now - timedelta(days=1))
    known = site.world.publish("reddit", site.ana, "Known", parent_id=complaint.id)
    publisher = site.publisher()
    assert publisher.find(site.reply_to(complaint, known_ids=(f"t1_{known.id}",)), site.now) is None
    found = publisher.find(site.reply_to(complaint), site.now)
    assert found is not None
    assert found.native_id == f"t1_{known.id}" != f"t1_{old.id}"


def test_reddits_whole_seconds_and_slower_clock_do_not_hide_a_reply(site: Site) -> None:
    complaint = site.complaint()
    reply = site.reply_to(complaint, sent_at=site.now + timedelta(seconds=90, milliseconds=700))
    site.world.publish("reddit", site.ana, "Sorry", parent_id=complaint.id)
    assert site.publisher().find(reply, site.now + timedelta(minutes=5)) is not None


def test_a_reply_that_our_page_shows_late_is_found_late(site: Site) -> None:
    site.options.profile_lag = timedelta(minutes=3)
    complaint = site.complaint()
    publisher, reply = site.publisher(), site.reply_to(complaint)
    site.options.faults.add(Fault("POST", "/api/comment", Done.FIRST, CUT))
    with pytest.raises(Exception, match="broke"):
        publisher.post(reply, site.now)
    assert publisher.find(reply, site.now) is None
    site.wait(minutes=5)
    assert publisher.find(reply, site.now) is not None


def test_a_reply_is_found_behind_many_others_of_the_same_hour(site: Site) -> None:
    complaint = site.complaint()
    reply = site.reply_to(complaint)
    other = site.complaint()
    site.world.publish("reddit", site.ana, "Sorry", parent_id=complaint.id)
    with site.world.together():
        for n in range(230):
            site.world.publish("reddit", site.ana, f"{n}", parent_id=other.id, at=site.now + timedelta(seconds=n))
    site.wait(hours=1)
    assert site.publisher().find(reply, site.now) is not None


def test_looking_that_fails_does_not_say_there_is_nothing(site: Site) -> None:
    reply = site.reply_to(site.complaint())
    publisher = site.publisher()
    for seen in (
        CUT,
        Answer(503, b""),
        Answer(200, b"{}"),
        Answer(200, b'{"data": {"children": [7]}}'),
        Answer(404, b"{}"),
    ):
        site.options.faults.add(Fault("GET", "/user/", Done.NEVER, seen))
        with pytest.raises(Unavailable):
            publisher.find(reply, site.now)


def test_a_reply_of_ours_that_a_moderator_removed_is_still_found(site: Site) -> None:
    complaint = site.complaint()
    up = site.world.publish("reddit", site.ana, "Sorry", parent_id=complaint.id)
    mark_post(site.world, up.id, removed=True)
    assert site.publisher().find(site.reply_to(complaint), site.now) is not None


def test_a_private_letter_goes_out_once_and_is_found(site: Site) -> None:
    letter = site.reply_to(site.complaint(), "Please write to us.", audience=Audience.PRIVATE)
    publisher = site.publisher()
    assert publisher.find(letter, site.now) is None
    assert publisher.post(letter, site.now).native_id is None
    (message,) = site.world.messages("reddit", site.cora)
    assert message.text.endswith("\n\nPlease write to us.")
    assert publisher.find(letter, site.now) is not None
    mark_account(site.world, site.cora, no_messages=True)
    with pytest.raises(Refused, match="private messages"):
        publisher.post(letter, site.now)


def test_reach_tells_what_reading_has_seen(site: Site) -> None:
    locked, archived, free = site.complaint(), site.complaint(), site.complaint()
    mark_post(site.world, locked.id, locked=True)
    mark_post(site.world, archived.id, archived=True)
    below = site.world.publish("reddit", site.cora, "rosebakery", parent_id=locked.id)
    opened = site.open()
    assert opened.publisher is not None
    posts = {post.native_id: post for post in opened.sources[0].poll(None, site.now).posts}
    reach = {name: opened.publisher.reach(post, Audience.PUBLIC) for name, post in posts.items()}
    assert reach[f"t3_{locked.id}"].how is reach[f"t1_{below.id}"].how is ReachHow.NONE
    assert "locked" in reach[f"t1_{below.id}"].why
    assert "too old" in reach[f"t3_{archived.id}"].why
    assert (reach[f"t3_{free.id}"].how, reach[f"t3_{free.id}"].cost) == (ReachHow.API, Decimal(0))
    mark_post(site.world, locked.id, locked=False)
    opened.sources[0].again([f"t3_{locked.id}"], site.now)
    assert opened.publisher.reach(posts[f"t3_{locked.id}"], Audience.PUBLIC).how is ReachHow.API
    by_hand = site.publisher(posts=False).reach(posts[f"t3_{free.id}"], Audience.PUBLIC)
    assert by_hand.how is ReachHow.BY_HAND


def test_posting_by_hand_starts_from_the_posts_own_page(site: Site) -> None:
    place, complaint = RedditPlace(), site.complaint()
    comment = site.world.publish("reddit", site.cora, "y", parent_id=complaint.id)
    url = f"https://www.reddit.com/r/springfield/comments/{complaint.id}/ugh/"
    assert place.compose_link(site.reply_to(complaint, parent_url=url)) == url
    assert place.compose_link(site.reply_to(complaint)) == f"https://www.reddit.com/comments/{complaint.id}/"
    below = f"https://www.reddit.com/comments/{complaint.id}/_/{comment.id}/"
    assert place.compose_link(site.reply_to(comment, parent_url="javascript:alert(1)")) == below
    letter = place.compose_link(site.reply_to(complaint, "a & b", audience=Audience.PRIVATE))
    assert letter == "https://www.reddit.com/message/compose/?to=cora&subject=About+your+post&message=a+%26+b"
