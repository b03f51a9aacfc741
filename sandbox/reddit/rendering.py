"""Markdown into HTML, as far as people use it in the town: paragraphs, quotes, lists, emphasis, links, code, backslashes."""

from __future__ import annotations

import html
import re

_INLINE = re.compile(
    r"\\(?P<sign>[!-/:-@\[-`{-~])"
    r"|\*\*(?P<strong>[^*\n]+)\*\*"
    r"|(?<![\w*])\*(?P<em>[^*\s][^*\n]*)\*"
    r"|`(?P<code>[^`\n]+)`"
    r"|\[(?P<text>[^\]\n]+)\]\((?P<to>https?://[^)\s]+)\)"
    r"|(?P<bare>https?://[^\s<>)\]]+)"
    r"|(?P<entity>&#?\w{1,8};)"
)


def render(markdown: str) -> str:
    """HTML of a text; whatever is not known here is shown as it was written."""
    blocks = re.split(r"\n[ \t]*\n+", markdown.strip("\n"))
    return "\n\n".join(_block(block) for block in blocks if block.strip())


def _block(block: str) -> str:
    lines = block.split("\n")
    if all(line.startswith(">") for line in lines):
        inner = "\n".join(line[1:].removeprefix(" ") for line in lines)
        return f"<blockquote>\n{render(inner)}\n</blockquote>"
    for sign, tag in ((r"[*+-]\s+", "ul"), (r"\d{1,9}[.)]\s+", "ol")):
        if all(re.match(sign, line) for line in lines):
            points = "".join(f"<li>{_inline(re.sub(sign, '', line, count=1))}</li>\n" for line in lines)
            return f"<{tag}>\n{points}</{tag}>"
    written = re.sub(r" {2,}\n", "<br/>\n", "\n".join(_inline(line) for line in lines))
    return f"<p>{written}</p>"


def _inline(text: str) -> str:
    parts, at = [], 0
    for found in _INLINE.finditer(text):
        parts += [html.escape(text[at : found.start()], quote=False), _tag(found)]
        at = found.end()
    return "".join([*parts, html.escape(text[at:], quote=False)])


def _tag(found: re.Match[str]) -> str:
    kind, value = found.lastgroup, html.escape(found[found.lastgroup or 0], quote=False)
    if kind == "to":
        return f'<a href="{html.escape(found["to"])}">{html.escape(found["text"], quote=False)}</a>'
    if kind == "bare":
        return f'<a href="{html.escape(found["bare"])}">{value}</a>'
    if kind == "entity":
        return html.escape(html.unescape(found["entity"]), quote=False)
    return f"<{kind}>{value}</{kind}>" if kind in {"strong", "em", "code"} else value
