"""Which texts name a brand, and how to ask Reddit's search for them."""

from __future__ import annotations

import re
import unicodedata

from storage.words import Brand

QUERY_MOST = 480
"""Characters of one query; Reddit takes 512."""


class Names:
    """The words that name a brand: its names, and our handle there."""

    def __init__(self, brand: Brand, handle: str) -> None:
        said = [*brand.names, brand.name, handle]
        self.words = tuple(dict.fromkeys(_fold(each) for each in said if _fold(each)))
        written = "|".join(r"\s+".join(re.escape(part) for part in word.split()) for word in self.words)
        self._found = re.compile(rf"(?<!\w)(?:{written})(?!\w)") if written else None

    def are_in(self, *texts: str) -> bool:
        """Whether any of the texts names the brand, in any case, as whole words."""
        return self._found is not None and any(self._found.search(_fold(text)) for text in texts)

    def queries(self) -> tuple[str, ...]:
        """Search queries that find them all: phrases with OR between, as many queries as the length allows for."""
        queries: list[str] = []
        for word in self.words:
            phrase = '"' + re.sub(r'["\\]', " ", word).strip() + '"'
            if queries and len(queries[-1]) + len(phrase) + 4 <= QUERY_MOST:
                queries[-1] += f" OR {phrase}"
            elif len(phrase) <= QUERY_MOST:
                queries.append(phrase)
        return tuple(queries)


def _fold(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold().strip()
