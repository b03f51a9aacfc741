"""What the town's people write while nobody answers: one post after the other, without an end, the same for the same seed."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from random import Random

from sandbox.town.chance import chance
from sandbox.town.content import Content, Pattern, Speech, TownShop, choose

LANGUAGES = {"en": 46, "ru": 20, "ro": 20, "te": 14}
KINDS = {"complaint": 62, "praise": 13, "question": 10, "chatter": 6, "spam": 4, "not_us": 3, "news": 2}
SHOPS = {"rosebakery": 50, "swiftcourier": 30, "pixelfix": 20}
ON_REDDIT = 0.28
BY_NAME_ONLY = 0.2
"""Of the posts on X, those that name the shop without mentioning its account; X lets nobody answer them through its API."""

LATE, EDITED, DELETED = 0.10, 0.07, 0.04
"""Of all posts, those that show up late; of the complaints, those edited to "fixed, thanks" and those taken back."""

PACES = ((300.0, (15.0, 40.0)), (1_800.0, (45.0, 110.0)), (float("inf"), (150.0, 400.0)))
"""Seconds between two posts, by how long the town has been alive: lively for a visitor's first minutes, then calmer."""

TRIES = 40
NEWSPAPER = ("rosetowncourant", "The Rosetown Courant")


@dataclass(frozen=True, slots=True)
class Voice:
    """Somebody about to write. `name` is the display name."""

    handle: str
    name: str


@dataclass(frozen=True, slots=True)
class Said:
    """One post of the stream. Times are seconds after it was written; None: never. `title` makes it a submission on Reddit."""

    place: str
    voice: Voice
    text: str
    title: str
    lang: str
    kind: str
    topic: str
    tone: str
    brand: str
    late: float = 0.0
    edit_after: float | None = None
    edited: str = ""
    delete_after: float | None = None


def pause_after(n: int, alive: float, seed: int) -> float:
    """Seconds from post `n` to the next, when the town has been alive for `alive` seconds."""
    span = next(span for until, span in PACES if alive < until)
    return chance(seed, "pause", n).uniform(*span)


def say(n: int, seed: int, content: Content, used: Container[str]) -> Said:
    """Post `n` of the stream. Texts in `used` are avoided as long as another can be found in a few tries."""
    rng = chance(seed, "stream", n)
    said = _draw(rng, content)
    for _ in range(TRIES):
        if said.text not in used:
            break
        said = _draw(rng, content)
    return said


def _draw(rng: Random, content: Content) -> Said:
    lang, kind = _weighted(rng, LANGUAGES), _weighted(rng, KINDS)
    pattern = _pattern(rng, content, lang, kind, _weighted(rng, SHOPS))
    shop, speech = content.shop(pattern.brand), content.speech[lang]
    place = "reddit" if rng.random() < ON_REDDIT and pattern.kind not in ("spam", "news") else "x"
    text = _address(choose(pattern.text, rng), _call(rng, shop, place))
    if pattern.tone == "plain" and rng.random() < 0.2:
        text = _hastily(text)
    said = Said(
        place=place,
        voice=Voice(*NEWSPAPER) if pattern.kind == "news" else make_voice(rng, speech),
        text=text,
        title=choose(pattern.title, rng) if place == "reddit" else "",
        lang=lang,
        kind=pattern.kind,
        topic=pattern.topic,
        tone=pattern.tone,
        brand=shop.key,
        late=rng.uniform(20, 90) if rng.random() < LATE else 0.0,
    )
    return _reconsider(rng, said, speech)


def _reconsider(rng: Random, said: Said, speech: Speech) -> Said:
    """Some complaints are edited or taken back by their author a little later."""
    if said.kind != "complaint":
        return said
    roll, after = rng.random(), rng.uniform(60, 240)
    values = {name: getattr(said, name) for name in Said.__slots__}
    if roll < EDITED:
        note = choose(rng.choice(speech.says["fixed"]), rng)
        return Said(**{**values, "edit_after": after, "edited": f"{said.text} {note}"})
    if roll < EDITED + DELETED:
        return Said(**{**values, "delete_after": after})
    return said


def _pattern(rng: Random, content: Content, lang: str, kind: str, brand: str) -> Pattern:
    """A pattern of that language; of that kind and shop too, as far as there is one."""
    own = [pattern for pattern in content.patterns if pattern.lang == lang]
    of_kind = [pattern for pattern in own if pattern.kind == kind] or [each for each in own if each.kind == "complaint"]
    return rng.choice([pattern for pattern in of_kind if pattern.brand == brand] or of_kind)


def make_voice(rng: Random, speech: Speech) -> Voice:
    """A townsperson who speaks that language: the same name always has the same handle, of at most 15 letters."""
    (first, latin), (last, latin_last) = rng.choice(speech.first), rng.choice(speech.last)
    style = sum(f"{latin}{latin_last}".encode()) % 4
    handle = [
        f"{latin}_{latin_last}",
        f"{latin}{latin_last}",
        f"{latin_last}_{latin[:3]}",
        f"{latin}_{latin_last[:5]}",
    ][style]
    name = [f"{first} {last}", f"{first} {last}", f"{last} {first[0]}.", first][style]
    return Voice(handle[:15], name)


def _call(rng: Random, shop: TownShop, place: str) -> str:
    if place == "reddit":
        return shop.name
    return shop.name if rng.random() < BY_NAME_ONLY else f"@{shop.handle}"


def _address(text: str, call: str) -> str:
    """The text with the shop's name or account in it. A mere name at the beginning gets a colon after it."""
    if text.startswith("{at} ") and not call.startswith("@"):
        text = text.replace("{at}", "{at}:", 1)
    return text.replace("{at}", call)


def _hastily(text: str) -> str:
    """As typed with one thumb: no capitals, no full stop."""
    return text.lower().removesuffix(".")


def _weighted(rng: Random, weights: dict[str, int]) -> str:
    return rng.choices(list(weights), weights=list(weights.values()))[0]
