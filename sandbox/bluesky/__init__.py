"""The town's Bluesky: everybody's repository (PDS) and what people see of them all (AppView), on one address.

Shapes and wording follow answers recorded from Bluesky's own servers; where none is known, the module says what was chosen.
"""

from __future__ import annotations

from sandbox.bluesky.options import BlueskyOptions
from sandbox.bluesky.server import create_bluesky

__all__ = ["BlueskyOptions", "create_bluesky"]
