"""The town's Mastodon: one instance, an HTTP server that speaks as the real one does, so that the real Mastodon.py talks to it.

Shapes, HTML, headers and errors follow Mastodon's published documentation and source; where a figure is not known, the module says
what was chosen. An account whose handle holds an @ ("cora@other.example") lives on another instance.
"""

from __future__ import annotations

from sandbox.mastodon.marks import mark_post
from sandbox.mastodon.options import MastodonOptions
from sandbox.mastodon.server import create_mastodon

__all__ = ["MastodonOptions", "create_mastodon", "mark_post"]
