"""Mastodon in the town, for tests that turn more of it than the shared promises do."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.places.benching import Bench
from tests.places.mastodon_bench import MastodonTown, mastodon_town


@pytest.fixture
def town() -> Iterator[MastodonTown]:
    with mastodon_town() as town:
        yield town


@pytest.fixture
def bench(town: MastodonTown) -> Bench:
    return town.bench()
