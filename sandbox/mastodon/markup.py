"""How Mastodon writes a text down as HTML, and how it counts one."""

from __future__ import annotations

import html
import re
import unicodedata

from sandbox.mastodon.names import MENTION, Names

LINK = re.compile(r"https?://[^\s<>\"']*[^\s<>\"'.,;:!?)\]]")
HASHTAG = re.compile(r"(?<![\w/&])#(\w*[^\W\d]\w*)")
TOKEN = re.compile(f"(?P<link>{LINK.pattern})|(?P<mention>{MENTION.pattern})|(?P<tag>{HASHTAG.pattern})")
SCHEME = re.compile(r"https?://(?:www\.)?")
SHOWN = 30
"""Characters of a link, after its scheme, that are shown; the rest stands there invisibly."""

REMOTE_NAME = re.compile(r"(?<![\w/=])(@\w+)@[\w.-]+\w(?::\d+)?", re.ASCII)


def to_html(text: str, names: Names) -> str:
    """Paragraphs at empty lines, <br /> at line ends, links cut for the eye and whole for the reader, names and hashtags linked."""
    paragraphs = [part for part in re.split(r"\n{2,}", text.replace("\r\n", "\n")) if part]
    return "".join(f"<p>{_inline(part, names).replace(chr(10), '<br />')}</p>" for part in paragraphs)


def _inline(text: str, names: Names) -> str:
    written, at = [], 0
    for found in TOKEN.finditer(text):
        written += [_escape(text[at : found.start()]), _token(found, names)]
        at = found.end()
    return "".join([*written, _escape(text[at:])])


def _token(found: re.Match[str], names: Names) -> str:
    whole = found[0]
    if found["link"]:
        return _link(whole)
    if found["tag"]:
        tag = whole[1:]
        return (
            f'<a href="https://{names.domain}/tags/{_escape(tag.lower())}" class="mention hashtag" rel="tag">'
            f"#<span>{_escape(tag)}</span></a>"
        )
    name, _, host = whole[1:].partition("@")
    account = names.find(name, host or None)
    if account is None:
        return _escape(whole)
    return (
        f'<span class="h-card" translate="no"><a href="{names.page(account)}" class="u-url mention">'
        f"@<span>{_escape(account.handle.partition('@')[0])}</span></a></span>"
    )


def _link(url: str) -> str:
    scheme = SCHEME.match(url)
    begin = scheme.end() if scheme else 0
    seen, rest = url[begin : begin + SHOWN], url[begin + SHOWN :]
    return (
        f'<a href="{_escape(url)}" target="_blank" rel="nofollow noopener" translate="no">'
        f'<span class="invisible">{_escape(url[:begin])}</span><span class="{"ellipsis" if rest else ""}">{_escape(seen)}</span>'
        f'<span class="invisible">{_escape(rest)}</span></a>'
    )


def _escape(text: str) -> str:
    return html.escape(text, quote=True)


def count(text: str, per_link: int) -> int:
    """Characters as a reader counts them: a link is `per_link`, a name from elsewhere loses its address, marks belong to their letter."""
    links = len(LINK.findall(text))
    plain = re.sub("\u200d.", "", REMOTE_NAME.sub(r"\1", LINK.sub("", text)))  # what a joiner joins is one sign
    return links * per_link + sum(not unicodedata.combining(char) and char not in "\ufe0e\ufe0f" for char in plain)
