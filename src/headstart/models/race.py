"""Which of several engines computes a frozen forward soonest: tried on a first batch, and remembered."""

import hashlib
import math
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from typing import Protocol, TypeVar

import torch
from torch import Tensor, nn

from headstart.core import Backbone
from headstart.nn import processor

TOLERANCE = 1e-5  # of features, relative to the largest
LEAST = 16  # rows of a batch by which a choice is made: the few that check a record are none
TRIAL = 4  # of its rows that are tried
TURNS = 3  # of all engines; the least time of each counts
MARGIN = 1.1  # times faster than the usual engine, for another to be taken: less may be chance
WORK = 15_000_000  # pixels to come for each thread, for a trial of a second to pay


class Engine(Protocol):
    """A way to compute features, with its name."""

    made: str

    def __call__(self, x: Tensor, /) -> Tensor:
        """Features (n, width) of x (n, ...)."""


E = TypeVar("E", bound=Engine)


Seconds = Mapping[str, float]  # of a row, by engine; the first one was chosen


class Choices(Protocol):
    """Remembers which engine was chosen for what."""

    def get(self, key: str) -> Seconds | None:
        """What was kept; None: nothing, or it can't be read."""

    def put(self, key: str, seconds: Seconds) -> None:
        """Keep a choice."""


@dataclass
class ProcessChoices:
    """What was chosen in this process."""

    _kept: dict[str, Seconds] = field(default_factory=dict)

    def get(self, key: str) -> Seconds | None:
        """What was kept; None: nothing."""
        return self._kept.get(key)

    def put(self, key: str, seconds: Seconds) -> None:
        """Keep a choice."""
        self._kept[key] = seconds


CHOICES = ProcessChoices()


def pays(backbone: Backbone, rows: int, x: Tensor) -> bool:
    """Whether a trial for so many rows like those of x (n, ...) pays for itself.

    That takes many pictures and a network of convolutions: engines are level on transformers.
    """
    convolutions = sum(isinstance(module, nn.Conv2d) for module in backbone.modules())
    size = x.shape[2] * x.shape[3] if x.ndim == 4 and x.device.type == "cpu" else 0
    return convolutions > 1 and rows * size >= WORK * torch.get_num_threads()


def key_of(backbone: Backbone, x: Tensor) -> str:
    """Identifies all that the fastest engine depends on: processor, versions, threads, model, inputs."""
    shapes = [(name, tuple(value.shape)) for name, value in backbone.state_dict().items()]
    layers = [type(module).__name__ for module in backbone.modules()]
    here = (processor.name(), torch.get_num_threads(), _version("torch"), _version("onnxruntime"))
    words = repr((here, layers, shapes, x.dtype, x.shape[1:]))
    return hashlib.blake2b(words.encode(), digest_size=16).hexdigest()


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def agree(given: Tensor, wanted: Tensor) -> bool:
    """Whether features (n, width) are the same up to rounding."""
    scale = max(1.0, float(wanted.abs().max()))
    return bool((given - wanted).abs().max() <= TOLERANCE * scale)


def choose(
    usual: E, others: Iterable[E], wanted: Callable[[], Tensor], x: Tensor, key: str, choices: Choices
) -> E:
    """The engine that was chosen before, or else the fastest, which is kept then.

    Args:
        usual: that is taken unless another is faster by more than chance.
        others: made when they are needed.
        wanted: gives the features (n, width) that another engine must give, too.
        x: of the first batch (n, ...).
        key: of this choice; see `key_of`.
        choices: beside those of this process.
    """
    known = choices.get(key) or CHOICES.get(key)
    if known is None:
        chosen, known = _fastest(usual, others, wanted(), x)
    elif next(iter(known)) == usual.made:
        chosen = usual
    else:
        named = (each for each in others if each.made == next(iter(known)))
        chosen = next((each for each in named if agree(each(x), wanted())), usual)
    for each in (choices, CHOICES):
        each.put(key, known)
    return chosen


def _fastest(usual: E, others: Iterable[E], wanted: Tensor, x: Tensor) -> tuple[E, Seconds]:
    """The engine that takes least time for x (n, ...), and the seconds of a row of all that agree."""
    usual(x)  # sets up what a first call sets up, as comparing does for the others
    engines = {usual.made: usual} | {each.made: each for each in others if agree(each(x), wanted)}
    least = dict.fromkeys(engines, math.inf)
    for _ in range(TURNS):
        for name, engine in engines.items():
            begun = time.perf_counter()
            engine(x)
            least[name] = min(least[name], time.perf_counter() - begun)
    best = min(least, key=lambda name: least[name])
    best = best if least[best] * MARGIN < least[usual.made] else usual.made
    order = sorted(least, key=lambda name: (name != best, least[name]))
    return engines[best], {name: least[name] / len(x) for name in order}
