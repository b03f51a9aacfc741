"""Taking a port before anything else is started, so that a taken one is told in one line."""

from __future__ import annotations

import errno
import socket

from desk.errors import Trouble


def take_port(host: str, port: int, instead: str) -> socket.socket:
    """A listening socket. Raises Trouble; `instead` says how another port is chosen ("make demo PORT=8500")."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    taken = socket.socket(family, socket.SOCK_STREAM)
    try:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind((host, port))
        taken.listen(128)
    except OSError as error:
        taken.close()
        raise Trouble(_why(error, host, port, instead)) from error
    taken.set_inheritable(False)
    return taken


def take_first(host: str, port: int, more: int, instead: str) -> socket.socket:
    """Take `port` and see that the `more` ports after it are free, for a neighbour to take. Raises Trouble."""
    taken = take_port(host, port, instead)
    try:
        for beside in range(port + 1, port + 1 + more):
            take_port(host, beside, instead).close()
    except Trouble:
        taken.close()
        raise
    return taken


def _why(error: OSError, host: str, port: int, instead: str) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} is taken by another program (perhaps Amends runs already). End that one, or choose another port: {instead}"
    if error.errno == errno.EACCES:
        return f"Port {port} may only be used by the system. Choose one above 1023: {instead}"
    return (
        f'Cannot listen on host "{host}": this computer has no such address. Use "127.0.0.1" for this computer alone.'
    )
