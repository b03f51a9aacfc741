"""Names on Mastodon: local ones without an address, others with theirs; and who is named in a text."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sandbox.mastodon.marks import post_marks
from sandbox.world import World, WorldAccount, WorldPost

MENTION = re.compile(r"(?<![\w/=])@(\w+(?:[\w.-]*\w)?)(?:@(\w[\w.-]*\w(?::\d+)?))?", re.ASCII)
LOOKED_AT = 20_000
"""Characters of a text in which names are looked for."""


@dataclass(frozen=True, slots=True)
class Names:
    """The accounts of one instance, whose address is `domain`."""

    world: World
    domain: str

    def host(self, account: WorldAccount) -> str:
        """Where the account lives."""
        return account.handle.partition("@")[2] or self.domain

    def page(self, account: WorldAccount) -> str:
        """The account's own page."""
        return f"https://{self.host(account)}/@{account.handle.partition('@')[0]}"

    def find(self, name: str, host: str | None) -> WorldAccount | None:
        """The account of this name: on our own instance unless another is named."""
        away = bool(host) and (host or "").lower() != self.domain.lower()
        return self.world.account("mastodon", handle=f"{name}@{host}" if away else name)

    def named(self, text: str) -> list[WorldAccount]:
        """The accounts named in a text, each once, in order."""
        found = (self.find(match[1], match[2]) for match in MENTION.finditer(text[:LOOKED_AT]))
        return list({account.id: account for account in found if account is not None}.values())

    def whole_text(self, post: WorldPost, text: str | None = None) -> str:
        """What stands there: an answer begins with the name of whom it answers, as the composer writes it, unless it is bare."""
        said = post.text if text is None else text
        parent = self.world.post("mastodon", post.parent_id) if post.parent_id is not None else None
        author = self.world.account("mastodon", id=parent.author_id) if parent is not None else None
        if author is None or author.id == post.author_id or post_marks(self.world, post.id).bare:
            return said
        return said if author in self.named(said) else f"@{author.handle} {said}"

    def mentioned(self, post: WorldPost) -> list[WorldAccount]:
        """Whom a status names."""
        return self.named(self.whole_text(post))

    def without_address(self, text: str, parent: WorldPost | None) -> tuple[str, bool]:
        """A text that was sent, without the name at its beginning of whom it answers; and whether it names them at all."""
        author = self.world.account("mastodon", id=parent.author_id) if parent is not None else None
        if author is None:
            return text, True
        match = MENTION.match(text)
        if match is not None and self.find(match[1], match[2]) == author and text[match.end() :].strip():
            return text[match.end() :].strip(), True
        return text, author in self.named(text)
