"""The town's Bluesky, for tests of what only Bluesky has."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.places.bluesky_bench import BlueskyTown, bluesky_town


@pytest.fixture
def sky() -> Iterator[BlueskyTown]:
    """Bluesky in the town, with the bakery and Cora on it."""
    with bluesky_town() as town:
        yield town
