"""What the command's exit status means: a script can tell whose turn it is to act."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """Documented in `causalspec --help` and in the README."""

    FINE = 0
    CLAIM_FAILED = 1  # a claim does not hold, a file is to be formatted, models differ
    WRONG_USAGE = 2  # the command line itself (argparse exits with this, too)
    SPEC_INVALID = 3  # the file has errors
    UNKNOWN = 4  # no error found, but some question could not be settled
    TOOL_FAILED = 5  # a network, a folder, memory or causalspec itself
    DATA_CHANGED = 6  # `diff`: pairs, prompts or placements changed, no hypothesis and no claim
    INTERRUPTED = 130  # Ctrl-C; the same command goes on where it stopped
    TERMINATED = 143  # SIGTERM; as after Ctrl-C


EXPLANATION = """\
exit status:
  0    fine
  1    a claim does not hold (`fmt --check`: a file to format; `compare`, `diff`: a difference;
       `distinguish`: nothing tells them apart; `data --audit`: a label is wrong)
  2    wrong usage
  3    the spec is invalid
  4    unknown: no error found, but some question could not be settled
  5    the tool failed: network, folder, memory, or a mistake in causalspec
  6    `diff`: only data, prompts or placements changed, no hypothesis and no claim
  130  interrupted; the same command goes on where it stopped
  143  terminated (SIGTERM); the same command goes on where it stopped
"""
