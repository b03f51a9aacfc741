"""An ordinary user for tests of what ordinary users may not do, also where the tests run as root."""

from __future__ import annotations

import os
import traceback
import warnings
from collections.abc import Callable

NOBODY = 65534


def as_ordinary_user(act: Callable[[], object]) -> None:
    """Do it in a process of its own, as nobody where we are root; AssertionError when it fails there."""
    receive, send = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # forking beside threads: the child does nothing but this
        child = os.fork()
    if child == 0:
        _do(act, send)
    os.close(send)
    with os.fdopen(receive) as told:
        failed = told.read()
    os.waitpid(child, 0)
    assert not failed, failed


def _do(act: Callable[[], object], send: int) -> None:
    said = ""
    try:
        if os.geteuid() == 0:
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
        act()
    except BaseException:  # noqa: BLE001 - told to the parent, whatever it is
        said = traceback.format_exc()
    finally:
        os.write(send, said.encode("utf-8", "replace")[-60_000:])
        os._exit(0)
