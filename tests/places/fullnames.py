"""The town spoken to as Reddit's clients speak."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from html.parser import HTMLParser
from typing import Any

from markdown_it import MarkdownIt

from sandbox.things import Call
from sandbox.world import World, WorldPost


class Words(HTMLParser):
    """What a page says."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []

    def handle_data(self, data: str) -> None:
        self.words.append(data)


class InFullnames(World):
    """A world spoken to as Reddit's clients speak: t1_, t2_ and t3_ before every id, and texts as they read there, without Markdown."""

    def __init__(self, inner: World) -> None:
        self.inner, self.clock = inner, inner.clock

    def _named(self, post: WorldPost) -> WorldPost:
        parent = self.inner.post("reddit", post.parent_id) if post.parent_id else None
        read = Words()
        read.feed(MarkdownIt().render(post.text))
        return replace(
            post,
            id=f"t1_{post.id}" if parent else f"t3_{post.id}",
            parent_id=None if parent is None else f"t1_{parent.id}" if parent.parent_id else f"t3_{parent.id}",
            text="".join(read.words).strip(),
        )

    def publish(self, place: str, author_id: str, text: str, *, parent_id: str | None = None, **more: Any) -> WorldPost:
        return self._named(
            self.inner.publish(place, author_id[3:], text, parent_id=parent_id and parent_id[3:], **more)
        )

    def edit(self, place: str, post_id: str, text: str, at: datetime | None = None) -> WorldPost:
        return self._named(self.inner.edit(place, post_id[3:], text, at))

    def delete(self, place: str, post_id: str, at: datetime | None = None) -> None:
        self.inner.delete(place, post_id[3:], at)

    def rename(self, place: str, account_id: str, *, handle: str | None = None, name: str | None = None) -> None:
        self.inner.rename(place, account_id[3:], handle=handle, name=name)

    def posts(
        self, place: str, *, now: datetime | None = None, author_id: str | None = None, board: str | None = None
    ) -> list[WorldPost]:
        found = self.inner.posts(place, now=now, author_id=author_id and author_id[3:], board=board)
        return [self._named(post) for post in found]

    def calls(self, place: str | None = None) -> list[Call]:
        return self.inner.calls(place)
