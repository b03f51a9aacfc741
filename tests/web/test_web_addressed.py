"""Where the customer's name goes in front of an answer, the preview shows it there, and the words to approve stay without it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from places.x import XPlace
from tests.web.small_house import House
from tests.web.visitors import Browser, tags, words


@pytest.mark.parametrize("addresses", [True, False])
def test_the_preview_begins_with_the_customers_name_where_the_answer_will(
    house: House, ana: Browser, monkeypatch: pytest.MonkeyPatch, addresses: bool
) -> None:
    monkeypatch.setattr(XPlace, "capabilities", replace(XPlace.capabilities, addresses=addresses))
    page = ana.look(f"/cases/{house.complain(handle='cora_lane')}")
    (typed,) = (one for one in tags(page, "textarea") if one.get("id") == "text")
    (editor,) = (one for one in tags(page, "section") if one.get("id") == "editor")
    shown = words(editor)
    assert ("on X @cora_lane " in shown) is addresses
    assert "@cora_lane" not in words(typed)
