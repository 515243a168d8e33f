"""Networks that a Python function builds: `python:module:function`, on the command line alone.

A spec can't name one: what it says never runs anybody's code.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import nn

from causalspec.dsl.diagnostics import suggestion
from causalspec.runtime.networks.places import NetworkError
from causalspec.runtime.networks.self_check import first_line

PYTHON_PREFIX = "python:"

_RETURNS = (
    "it takes no arguments and returns a `torch.nn.Module` that maps float vectors [rows, numbers] "
    "to logits [rows, classes], or an object whose `build()` and `untrained(seed)` each return one"
)


@dataclass(frozen=True, eq=False)
class BuiltModule:
    """A module, and how an untrained one is made where its maker says so."""

    module: nn.Module
    untrained: Callable[[int], nn.Module] | None


def build_module(where: str) -> BuiltModule:
    """What the function `MODULE:FUNCTION` builds. It is looked for here and among what is
    installed.

    Raises `NetworkError`, naming it: there is no such module or function, it raises, or it returns
    something else than a module.
    """
    module_name, _, function_name = where.partition(":")
    if not module_name or not function_name:
        raise NetworkError(
            f"`{PYTHON_PREFIX}{where}` does not name a function",
            f"write `{PYTHON_PREFIX}MODULE:FUNCTION`",
        )
    with _from_here():
        function = _function(module_name, function_name)
        made = _called(where, function)
        build: Any = getattr(made, "build", None)
        untrained: Any = getattr(made, "untrained", None)
        if isinstance(made, nn.Module):
            return BuiltModule(made, None)
        if not callable(build) or not callable(untrained):
            raise NetworkError(f"`{where}` returns {_a(made)}, not a module", _RETURNS)
        module = _called(f"{where}().build", build)

    def drawn(seed: int) -> nn.Module:
        with _from_here():
            return _module(f"{where}().untrained", _called(f"{where}().untrained", untrained, seed))

    return BuiltModule(_module(f"{where}().build", module), drawn)


@contextmanager
def _from_here() -> Generator[None]:
    """While open, Python finds modules in the folder where it is run, as `python -m` does."""
    here = str(Path.cwd())
    sys.path.insert(0, here)
    try:
        yield
    finally:
        sys.path.remove(here)


def _function(module_name: str, function_name: str) -> Callable[..., Any]:
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module_name}.".startswith(f"{error.name}."):
            raise _fails(f"importing `{module_name}`", error) from error
        raise NetworkError(
            f"there is no Python module `{module_name}`",
            "it is looked for in the folder where causalspec is run and among installed packages",
        ) from error
    except (Exception, SystemExit) as error:
        raise _fails(f"importing `{module_name}`", error) from error
    function: Any = getattr(module, function_name, None)
    if function is None:
        names = [name for name, value in vars(module).items() if callable(value)]
        raise NetworkError(
            f"the Python module `{module_name}` has no function `{function_name}`",
            suggestion(function_name, names),
        )
    if not callable(function):
        raise NetworkError(f"`{module_name}:{function_name}` is {_a(function)}, not a function")
    return function


def _called(where: str, function: Callable[..., Any], *arguments: Any) -> Any:
    try:
        return function(*arguments)
    except (Exception, SystemExit) as error:
        raise _fails(f"`{where}`", error) from error


def _module(where: str, made: Any) -> nn.Module:
    if not isinstance(made, nn.Module):
        raise NetworkError(f"`{where}` returns {_a(made)}, not a module", _RETURNS)
    return made


def _fails(what: str, error: BaseException) -> NetworkError:
    return NetworkError(f"{what} raises `{type(error).__name__}`: {first_line(error)}")


def _a(made: Any) -> str:
    return "nothing" if made is None else f"a value of type `{type(made).__name__}`"
