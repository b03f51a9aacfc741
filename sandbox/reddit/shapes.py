"""How Reddit writes things down: fullnames, comments (t1), submissions (t3), messages (t4), listings.

The keys are those of answers recorded from the real API, less the many that say nothing to a reader of complaints.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Any

from sandbox.reddit.boards import account_marks, board_marks, post_marks
from sandbox.things import base36
from sandbox.world import Message, World, WorldAccount, WorldPost

DELETED = "[deleted]"
REMOVED = "[removed]"


def fullname(post: WorldPost) -> str:
    """t1_ for a comment, t3_ for a submission."""
    return f"{'t3' if post.parent_id is None else 't1'}_{post.id}"


def bare(name: str) -> str:
    """An id without its kind."""
    return name.partition("_")[2] or name


def message_name(n: int) -> str:
    """The fullname of the n-th private message of one sender."""
    return f"t4_{base36(36**5 + n)}"


def slug(title: str) -> str:
    """The readable end of a submission's address."""
    words = "".join(letter.lower() if letter.isascii() and letter.isalnum() else " " for letter in title).split()
    return "_".join(words)[:50] or "post"


class Shapes:
    """Writes posts of one world for one reader (`reader`: the account's id; None: nobody is logged in)."""

    def __init__(self, world: World, reader: str | None, *, raw: bool) -> None:
        self.world = world
        self.reader = reader
        self._raw = raw
        self._accounts = {account.id: account for account in world.accounts("reddit")}
        self._known: dict[str, WorldPost] = {}

    def _post(self, post_id: str) -> WorldPost:
        if post_id not in self._known:
            found = self.world.post("reddit", post_id)
            assert found is not None
            self._known[post_id] = found
        return self._known[post_id]

    def text(self, written: str) -> str:
        """Without raw_json=1, Reddit escapes <, > and & in every text, as it has done since its first days."""
        return written if self._raw else html.escape(written, quote=False)

    def author(self, post: WorldPost) -> dict[str, Any]:
        """Name and id, or neither: once deleted, a post and its author are parted."""
        account = self._accounts[post.author_id]
        if post.deleted_at is not None or self.hidden(post) or account_marks(self.world, account.id).gone:
            return {"author": DELETED}
        return {"author": account.handle, "author_fullname": f"t2_{account.id}"}

    def hidden(self, post: WorldPost) -> bool:
        """Whether a moderator removed it; its own author still sees it."""
        return post_marks(self.world, post.id).removed and post.author_id != self.reader

    def body(self, post: WorldPost) -> str:
        """The text, or the word that stands in its place."""
        if post.deleted_at is not None:
            return DELETED
        return REMOVED if self.hidden(post) else self.text(post.text)

    def thing(self, post: WorldPost, replies: Any = "") -> dict[str, Any]:
        """A post in its envelope."""
        marks = post_marks(self.world, post.id)
        if marks.broken:
            return {
                "kind": "t1" if post.parent_id else "t3",
                "data": {"id": post.id, "author": 7, "body": marks.broken},
            }
        if post.parent_id is None:
            return {"kind": "t3", "data": self.submission(post)}
        return {"kind": "t1", "data": self.comment(post, replies)}

    def _shared(self, post: WorldPost) -> dict[str, Any]:
        created = float(int(post.created_at.timestamp()))
        marks = post_marks(self.world, post.id)
        return {
            "subreddit_id": f"t5_{base36(sum(post.board.lower().encode()))}",
            "subreddit": post.board,
            "subreddit_name_prefixed": f"r/{post.board}",
            "subreddit_type": "private" if board_marks(self.world, post.board).private else "public",
            "id": post.id,
            "name": fullname(post),
            **self.author(post),
            "score": 1,
            "ups": 1,
            "downs": 0,
            "gilded": 0,
            "likes": None,
            "saved": False,
            "archived": marks.archived,
            "locked": marks.locked,
            "stickied": False,
            "distinguished": None,
            "edited": float(int(post.edited_at.timestamp())) if post.edited_at else False,
            "created": created,
            "created_utc": created,
            "num_reports": None,
            "mod_reports": [],
            "user_reports": [],
        }

    def submission(self, post: WorldPost) -> dict[str, Any]:
        """A t3."""
        permalink = f"/r/{post.board}/comments/{post.id}/{slug(post.title)}/"
        deleted, removed = post.deleted_at is not None, self.hidden(post)
        return {
            **self._shared(post),
            "title": self.text(post.title),
            "selftext": self.body(post),
            "selftext_html": self._html(post),
            "is_self": True,
            "domain": f"self.{post.board}",
            "permalink": permalink,
            "url": f"https://www.reddit.com{permalink}",
            "num_comments": sum(1 for each in self.world.conversation("reddit", post.id) if each.parent_id is not None),
            "over_18": False,
            "quarantine": board_marks(self.world, post.board).quarantined,
            "removed_by_category": "deleted" if deleted else "moderator" if removed else None,
            "upvote_ratio": 1.0,
        }

    def comment(self, post: WorldPost, replies: Any = "") -> dict[str, Any]:
        """A t1; `replies` is a listing of those below it, or "" when none are shown."""
        root, parent = self._post(post.conversation_id), self._post(post.parent_id or "")
        return {
            **self._shared(post),
            "link_id": fullname(root),
            "parent_id": fullname(parent),
            "body": self.body(post),
            "body_html": self._html(post),
            "permalink": f"/r/{post.board}/comments/{root.id}/{slug(root.title)}/{post.id}/",
            "score_hidden": False,
            "controversiality": 0,
            "replies": replies,
        }

    def notice(self, post: WorldPost, subject: str) -> dict[str, Any]:
        """A comment as the inbox shows it: recorded without link_id and without the author's id."""
        root, full = self._post(post.conversation_id), self.comment(post)
        kept = ("id", "name", "author", "parent_id", "subreddit", "body", "body_html", "created", "created_utc")
        return {
            "kind": "t1",
            "data": {
                **{key: full[key] for key in kept},
                "link_title": self.text(root.title),
                "context": f"/r/{post.board}/comments/{root.id}/{slug(root.title)}/{post.id}?context=3",
                "subject": subject,
                "was_comment": True,
                "new": True,
                "first_message": None,
                "first_message_name": None,
                "distinguished": None,
                "likes": None,
                "replies": "",
            },
        }

    def message(self, message: Message, n: int) -> dict[str, Any]:
        """The n-th private message of its sender (t4). The world keeps the subject as its first paragraph."""
        created = float(int(message.at.timestamp()))
        subject, _, body = message.text.partition("\n\n")
        return {
            "kind": "t4",
            "data": {
                "id": bare(message_name(n)),
                "name": message_name(n),
                "author": self._accounts[message.from_id].handle,
                "author_fullname": f"t2_{message.from_id}",
                "dest": self._accounts[message.to_id].handle,
                "subject": self.text(subject),
                "body": self.text(body),
                "created": created,
                "created_utc": created,
                "was_comment": False,
                "new": False,
                "parent_id": None,
                "context": "",
                "replies": "",
            },
        }

    def _html(self, post: WorldPost) -> str:
        written = f'<div class="md"><p>{html.escape(self.body(post), quote=False)}</p>\n</div>'
        return written if self._raw else html.escape(written, quote=False)


def account_shape(account: WorldAccount) -> dict[str, Any]:
    """What /api/v1/me says of the account that asks. `id` comes without its t2_."""
    return {
        "id": account.id,
        "name": account.handle,
        "created": account.created_at.timestamp(),
        "created_utc": account.created_at.timestamp(),
        "is_suspended": False,
        "has_verified_email": True,
        "comment_karma": 1,
        "link_karma": 1,
        "inbox_count": 0,
    }


def listing(children: Sequence[dict[str, Any]], after: str | None = None, before: str | None = None) -> dict[str, Any]:
    """Things in their envelope."""
    return {
        "kind": "Listing",
        "data": {
            "after": after,
            "dist": len(children),
            "modhash": None,
            "geo_filter": "",
            "children": list(children),
            "before": before,
        },
    }
