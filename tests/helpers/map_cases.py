"""Every method at a small site, with vectors in which its variables are planted."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from causalspec.compiler.specification import ArgumentValue, FileArgument, Method
from causalspec.runtime.maps import AlignmentMap, build_map
from causalspec.runtime.untyped import save_tensors

WIDTH = 12


def method(name: str, **arguments: ArgumentValue) -> Method:
    return Method(name, tuple(arguments.items()))


def write_dictionary(path: Path, features: int = 20, **others: Tensor) -> FileArgument:
    """A random dictionary for vectors of `WIDTH` numbers; `others` replace or join its tensors."""
    generator = torch.Generator().manual_seed(8)
    tensors = {
        "W_enc": torch.randn((WIDTH, features), generator=generator),
        "b_enc": torch.randn((features,), generator=generator) / 4,
        "W_dec": torch.randn((features, WIDTH), generator=generator) / 4,
        "b_dec": torch.randn((WIDTH,), generator=generator),
    }
    save_tensors({**tensors, **others}, path)
    return FileArgument(path.name, path)


def _dictionaries() -> tuple[FileArgument, FileArgument]:
    folder = Path(tempfile.mkdtemp(prefix="causalspec-dictionaries-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    largest = write_dictionary(folder / "largest.safetensors", k=torch.tensor(6))
    return write_dictionary(folder / "plain.safetensors"), largest


PLAIN, LARGEST = _dictionaries()


@dataclass(frozen=True)
class Case:
    """`counts` has each variable's dimensions, None where they depend on training."""

    methods: tuple[Method, ...]
    counts: tuple[int, ...] | None
    owns_all: bool = False

    @property
    def text(self) -> str:
        return " and ".join(method.text for method in self.methods)

    def build(self, seed: int = 0) -> AlignmentMap:
        return build_map(self.methods, WIDTH, seed)


def twice(method: Method) -> tuple[Method, ...]:
    return (method, method)


CASES = (
    Case((method("full_vector"),), (12,), owns_all=True),
    Case(twice(method("full_vector")), (12, 12)),
    Case((method("das", dim=3),), (3,)),
    Case((method("das", dim=12),), (12,), owns_all=True),
    Case((method("das", dim=2), method("das", dim=5)), (2, 5)),
    Case((method("random_subspace", dim=12),), (12,), owns_all=True),
    Case((method("random_subspace", dim=3), method("random_subspace", dim=5)), (3, 5)),
    Case((method("boundless_das", dim=5),), (5,)),
    Case((method("boundless_das", dim=12),), (12,), owns_all=True),
    Case((method("boundless_das", dim=3), method("boundless_das", dim=4)), (3, 4)),
    Case((method("mask", over=Method("neurons")),), None),
    Case(twice(method("mask", over=Method("neurons"))), None),
    Case((method("mask", over=method("pca", dim=5)),), None),
    Case((method("pca", dim=4),), (4,)),
    Case((method("pca", dim=12),), (12,), owns_all=True),
    Case((method("pca", dim=1), method("pca", dim=3)), (1, 3)),
    Case((method("mean_difference"),), (1,)),
    Case(twice(method("mean_difference")), (1, 1)),
    Case((method("probe"),), (1,)),
    Case(twice(method("probe")), (1, 1)),
    Case((method("das", dim=3, start=method("mean_difference")),), (3,)),
    Case((method("lda"),), (1,)),
    Case((method("lda", dim=1), method("lda", dim=1)), (1, 1)),
    Case((method("kmeans"),), (1,)),
    Case((method("dictionary", file=PLAIN, features=(3, 11)),), (2,)),
    Case((method("dictionary", file=PLAIN),), (20,)),
    Case(
        (
            method("dictionary", file=LARGEST, features=(1, 4, 7)),
            method("dictionary", file=LARGEST, features=(0, 19)),
        ),
        (3, 2),
    ),
    Case(twice(method("mask", over=method("dictionary", file=PLAIN))), None),
    Case((method("factors", dim=4),), None),
    Case(twice(method("factors", dim=5)), None),
    Case((method("revnet", dim=3, blocks=2),), (3,)),
    Case((method("revnet", dim=12, blocks=3),), (12,), owns_all=True),
    Case((method("revnet", dim=2, blocks=3), method("revnet", dim=4, blocks=3)), (2, 4)),
)


def planted(rows: int = 200, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Vectors [rows, 12] and values [rows, 2]: two binary variables along planted directions."""
    generator = torch.Generator().manual_seed(seed)
    noise = torch.randn((rows, WIDTH), generator=generator, dtype=torch.float64)
    values = torch.randint(0, 2, (rows, 2), generator=generator)
    return noise + 8 * (values.double() - 0.5) @ planted_directions().T, values


def planted_directions() -> Tensor:
    """Two orthonormal directions [12, 2]."""
    generator = torch.Generator().manual_seed(99)
    drawn = torch.randn((WIDTH, 2), generator=generator, dtype=torch.float64)
    return torch.linalg.qr(drawn)[0]


def prepared(case: Case, seed: int = 0) -> AlignmentMap:
    """The case's map in float64, prepared and hardened, its masks owning every other feature."""
    made = case.build(seed).double()
    vectors, values = planted()
    made.prepare(vectors, values[:, : len(case.methods)])
    with torch.no_grad():
        for name, parameter in made.named_parameters():
            if name == "ownership.logits":
                features = torch.arange(parameter.shape[1])
                for variable, logits in enumerate(parameter):
                    logits.copy_(torch.where(features % 3 == variable, 1.0, -1.0))
            if ".outer." in name:  # which start at 0
                parameter.normal_(0, 0.2, generator=torch.Generator().manual_seed(len(name)))
    return made.eval()


def rows_of(variables: int, rows: int = 9, seed: int = 1) -> tuple[Tensor, Tensor, Tensor]:
    """Bases, sources and which variables are swapped, every combination among them."""
    base, _ = planted(rows, seed)
    sources = torch.stack([planted(rows, seed + 1 + k)[0] for k in range(variables)], 1)
    swapped = torch.tensor(
        [[row >> variable & 1 for variable in range(variables)] for row in range(rows)]
    )
    return base, sources, swapped.to(base.dtype)


def texts(cases: Sequence[Case]) -> list[str]:
    return [case.text for case in cases]
