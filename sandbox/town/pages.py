"""The public pages of the town: where a customer would see a shop's answer, and where a visitor may complain too.

The pages serve loopback only and know no sessions: everything in the town is open to everyone. What people wrote is escaped and
isolated; nothing but the town's own style sheet and script may run.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import cache
from importlib.resources import files
from typing import Any
from urllib.parse import urlencode

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from sandbox.town.addresses import bare
from sandbox.town.content import Content, TownShop
from sandbox.town.views import PLACES, Views
from sandbox.town.writing import LONGEST, Visitor, read_form
from sandbox.world import World, WorldAccount, WorldPost

HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cache-control": "no-store",
}

STATIC = {"town.css": "text/css; charset=utf-8", "town.js": "text/javascript; charset=utf-8"}

LATEST = 25


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
        """Write under a post."""
        form = await read_form(request)
        post = self._post(request.path_params["place"], request.path_params["id"])
        return self._seen(Visitor(self.world, self.content, form).answer(post))

    async def complain(self, request: Request) -> Response:
        """Write to a shop, or of it."""
        return self._seen(Visitor(self.world, self.content, await read_form(request)).complain())

    # --- smaller things ---------------------------------------------------------------------------

    def _seen(self, post: WorldPost) -> Response:
        return RedirectResponse(f"{Views(self.world, self.content).path(post)}#p-{post.id}", 303, HEADERS)

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
        post = self.world.post(place, bare(native))
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
