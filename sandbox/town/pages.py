"""The public pages of the town: where a customer would see a shop's answer, and where a visitor may complain too.

The pages serve loopback only and know no sessions: everything in the town is open to everyone. What people wrote is escaped and
isolated; nothing but the town's own style sheet and script may run.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import cache
from importlib.resources import files
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from sandbox.town.content import Content, TownShop
from sandbox.town.founding import note_kind, townsperson
from sandbox.town.views import PLACES, Views
from sandbox.world import World, WorldAccount, WorldPost

HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cache-control": "no-store",
}

STATIC = {"town.css": "text/css; charset=utf-8", "town.js": "text/javascript; charset=utf-8"}

LONGEST = {"text": 4_000, "name": 50}
BODY = 64_000
"""Bytes of a form that are read at most."""

LATEST = 25


def public_url(base: str, place: str, post_id: str) -> str:
    """The town's address for a post, given its native id (with or without t1_, t3_). `base` is the pages' own address."""
    return f"{base.rstrip('/')}/go/{place}/{re.sub(r'^t[13]_', '', post_id)}"


def town_url(base: str, url: str) -> str | None:
    """The town's address for an address on x.com or reddit.com, a composer link included; None for any other."""
    parts = urlsplit(url)
    host = (parts.hostname or "").removeprefix("www.").removeprefix("old.")
    prefix = {"x.com": "/x", "twitter.com": "/x", "reddit.com": ""}.get(host)
    if prefix is None:
        return None
    return f"{base.rstrip('/')}{prefix}{parts.path}{'?' + parts.query if parts.query else ''}"


