"""What the pages show of the world: cards, threads, shops. Reads only."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sandbox.town.content import Content, TownShop
from sandbox.world import World, WorldAccount, WorldPost

PLACES = {"x": "X", "reddit": "Reddit"}
DEEPEST = 4
"""Replies are set in no further than this."""

_MENTION = re.compile(r"(?<![\w@/])@(\w{1,20})", re.ASCII)
_UNSHOWABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Card:
    """One post as it is shown. `text` is in pieces, every second one a handle that it mentions; None where it was taken down."""

    place: str
    id: str
    handle: str
    name: str
    shop: TownShop | None
    text: tuple[str, ...] | None
    title: str
    board: str
    when: datetime
    ago: str
    edited: bool
    link: str
    depth: int = 0
    reposted: Card | None = None
    quoted: Card | None = None


@dataclass(frozen=True, slots=True)
class Letter:
    """A private message as it is shown."""

    handle: str
    name: str
    text: str
    when: datetime
    ago: str


def showable(text: str) -> str:
    """The text without what no page can carry: control characters and lone surrogates become U+FFFD."""
    return _UNSHOWABLE.sub("\ufffd", text)


def ago(since: timedelta) -> str:
    """How long ago, in few letters."""
    seconds = max(0, int(since.total_seconds()))
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return "now" if seconds < 5 else f"{seconds} s"


class Views:
    """The world as a visitor sees it at `now`."""

    def __init__(self, world: World, content: Content) -> None:
        self.world, self.now = world, world.clock()
        self._shops = {shop.handle.lower(): shop for shop in content.shops}
        self._known: dict[tuple[str, str], WorldAccount] = {}

    def latest(self, place: str, count: int) -> list[Card]:
        """The newest posts of a place, newest first."""
        return [self.card(post) for post in self._visible(self.world.posts(place))[::-1][:count]]

    def by(self, account: WorldAccount, count: int) -> list[Card]:
        """What an account wrote, newest first."""
        posts = self._visible(self.world.posts(account.place, author_id=account.id))
        return [self.card(post) for post in posts[::-1][:count]]

    def submissions(self, board: str) -> list[tuple[Card, int]]:
        """The submissions of a board, newest first, each with the number of its comments."""
        posts = self._visible(self.world.posts("reddit", board=board))
        roots = [post for post in posts if post.parent_id is None]
        return [(self.card(root), sum(each.conversation_id == root.id for each in posts) - 1) for root in roots[::-1]]

    def thread(self, post: WorldPost) -> list[Card]:
        """The whole conversation around a post, answers under what they answer. Posts taken down keep their place."""
        seen = [
            each for each in self.world.conversation(post.place, post.conversation_id) if each.visible_at <= self.now
        ]
        shown = {version for each in seen for version in each.history}
        below: dict[str, list[WorldPost]] = {}
        for each in seen:
            below.setdefault(self._root_of(each, seen) if each.parent_id in shown else "", []).append(each)
        return list(self._walk("", below, 0))

    def _root_of(self, post: WorldPost, seen: Sequence[WorldPost]) -> str:
        return next(each.history[0] for each in seen if post.parent_id in each.history)

    def _walk(self, under: str, below: dict[str, list[WorldPost]], depth: int) -> Iterable[Card]:
        for post in below.get(under, ()):
            yield self.card(post, depth=min(depth, DEEPEST))
            yield from self._walk(post.history[0], below, depth + 1)

    def letters(self, account: WorldAccount) -> list[Letter]:
        """What an account received privately, newest first."""
        found = []
        for message in reversed(self.world.messages(account.place, account.id)):
            sender = self._account(account.place, message.from_id)
            text, when = showable(message.text), message.at
            found.append(Letter(sender.handle, showable(sender.name), text, when, ago(self.now - when)))
        return found

    def card(self, post: WorldPost, *, depth: int = 0, whole: bool = True) -> Card:
        """A post as a card; `whole` with what it quotes or reposts."""
        author = self._account(post.place, post.author_id)
        gone = post.deleted_at is not None and post.deleted_at <= self.now
        return Card(
            place=post.place,
            id=post.id,
            handle=author.handle,
            name=showable(author.name) or author.handle,
            shop=self._shops.get(author.handle.lower()),
            text=None if gone else self._pieces(post),
            title="" if gone else showable(post.title),
            board=post.board,
            when=post.created_at,
            ago=ago(self.now - post.created_at),
            edited=post.edited_at is not None and not gone,
            link=self.path(post),
            depth=depth,
            reposted=self._other(post.place, post.reposted_id) if whole else None,
            quoted=self._other(post.place, post.quoted_id) if whole else None,
        )

    def path(self, post: WorldPost) -> str:
        """Where a post stands in the town; the paths of the real places, below ours."""
        if post.place == "x":
            return f"/x/{self._account('x', post.author_id).handle}/status/{post.id}"
        if post.parent_id is None:
            return f"/r/{post.board}/comments/{post.id}/"
        return f"/r/{post.board}/comments/{post.conversation_id}/_/{post.id}/"

    def _other(self, place: str, post_id: str | None) -> Card | None:
        post = self.world.post(place, post_id) if post_id is not None else None
        return self.card(post, whole=False) if post is not None else None

    def _pieces(self, post: WorldPost) -> tuple[str, ...]:
        """The text in pieces: every second one is a handle that it mentions (without @), on X only."""
        text = showable(post.text)
        return tuple(_MENTION.split(text)) if post.place == "x" else (text,)

    def _visible(self, posts: Iterable[WorldPost]) -> list[WorldPost]:
        return [post for post in posts if post.is_visible(self.now)]

    def _account(self, place: str, account_id: str) -> WorldAccount:
        if (place, account_id) not in self._known:
            account = self.world.account(place, id=account_id)
            if account is None:
                raise KeyError(f"no account {account_id} on {place}")
            self._known[place, account_id] = account
        return self._known[place, account_id]
