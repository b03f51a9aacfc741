"""What an instance writes as HTML is read as its author wrote it, in a time that grows with its length and not faster."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from places.mastodon.markup import MOST_MARKUP, text_of
from sandbox.mastodon.markup import to_html
from sandbox.mastodon.names import Names
from sandbox.world import World

LINK = (
    '<a href="https://www.example.com/a/long/way?x=1&amp;y=2" target="_blank" rel="nofollow noopener" translate="no">'
    '<span class="invisible">https://www.</span><span class="ellipsis">example.com/a/long</span>'
    '<span class="invisible">/way?x=1&amp;y=2</span></a>'
)
NAMED = '<span class="h-card" translate="no"><a href="https://town.example/@rose" class="u-url mention">@<span>rose</span></a></span>'
TAG = '<a href="https://town.example/tags/bread" class="mention hashtag" rel="tag">#<span>bread</span></a>'


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("", ""),
        ("<p>Cold bread</p>", "Cold bread"),
        ("<p>Cold<br />bread<br>again</p><p>and late</p>", "Cold\nbread\nagain\n\nand late"),
        (f"<p>See {LINK}</p>", "See https://www.example.com/a/long/way?x=1&y=2"),
        (f"<p>{NAMED} cold {TAG}</p>", "@rose cold #bread"),
        ("<p>5 &lt; 6 &amp;amp; &quot;so&quot; &#39;it&#39; is &#x1F950;</p>", "5 < 6 &amp; \"so\" 'it' is 🥐"),
        ("<p>two  spaces\tand :rose: stay</p>", "two  spaces\tand :rose: stay"),
        ("<ul><li>cold</li><li>late</li></ul><p>Sad.</p>", "• cold\n• late\n\nSad."),
        ("<blockquote><p>They said sorry</p></blockquote><p>Never</p>", "They said sorry\n\nNever"),
        ("<p><strong>Very</strong> <em>cold</em> <del>nice</del> <code>a&lt;b</code></p>", "Very cold nice a<b"),
        ("<P>UPPER<BR>case</P>", "UPPER\ncase"),
        ("no tags at all & a <3", "no tags at all & a <3"),
        ("a <!-- hidden > --> b", "a  b"),
        ("<p>a</p>\n  <p>b</p>\n", "a\n\nb"),
        ("<p></p><p></p><p>late</p><p></p>", "late"),
        ("<p>open <b>never closed", "open never closed"),
        ("<p>cut <a href='https://x.example", "cut <a href='https://x.example"),
        ("<p>x <img src=x onerror=alert(1)> y</p>", "x  y"),
        ("<p>before<script>alert('x')</script> after</p>", "before after"),
        ("<style>p{}</style><p>seen</p><script>never closed", "seen"),
    ],
)
def test_html_is_read_as_it_was_written(markup: str, text: str) -> None:
    assert text_of(markup) == text


def test_a_link_that_hides_where_it_leads_says_so() -> None:
    assert text_of('<a href="https://evil.example/x">the bank</a>') == "the bank (https://evil.example/x)"
    assert text_of('<a href="https://evil.example">https://bank.example</a>').endswith("(https://evil.example)")
    assert text_of('<a href="https://evil.example/x"></a>!') == "https://evil.example/x!"
    assert text_of('<a href="javascript:alert(1)">the bank</a>') == "the bank"
    assert text_of("<a href=https://a.example/>a.example</a>") == "a.example"
    assert text_of('<a data-href="https://no.example" title="x > y" href="https://b.example">b</a>') == (
        "b (https://b.example)"
    )


@pytest.mark.parametrize(
    "part", ["<a ", '<a "', "<!--", "<", "</", "<p>", "&#", "&lt;", "\n", "<a href='", "<li>", "<br>"]
)
def test_the_time_it_takes_grows_with_the_length_only(part: str) -> None:
    begun = time.process_time()
    text_of(part * (MOST_MARKUP // len(part)))
    assert time.process_time() - begun < 5


plain = st.text(st.characters(exclude_categories=(), exclude_characters="\r\x00"), max_size=60)
pieces = st.lists(
    plain
    | st.sampled_from(
        [
            "@rosebakery",
            "@cora@other.example",
            "#bread",
            "https://www.example.com/a/b?c=d&e=f#g",
            "<b>",
            "&amp;",
            "\n",
            "\n\n\n",
        ]
    ),
    max_size=6,
)


@given(pieces)
def test_whatever_is_written_on_mastodon_is_read_as_it_was(parts: list[str]) -> None:
    text = " ".join(parts)
    with World(":memory:") as world:
        world.add_account("mastodon", "rosebakery", "Rose Bakery")
        world.add_account("mastodon", "cora@other.example", "Cora")
        read = text_of(to_html(text, Names(world, "town.example")))
    # Mastodon shows a name from elsewhere without its address, and parts at empty lines.
    assert squeezed(read) == squeezed(text.replace("@cora@other.example", "@cora"))


def squeezed(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()
