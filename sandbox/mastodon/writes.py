"""What Mastodon lets one write: a status, once for each Idempotency-Key, and taking it down again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request

from sandbox.mastodon.marks import PUBLIC, VISIBILITIES, mark_post
from sandbox.mastodon.markup import count
from sandbox.mastodon.options import MastodonOptions
from sandbox.mastodon.problems import NO_PARENT, Problem, invalid, not_found
from sandbox.mastodon.shape import Shapes
from sandbox.world import World, WorldAccount, WorldPost

Written = tuple[dict[str, Any], str]


@dataclass(frozen=True, slots=True)
class Asked:
    """A status as it was asked for."""

    text: str
    warning: str
    visibility: str
    language: str | None
    parent_id: str | None


class Writes:
    """The writing endpoints. Each gives the body and a note for the log; it raises Problem, and then nothing was written."""

    def __init__(self, world: World, options: MastodonOptions) -> None:
        self.world, self.options = world, options

    def create(self, request: Request, body: bytes, me: WorldAccount) -> Written:
        """POST /api/v1/statuses."""
        key = request.headers.get("idempotency-key", "")
        with self.world.together():
            first = self._first(me, key)
            if first is not None:
                return self._again(first, me)
            asked = self._read(body)
            parent = self._parent(asked.parent_id, me) if asked.parent_id is not None else None
            post = self._publish(asked, parent, me)
            self._remember(me, key, post.id)
        return self._shapes(me).status(post), f"created {post.id}"

    def _publish(self, asked: Asked, parent: WorldPost | None, me: WorldAccount) -> WorldPost:
        text, names_them = self._shapes(me).names.without_address(asked.text, parent)
        post = self.world.publish(
            "mastodon",
            me.id,
            text,
            parent_id=parent.id if parent is not None else None,
            title=asked.warning,
            board=asked.visibility,
            lang=asked.language,
        )
        if not names_them:
            mark_post(self.world, post.id, bare=True)
        return post

    def _read(self, body: bytes) -> Asked:
        given = _fields(body)
        text, warning = str(given.get("status") or "").strip(), str(given.get("spoiler_text") or "")
        visibility = str(given.get("visibility") or PUBLIC)
        if visibility not in VISIBILITIES:
            raise invalid("Visibility is not included in the list", "odd visibility")
        if not text:
            raise invalid("Text can't be blank", "blank")
        if count(text, self.options.characters_reserved_per_url) + len(warning) > self.options.max_characters:
            raise invalid(f"Text character limit of {self.options.max_characters} exceeded", "too long")
        parent_id = given.get("in_reply_to_id")
        return Asked(text, warning, visibility, given.get("language") or None, parent_id or None)

    def _parent(self, parent_id: str, me: WorldAccount) -> WorldPost:
        parent = self.world.post("mastodon", parent_id)
        if parent is None or not self._shapes(me).may_see(parent, at_once=True):
            raise not_found(NO_PARENT)
        return parent

    # --- keys -----------------------------------------------------------------------------------

    def _first(self, me: WorldAccount, key: str) -> str | None:
        """The id of the status that was made under this key, while it is remembered."""
        known = self.world.recall(_name(me, key)) if key else None
        if known is None:
            return None
        told = json.loads(known)
        age = self.world.clock() - datetime.fromisoformat(told["at"])
        return str(told["id"]) if self.options.keys_late <= age < self.options.keys_kept else None

    def _remember(self, me: WorldAccount, key: str, native: str) -> None:
        if key:
            told = {"id": native, "at": self.world.clock().isoformat()}
            self.world.remember(_name(me, key), json.dumps(told))

    def _again(self, native: str, me: WorldAccount) -> Written:
        if self.options.repeats_fail:
            raise Problem(500, "This page is not correct", f"repeat of {native}, answered with 500")
        post = self.world.post("mastodon", native)
        if post is None or post.deleted_at is not None:
            raise not_found()
        return self._shapes(me).status(post), f"repeat of {native}"

    # --- taking down ----------------------------------------------------------------------------

    def delete(self, request: Request, _body: bytes, me: WorldAccount) -> Written:
        """DELETE /api/v1/statuses/:id. Somebody else's is not found."""
        native = str(request.path_params["id"])
        post = self.world.post("mastodon", native)
        if post is None or post.deleted_at is not None or post.author_id != me.id:
            raise not_found()
        shapes = self._shapes(me)
        source = {"text": shapes.names.whole_text(post)}
        body = {**shapes.status(post), **source}
        self.world.delete("mastodon", native)
        return body, f"deleted {native}"

    def _shapes(self, me: WorldAccount) -> Shapes:
        return Shapes(self.world, self.options, me)


def _name(me: WorldAccount, key: str) -> str:
    return f"mastodon:key:{me.id}:{key}"


def _fields(body: bytes) -> Mapping[str, Any]:
    """What was sent, as JSON or as a form."""
    if body.lstrip().startswith(b"{"):
        try:
            given = json.loads(body)
        except ValueError:
            return {}
        return given if isinstance(given, dict) else {}
    return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
