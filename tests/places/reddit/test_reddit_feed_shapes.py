"""What strangers and broken machines put into a feed."""

from __future__ import annotations

import html
import time
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from places.doors import Unavailable
from places.reddit.feed_shapes import read_posts
from places.reddit.feed_text import read_text
from sandbox.reddit.rendering import render
from storage.words import Gone, Poison, Post

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
SITE = "https://www.reddit.com"


def entry(
    text: str = "cold", name: str = "t3_abc", *, author: str = "<author><name>/u/Cora</name></author>", more: str = ""
) -> str:
    body = html.escape(f'<!-- SC_OFF --><div class="md"><p>{html.escape(text)}</p></div><!-- SC_ON --> submitted by')
    return (
        f'<entry>{author}<content type="html">{body}</content><id>{name}</id>'
        f'<link href="{SITE}/r/town/comments/abc/a_title/{"" if name.startswith("t3") else name[3:] + "/"}"/>'
        f"<updated>2026-11-22T08:00:00+00:00</updated><title>A title</title>{more}</entry>"
    )


def feed(*entries: str, before: str = '<?xml version="1.0" encoding="UTF-8"?>') -> bytes:
    inside = "".join(entries)
    return f'{before}<feed xmlns="http://www.w3.org/2005/Atom"><title>x</title>{inside}</feed>'.encode()


def one(body: bytes) -> Post:
    (found,) = read_posts(body, SITE, NOW)
    assert isinstance(found, Post), found
    return found


def test_a_comment_belongs_to_the_thread_of_its_address() -> None:
    found = one(feed(entry("Rose Bakery was late", "t1_xyz")))
    assert (found.native_id, found.conversation_id, found.parent_id, found.title) == ("t1_xyz", "t3_abc", None, "")
    assert found.url == f"{SITE}/r/town/comments/abc/a_title/xyz/"


@pytest.mark.parametrize(
    "author",
    ["", "<author><name>/u/[deleted]</name></author>", "<author><name>[deleted]</name></author>"],
)
def test_who_left_takes_their_post_along(author: str) -> None:
    assert read_posts(feed(entry(author=author)), SITE, NOW) == [Gone("t3_abc", "deleted")]


def test_what_a_moderator_removed_is_gone() -> None:
    assert read_posts(feed(entry("[removed]")), SITE, NOW) == [Gone("t3_abc", "removed")]


def test_subreddits_and_people_among_the_results_are_no_posts() -> None:
    (found,) = read_posts(feed(entry(name="t5_abc"), entry(), entry(name="t2_abc")), SITE, NOW)
    assert isinstance(found, Post)


@pytest.mark.parametrize(
    "spoilt",
    [
        entry().replace("08:00:00+00:00", "08:00:00"),
        entry().replace("2026-11-22T08", "1999-11-22T08"),
        entry().replace("2026-11-22T08", "2031-11-22T08"),
        entry().replace("2026-11-22T08", "yesterday"),
        entry().replace("<updated>", "<x>").replace("</updated>", "</x>"),
        entry().replace("t3_abc", "t3_ABC!"),
        entry().replace("t3_abc", ""),
        entry(author="<author><name>/u/Co ra</name></author>"),
        entry(author="<author><name>https://evil.example/</name></author>"),
        entry(name="t1_xyz").replace("/xyz/", "/abd/"),
        entry().replace("<title>A title</title>", ""),
        "<entry/>",
    ],
)
def test_an_entry_that_cannot_be_read_costs_only_itself(spoilt: str) -> None:
    kinds = [type(found) for found in read_posts(feed(entry("one"), spoilt, entry("two", "t3_abc")), SITE, NOW)]
    assert kinds == [Post, Poison, Post]


def test_an_address_elsewhere_leads_nobody_astray() -> None:
    evil = entry().replace(SITE, "https://evil.example")
    assert one(feed(evil)).url == f"{SITE}/r/town/comments/abc/a_title/"
    script = entry().replace(f"{SITE}/r/town/comments/abc/a_title/", "javascript:alert(1)")
    assert one(feed(script)).url == f"{SITE}/comments/abc/"


BOMB = (
    '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">'
    + "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9))
    + "]>"
)
NO_FEEDS = {
    "entity bomb": feed(entry("&j;"), before=BOMB),
    "one large entity": feed(entry("&a;" * 1000), before=f'<!DOCTYPE x [<!ENTITY a "{"x" * 1_000_000}">]>'),
    "a file": feed(entry("&f;"), before='<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]>'),
    "an address": feed(entry("&f;"), before='<!doctype x SYSTEM "http://127.0.0.1:9/x.dtd">'),
    "parameter entity": feed(before='<!DOCTYPE x [<!ENTITY % p SYSTEM "http://127.0.0.1:9/p"> %p;]>'),
    "utf-16 bomb": feed(entry("&j;"), before=BOMB).decode().encode("utf-16"),
    "utf-16": feed(entry()).decode().replace("UTF-8", "UTF-16").encode("utf-16"),
    "utf-32": feed(entry()).decode().encode("utf-32"),
    "ebcdic": feed(entry()).decode().encode("cp500"),
    "cut short": feed(entry(), entry())[:-20],
    "cut in an entry": feed(entry(), entry())[:-300],
    "not closed": feed("<entry>" * 3),
    "wrongly closed": feed("<entry></feed></entry>"),
    "a page": b"<!DOCTYPE html><html><title>Reddit</title></html>",
    "another page": b"<html><body><feed></feed></body></html>",
    "rss": b"<rss version='2.0'><channel><item><guid>t3_abc</guid></item></channel></rss>",
    "json": b'{"data": {}}',
    "nothing": b"",
    "nul": b"\0" * 1000,
    "deep": feed("<a>" * 100_000),
    "rather deep": feed("<a>" * 19_000),
}


