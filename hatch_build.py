"""Copies htmx out of the django-htmx distribution at build time, so that nobody else's code is kept in our history."""

from __future__ import annotations

import filecmp
import importlib.metadata
import shutil
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

CARRIER = "django-htmx"
ASSETS = ("htmx-2.min.js",)
LICENCE = Path("licenses", "htmx-0BSD.txt")
VENDOR = Path("desk", "web", "static", "vendor")


class VendoredAssets(BuildHookInterface[Any]):
    """Fills `desk/web/static/vendor` before any wheel, source archive or editable install is made."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - hatchling's signature
        """Copy the assets and their licence; raise FileNotFoundError when the carrier no longer ships one of them."""
        root = Path(self.root)
        (root / VENDOR).mkdir(parents=True, exist_ok=True)
        for source in (*carried_files(), root / LICENCE):
            target = root / VENDOR / source.name
            # A service that runs from this checkout may be serving the file: leave it alone when it is right.
            if not target.exists() or not filecmp.cmp(source, target, shallow=False):
                shutil.copyfile(source, target)


def carried_files() -> list[Path]:
    """Where the installed carrier keeps each of the files we ship."""
    shipped = importlib.metadata.files(CARRIER) or []
    found = {path.name: Path(str(path.locate())) for path in shipped if path.name in ASSETS}
    if missing := [name for name in ASSETS if name not in found]:
        raise FileNotFoundError(f"{CARRIER} does not carry {', '.join(missing)}")
    return list(found.values())
