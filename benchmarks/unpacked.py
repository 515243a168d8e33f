"""Write a language model as a folder of safetensors, which loads in a second or two.

    python benchmarks/unpacked.py WHERE FOLDER

A GGUF file is read anew by every command, half a minute of a busy core each time. WHERE is as after
`--network`; where FOLDER is there already, nothing is done.
"""

from __future__ import annotations

import sys
from pathlib import Path

import torch

from causalspec.compiler import whole_folder
from causalspec.runtime.networks.packaged import PACKAGE_PREFIX, packaged_network
from causalspec.runtime.networks.places import find_network
from causalspec.runtime.networks.pretrained import load_parts


def main(where: str, folder: Path) -> None:
    """Load its parts as they are, and write them, whole or not at all."""
    if (folder / "config.json").exists():
        return
    inside = where.removeprefix(PACKAGE_PREFIX)
    place = find_network(where if inside == where else packaged_network(inside))
    _, model, tokenizer = load_parts(place, torch.float32)
    folder.parent.mkdir(parents=True, exist_ok=True)
    # Its weights are plain numbers by now, which transformers would refuse to save as quantized.
    model.hf_quantizer = None
    if hasattr(model.config, "quantization_config"):
        del model.config.quantization_config
    with whole_folder(folder) as partial:
        model.save_pretrained(partial)
        tokenizer.save_pretrained(partial)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
