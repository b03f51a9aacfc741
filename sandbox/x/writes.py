"""What X lets one write: a post, and taking it down again."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

from starlette.requests import Request

from sandbox.things import WorldAccount, WorldPost
from sandbox.world import World
from sandbox.x import till as prices
from sandbox.x.door import Asker, need_user
from sandbox.x.options import XOptions
from sandbox.x.params import check_id
from sandbox.x.problems import DUPLICATE, NOT_SUMMONED, TARGET_GONE, forbidden, invalid, plain
from sandbox.x.shape import see
from sandbox.x.text import LIMIT, LINK, address, weight
from sandbox.x.till import Till

ALIKE_WITHIN = timedelta(hours=24)
"""How long X remembers that a text was posted; the exact figure is not known."""
CASHTAG = re.compile(r"(?<!\w)\$[A-Za-z]{1,6}\b")
BODY_FIELDS = frozenset(
    [
        "text",
        "reply",
        "quote_tweet_id",
        "media",
        "poll",
        "geo",
        "reply_settings",
        "direct_message_deep_link",
        "for_super_followers_only",
        "community_id",
        "share_with_followers",
        "nullcast",
        "made_with_ai",
        "paid_partnership",
        "edit_options",
        "card_uri",
    ]
)
REPLY_FIELDS = frozenset({"in_reply_to_tweet_id", "exclude_reply_user_ids", "auto_populate_reply_metadata"})


class Writes:
    """The writing endpoints. Each gives the status, the body and a note for the log; it raises Problem, and then nothing was written."""

    def __init__(self, world: World, options: XOptions, till: Till) -> None:
        self.world, self.options, self.till = world, options, till

    def create(self, body: bytes, asker: Asker) -> tuple[int, dict[str, Any], str]:
        """POST /2/tweets."""
        account = need_user(asker)
        text, parent_id = self._read(body)
        with self.world.together():
            parent = self._parent(parent_id) if parent_id is not None else None
            summoned = parent is not None and self._is_summoned(account, parent)
            self._check_allowed(account, parent, summoned=summoned)
            self._check_new(account, address(self.world, text, parent_id))
            post = self.world.publish("x", account.id, text, parent_id=parent_id)
        self.till.charge(_price(text, summoned=summoned))
        shown = see(self.world, post).shown.text
        data = {"edit_history_tweet_ids": [post.id], "id": post.id, "text": shown}
        return 201, {"data": data}, f"created {post.id}"

    def _read(self, body: bytes) -> tuple[str, str | None]:
        try:
            given = json.loads(body)
        except ValueError:
            given = None
        if not isinstance(given, dict):
            raise invalid("body", None, "The request body must be a JSON object")
        for name in given.keys() - BODY_FIELDS:
            raise invalid(
                name,
                None,
                f"$.{name}: is not defined in the schema and the schema does not allow additional properties",
            )
        if given.get("quote_tweet_id"):
            raise forbidden("Quoting posts is not permitted for self-serve access.", "quote refused")
        reply = given.get("reply") or {}
        for name in reply.keys() - REPLY_FIELDS:
            raise invalid(name, None, f"$.reply.{name}: is not defined in the schema")
        parent_id = reply.get("in_reply_to_tweet_id")
        if parent_id is not None and not (
            isinstance(parent_id, str) and parent_id.isdecimal() and len(parent_id) <= 19
        ):
            raise invalid(
                "in_reply_to_tweet_id", str(parent_id), "$.reply.in_reply_to_tweet_id: does not match ^[0-9]{1,19}$"
            )
        return self._text(given.get("text")), parent_id

    @staticmethod
    def _text(text: object) -> str:
        if not isinstance(text, str) or not text.strip():
            raise invalid("text", None, "$.text: is missing but it is required")
        if weight(text) > LIMIT:
            raise invalid(
                "text", None, "Your Tweet text is too long. For more information, see the counting characters page."
            )
        if re.search(r"[\x00\ufffe\uffff\ufeff\ud800-\udfff]", text):
            raise invalid("text", None, "$.text: contains invalid characters")
        if len(CASHTAG.findall(text)) > 1:
            raise forbidden("Your post can have at most one cashtag.", "too many cashtags")
        return text

    def _parent(self, parent_id: str) -> WorldPost:
        parent = self.world.post("x", parent_id)
        if parent is None or parent.deleted_at is not None:
            raise forbidden(TARGET_GONE, "target gone")
        return parent

    def _is_summoned(self, account: WorldAccount, parent: WorldPost) -> bool:
        """Whether the parent's author mentioned the account, or quoted one of its posts, in that very post."""
        if account.id in see(self.world, parent).shown.mentioned_ids(self.world):
            return True
        quoted = self.world.post("x", parent.quoted_id) if parent.quoted_id is not None else None
        return quoted is not None and quoted.author_id == account.id

    def _check_allowed(self, account: WorldAccount, parent: WorldPost | None, *, summoned: bool) -> None:
        if parent is None or summoned or parent.author_id == account.id or not self.options.summoned_rule:
            return
        raise forbidden(NOT_SUMMONED, "not summoned")

    def _check_new(self, account: WorldAccount, text: str) -> None:
        now = self.world.clock()
        for post in self.world.posts("x", author_id=account.id):
            alike = " ".join(address(self.world, post.text, post.parent_id).split()) == " ".join(text.split())
            if alike and post.deleted_at is None and now - post.created_at < ALIKE_WITHIN:
                raise forbidden(DUPLICATE, "duplicate")

    def delete(self, request: Request, asker: Asker) -> tuple[int, dict[str, Any], str]:
        """DELETE /2/tweets/:id."""
        account, native = need_user(asker), str(request.path_params["id"])
        check_id("id", native)
        post = self.world.post("x", native)
        if post is None or post.deleted_at is not None:
            raise plain(404, "Not Found Error", f"Could not find tweet with id: [{native}].", "nothing to delete")
        if post.author_id != account.id:
            raise forbidden("You are not authorized to delete this Tweet.", "not theirs")
        self.world.delete("x", native)
        self.till.charge(prices.DELETE)
        return 200, {"data": {"deleted": True}}, f"deleted {native}"


def _price(text: str, *, summoned: bool) -> Decimal:
    if LINK.search(text):
        return prices.POST_CREATE_WITH_URL
    return prices.SUMMONED_REPLY if summoned else prices.POST_CREATE
