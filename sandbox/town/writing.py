"""What a visitor writes into the town: complaints of their own, and answers by hand in a shop's name."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import Request

from sandbox.town.content import Content, TownShop
from sandbox.town.founding import PLACES, note_kind, townsperson
from sandbox.world import World, WorldAccount, WorldPost

LONGEST = {"text": 4_000, "name": 50}
"""Characters that are kept of what a visitor fills in."""

BODY = 64_000
"""Bytes of a form that are read at most."""


async def read_form(request: Request) -> dict[str, str]:
    """A form's fields. Forms of other sites are refused, and so are ones beyond all measure."""
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host"):
        raise HTTPException(403, "That form belongs to another site.")
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY:
            raise HTTPException(413, "That is far too long.")
    try:
        return dict(parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=20))
    except ValueError:
        raise HTTPException(400, "That form could not be read.") from None


class Visitor:
    """Whoever filled in a form."""

    def __init__(self, world: World, content: Content, form: dict[str, str]) -> None:
        self.world, self.content, self.form = world, content, form

    @property
    def text(self) -> str:
        """What they wrote; refused when it is nothing."""
        text = self.form.get("text", "").replace("\r\n", "\n").strip()[: LONGEST["text"]]
        if not text:
            raise HTTPException(400, "There was no text. Go back and write a few words.")
        return text

    def answer(self, post: WorldPost) -> WorldPost:
        """Write under a post, as a shop or as a passer-by. The same text twice is written once."""
        shop = self._shop("who")
        account = self.world.account(post.place, handle=shop.handle) if shop else None
        author, text = account or self._account(post.place), self.text
        with self.world.together():
            for known in self.world.conversation(post.place, post.conversation_id):
                if (known.author_id, known.parent_id, known.text) == (author.id, post.id, text):
                    return known
            return self.world.publish(post.place, author.id, text, parent_id=post.id)

    def complain(self) -> WorldPost:
        """Write to a shop, or of it."""
        shop = self._shop("shop") or self.content.shops[0]
        place = self.form["place"] if self.form.get("place") in PLACES else "x"
        text = self.text
        with self.world.together():
            author = self._account(place)
            if place == "reddit":
                title = _title(text, shop)
                post = self.world.publish(place, author.id, text, title=title, board=shop.board)
            else:
                post = self.world.publish(place, author.id, self._addressed(text, shop))
            note_kind(self.world, place, post.id, "complaint")
        return post

    def _addressed(self, text: str, shop: TownShop) -> str:
        """With the shop's account in front, or at least its name, so that it can be found."""
        if f"@{shop.handle}" in text.lower():
            return text
        if self.form.get("mention"):
            return f"@{shop.handle} {text}"
        return text if shop.name.lower() in text.lower() else f"{shop.name}: {text}"

    def _shop(self, field: str) -> TownShop | None:
        return next((shop for shop in self.content.shops if shop.key == self.form.get(field)), None)

    def _account(self, place: str) -> WorldAccount:
        """The visitor's account, by the name they gave. Nobody gets to write as a shop this way."""
        name = " ".join(self.form.get("name", "").split())[: LONGEST["name"]] or "Robin Visitor"
        handle = re.sub(r"[^a-z0-9_]+", "_", name.lower(), flags=re.ASCII).strip("_")[:15].strip("_") or "visitor"
        if handle in {shop.handle for shop in self.content.shops}:
            handle = f"not_{handle}"[:15]
        return townsperson(self.world, place, handle, name, self.world.clock())


def _title(text: str, shop: TownShop) -> str:
    """The first sentence, with the shop's name in it where the text has none."""
    title = re.split(r"(?<=[.!?…])\s|\n", text, maxsplit=1)[0][:120]
    return title if shop.name.lower() in text.lower() else f"{shop.name}: {title}"
