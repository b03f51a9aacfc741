"""The `[[brand]]` sections of the config file, to and from the Brand that everybody else knows."""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from desk.checks import Hours, Zone, nearest
from storage.words import Brand, Shop

LANGUAGES = Brand(key="", name="").languages
"""The languages in which we can answer."""

SITES = ("x", "reddit", "mastodon", "bluesky")
"""Places that a brand has a section for."""

KEY = r"[a-z0-9][a-z0-9_-]{0,39}"

Key = Annotated[str, Field(pattern=f"^{KEY}$")]
Words = tuple[Annotated[str, Field(min_length=1, max_length=100)], ...]


def read_contact(written: object) -> object:
    """One text for every language, or a table with one for each; `any` stands for the others."""
    if isinstance(written, str):
        return {"": written} if written else {}
    if isinstance(written, dict):
        return {"" if language == "any" else language: text for language, text in written.items()}
    return written


def check_languages(codes: tuple[str, ...]) -> tuple[str, ...]:
    """Only languages in which there are proposals and a check."""
    for code in codes:
        if code not in LANGUAGES:
            raise ValueError(f'"{code}" is not a language we answer in yet; known are {", ".join(LANGUAGES)}')
    return tuple(dict.fromkeys(codes))


def check_contact(contact: dict[str, str]) -> dict[str, str]:
    """The keys are languages."""
    for code in contact:
        if code and code not in LANGUAGES:
            raise ValueError(
                f'"{code}" is not a language we answer in yet; known are {", ".join(LANGUAGES)} and any.{nearest(code, LANGUAGES)}'
            )
    return contact


