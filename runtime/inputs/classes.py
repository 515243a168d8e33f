"""Which class of a classifier stands for which value of a task's output."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from causalspec.compiler import Task, right_texts
from causalspec.runtime.networks.network import Network
from causalspec.runtime.networks.places import NetworkError


def class_numbers(network: Network, task: Task) -> Mapping[int, tuple[int, ...]]:
    """The classes of each code of the task's output: by the names that the network gives its
    classes where these are among the answers as the task says them, else one each, by their order.

    Raises `NetworkError` where there are not as many classes as values, or several outputs.
    """
    if len(task.model.outputs) != 1:
        raise NetworkError(
            f"`{network.name}` gives one class, but `{task.name}` has "
            f"{len(task.model.outputs)} outputs",
            help="ask one of them in a task of its own",
        )
    [output] = task.model.outputs
    codes = list(task.model.by_name[output].domain.codes())
    texts = right_texts(task, output, np.array(codes))
    configuration: Any = network.model.config
    names: dict[int, str] = dict(getattr(configuration, "id2label", None) or {})
    by_name = {name.strip().casefold(): number for number, name in names.items()}
    spoken = [[text.strip().casefold() for text in right] for right in texts]
    meant = [tuple(by_name[text] for text in right if text in by_name) for right in spoken]
    if all(meant):
        return {code: tuple(dict.fromkeys(some)) for code, some in zip(codes, meant, strict=True)}
    if len(names) != len(codes):
        raise NetworkError(
            f"`{network.name}` has {len(names)} classes, but `{output}` of `{task.name}` has "
            f"{len(codes)} values",
            help=f"its classes are {', '.join(f'`{name}`' for name in names.values())}",
        )
    return {code: (number,) for number, code in enumerate(codes)}