@cache
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("sandbox.town"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


class Pages:
    """The pages over one world."""

    def __init__(self, world: World, content: Content) -> None:
        self.world, self.content = world, content

    # --- looking --------------------------------------------------------------------------------

    def front(self, _request: Request) -> Response:
        """The town: its shops, its latest posts, and a form for a visitor's own complaint."""
        views = Views(self.world, self.content)
        latest = {place: views.latest(place, LATEST) for place in PLACES}
        letters = {
            shop.key: {place: len(self._letters(views, place, shop)) for place in PLACES} for shop in self.content.shops
        }
        return self._page("front.html", latest=latest, letters=letters, boards=self.content.boards)

    def profile(self, request: Request) -> Response:
        """Somebody's posts on one place."""
        place = "x" if request.url.path.startswith("/x/") else "reddit"
        account = self._account(place, request.path_params["handle"])
        views = Views(self.world, self.content)
        return self._page("profile.html", place=place, account=account, cards=views.by(account, 100))

    def board(self, request: Request) -> Response:
        """The submissions of a board."""
        name = next(
            (each for each in self.content.boards if each.lower() == request.path_params["board"].lower()), None
        )
        rows = Views(self.world, self.content).submissions(request.path_params["board"])
        if name is None and not rows:
            raise HTTPException(404, "There is no such board in this town.")
        about = self.content.boards.get(name or "", "")
        return self._page("board.html", board=name or rows[0][0].board, about=about, rows=rows)

    def thread(self, request: Request) -> Response:
        """A conversation, with the post asked for marked in it. Its address holds the platform's own ids."""
        place = "x" if "status" in request.path_params else "reddit"
        native = request.path_params.get("status") or request.path_params.get("comment") or request.path_params["id"]
        post = self._post(place, native)
        cards = Views(self.world, self.content).thread(post)
        return self._page("thread.html", place=place, cards=cards, focus=post.id, board=post.board)

    def go(self, request: Request) -> Response:
        """From a native id to the page where the post stands."""
        post = self._post(request.path_params["place"], request.path_params["id"])
        return RedirectResponse(f"{Views(self.world, self.content).path(post)}#p-{post.id}", 302, HEADERS)

    def messages(self, request: Request) -> Response:
        """What an account received in private. In this town the visitor may read it: there is nobody else here."""
        account = self._account(request.path_params["place"], request.path_params["handle"])
        letters = Views(self.world, self.content).letters(account)
        return self._page("messages.html", place=account.place, account=account, letters=letters)

    def static(self, request: Request) -> Response:
        """The style sheet and the script."""
        name = request.path_params["name"]
        if name not in STATIC:
            raise HTTPException(404, "There is no such file.")
        written = (files("sandbox.town") / "static" / name).read_bytes()
        return Response(written, 200, {**HEADERS, "content-type": STATIC[name]})

    # --- writing --------------------------------------------------------------------------------

    def compose(self, request: Request) -> Response:
        """The composer under a post, filled in by the link that led here (X's own intent links lead here too)."""
        asked = request.query_params
        place, native = (
            request.path_params.get("place", "x"),
            request.path_params.get("id") or asked.get("in_reply_to", ""),
        )
        post = self._post(place, native)
        views = Views(self.world, self.content)
        shop = self._concerned(post)
        return self._page("compose.html", place=place, card=views.card(post), shop=shop, text=asked.get("text", ""))

    async def answer(self, request: Request) -> Response:
        """Write under a post, as a shop or as a passer-by. The same text twice is written once."""
        form = await _form(request)
        post = self._post(request.path_params["place"], request.path_params["id"])
        now = self.world.clock()
        shop = next((each for each in self.content.shops if each.key == form.get("who")), None)
        account = self.world.account(post.place, handle=shop.handle) if shop else None
        author = account or self._visitor(post.place, form)
        text = _text(form)
        with self.world.together():
            thread = self.world.conversation(post.place, post.conversation_id)
            known = [
                each for each in thread if (each.author_id, each.parent_id, each.text) == (author.id, post.id, text)
            ]
            written = known[0] if known else self.world.publish(post.place, author.id, text, at=now, parent_id=post.id)
        return self._seen(written)

    async def complain(self, request: Request) -> Response:
        """A visitor writes to a shop, or of it."""
        form = await _form(request)
        shop = next((each for each in self.content.shops if each.key == form.get("shop")), self.content.shops[0])
        place = form.get("place", "x") if form.get("place") in PLACES else "x"
        author, text = self._visitor(place, form), _text(form)
        if place == "reddit":
            title = re.split(r"(?<=[.!?…])\s|\n", text, maxsplit=1)[0][:120]
            if shop.name.lower() not in text.lower():
                title = f"{shop.name}: {title}"
            post = self.world.publish("reddit", author.id, text, title=title, board=shop.board)
        else:
            if form.get("mention") and f"@{shop.handle}" not in text.lower():
                text = f"@{shop.handle} {text}"
            elif shop.name.lower() not in text.lower() and f"@{shop.handle}" not in text.lower():
                text = f"{shop.name}: {text}"
            post = self.world.publish("x", author.id, text)
        note_kind(self.world, place, post.id, "complaint")
        return self._seen(post)

    # --- smaller things ---------------------------------------------------------------------------

    def _seen(self, post: WorldPost) -> Response:
        return RedirectResponse(f"{Views(self.world, self.content).path(post)}#p-{post.id}", 303, HEADERS)

    def _visitor(self, place: str, form: dict[str, str]) -> WorldAccount:
        """The account of a visitor, by the name they gave. Nobody gets to write as a shop this way."""
        name = " ".join(form.get("name", "").split())[: LONGEST["name"]] or "Robin Visitor"
        handle = re.sub(r"[^a-z0-9_]+", "_", name.lower(), flags=re.ASCII).strip("_")[:15].strip("_") or "visitor"
        if handle in {shop.handle for shop in self.content.shops}:
            handle = f"not_{handle}"[:15]
        return townsperson(self.world, place, handle, name, self.world.clock())

    def _concerned(self, post: WorldPost) -> TownShop:
        """The shop that a conversation is about, as far as one can tell."""
        thread = self.world.conversation(post.place, post.conversation_id)
        for text in (f"{each.title} {each.text}".lower() for each in (post, *thread)):
            for shop in self.content.shops:
                if shop.handle in text or shop.name.lower() in text:
                    return shop
        return next((shop for shop in self.content.shops if shop.board == post.board), self.content.shops[0])

    def _letters(self, views: Views, place: str, shop: TownShop) -> list[Any]:
        return views.letters(self._account(place, shop.handle))

    def _account(self, place: str, handle: str) -> WorldAccount:
        account = self.world.account(place, handle=handle)
        if account is None:
            raise HTTPException(404, "Nobody of that name lives here.")
        return account

    def _post(self, place: str, native: str) -> WorldPost:
        post = self.world.post(place, re.sub(r"^t[13]_", "", native))
        if post is None or post.visible_at > self.world.clock() + timedelta(seconds=1):
            raise HTTPException(404, "There is no such post in this town.")
        return post

    def _page(self, template: str, status: int = 200, **shown: Any) -> Response:
        html = (
            _templates()
            .get_template(template)
            .render(shops=self.content.shops, places=PLACES, longest=LONGEST, **shown)
        )
        return HTMLResponse(html, status, HEADERS)

    async def refused(self, _request: Request, error: Exception) -> Response:
        """A page for what is not there or cannot be done."""
        status, why = (
            (error.status_code, error.detail) if isinstance(error, HTTPException) else (500, "Something broke.")
        )
        return self._page("refused.html", status, why=why)


async def _form(request: Request) -> dict[str, str]:
    """A form's fields. Forms of other sites are refused, and so are ones beyond all measure."""
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host"):
        raise HTTPException(403, "That form belongs to another site.")
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY:
            raise HTTPException(413, "That is far too long.")
    try:
        return dict(parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=20))
    except ValueError:
        raise HTTPException(400, "That form could not be read.") from None