class Part(BaseModel):
    """A part of a brand's section. What is not known is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)


class ShopSection(Part):
    """A branch of the brand."""

    key: Key = Field(description="A short name for it, in small letters.")
    name: str = Field(min_length=1, max_length=100, description="What customers call it.")
    names: Words = Field((), description="Words in a post that point at this branch.")
    address: str = Field("", max_length=300, description="Where it is.")
    hours: str = Field("", max_length=300, description="When it is open, as you would write it for a customer.")
    contact: str = Field("", max_length=300, description="How a customer reaches this branch privately.")
    signed_by: str = Field("", max_length=60, description="The first name that signs for this branch.")

    def to_shop(self) -> Shop:
        """The shop as everybody else knows it."""
        return Shop(**self.model_dump())


class XSection(Part):
    """The brand on X. Keys come from the environment: AMENDS_X_BEARER_TOKEN and others, see the README."""

    handle: str = Field(
        min_length=1, max_length=15, pattern=r"^[A-Za-z0-9_]+$", description="Our own account there, without the @."
    )
    search: bool = Field(
        True,
        description="Also find posts that name the brand without mentioning our account. X charges for every post read.",
    )
    api: str = Field("", description="Another server that speaks X's language, for practice. Empty: X itself.")
    site: str = Field("", description="What links to posts begin with, for practice. Empty: X itself.")


class RedditSection(Part):
    """The brand on Reddit. Keys come from the environment: AMENDS_REDDIT_CLIENT_ID and others, see the README."""

    handle: str = Field(
        "",
        max_length=20,
        pattern=r"^[A-Za-z0-9_-]*$",
        description="Our own account there, without the u/. It may be empty with `feed`, when we have none.",
    )
    feed: bool = Field(
        False,
        description="Read Reddit by its public feeds, without keys: one question a minute, and you post the answers yourself.",
    )
    boards: Words = Field((), description="The subreddits to read, without the r/. Empty: all of Reddit is searched.")
    api: str = Field(
        "", description="Another server that speaks Reddit's language, for practice. Empty: Reddit itself."
    )
    site: str = Field("", description="What links to posts begin with, for practice. Empty: Reddit itself.")

    @model_validator(mode="after")
    def _ours(self) -> Self:
        if not self.handle and not self.feed:
            raise ValueError("the handle of our account is missing; without an account, set feed = true")
        return self


def read_mastodon_handle(written: object) -> object:
    """Our name as people write it: "@rosebakery@mastodon.social", the same without the first @, or the address of the profile."""
    if not isinstance(written, str):
        return written
    page = re.fullmatch(r"https://([^/\s]+)/@([^/@\s]+)/?", written.strip())
    handle = f"{page[2]}@{page[1]}" if page else written.strip().removeprefix("@")
    name, _, instance = handle.partition("@")
    return f"{name}@{instance.lower()}"


class MastodonSection(Part):
    """The brand on Mastodon. The access token comes from the environment: AMENDS_MASTODON_ACCESS_TOKEN, see the README."""

    handle: Annotated[
        str,
        BeforeValidator(read_mastodon_handle),
        Field(
            max_length=300,
            pattern=r"^[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?@[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]+)?$",
            description='Our own account there, with its instance: "rosebakery@mastodon.social".',
        ),
    ]
    answer_untagged: bool = Field(
        False,
        description="Also post answers to people who did not mention us. Many instances forbid companies to do that.",
    )
    search: bool = Field(
        False, description="Also find posts that name the brand without mentioning us, where the instance has a search."
    )
    hashtags: Words = Field((), description="Hashtags to read as well, without the #.")
    api: str = Field(
        "",
        description="Where the instance answers, if that is not https:// and what stands after the @ of the handle.",
    )
    site: str = Field("", description="What links to posts begin with, for practice. Empty: the instance itself.")


def read_bluesky_handle(written: object) -> object:
    """Our name as people write it: "@rosebakery.bsky.social", the same without the @, or the address of the profile."""
    if not isinstance(written, str):
        return written
    page = re.fullmatch(r"https://[^/\s]+/profile/([^/\s]+)/?", written.strip())
    return (page[1] if page else written.strip().removeprefix("@")).lower()


class BlueskySection(Part):
    """The brand on Bluesky. The app password comes from the environment: AMENDS_BLUESKY_APP_PASSWORD, see the README."""

    handle: Annotated[
        str,
        BeforeValidator(read_bluesky_handle),
        Field(
            max_length=253,
            pattern=r"^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?$",
            description='Our own account there, in full and without the @: "rosebakery.bsky.social".',
        ),
    ]
    search: bool = Field(True, description="Also find posts that name the brand without speaking to our account.")
    answer_untagged: bool = Field(
        False,
        description="Also post answers to people who did not speak to us. Bluesky asks accounts like ours not to.",
    )
    api: str = Field("", description="The server where you log in, if that is not Bluesky's own (https://bsky.social).")
    site: str = Field("", description="What links to posts begin with, for practice. Empty: https://bsky.app.")


class BrandSection(Part):
    """Whom we listen for. Write one [[brand]] for each."""

    key: Key = Field(
        description="A short name for it, in small letters. It stays the same for ever; the name may change."
    )
    name: str = Field(min_length=1, max_length=100, description="What customers call it.")
    trade: str = Field("", max_length=60, description="What it does: bakery, courier, … Only for people's eyes.")
    names: Words = Field((), description="The words in a post that name the brand. Empty: its name.")
    not_us: Words = Field((), description="Words that tell a namesake from us.")
    required: Words = Field(
        (),
        description="Where the name is an everyday word: a post that only has the name must have one of these words too.",
    )
    forbidden: Words = Field(
        (), description="Posts with one of these words are left aside, unless they name our account."
    )
    languages: Annotated[tuple[str, ...], AfterValidator(check_languages), Field(min_length=1)] = Field(
        LANGUAGES, description="The languages your customers write in: en, ru, ro, te."
    )
    time_zone: Zone = Field("UTC", description='The shop\'s clock, such as "Europe/Bucharest".')
    voice: Literal["warm", "plain", "formal"] = Field("warm", description='How we sound: "warm", "plain" or "formal".')
    signature: str = Field(
        "",
        max_length=60,
        description="What stands under every reply. Empty: the first name of whoever approves, and the brand.",
    )
    contact: Annotated[dict[str, str], BeforeValidator(read_contact), AfterValidator(check_contact)] = Field(
        {}, description="How a customer reaches us privately: one text, or one for each language."
    )
    hours: Hours = Field({}, description='When we are open: mon to sun, "08:00-18:00" or "closed".')
    shop: tuple[ShopSection, ...] = Field((), description="The branches.")
    x: XSection | None = Field(None, description="The brand on X.")
    reddit: RedditSection | None = Field(None, description="The brand on Reddit.")
    mastodon: MastodonSection | None = Field(None, description="The brand on Mastodon.")
    bluesky: BlueskySection | None = Field(None, description="The brand on Bluesky.")

    @model_validator(mode="after")
    def _shops_once(self) -> Self:
        keys = [shop.key for shop in self.shop]
        if twice := {key for key in keys if keys.count(key) > 1}:
            raise ValueError(f'two shops of {self.key} have the key "{min(twice)}"; each needs its own')
        return self

    def to_brand(self) -> Brand:
        """The brand as everybody else knows it."""
        places = {"x": self.x, "reddit": self.reddit, "mastodon": self.mastodon, "bluesky": self.bluesky}
        return Brand(
            key=self.key,
            name=self.name,
            names=self.names or (self.name,),
            not_us=self.not_us,
            required=self.required,
            forbidden=self.forbidden,
            handles={place: section.handle for place, section in places.items() if section},
            languages=self.languages,
            time_zone=self.time_zone,
            voice=self.voice,
            signature=self.signature,
            contact=dict(self.contact),
            hours=dict(self.hours),
            trade=self.trade,
            shops=tuple(shop.to_shop() for shop in self.shop),
        )

    @classmethod
    def from_brand(cls, brand: Brand) -> BrandSection:
        """The section that gives this brand again."""
        handles = {place: handle for place, handle in brand.handles.items() if place in SITES}
        return cls.model_validate(
            {
                "key": brand.key,
                "name": brand.name,
                "trade": brand.trade,
                "names": brand.names,
                "not_us": brand.not_us,
                "required": brand.required,
                "forbidden": brand.forbidden,
                "languages": brand.languages,
                "time_zone": brand.time_zone,
                "voice": brand.voice,
                "signature": brand.signature,
                "contact": brand.contact,
                "hours": brand.hours,
                "shop": [
                    {
                        "key": shop.key,
                        "name": shop.name,
                        "names": shop.names,
                        "address": shop.address,
                        "hours": shop.hours,
                        "contact": shop.contact,
                        "signed_by": shop.signed_by,
                    }
                    for shop in brand.shops
                ],
                **{
                    place: {"handle": handle, **({} if handle else {"feed": True})} for place, handle in handles.items()
                },
            }
        )
