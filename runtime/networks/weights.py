"""Whether the weights that were loaded are the network's: none drawn at random, none left over."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Generator, Iterable, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn
from transformers.utils import logging

from causalspec.runtime.networks.places import NetworkError

_LISTED = 3

# Tables that a network works out by itself and that older files hold all the same: causal masks
# and what fills them up, rotary frequencies, position numbers. Transformers knows most of them.
_WORKED_OUT = re.compile(
    r"(^|\.)(attn|attention|self_attn)\.(masked_)?bias$|(^|\.)(inv_freq|position_ids)$"
)

# What encoders were trained with beside the head that is loaded, and what lies beside it since.
_OTHER_HEADS = re.compile(r"(^|\.)(pooler\.|cls\.seq_relationship\.)")


def check_weights(name: str, report: Mapping[str, Any], other_heads: bool = False) -> None:
    """Take transformers' report on what it loaded (`output_loading_info`) for what it says.

    Transformers warns of weights that a file lacks, and draws them at random. `other_heads` says
    that heads for other tasks may lie beside the network's own, as they do for encoders.

    Raises:
        NetworkError: weights are missing, unexpected or of another shape, with their names.
    """
    missing: Collection[str] = report["missing_keys"]
    unexpected = [key for key in report["unexpected_keys"] if not _WORKED_OUT.search(key)]
    if other_heads:
        unexpected = [key for key in unexpected if not _OTHER_HEADS.search(key)]
    mismatched: Collection[tuple[str, Any, Any]] = report["mismatched_keys"]
    complaints: list[str] = []
    if missing:
        complaints.append(f"lack {_listed(f'`{key}`' for key in missing)}")
    if mismatched:
        shapes = (f"`{key}` ({_shape(has)}, not {_shape(due)})" for key, has, due in mismatched)
        complaints.append(f"have other shapes: {_listed(shapes)}")
    if unexpected:
        complaints.append(f"hold {_listed(f'`{key}`' for key in unexpected)} besides")
    if complaints:
        raise NetworkError(
            f"the weights of `{name}` are not those of its configuration: "
            f"they {', and '.join(complaints)}",
            _advice(missing, unexpected),
        )


def _listed(texts: Iterable[str]) -> str:
    ordered = sorted(texts)
    more = f" and {len(ordered) - _LISTED} more" if len(ordered) > _LISTED else ""
    return ", ".join(ordered[:_LISTED]) + more


def _shape(shape: Any) -> str:
    return "×".join(map(str, shape))


def _advice(missing: Collection[str], unexpected: Collection[str]) -> str | None:
    for name in missing:
        prefix = next((key.removesuffix(name) for key in unexpected if key.endswith(name)), "")
        if prefix and all(f"{prefix}{other}" in unexpected for other in missing):
            return f"every name starts with `{prefix}`: save them without it"
    if any(".lora_" in name or ".base_layer." in name for name in unexpected):
        return "merge the adapter into the network first (`merge_and_unload` of the library `peft`)"
    return None


@contextmanager
def report_instead() -> Generator[None]:
    """While open, transformers keeps its report to itself: `check_weights` makes it an error."""
    before = logging.get_verbosity()
    logging.set_verbosity_error()
    try:
        yield
    finally:
        logging.set_verbosity(before)


def content_hash(model: nn.Module) -> str:
    """SHA-256 of configuration and weights, as they were loaded. Reads every weight once.

    A module without a configuration is known by its text: its parts, as PyTorch prints them.
    """
    digest = hashlib.sha256()
    configuration: Any = getattr(model, "config", None)
    config = configuration.to_dict() if configuration is not None else {"parts": repr(model)}
    for incidental in ("_name_or_path", "transformers_version", "quantization_config"):
        config.pop(incidental, None)
    digest.update(json.dumps(config, sort_keys=True, default=str).encode())
    state: Mapping[str, Any] = model.state_dict()
    for name, tensor in sorted(state.items()):
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        digest.update(tensor.detach().cpu().reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()
