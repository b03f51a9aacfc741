"""Places without an account of ours: a complaint that somebody pasted, or imported from a file. A person answers on the site."""

from __future__ import annotations

from datetime import timedelta

from places.doors import Capabilities, Opened, Repeat
from storage.words import Audience, Brand, Length, Reply

PASTE = "paste"
IMPORT = "import"
LIMIT = 2_000
"""Characters of a reply on a site that we know nothing of; the review sites we looked at allow at least that (Messenger: 2,000)."""

TITLES = {PASTE: "Pasted", IMPORT: "Imported"}


class ByHandPlace:
    """A site we cannot reach: nothing is read or posted here, and plain characters count. `name` may be any site's name."""

    def __init__(self, name: str) -> None:
        self.capabilities = Capabilities(
            place=name,
            title=TITLES.get(name, name),
            reads=False,
            posts=False,
            removes=False,
            private=False,
            repeat=Repeat.NEVER,
            settle=timedelta(0),
        )

    def measure(self, text: str, audience: Audience) -> Length:
        """Plain characters, the same for everybody who reads it."""
        del audience
        return Length(len(text), LIMIT)

    def compose_link(self, reply: Reply) -> str | None:
        """None: we do not know the site's composer."""
        del reply
        return None


def open_paste(brand: Brand, settings: object = None) -> Opened:
    """The place of pasted complaints; every brand has it."""
    del brand, settings
    return Opened(ByHandPlace(PASTE), (), None)


def open_import(brand: Brand, settings: object = None) -> Opened:
    """The place of imported complaints; every brand has it."""
    del brand, settings
    return Opened(ByHandPlace(IMPORT), (), None)
