"""Statuses, accounts and notifications as JSON objects, for one reader."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sandbox.mastodon.marks import DIRECT, PRIVATE, post_marks, visibility
from sandbox.mastodon.markup import HASHTAG, to_html
from sandbox.mastodon.names import Names
from sandbox.mastodon.options import MastodonOptions
from sandbox.world import World, WorldAccount, WorldPost


def stamp(instant: datetime) -> str:
    """An instant as Mastodon writes it, to the millisecond."""
    return instant.strftime("%Y-%m-%dT%H:%M:%S.") + f"{instant.microsecond // 1000:03d}Z"


@dataclass(frozen=True, slots=True)
class Shapes:
    """Writes what one reader may see."""

    world: World
    options: MastodonOptions
    reader: WorldAccount | None

    @property
    def names(self) -> Names:
        """The instance's names."""
        return Names(self.world, self.options.domain)

    def may_see(self, post: WorldPost, *, at_once: bool = False) -> bool:
        """Whether it is there for this reader at all: arrived, not deleted, not by somebody suspended or who blocks them, not private.

        `at_once`: as the database that is written to knows it; others are behind by `replica_lag`.
        """
        now, me = self.world.clock(), self.reader.id if self.reader is not None else ""
        lag = timedelta(0) if at_once else self.options.replica_lag
        if post.deleted_at is not None and post.deleted_at + lag <= now:
            return False
        if post.created_at + lag > now or post.visible_at > now:
            return False
        if post.author_id in self.options.suspended or (post.author_id, me) in self.options.blocks:
            return False
        if visibility(post) in (PRIVATE, DIRECT) and post.author_id != me:
            return any(account.id == me for account in self.names.mentioned(post))
        return True

    def account(self, account: WorldAccount) -> dict[str, Any]:
        """An account."""
        name, page, made = account.handle.partition("@")[0], self.names.page(account), stamp(account.created_at)
        picture = f"https://{self.options.domain}/avatars/original/missing.png"
        return {
            "id": account.id, "username": name, "acct": account.handle, "display_name": account.name, "locked": False,
            "bot": False, "discoverable": True, "indexable": True, "group": False, "created_at": made, "note": "",
            "url": page, "uri": f"https://{self.names.host(account)}/users/{name}", "avatar": picture,
            "avatar_static": picture, "header": picture, "header_static": picture,
            "followers_count": account.followers, "following_count": 0, "statuses_count": 0, "last_status_at": None,
            "hide_collections": None, "noindex": False, "emojis": [], "roles": [], "fields": [],
        }  # fmt: skip

    def status(self, post: WorldPost, *, deep: bool = True) -> dict[str, Any]:
        """A status, as it stands."""
        author = self.world.account("mastodon", id=post.author_id)
        assert author is not None
        parent = self.world.post("mastodon", post.parent_id) if post.parent_id is not None else None
        answers = parent is not None and parent.deleted_at is None
        whole, host = self.names.whole_text(post), self.names.host(author)
        html = post_marks(self.world, post.id).html
        boosted = self.world.post("mastodon", post.reposted_id) if post.reposted_id is not None and deep else None
        return {
            "id": post.id, "created_at": stamp(post.created_at),
            "in_reply_to_id": post.parent_id if answers else None,
            "in_reply_to_account_id": parent.author_id if parent is not None else None,
            "sensitive": bool(post.title), "spoiler_text": post.title, "visibility": visibility(post),
            "language": post.lang, "uri": f"https://{host}/users/{author.handle.partition('@')[0]}/statuses/{post.id}",
            "url": f"{self.names.page(author)}/{post.id}", "replies_count": 0, "reblogs_count": 0,
            "favourites_count": 0, "quotes_count": 0, "edited_at": stamp(post.edited_at) if post.edited_at else None,
            "favourited": False, "reblogged": False, "muted": False, "bookmarked": False, "filtered": [],
            "content": "" if post.reposted_id is not None else to_html(whole, self.names) if html is None else html,
            "reblog": self.status(boosted, deep=False) if boosted is not None else None,
            "application": None, "account": self.account(author), "media_attachments": [],
            "mentions": [
                {"id": one.id, "username": one.handle.partition("@")[0], "url": self.names.page(one), "acct": one.handle}
                for one in self.names.mentioned(post)
            ],
            "tags": [
                {"name": tag.lower(), "url": f"https://{self.options.domain}/tags/{tag.lower()}"}
                for tag in dict.fromkeys(HASHTAG.findall(post.text))
            ],
            "emojis": [], "quote": self._quote(post) if deep else None, "card": None, "poll": None,
        }  # fmt: skip

    def _quote(self, post: WorldPost) -> dict[str, Any] | None:
        quoted = self.world.post("mastodon", post.quoted_id) if post.quoted_id is not None else None
        if quoted is None:
            return None
        seen = self.may_see(quoted)
        state = "accepted" if seen else "deleted"
        return {"state": state, "quoted_status": self.status(quoted, deep=False) if seen else None}

    def notification(self, number: int, kind: str, post: WorldPost) -> dict[str, Any]:
        """One notification."""
        author = self.world.account("mastodon", id=post.author_id)
        assert author is not None
        return {
            "id": str(number),
            "type": kind,
            "created_at": stamp(post.visible_at),
            "group_key": f"ungrouped-{number}",
            "account": self.account(author),
            "status": self.status(post),
        }

    def instance(self) -> dict[str, Any]:
        """GET /api/v2/instance."""
        options = self.options
        statuses = {
            "max_characters": options.max_characters,
            "max_media_attachments": 4,
            "characters_reserved_per_url": options.characters_reserved_per_url,
        }
        return {
            "domain": options.domain, "title": "The town", "version": options.version,
            "source_url": "https://github.com/mastodon/mastodon", "description": "A make-believe instance.",
            "usage": {"users": {"active_month": len(self.world.accounts("mastodon"))}}, "thumbnail": {"url": ""},
            "icon": [], "languages": ["en"],
            "configuration": {
                "urls": {"streaming": f"wss://{options.domain}", "status": None},
                "accounts": {"max_featured_tags": 10, "max_pinned_statuses": 5},
                "statuses": statuses, "translation": {"enabled": False},
                "limited_federation": False,
            },
            "registrations": {"enabled": False, "approval_required": False, "message": None, "url": None},
            "api_versions": {"mastodon": options.api_version}, "contact": {"email": "", "account": None}, "rules": [],
        }  # fmt: skip

    def instance_v1(self) -> dict[str, Any]:
        """GET /api/v1/instance, as older programs ask for it."""
        new = self.instance()
        return {
            "uri": self.options.domain, "title": new["title"], "short_description": new["description"],
            "description": new["description"], "email": "", "version": self.options.version,
            "urls": {"streaming_api": f"wss://{self.options.domain}"},
            "stats": {"user_count": len(self.world.accounts("mastodon")), "status_count": 0, "domain_count": 1},
            "thumbnail": "", "languages": ["en"], "registrations": False, "approval_required": False,
            "invites_enabled": False, "configuration": {"statuses": new["configuration"]["statuses"]},
            "contact_account": None, "rules": [],
        }  # fmt: skip
