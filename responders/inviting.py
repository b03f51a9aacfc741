"""How the customer is invited to go private, and who signs."""

from __future__ import annotations

import re

from responders.partbook import PartBook
from storage.words import Brand, Shop

PRIVATE_MESSAGES = frozenset({"x", "reddit", "mastodon"})
"""Places whose users can write to each other privately. Elsewhere we invite to get in touch at all."""

_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,6}")
_PHONE = re.compile(r"\+?\d(?:[\s().-]{0,2}\d){6,14}")
_URL = re.compile(r"https?://|www\.|(?<![@\w.-])(?:[a-z0-9-]+\.)+[a-z]{2,}(?:/|\b)(?!@)", re.IGNORECASE)


def contact_words(brand: Brand, shop: Shop | None, book: PartBook) -> str:
    """The brand's own way to be reached, as words that can follow "please"; "" when it has none we may write in public.

    The language's own sentence comes first. From a sentence in another language only the address or number is taken. An
    address on the web is never said: it costs on X and looks like an advertisement.
    """
    own = brand.contact.get(book.language, "").strip()
    if own and not _URL.search(_EMAIL.sub("", own)) and re.search(r"[^\W\d_]", _PHONE.sub("", _EMAIL.sub("", own))):
        own = " ".join(own.split()).rstrip(".!")
        return own if own[:2].isupper() else own[:1].lower() + own[1:]
    for source in (own, shop.contact if shop else "", brand.contact.get("", "")):
        for pattern, heading, name in ((_EMAIL, "address", "{address}"), (_PHONE, "phone", "{phone}")):
            found = pattern.search(source)
            if found:
                return book.lines("invite", heading)[0].replace(name, found.group())
    return ""


def invitations(book: PartBook, place: str, contact: str, *path: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Wordings of the invitation, and spare ones for when the brand's own is too long. `path` names special wordings."""
    kind = "message" if place in PRIVATE_MESSAGES else "anywhere"
    usual = book.lines(*path, kind) if path else ()
    usual = usual or book.lines("invite", kind)
    if not contact:
        return usual, ()
    capital = contact[:1].upper() + contact[1:]
    framed = book.lines("invite", "contact")
    return tuple(line.replace("{contact}", contact).replace("{Contact}", capital) for line in framed), usual


def sign(text: str, *, brand: Brand, shop: Shop | None, name: str, language: str) -> str:  # noqa: ARG001
    """The text with its sign-off: the brand's signature, else the shop's signer, else the person's first name, with the brand.

    Names stand as they are in every language, after a dash, so that nothing needs a case. Signing twice signs once.
    """
    if brand.signature.strip():
        signer = brand.signature.strip().lstrip("–—- ")
    else:
        who = (shop.signed_by if shop else "").strip() or next(iter(name.split()), "")
        signer = who if brand.name.casefold() in who.casefold() else ", ".join(filter(None, (who, brand.name)))
    body = text.rstrip()
    ending = f"– {signer}"
    return body if body.endswith(ending) else f"{body} {ending}"