def _text(form: dict[str, str]) -> str:
    text = form.get("text", "").replace("\r\n", "\n").strip()[: LONGEST["text"]]
    if not text:
        raise HTTPException(400, "There was no text. Go back and write a few words.")
    return text


def _redirect(build: Callable[[Request], str]) -> Callable[[Request], Awaitable[Response]]:
    async def go(request: Request) -> Response:
        return RedirectResponse(build(request), 302, HEADERS)

    return go


def _intent(request: Request) -> str:
    """X's composer without a post to answer leads to the front page."""
    native = request.query_params.get("in_reply_to", "")
    return f"/reply/x/{native}?{urlencode({'text': request.query_params.get('text', '')})}" if native.isdigit() else "/"


def create_pages(world: World, content: Content) -> Starlette:
    """The town's pages over a world that is settled already."""
    pages = Pages(world, content)
    routes = [
        Route("/", pages.front),
        Route("/complain", pages.complain, methods=["POST"]),
        Route("/static/{name}", pages.static),
        Route("/go/{place}/{id}", pages.go),
        Route("/messages/{place}/{handle}", pages.messages),
        Route("/reply/{place}/{id}", pages.compose, methods=["GET"]),
        Route("/reply/{place}/{id}", pages.answer, methods=["POST"]),
        Route("/x/intent/tweet", _redirect(_intent)),
        Route("/x/intent/post", _redirect(_intent)),
        Route("/x/{handle}/status/{status}", pages.thread),
        Route("/x/{handle}", pages.profile),
    ]
    for prefix in ("", "/reddit"):
        routes += [
            Route(f"{prefix}/{letter}/{{handle}}{end}", pages.profile) for letter in ("u", "user") for end in ("", "/")
        ]
        routes += [
            Route(f"{prefix}/r/{{board}}{tail}{end}", endpoint)
            for tail, endpoint in (
                ("", pages.board),
                ("/comments/{id}", pages.thread),
                ("/comments/{id}/{slug}", pages.thread),
                ("/comments/{id}/{slug}/{comment}", pages.thread),
            )
            for end in ("", "/")
        ]
    app = Starlette(routes=routes, exception_handlers={HTTPException: pages.refused, 500: pages.refused})
    app.router.redirect_slashes = False
    return app
