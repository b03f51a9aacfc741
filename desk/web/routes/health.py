"""Whether all is well, for machines that watch: 200 or 503, and nothing about people."""

from __future__ import annotations

from importlib.metadata import version

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from desk.web.visitor import house_of, now_of

router = APIRouter()


@router.get("/healthz")
def show(request: Request) -> Response:
    """Version, whether the database takes writes, and when each source was last read."""
    trouble = request.app.state.writing.trouble(house_of(request).casebook.can_write)
    now = now_of(request)
    states = () if trouble else house_of(request).casebook.sources.all()
    stale = [one.key for one in states if one.is_stale(now)]
    told = {
        "version": version("amends"),
        "ok": not trouble and not stale,
        "database": "cannot be written" if trouble else "ok",
        "sources": {
            one.key: {
                "last_success": one.last_success_at.isoformat() if one.last_success_at else None,
                "stale": one.key in stale,
            }
            for one in states
        },
    }
    return JSONResponse(told, 200 if told["ok"] else 503)
