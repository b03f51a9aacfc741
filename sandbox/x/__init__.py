"""The town's X: a server that speaks X API v2 and refuses as the real one does."""

from __future__ import annotations

from sandbox.x.options import XOptions
from sandbox.x.server import create_x

__all__ = ["XOptions", "create_x"]