@pytest.mark.parametrize("body", NO_FEEDS.values(), ids=NO_FEEDS.keys())
def test_what_is_no_whole_plain_feed_is_not_read_at_all(body: bytes) -> None:
    began = time.process_time()
    with pytest.raises(Unavailable):
        read_posts(body, SITE, NOW)
    assert time.process_time() - began < 2


def test_no_sign_a_stranger_writes_can_hide_the_posts_of_others() -> None:
    for sign in (
        "\x00",
        "\x0b",
        "\x1f",
        "\ufffe",
        "\uffff",
        "&#0;",
        "&#x1f;",
        "&#xd800;",
        "&#99999999;",
        "&nbsp;",
        "&;",
        "&#x;",
    ):
        mallory = entry("MALLORY", "t3_mal").replace("MALLORY", f"a{sign}b").replace("/abc/", "/mal/")
        kinds = [type(found) for found in read_posts(feed(entry("one"), mallory, entry("two")), SITE, NOW)]
        assert kinds == [Post, Post, Post], repr(sign)
    broken = feed(entry("one"), entry("MALLORY")).replace(b"MALLORY", b"\xff\xfe \xed\xa0\x80 \xc3")
    assert len(read_posts(broken, SITE, NOW)) == 2


def test_a_huge_feed_is_read_in_time_and_cut() -> None:
    body = feed(*[entry("Rose Bakery was late. " * 300)] * 600)
    began = time.process_time()
    assert len(read_posts(body, SITE, NOW)) == 500
    assert time.process_time() - began < 10


# --- words --------------------------------------------------------------------------------------------

WRITTEN = (
    "My cake was late.",
    "Two lines\nin one paragraph",
    "One paragraph\n\nand another",
    "with **strong** and *soft* words",
    "a link: https://rosebakery.example/menu?a=1&b=2 and [named](https://rosebakery.example)",
    "> you said it was fresh\n\nit was not",
    "* one\n* two",
    "1. one\n2. two",
    'a < b & c > d, "so" it\'s',
    "`code`",
    "r/springfield and u/rosebakery",
    "торт опоздал на два часа 😡",
)


@pytest.mark.parametrize("written", WRITTEN)
def test_what_people_wrote_is_read_back_as_they_wrote_it(written: str) -> None:
    assert read_text(f'<!-- SC_OFF --><div class="md">{render(written)}\n</div><!-- SC_ON -->') == written


@given(st.text(alphabet=st.characters(codec="utf-8", categories=("L", "N", "Zs", "Po", "Sc", "So")), max_size=200))
def test_plain_words_come_back_as_they_are(words: str) -> None:
    plain = " ".join(words.split())
    shown = f'<!-- SC_OFF --><div class="md"><p>{html.escape(plain)}</p></div><!-- SC_ON -->'
    assert read_text(shown) == plain


def test_only_what_the_person_wrote_is_read() -> None:
    said = '<!-- SC_OFF --><div class="md"><p>ours</p></div><!-- SC_ON --> submitted by <a href="x"> /u/cora </a>'
    assert read_text(said) == "ours"
    assert read_text('<table><tr><td><a href="https://i.example/x.jpg">[link]</a></td></tr></table>') == ""
    assert read_text("") == ""


HOSTILE = {
    "open tags": "<b>" * 60_000,
    "open comments": "<!--" * 60_000,
    "open declarations": "<!" * 100_000,
    "open questions": "<?" * 100_000,
    "closing": "</" * 100_000,
    "attributes": "<a " + "x=" * 100_000,
    "quotes": "<a href='" * 30_000,
    "ampersands": "&" * 200_000,
    "references": "&#" * 100_000,
    "nested quotes": "<blockquote>" * 30_000 + "x",
    "lists": "<ul><li>" * 30_000 + "x",
    "numbers": "<ol>" + "<li>x" * 40_000,
    "links": "<a href=x>" * 30_000 + "x" + "</a>" * 30_000,
    "script": "<script>alert(1)</script>kept<style>x</style>",
    "unclosed script": "<script>" + "<" * 100_000,
}


@pytest.mark.parametrize("inside", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_html_is_read_in_time(inside: str) -> None:
    began = time.process_time()
    read = read_text(f"<!-- SC_OFF -->{inside}<!-- SC_ON -->")
    assert time.process_time() - began < 3
    assert len(read) <= 100_000
    assert "alert(1)" not in read


@settings(max_examples=150, deadline=timedelta(seconds=5))
@given(st.data())
def test_a_feed_that_was_changed_on_the_way_is_read_or_unavailable(data: st.DataObject) -> None:
    whole = feed(entry("Rose Bakery was late"), entry("<b>again</b> & again", "t1_xyz"), entry("third", "t3_abc"))
    body = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(body) - 1))
        kind = data.draw(st.sampled_from(("cut", "put", "set", "twice")))
        if kind == "cut":
            del body[at : at + data.draw(st.integers(1, 60))]
        elif kind == "put":
            body[at:at] = data.draw(st.one_of(st.binary(max_size=12), st.sampled_from((b"<", b"&x;", b"]]>", b"<!--"))))
        elif kind == "set":
            body[at] = data.draw(st.integers(0, 255))
        else:
            body[at:at] = body[at : at + 200]
        if not body:
            break
    try:
        found = read_posts(bytes(body), SITE, NOW)
    except Unavailable:
        return
    for each in found:
        if isinstance(each, Post):
            each.text.encode()
            each.title.encode()
            assert each.native_id.startswith(("t1_", "t3_"))
            assert each.url is not None
            assert each.url.startswith(SITE)
            assert each.author.native_id.startswith("name:")
        elif isinstance(each, Poison):
            assert len(each.raw) <= 2000
