"""The `causalspec` command: one module a subcommand, imported when it is called."""

from __future__ import annotations

import argparse
import gc
import os
import sys
import traceback
from collections.abc import Sequence
from importlib import import_module
from typing import Final

from causalspec import __version__
from causalspec.commands.arguments import WrongUsageError
from causalspec.commands.output import print_diagnostics, print_failure, print_lines
from causalspec.dsl.diagnostics import SpecError, ToolFailure
from causalspec.exit_codes import EXPLANATION, ExitCode
from causalspec.process import Terminated, standard_streams, terminations

COMMANDS: Final = {
    "check": "check specs: names, types, examples, hypotheses, data, prompts",
    "fmt": "format specs in place; a file that does not parse is left as it is",
    "graph": "draw a model's causal graph, or write its variables and mechanisms as a table",
    "data": "generate the counterfactual data that a spec declares",
    "sample": "draw from a model, or compute exactly: observations, interventions, counterfactuals",
    "compare": "compare two models: outputs, interventions, variables, with the smallest "
    "difference",
    "distinguish": "find pairs on which a model and its rivals predict different labels",
    "diff": "say what changed between two versions of a spec: meaning, claims, data, prompts or "
    "text",
    "plan": "say what verifying a spec's claims would take, and the power of each expectation",
    "align": "fit an alignment at every site it names, and show the validation scores",
    "verify": "verify a spec's claims against a network, with controls and a report",
    "pair": "look at one pair: its tokens, what is swapped where, and the answers before and after",
    "mediate": "rank an alignment's sites by the effects that go through them",
    "readout": "read a claim's variable out of single inputs; foretell which are answered rightly",
    "rewrite": "continue a prompt, and write what it would have been under a swap, same noise",
    "build": "set a network's weights so that it computes a model, at sites that are known then",
    "train": "train a network on a task's inputs and right answers",
    "plant": "train a network to hold a model's variables where a claim looks for them",
    "vocabulary": "list the sites, methods, controls, metrics and writes that a spec can name",
    "explain": "explain a diagnostic's code, with an example that fails and its fix",
    "lsp": "serve editors over standard input and output (Language Server Protocol)",
}
"""What each command does. It is a module of `commands` with EXAMPLE, `add_arguments(parser)` and
`run(options)`, which is imported when the command is called.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status (see `exit_codes`)."""
    # Reading a spec makes many small objects and no garbage: looking for some takes a tenth of it.
    gc.set_threshold(100_000)
    # A run shows its own progress. The bars of other libraries read this when they are imported.
    os.environ.setdefault("TQDM_DISABLE", "1")
    given = sys.argv[1:] if arguments is None else arguments
    with standard_streams(), terminations():
        return _status(given)


def _status(given: Sequence[str]) -> int:
    """Run the command, and say how it ended if not well."""
    try:
        options = parser_of([name for name in COMMANDS if name in given[:1]]).parse_args(given)
        status = int(options.run(options))
        sys.stdout.flush()  # here, where a reader who has left is not a surprise
        return status
    except SystemExit:  # argparse has said it all
        _drop_output()
        raise
    except KeyboardInterrupt as interruption:
        return _interrupted(interruption)
    except WrongUsageError as error:
        print_lines([f"causalspec {given[0]}: {error}"], sys.stderr)
        return ExitCode.WRONG_USAGE
    except SpecError as error:
        print_diagnostics(error.diagnostics, sys.stderr)
        return ExitCode.SPEC_INVALID
    except ToolFailure as error:
        print_failure(error)
        return ExitCode.UNKNOWN if error.leaves_open else ExitCode.TOOL_FAILED
    except BrokenPipeError:
        _drop_output()  # whoever read it has left (`| head`)
        return ExitCode.FINE
    except OSError as error:
        _drop_output()
        place = f"`{error.filename}`: " if error.filename else ""
        print_failure(ToolFailure(f"{place}{error.strerror or error}"))
        return ExitCode.TOOL_FAILED
    except MemoryError:
        print("error: memory ran out", file=sys.stderr)
        return ExitCode.TOOL_FAILED
    except Exception as error:
        # Python 3.11 wraps what is raised while a class is made, an interruption, too.
        if isinstance(error.__cause__, KeyboardInterrupt):
            return _interrupted(error.__cause__)
        traceback.print_exc()
        print("a mistake in causalspec: please report it with the spec", file=sys.stderr)
        return ExitCode.TOOL_FAILED


def _interrupted(interruption: KeyboardInterrupt) -> ExitCode:
    """Say that the run was ended from outside, and what is left of it."""
    ended = isinstance(interruption, Terminated)
    rest = getattr(interruption, "__notes__", ["the same command goes on from here"])
    print(f"{'terminated' if ended else 'interrupted'}; {rest[0]}", file=sys.stderr)
    return ExitCode.TERMINATED if ended else ExitCode.INTERRUPTED


def _drop_output() -> None:
    """Let go of output that can't be written: Python would try, and complain, again at exit."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def parser_of(called: Sequence[str]) -> argparse.ArgumentParser:
    """A parser of the commands that are called; where none is, one that knows their names."""
    parser = argparse.ArgumentParser(
        prog="causalspec",
        description="State a hypothesis about how a network computes something; "
        "get its data, its proof and its verdict.",
        epilog=EXPLANATION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"causalspec {__version__}")
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name in called or COMMANDS:
        summary = COMMANDS[name]
        if not called:
            subparsers.add_parser(name, help=summary)
            continue
        command = import_module(f".commands.{name}", __package__)
        subparser = subparsers.add_parser(
            name,
            description=summary[0].upper() + summary[1:] + ".",
            epilog=f"example:\n  {command.EXAMPLE}\n\n{EXPLANATION}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        command.add_arguments(subparser)
        subparser.set_defaults(run=command.run)
    return parser


if __name__ == "__main__":
    sys.exit(main())
