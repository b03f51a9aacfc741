"""Query parameters, checked as strictly as X checks them: unknown names, unknown fields and values out of range are refused."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from starlette.requests import Request

from sandbox.x.problems import invalid

TWEET_FIELDS = frozenset(
    [
        "attachments",
        "author_id",
        "context_annotations",
        "conversation_id",
        "created_at",
        "edit_controls",
        "edit_history_tweet_ids",
        "entities",
        "geo",
        "id",
        "in_reply_to_user_id",
        "lang",
        "note_tweet",
        "possibly_sensitive",
        "public_metrics",
        "referenced_tweets",
        "reply_settings",
        "source",
        "text",
        "withheld",
    ]
)
USER_FIELDS = frozenset(
    [
        "created_at",
        "description",
        "entities",
        "id",
        "location",
        "most_recent_tweet_id",
        "name",
        "pinned_tweet_id",
        "profile_image_url",
        "protected",
        "public_metrics",
        "receives_your_dm",
        "url",
        "username",
        "verified",
        "verified_type",
        "withheld",
    ]
)
EXPANSIONS = frozenset(
    [
        "attachments.media_keys",
        "attachments.poll_ids",
        "author_id",
        "edit_history_tweet_ids",
        "entities.mentions.username",
        "geo.place_id",
        "in_reply_to_user_id",
        "referenced_tweets.id",
        "referenced_tweets.id.author_id",
    ]
)
LISTS = {"tweet.fields": TWEET_FIELDS, "user.fields": USER_FIELDS, "expansions": EXPANSIONS}
SHAPING = frozenset({*LISTS, "media.fields", "place.fields", "poll.fields"})
BETWEEN = frozenset({"since_id", "until_id", "start_time", "end_time", "max_results"})


@dataclass(frozen=True, slots=True)
class Params:
    """The parameters of one request, each of a known name. Values are checked where they are asked for."""

    values: dict[str, str]

    @classmethod
    def of(cls, request: Request, allowed: frozenset[str]) -> Params:
        """Raises Problem 400 for a name that is not in `allowed`, given twice, or a list with an unknown member."""
        values: dict[str, str] = {}
        for name, value in request.query_params.multi_items():
            if name not in allowed:
                raise invalid(name, value, f"The query parameter [{name}] is not one of [{','.join(sorted(allowed))}]")
            if name in values:
                raise invalid(name, value, f"The query parameter [{name}] was given more than once")
            values[name] = value
        params = cls(values)
        for name, known in LISTS.items():
            for member in params.members(name):
                if member not in known:
                    listed = ",".join(sorted(known))
                    raise invalid(
                        name, values[name], f"The `{name}` query parameter value [{member}] is not one of [{listed}]"
                    )
        return params

    def get(self, name: str) -> str | None:
        """The value, or None."""
        return self.values.get(name)

    def members(self, name: str) -> tuple[str, ...]:
        """The members of a comma-separated list."""
        value = self.values.get(name)
        return tuple(value.split(",")) if value else ()

    def number(self, name: str, low: int, high: int, default: int) -> int:
        """A whole number within bounds."""
        value = self.values.get(name)
        if value is None:
            return default
        if not value.isdecimal() or not low <= int(value) <= high:
            raise invalid(name, value, f"The `{name}` query parameter value [{value}] is not between {low} and {high}")
        return int(value)

    def native_id(self, name: str) -> int | None:
        """An id of a post."""
        value = self.values.get(name)
        if value is None:
            return None
        check_id(name, value)
        return int(value)

    def instant(self, name: str) -> datetime | None:
        """An instant in the form YYYY-MM-DDTHH:mm:ssZ."""
        value = self.values.get(name)
        if value is None:
            return None
        for form in ("%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S.%fZ"):
            try:
                return datetime.strptime(value, form).replace(tzinfo=UTC)
            except ValueError:
                continue
        raise invalid(name, value, f"The `{name}` query parameter value [{value}] is not a valid RFC3339 timestamp")


def check_id(name: str, value: str) -> None:
    """Raise Problem 400 unless this could be an id."""
    if not (value.isascii() and value.isdecimal() and len(value) <= 19):
        raise invalid(name, value, f"The `{name}` query parameter value [{value}] is not valid")
