"""The web inbox: what the owner sees and presses. Pages are made here on the server; a few small scripts make them livelier."""

from __future__ import annotations

from desk.web.app import App, create_app

__all__ = ["App", "create_app"]
