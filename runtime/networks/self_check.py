"""What a network does, seen on a few tokens when it is loaded; no architecture is known by name."""

from __future__ import annotations

import inspect
from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from typing import Any

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from causalspec.runtime.engine.memory import is_of_the_machine
from causalspec.runtime.networks.kinds import NetworkKind
from causalspec.runtime.networks.places import NetworkError
from causalspec.runtime.networks.run_errors import RUN_ERRORS
from causalspec.runtime.sites.hooks import main_output, taps_edited
from causalspec.runtime.sites.tap import Side, Tap
from causalspec.runtime.untyped import text_config

_ONE_STREAM = "only networks with one residual stream, a vector a token, can be aligned"

_CONTEXT_NAMES = (
    "max_position_embeddings", "n_positions", "max_sequence_length", "max_seq_len", "n_ctx",
    "max_target_positions",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Behaviour:
    """Whether layers wrap their output in a tuple, and the number of a prompt's first position:
    None where the architecture takes no position numbers, or counts in none of the usual ways.
    """

    tuple_outputs: bool
    first_position: int | None


@torch.no_grad()
def self_check(
    name: str,
    model: PreTrainedModel,
    layers: Sequence[nn.Module],
    width: int,
    kind: NetworkKind = NetworkKind.DECODER,
) -> Behaviour:
    """Run a network on a few tokens and see how it is built.

    Raises:
        NetworkError: it does not run, its layers don't hand one residual stream on from each to
            the next, it answers otherwise than its kind does, or it is a decoder in which a later
            token changes an earlier prediction.
    """
    ids = probe_ids(model, 10).view(2, 5)
    outputs: list[tuple[int, Any]] = []

    def record(number: int, _layer: nn.Module, _inputs: Any, output: Any) -> None:
        outputs.append((number, output))

    advice = f"this is its forward pass in transformers {version('transformers')}, nothing edited"
    with told(f"`{name}` does not run by itself on a few tokens", advice):
        with ExitStack() as watched:
            for number, layer in enumerate(layers):
                hook = layer.register_forward_hook(partial(record, number))
                watched.callback(hook.remove)
            logits = _run(model, ids)
        if kind is NetworkKind.DECODER:
            _check_causal(name, model, ids)
    _check_streams(name, outputs, len(layers), (2, 5, width))
    if kind is NetworkKind.CLASSIFIER:
        if logits.dim() != 2 or logits.shape[0] != 2:
            raise NetworkError(f"`{name}` does not give one class for each text")
    elif logits.shape[:2] != (2, 5):
        raise NetworkError(
            f"`{name}` does not predict one token after each of a prompt's"
            if kind is NetworkKind.DECODER
            else f"`{name}` does not answer at each token"
        )
    for number in sorted({0, len(layers) - 1}):
        with told(f"`{name}` does not go on from another output of layer {number}", _ONE_STREAM):
            tap = Tap(layers[number], Side.OUTPUT, None, width, number + 1)
            with taps_edited([(tap, lambda stream: stream.roll(1, -1) * 1.1)]):
                edited = _run(model, ids)
            if torch.equal(edited, logits):
                raise ValueError("it answers the same")
    return Behaviour(
        not isinstance(outputs[0][1], Tensor), _first_position(model, ids[:1], logits[:1])
    )


def context_limit(model: PreTrainedModel, first_position: int | None) -> int | None:
    """The most tokens a prompt may have by the network's configuration; None where it says none.

    An architecture that counts from above 0 has as many positions less.
    """
    config = text_config(model)
    found = (getattr(config, name, None) for name in _CONTEXT_NAMES)
    limit = next((size for size in found if isinstance(size, int) and size > 0), None)
    return None if limit is None else limit - (first_position or 0)


def probe_ids(model: PreTrainedModel, count: int) -> Tensor:
    """Different tokens [count] that mean nothing special, on the model's device."""
    config = text_config(model)
    embeddings: Any = model.get_input_embeddings()
    named = (getattr(config, f"{kind}_token_id", None) for kind in ("pad", "bos", "eos"))
    special = {token for token in named if isinstance(token, int)}
    usual = [token for token in range(embeddings.weight.shape[0]) if token not in special]
    chosen = torch.tensor([usual[(3 + k) % len(usual)] for k in range(count)])
    return chosen.to(model.device)


def first_line(error: BaseException) -> str:
    """The first line of what a library says went wrong, for a sentence of ours."""
    return (str(error).strip() or type(error).__name__).splitlines()[0]


@contextmanager
def told(what: str, advice: str) -> Generator[None]:
    """While open, what a network's forward pass raises by itself is a `NetworkError`: `what` does
    not work, and why. Memory that runs out and devices that fail are left to `memory`.
    """
    try:
        yield
    except RUN_ERRORS as error:
        if is_of_the_machine(error):
            raise
        raise NetworkError(f"{what}: {first_line(error)}", advice) from error


def answer_of(output: Any) -> Tensor:
    """What a network answers with: its logits, or its last vectors where it has no head."""
    logits = getattr(output, "logits", None)
    return logits if isinstance(logits, Tensor) else main_output(output)


def _run(model: nn.Module, ids: Tensor) -> Tensor:
    return answer_of(model(input_ids=ids))


def _check_streams(
    name: str, outputs: Sequence[tuple[int, Any]], count: int, expected: tuple[int, int, int]
) -> None:
    """Every layer runs once, in order, and gives one vector for each token."""
    if [number for number, _ in outputs] != list(range(count)):
        raise NetworkError(
            f"the {count} layers of `{name}` do not run once each, one after the other",
            help="a site is the output of one layer, so that each must have one",
        )
    for number, output in outputs:
        stream: Any = output if isinstance(output, Tensor) else output[0]
        if not isinstance(stream, Tensor) or stream.dim() not in (3, 4):
            raise NetworkError(f"the output of layer {number} of `{name}` is not a residual stream")
        if tuple(stream.shape) == expected:
            continue
        shape = "×".join(map(str, stream.shape))
        raise NetworkError(
            f"the layers of `{name}` carry several streams: for {expected[0]} prompts of "
            f"{expected[1]} tokens, layer {number} gives {shape} numbers "
            f"instead of {'×'.join(map(str, expected))}"
            if stream.dim() == 4
            else f"layer {number} of `{name}` gives {shape} numbers instead of "
            f"{'×'.join(map(str, expected))} for {expected[0]} prompts of {expected[1]} tokens",
            help=_ONE_STREAM,
        )


def _check_causal(name: str, model: nn.Module, ids: Tensor) -> None:
    """Encoders such as BERT load as language models too; only behaviour tells them apart."""
    changed = ids.clone()
    changed[:, -1] = ids[:, 0]
    first, second = (_run(model, inputs)[:, :-1] for inputs in (ids, changed))
    if not torch.allclose(first, second, rtol=1e-2, atol=1e-2):
        raise NetworkError(
            f"`{name}` is not a causal decoder: a later token changes earlier predictions"
        )


def _first_position(model: PreTrainedModel, ids: Tensor, alone: Tensor) -> int | None:
    """The number from which positions count where the network is left to count by itself.

    RoBERTa and its kin count from the padding token's id + 1, most others from 0.
    """
    if "position_ids" not in inspect.signature(model.forward).parameters:
        return None
    padding = getattr(text_config(model), "pad_token_id", None)
    candidates = dict.fromkeys([0, padding + 1 if isinstance(padding, int) else 0, 1, 2])
    apart: dict[int, float] = {}
    for first in candidates:
        numbers = torch.arange(first, first + ids.shape[1], device=ids.device)[None]
        try:
            given = answer_of(model(input_ids=ids, position_ids=numbers))
        except RUN_ERRORS:
            continue
        apart[first] = float((given - alone).abs().max() / alone.abs().max())
    return min(apart, key=lambda place: apart[place], default=None)
