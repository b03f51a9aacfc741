"""Paste a complaint: from a site we cannot read, a mail, or something said across the counter."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Form
from fastapi.responses import Response
from pydantic import AfterValidator

from desk.web.acting import Words, go
from desk.web.pages import own_page
from desk.web.showing import clean, safe_link
from desk.web.visitor import Acting, Looking, NotFound, Visitor
from monitor.filter import judge
from storage.casebook import Judged
from storage.words import Author, Brand, Kind, Post, Reason, Verdict

router = APIRouter()

Text = Annotated[str, Form(max_length=20_000), AfterValidator(clean)]

SITES = (
    "Google",
    "Facebook",
    "Instagram",
    "TripAdvisor",
    "Yelp",
    "Telegram",
    "VKontakte",
    "Yandex Maps",
    "E-mail",
    "In the shop",
)


@router.get("/paste")
def show(visitor: Looking) -> Response:
    """One box, and three small ones."""
    return ask(visitor)


def ask(visitor: Visitor, told: str = "", status: int = 200, **given: str) -> Response:
    """The form, with what was given so far."""
    fields = {"text": "", "link": "", "site": "", "shop": "", "author": ""} | given
    return own_page(visitor, "paste.html", status, told=told, sites=SITES, given=fields)


@router.post("/paste")
def paste(
    visitor: Acting, text: Text = "", link: Words = "", site: Words = "", shop: Words = "", author: Words = ""
) -> Response:
    """Open a case for it, with a proposal, and show that."""
    given = {"text": text, "link": link, "site": site, "shop": shop, "author": author}
    address = safe_link(link)
    if not text:
        return ask(visitor, "Paste what the customer wrote.", 422, **given)
    if link and address is None:
        return ask(visitor, "The link should begin with https://. You can also leave it empty.", 422, **given)
    brand, branch = whose(visitor, shop)
    post = as_post(visitor, text, address, site, author)
    if branch:
        post = replace(post, title=", ".join(part for part in (post.title, branch) if part))
    verdict = wants_answer(judge(post, brand), brand)
    found = visitor.house.casebook.rounds.record_import(brand.key, [Judged(post, verdict)], visitor.now)
    if not found.raised:
        return go("/", "known")
    visitor.house.propose_now(found.raised[0])
    return go(f"/cases/{found.raised[0]}", "pasted")


def whose(visitor: Visitor, shop: str) -> tuple[Brand, str]:
    """The brand of "rosebakery" or "rosebakery/market", and a word that points at the branch. Raises NotFound."""
    brands = visitor.house.brands
    key, _, branch = shop.partition("/")
    brand = brands.get(key) if key else next(iter(brands.values()), None)
    if brand is None:
        raise NotFound
    named = next((one for one in brand.shops if one.key == branch), None)
    return brand, named.name if named else ""


def as_post(visitor: Visitor, text: str, link: str | None, site: str, author: str) -> Post:
    """What was pasted, as a post. The same words under the same link are the same post."""
    known = hashlib.sha256("\x1f".join((link or "", text)).encode()).hexdigest()[:24]
    host = (urlsplit(link).hostname or "").removeprefix("www.") if link else ""
    writer = author or "A customer"
    return Post(
        place="paste",
        native_id=known,
        author=Author(native_id=f"{known}:{writer}", handle="", name=writer),
        text=text,
        created_at=visitor.now,
        conversation_id=known,
        title=site or host,
        url=link,
    )


def wants_answer(verdict: Verdict, brand: Brand) -> Verdict:
    """A person brought it in: it is a complaint whatever the filter thinks."""
    language = verdict.language if verdict.language != "und" else brand.languages[0]
    said = Reason("pasted", "Somebody here brought it in.")
    return replace(
        verdict,
        kind=Kind.COMPLAINT,
        probability=1.0,
        language=language,
        reasons=(said, *verdict.reasons),
        ask_again=False,
    )
