"""The public feeds: Atom without any key, about one request a minute for each address that asks.

The shape is that of the real ones as seen in 2026: an entry names its author but not the author's id, and not what a comment answers;
texts are HTML between two comments, and behind them, for submissions, stands who submitted it and two links.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from xml.sax.saxutils import escape, quoteattr

from sandbox.reddit.asking import Answer, Asked, refused
from sandbox.reddit.boards import account_marks, board_marks
from sandbox.reddit.reads import listed, open_posts, query_finds, readable_boards
from sandbox.reddit.rendering import render
from sandbox.reddit.shapes import DELETED, Shapes, fullname, slug
from sandbox.reddit.trees import Tree
from sandbox.world import WorldPost

SITE = "https://www.reddit.com"
SHOWN, SHOWN_CAP = 25, 100
"""Entries of a feed: unasked, and at most."""

ATOM = "application/atom+xml; charset=UTF-8"
_ILLEGAL = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def search(asked: Asked) -> Answer:
    """GET /search.rss and /r/<board>/search.rss: submissions that a query finds, newest first."""
    names, why_not = readable_boards(asked) if asked.path.get("board") else (None, None)
    if why_not is not None:
        return why_not
    finds = query_finds(asked.params.get("q", ""))
    found = [
        post for post in open_posts(asked, names) if post.parent_id is None and finds(f"{post.title}\n{post.text}")
    ]
    return _feed(asked, listed(asked, found, asked.options.search_lag), "search results")


def newest_submissions(asked: Asked) -> Answer:
    """GET /r/<boards>/new/.rss."""
    names, why_not = readable_boards(asked)
    found = [post for post in open_posts(asked, names) if post.parent_id is None]
    return why_not or _feed(asked, listed(asked, found), "newest submissions")


def newest_comments(asked: Asked) -> Answer:
    """GET /r/<boards>/comments/.rss."""
    names, why_not = readable_boards(asked)
    found = [post for post in open_posts(asked, names) if post.parent_id]
    return why_not or _feed(asked, listed(asked, found), "newest comments")


def thread(asked: Asked) -> Answer:
    """GET /comments/<id>/.rss, or that of one comment: the submission, then the comments as far as the feed goes."""
    root = asked.world.post("reddit", asked.path["id"])
    if root is None or root.parent_id is not None:
        return refused(404, "Not Found")
    if board_marks(asked.world, root.board).private:
        return refused(403, "Forbidden", reason="private")
    tree = Tree(asked, asked.shapes(), root)
    wanted = asked.path.get("comment", "")
    ids = tree.all_below(root.id)
    if wanted:
        ids = [wanted, *tree.all_below(wanted)] if wanted in ids else []
    comments = [post for post in (asked.world.post("reddit", each) for each in ids) if post is not None]
    return _feed(asked, [root, *comments], root.title)


def _feed(asked: Asked, posts: Sequence[WorldPost], title: str) -> Answer:
    shown = posts[: max(1, min(SHOWN_CAP, asked.number("limit", SHOWN)))]
    entries = "".join(Entries(asked).write(shown))
    body = (
        '<?xml version="1.0" encoding="UTF-8"?><feed xmlns="http://www.w3.org/2005/Atom" '
        f'xmlns:media="http://search.yahoo.com/mrss/"><updated>{_stamp(asked.now)}</updated>'
        f"<id>/.rss</id><title>{_text(title)}</title>{entries}</feed>"
    )
    headers = {"content-type": ATOM}
    if asked.options.feed_etags:
        headers["etag"] = f'"{hashlib.blake2s(entries.encode()).hexdigest()}"'
    return Answer(body, headers=headers, note=f"{len(shown)} entries")


class Entries:
    """Writes the entries of a feed."""

    def __init__(self, asked: Asked) -> None:
        self.shapes, self.world = Shapes(asked.world, None, raw=True), asked.world

    def write(self, posts: Iterable[WorldPost]) -> list[str]:
        """One text for each post."""
        return [self._entry(post) for post in posts]

    def _entry(self, post: WorldPost) -> str:
        root = self.world.post("reddit", post.conversation_id)
        assert root is not None
        link = f"{SITE}/r/{root.board}/comments/{root.id}/{slug(root.title)}/"
        author, known = self._author(post)
        who = f"<author><name>{_text(author)}</name>{known}</author>"
        category = f"<category term={quoteattr(root.board)} label={quoteattr('r/' + root.board)}/>"
        stamps = f"<updated>{_stamp(post.edited_at or post.created_at)}</updated>"
        if post.parent_id is None:
            text = self._markup(post) + _signature(author, link)
            stamps += f"<published>{_stamp(post.created_at)}</published>"
            title = post.title
        else:
            text, link = self._markup(post), f"{link}{post.id}/"
            title = f"{author} on {root.title}"
        return (
            f'<entry>{who}{category}<content type="html">{_text(text)}</content><id>{fullname(post)}</id>'
            f"<link href={quoteattr(link)} />{stamps}<title>{_text(title)}</title></entry>"
        )

    def _author(self, post: WorldPost) -> tuple[str, str]:
        account = self.world.account("reddit", id=post.author_id)
        hidden = post.deleted_at is not None or self.shapes.hidden(post)
        if account is None or hidden or account_marks(self.world, account.id).gone:
            return f"/u/{DELETED}", ""
        return f"/u/{account.handle}", f"<uri>{SITE}/user/{account.handle}</uri>"

    def _markup(self, post: WorldPost) -> str:
        body = self.shapes.body(post)
        if post.parent_id is None and not body:
            return ""  # a link, or a picture
        return f'<!-- SC_OFF --><div class="md">{render(_legal(body))}</div><!-- SC_ON -->'


def _signature(author: str, link: str) -> str:
    return (
        f' &#32; submitted by &#32; <a href="{SITE}/user/{escape(author[3:])}"> {escape(author)} </a> <br/> '
        f'<span><a href="{link}">[link]</a></span> &#32; <span><a href="{link}">[comments]</a></span>'
    )


def _legal(text: str) -> str:
    """Without what XML cannot hold."""
    return _ILLEGAL.sub("\ufffd", text)


def _text(text: str) -> str:
    return escape(_legal(text), {'"': "&quot;"})


def _stamp(instant: datetime) -> str:
    return instant.replace(microsecond=0).isoformat()


class FeedLimit:
    """Counts the requests of everybody together: the town has one address."""

    def __init__(self) -> None:
        self._window: datetime | None = None
        self._used = 0

    def count(self, asked: Asked) -> tuple[bool, dict[str, str]]:
        """Whether this request is within the limit, and what is said about it."""
        allowed, window = asked.options.feed_allowed, asked.options.feed_window
        if allowed is None:
            return True, {}
        if self._window is None or not self._window <= asked.now < self._window + window:
            self._window, self._used = asked.now, 0
        self._used += 1
        left = (self._window + window - asked.now).total_seconds()
        told = {
            "x-ratelimit-remaining": f"{float(max(0, allowed - self._used)):.1f}",
            "x-ratelimit-used": str(self._used),
            "x-ratelimit-reset": str(math.ceil(left)),
        }
        return self._used <= allowed, told
