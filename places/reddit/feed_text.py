"""The HTML of a feed, read back into the Markdown that people wrote.

Reddit's API gives the Markdown itself. With what people mostly write (paragraphs, links, quotes, lists, emphasis) both give the same
text, so that a change from feeds to keys does not look as if everybody had edited their posts.
"""

from __future__ import annotations

import html
import re

from places.clean import clean_text

MOST_HTML = 400_000
"""Characters of one entry's HTML that are read: a text of 40,000 with every sign escaped fits in."""

# Python's own HTML parser takes hours over some texts of this length; Reddit writes plain tags, and this reads them in one pass.
_TOKEN = re.compile(
    r"<(?P<end>/?)(?P<tag>[a-zA-Z][a-zA-Z0-9]{0,15})(?P<attrs>(?:\s[^<>]{0,4000})?)/?>|<[^<]{0,4000}?>|[^<]+|<"
)
_HREF = re.compile(r"""\shref\s{0,9}=\s{0,9}(?:"([^"]*)"|'([^']*)')""", re.IGNORECASE)
_BODY = re.compile(r"<!-- SC_OFF -->(.*?)<!-- SC_ON -->", re.DOTALL)
_MARKS = {"strong": "**", "b": "**", "em": "*", "i": "*", "del": "~~", "s": "~~"}
_BLOCKS = {"p", "div", "ul", "ol", "table", "tr", "pre", "h1", "h2", "h3", "h4", "h5", "h6", "hr"}
_SILENT = {"script", "style"}
MOST_DEEP = 30


def read_text(content: str) -> str:
    """The text that a person wrote, of an entry's content; "" where there is none but Reddit's own words around a link."""
    found = _BODY.search(content[:MOST_HTML])
    if found is None:
        return ""
    reader = _Reader()
    for token in _TOKEN.finditer(found[1]):
        if token["tag"] is not None:
            reader.tag(token["tag"].lower(), token["attrs"], ends=bool(token["end"]))
        elif not token[0].startswith("<") or token[0] == "<":
            reader.words(html.unescape(token[0]))
    return clean_text(reader.text())


class _Reader:
    """Gathers blocks of text, each with what stands before its lines."""

    def __init__(self) -> None:
        self._blocks: list[tuple[str, str, bool]] = []  # before the first line, the text, whether it follows closely
        self._now: list[str] = []
        self._links: list[tuple[str, int]] = []
        self._lists: list[int] = []  # the number that comes next; 0: without numbers
        self._quoted = 0
        self._silent = 0
        self._code = False
        self._before = ""

    def tag(self, tag: str, attrs: str, *, ends: bool) -> None:
        """A block or a mark begins or ends."""
        if ends:
            self._end(tag)
        else:
            self._begin(tag, attrs)

    def _begin(self, tag: str, attrs: str) -> None:
        if tag in _SILENT:
            self._silent += 1
        elif tag == "br":
            self._now.append("  \n")
        elif tag == "a":
            href = _HREF.search(attrs)
            self._links.append((html.unescape((href[1] or href[2] or "") if href else ""), len(self._now)))
        elif tag in _MARKS:
            self._now.append(_MARKS[tag])
        elif tag == "code" and not self._code:
            self._now.append("`")
        elif tag == "sup":
            self._now.append("^")
        elif tag == "blockquote":
            self._end_block()
            self._quoted = min(self._quoted + 1, MOST_DEEP)
        elif tag in {"ul", "ol"}:
            self._end_block()
            self._lists = [*self._lists[-MOST_DEEP:], 1 if tag == "ol" else 0]
        elif tag == "li":
            self._begin_point()
        elif tag in _BLOCKS:
            self._begin_block(tag)

    def _end(self, tag: str) -> None:
        if tag in _SILENT:
            self._silent = max(0, self._silent - 1)
        elif tag == "a" and self._links:
            self._end_link()
        elif tag in _MARKS:
            self._now.append(_MARKS[tag])
        elif tag == "code" and not self._code:
            self._now.append("`")
        elif tag == "blockquote":
            self._end_block()
            self._quoted = max(0, self._quoted - 1)
        elif tag in {"ul", "ol"}:
            self._end_block()
            del self._lists[-1:]
        elif tag == "li" or tag in _BLOCKS:
            self._end_block()
            self._code = self._code and tag != "pre"

    def words(self, data: str) -> None:
        """Words. White space between blocks is Reddit's."""
        if self._silent or (not self._now and not data.strip() and not self._code):
            return
        if self._now and self._now[-1] == "  \n":
            data = data.removeprefix("\n")
        self._now.append(data)

    def _begin_block(self, tag: str) -> None:
        self._end_block()
        self._code = tag == "pre"
        if tag == "hr":
            self._now.append("---")
            self._end_block()
        elif tag[0] == "h":
            self._before = "#" * int(tag[1]) + " "

    def _begin_point(self) -> None:
        self._end_block()
        number = self._lists[-1] if self._lists else 0
        if number:
            self._lists[-1] += 1
        self._before = "  " * max(0, len(self._lists) - 1) + (f"{number}. " if number else "* ")

    def _end_link(self) -> None:
        to, begins = self._links.pop()
        words = "".join(self._now[begins:])
        bare = not to or to in {words, f"mailto:{words}"} or to.rstrip("/").endswith(words.rstrip("/"))
        self._now[begins:] = [words if bare or not words.strip() else f"[{words}]({to})"]

    def _end_block(self) -> None:
        text = "".join(self._now)
        text = text.strip("\n") if self._code else text.strip()
        if text:
            if self._code:
                text = "\n".join(f"    {line}" for line in text.split("\n"))
            closely = bool(self._before) and not self._before.startswith("#")
            quoted = "> " * self._quoted
            text = "\n".join(quoted + line for line in f"{self._before}{text}".split("\n"))
            self._blocks.append((self._before, text, closely))
            self._before = ""
        self._now, self._links = [], []

    def text(self) -> str:
        """Everything gathered: blocks apart by an empty line, points of a list by none."""
        self._end_block()
        written = ""
        follows = False
        for _, text, closely in self._blocks:
            written += ("" if not written else "\n" if closely and follows else "\n\n") + text
            follows = closely
        return written
