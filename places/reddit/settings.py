"""What the owner sets for Reddit."""

from __future__ import annotations

from dataclasses import dataclass, field

SITE = "https://www.reddit.com"
AGENT_AT_LEAST = 7
"""Characters of a user agent below which praw refuses it (prawcore 4: MIN_USER_AGENT_LENGTH)."""


def bare_board(name: str) -> str:
    """A subreddit's name without the r/ and slashes around it."""
    return name.strip().removeprefix("/").removeprefix("r/").strip("/")


@dataclass(frozen=True, slots=True)
class RedditSettings:
    """The keys of one app and one account, and where to look.

    Either `username` and `password` (a script app) or `refresh_token` (a web app) lets the account write; with neither, Reddit is
    only read. `subreddits` are read comment by comment, since Reddit has no search for comments. `posts` False: the owner answers
    on Reddit's own page. `reddit_url` gives tokens, `oauth_url` answers requests, `site_url` is what links for people begin with.
    `timeout` is the longest silence on the line, in seconds. An empty `user_agent` becomes one that says who we are, as Reddit asks.
    """

    client_id: str
    client_secret: str = field(repr=False)
    username: str = ""
    password: str = field(default="", repr=False)
    refresh_token: str = field(default="", repr=False)
    subreddits: tuple[str, ...] = ()
    posts: bool = True
    user_agent: str = ""
    reddit_url: str = SITE
    oauth_url: str = "https://oauth.reddit.com"
    site_url: str = SITE
    timeout: float = 15.0

    def __post_init__(self) -> None:
        if not self.client_id:
            raise ValueError("Reddit needs the client_id of your app")
        if not self.user_agent:
            who = f" (by u/{self.username})" if self.username else ""
            object.__setattr__(self, "user_agent", f"server:amends:v0.1{who}")
        if len(self.user_agent) < AGENT_AT_LEAST:
            raise ValueError("Reddit needs a user_agent that says who is asking")
        object.__setattr__(self, "subreddits", tuple(filter(None, map(bare_board, self.subreddits))))

    @property
    def has_account(self) -> bool:
        """Whether the keys open an account, and not only the app."""
        return bool(self.refresh_token or (self.username and self.password))
