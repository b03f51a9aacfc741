"""The town's Reddit: an HTTP server that speaks as the real one does, so that the real praw talks to it.

Shapes, headers and errors follow answers recorded from the real API; where none is known, the module says what was chosen.
"""

from __future__ import annotations

from sandbox.reddit.app import create_reddit
from sandbox.reddit.asking import RedditOptions
from sandbox.reddit.boards import mark_account, mark_board, mark_post

__all__ = ["RedditOptions", "create_reddit", "mark_account", "mark_board", "mark_post"]
