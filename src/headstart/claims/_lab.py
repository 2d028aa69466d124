"""Where claims are measured: how much is to be done, whether the cause is taken away, what is shared."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar

import torch
from filelock import FileLock
from safetensors.torch import load_file, save_file
from torch import Tensor

from headstart.core import derive_seed

Tier = Literal["tiny", "quick", "full"]
T = TypeVar("T")
UNUSUAL = re.compile(r"[^\w.-]+")  # letters that the name of a file lacks


@dataclass(frozen=True)
class Lab:
    """What a measurement may know beside its seed.

    Attributes:
        tier: "quick" for a laptop, "full" for larger data, "tiny" for tests.
        null: whether the cause is taken away, so that no effect may be found.
        cache: folder of what claims and seeds share; None computes it each time.
        seed: of the whole run; what depends on chance is drawn by `generator`.
    """

    tier: Tier = "quick"
    null: bool = False
    cache: Path | None = None
    seed: int = 0

    def pick(self, quick: T, full: T, tiny: T) -> T:
        """One of three by the tier, such as a number of steps."""
        return {"quick": quick, "full": full, "tiny": tiny}[self.tier]

    def derive(self, *names: str | int) -> int:
        """A seed as a function of the run's seed and names."""
        return derive_seed(self.seed, "claims", *names)

    def generator(self, *names: str | int) -> torch.Generator:
        """A generator of random numbers as a function of the run's seed and names."""
        return torch.Generator().manual_seed(self.derive(*names))

    def once(self, name: str, compute: Callable[[], dict[str, Tensor]]) -> dict[str, Tensor]:
        """Tensors that claims and seeds share, such as features or a pre-trained encoder; computed once.

        Two processes that ask at the same time compute it once, too.

        Args:
            name: tells what it depends on, beside the tier: data, network, steps, seed, whether it is a null.
            compute: the tensors by name.
        """
        if self.cache is None:
            return compute()
        self.cache.mkdir(parents=True, exist_ok=True)
        plain = UNUSUAL.sub("_", name)
        path = self.cache / f"{plain}-{self.tier}-{self.seed}.safetensors"
        with FileLock(f"{path}.lock"):
            if not path.exists():
                found = {key: value.detach().cpu().contiguous() for key, value in compute().items()}
                part = path.with_suffix(".part")
                save_file(found, part)
                part.replace(path)
        return load_file(path)
