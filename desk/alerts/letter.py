"""What stands in an alert: each silence with its reason and what to do, and nothing that strangers wrote."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import css_inline
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from desk.digest.letter import Letter, count
from desk.freshness import Silence, by_site
from desk.web.showing import reveal

if TYPE_CHECKING:
    from desk.wiring import House

_templates = Environment(
    loader=FileSystemLoader([Path(__file__).parent / "templates", Path(__file__).parents[1] / "digest" / "templates"]),
    autoescape=select_autoescape(["html"]),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_inliner = css_inline.CSSInliner(keep_style_tags=True, load_remote_stylesheets=False)


def write_alert(house: House, found: Sequence[Silence], now: datetime) -> Letter:
    """The alert about these silences. `waiting` is how many there are."""
    shown = by_site(found)
    sheet = {
        "heading": _heading(shown),
        "told": [reveal(one.tell(house.settings.digest_zone, now)) for one in shown],
        "reading": any(not one.replies for one in shown),
        "sites": f"{house.settings.service.base_url}/sources",
        "inbox": f"{house.settings.service.base_url}/",
        "practice": house.settings.demo,
    }
    html = _inliner.inline(_templates.get_template("alert.html").render(**sheet))
    text = _templates.get_template("alert.txt").render(**sheet)
    return Letter(f"Amends: {_heading(shown)}", html, text, len(shown))


def _heading(shown: Sequence[Silence]) -> str:
    """Our own words for the subject: a place may come from a stranger's package, and its name may be anything."""
    unread = sorted({one.site for one in shown if not one.replies})
    late = sum(one.replies for one in shown)
    parts = []
    if unread:
        named = len(unread) <= 3 and all(site.isascii() and site.isprintable() and "=?" not in site for site in unread)
        parts.append(f"we cannot see {' and '.join(unread) if named else count(len(unread), 'site', 'sites')}")
    if late:
        parts.append(f"{count(late, 'approved reply', 'approved replies')} not sent yet")
    return ", and ".join(parts)
