"""Whether all is well, for machines that watch: 200 or 503, and nothing about people."""

from __future__ import annotations

from importlib.metadata import version

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from desk.freshness import REASON, WHAT_TO_DO, is_ours, silences
from desk.web.visitor import house_of, now_of

router = APIRouter()


@router.get("/healthz")
def show(request: Request) -> Response:
    """Version, whether the database takes writes, how many workers are alive (null where one service does everything, with a file), when
    each source was last read, and what is silent: since when, why, what to do."""
    house, now = house_of(request), now_of(request)
    workers = house.workers
    trouble = request.app.state.writing.trouble(house.casebook.can_write)
    states = () if trouble else house.casebook.sources.all()
    found = () if trouble else silences(house, now)
    stale = {one.thing for one in found}
    told = {
        "version": version("amends"),
        "ok": not trouble and not found and not (workers and workers.trouble),
        "database": "cannot be written" if trouble else "ok",
        "workers": workers.workers if workers else None,
        "sources": {
            one.key: {
                "last_success": one.last_success_at.isoformat() if one.last_success_at else None,
                "stale": one.key in stale,
            }
            for one in states
            if is_ours(house, one.key, one.brand, one.place)
        },
        "silent": [
            {
                "what": one.thing,
                "since": one.since.isoformat(),
                "cause": one.cause.value,
                "reason": REASON[one.cause],
                "do": WHAT_TO_DO[one.cause],
            }
            for one in found
        ],
    }
    return JSONResponse(told, 200 if told["ok"] else 503)
