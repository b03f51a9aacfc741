"""A taken port is told in one line."""

from __future__ import annotations

import socket

import pytest

from desk.errors import Trouble
from desk.port import take_port
from tests.ordinary import as_ordinary_user


def test_a_taken_port_is_named_with_what_to_do() -> None:
    with take_port("127.0.0.1", 0, "") as first:
        port = first.getsockname()[1]
        with pytest.raises(Trouble) as caught:
            take_port("127.0.0.1", port, "make demo PORT=8500")
    told = str(caught.value)
    assert f"Port {port} is taken" in told
    assert told.endswith("make demo PORT=8500")
    assert "\n" not in told


def test_a_port_can_be_taken_again_at_once() -> None:
    with take_port("127.0.0.1", 0, "") as first:
        port = first.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)):
            first.accept()[0].close()
    take_port("127.0.0.1", port, "").close()


def test_an_address_that_is_not_ours_is_told() -> None:
    with pytest.raises(Trouble, match="no such address"):
        take_port("192.0.2.1", 0, "")


def test_a_port_of_the_system_is_told() -> None:
    def take() -> None:
        with pytest.raises(Trouble, match="above 1023"):
            take_port("127.0.0.1", 1, "")

    as_ordinary_user(take)
