"""The line on which open pages hear that something changed."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import PlainTextResponse, Response, StreamingResponse

from desk.web.visitor import Looking

router = APIRouter()


@router.get("/events")
async def listen(visitor: Looking) -> Response:
    """Server-sent events: `changed`, and comments in between. Ends when the service does."""
    line = visitor.request.app.state.line
    if line.is_full or line.closing.is_set():
        return PlainTextResponse("Too many pages are open.", 503, {"retry-after": "30"})
    return StreamingResponse(line.tell(), media_type="text/event-stream", headers={"x-accel-buffering": "no"})
