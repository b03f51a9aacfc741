"""The outward form: length, leftover placeholders, links, language."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from responders.check.phrases import phrases
from responders.check.says import NAMES, finding
from responders.languages import differs
from storage.words import Finding, Length

_PLACEHOLDER = re.compile(
    r"""\{\{?[^{}\n]{0,40}\}?\}                         # {name}
      | \[(?!\d{1,3}\])[^\[\]\n]{1,40}\](?!\()          # [NAME], not a footnote and not a Markdown link
      | <(?!3)[^<>\n]{1,40}>                            # <name>, not a heart
      | \b[XХ]{3,}\b                                    # XXX in Latin and Cyrillic letters
      | \b(?:TODO|TBD|FIXME)\b
      | _{3,} | %s\b | %\([a-z_]+\)s | \$\{?[a-z_]{3,}\b
      | \blorem\s+ipsum\b""",
    re.VERBOSE,
)
_LINK = re.compile(
    r"https?://\S+|(?<![@\w.])(?:www\.)?(?:[a-z0-9-]{1,63}\.){1,6}(?:com|org|net|ru|ro|in|eu|io|me|ly|co|shop|example|info|app)\b"
    r"(?:/\S*)?(?!@)",
    re.IGNORECASE,
)


def find_form(
    text: str, language: str, contacts: Iterable[str], measure: Callable[[str], Length] | None
) -> Iterator[Finding]:
    """Findings that hold in every language. `contacts` are the brand's own: a link in them is meant."""
    if measure is not None:
        length = measure(text)
        if not length.fits:
            over = max(length.used - length.limit, 1)
            yield finding("too_long", text, used=length.used, limit=length.limit, over=over)
    for gap in _PLACEHOLDER.finditer(text):
        yield finding("placeholder", text, gap.span())
    meant = " ".join(contacts).casefold()
    for link in _LINK.finditer(text):
        if link.group().rstrip(".,)").casefold() not in meant:
            yield finding("link", text, link.span())
    found = differs(text, language)
    if found is not None:
        yield finding(
            "wrong_language", text, language=NAMES.get(language, language), found=NAMES.get(found, "another language")
        )
    elif phrases(language) is None:
        yield finding("unchecked_language")
