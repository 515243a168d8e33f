"""`causalspec lsp`: the language server that editors start."""

from __future__ import annotations

import argparse
import os
import signal
from importlib.util import find_spec

from causalspec.exit_codes import ExitCode

EXAMPLE = "causalspec lsp"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    # What editors pass by habit; there is no other way to talk to this server.
    parser.add_argument("--stdio", action="store_true", help=argparse.SUPPRESS)


def run(options: argparse.Namespace) -> ExitCode:
    """Serve until the editor leaves."""
    from causalspec.dsl.diagnostics import ToolFailure
    from causalspec.dsl.installation import install_command

    del options
    if find_spec("pygls") is None:
        raise ToolFailure("the language server needs `pygls`", install_command("editor"))
    from causalspec.language_server.server import make_server

    # The protocol has the output for itself: whatever else is printed goes to standard error.
    reader, writer = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # at once: there is nothing to put away
    make_server().start_io(reader, writer)
    return ExitCode.FINE
