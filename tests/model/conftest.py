"""The model says what is wrong; the product's own log would only be noise."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
import structlog

from tests.quiet_logs import logging_left_alone


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Nothing is logged: most of what goes wrong here is meant to."""
    with logging_left_alone():
        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
        yield
