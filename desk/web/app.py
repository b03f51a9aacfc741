"""The web app: routes, errors and the wall around them, put together for one house."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any, cast
from urllib.parse import urlsplit

from fastapi import FastAPI
from fastapi.responses import Response
from fastapi.staticfiles import StaticFiles

from desk.clock import utc_now
from desk.web.errors import ERRORS
from desk.web.guard import Guard
from desk.web.house import House
from desk.web.live import Line, Pulse
from desk.web.pages import STATIC, error_page
from desk.web.patience import Patience
from desk.web.routes import ROUTERS
from desk.web.writing import Writing


class KeptFiles(StaticFiles):
    """Our own files. Their addresses change with what is in them, so browsers keep them for ever."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        """The file, to be kept."""
        answer = super().file_response(*args, **kwargs)
        answer.headers["cache-control"] = "public, max-age=31536000, immutable"
        return answer


App = FastAPI
"""The pages as a type, for whoever serves them."""


def create_app(house: House, now: Callable[[], datetime] = utc_now) -> App:
    """The inbox over one house. `app.state.closing` is set at shutdown, so that open pages let go at once."""
    app = FastAPI(
        title="Amends", docs_url=None, redoc_url=None, openapi_url=None, exception_handlers=cast("Any", ERRORS)
    )
    app.state.house = house
    app.state.now = now
    app.state.closing = threading.Event()
    app.state.line = Line(Pulse(house.reading.pulse), app.state.closing)
    app.state.patience = Patience()
    app.state.writing = Writing()
    for router in ROUTERS:
        app.include_router(router)
    app.mount("/static", KeptFiles(directory=STATIC), name="static")
    public = urlsplit(house.settings.public_url or "")
    hosts = {public.hostname: public.scheme == "https"} if public.hostname else {}
    app.add_middleware(cast("Any", Guard), hosts=hosts, error_page=error_page)
    return app
