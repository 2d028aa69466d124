"""Toy backbones, tasks and streams: every batch is a function of (seed, step)."""

import copy
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from headstart.core import (
    Backbone,
    Classifier,
    Distilled,
    Domains,
    Grouped,
    JointTasks,
    Labelled,
    Pairs,
    Seeded,
    SeededLabelled,
    SourceLabelled,
    Task,
    Unlabelled,
    derive_seed,
)
from headstart.core.paired import PairedBackbone
from headstart.core.text_tower import ClassPrompts, TextTower

SEEN = ((4, 1), (6, 1))  # places and widths of what is seen inside the toys' teacher
GROUPS = (20, 4, 6, 12, 10, 0)  # rows of each class with each of two values of a nuisance


class Columns(Backbone):
    """Features are the input."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.width = width

    def forward(self, x: Tensor) -> Tensor:
        return x


class ToyTower(TextTower):
    """Tokens of 48 numbers; the mean of the context is a matrix for the first three of the class."""

    scale = 3.0

    def prompts(self, template: str, names: Sequence[str], length: int = 0) -> ClassPrompts:
        count = length or 2
        ids = torch.arange(count + 1).expand(len(names), -1)
        vectors = 0.1 * torch.randn(len(names), count + 1, 48, generator=torch.Generator().manual_seed(0))
        return ClassPrompts(ids, vectors, slice(0, count))

    def encode(self, ids: Tensor, vectors: Tensor) -> Tensor:
        return (vectors[:, :-1].mean(1).view(-1, 16, 3) @ vectors[:, -1, :3, None])[:, :, 0]


class Toy(Backbone):
    """Two blocks, with a batch normalisation and dropout unless told otherwise."""

    blocks = ("body.0", "body.4")

    def __init__(self, norm: bool = True, out: int = 16, seed: int = 1) -> None:
        super().__init__()
        self.width, self.norm = out, norm
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            middle = (
                [nn.BatchNorm1d(16), nn.Tanh(), nn.Dropout(0.1)] if norm else [nn.LayerNorm(16), nn.Tanh()]
            )
            filler = [] if norm else [nn.Identity()]
            self.body = nn.Sequential(nn.Linear(8, 16), *middle, *filler, nn.Linear(16, out))
            self.classifier = Classifier.of(nn.Linear(out, 30))  # of another task

    def forward(self, x: Tensor) -> Tensor:
        return self.body(x)

    def untrained(self, seed: int) -> "Toy":
        return Toy(self.norm, self.width, seed + 100)

    @property
    def text_tower(self) -> ToyTower:
        return ToyTower()

    def raw_columns(self) -> Columns:
        return Columns(8)

    def word_counts(self, method: str) -> Columns:
        return self.raw_columns()


class Tokens(Backbone):
    """Rows of 8 numbers as 2 tokens of 4."""

    width, blocks = 4, ("layer",)

    def __init__(self) -> None:
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(0)
            self.layer = nn.TransformerEncoderLayer(4, 2, 6, dropout=0.0, batch_first=True)
            self.example = torch.randn(2, 8)

    def forward(self, x: Tensor) -> Tensor:
        return self.layer(x.view(-1, 2, 4)).mean(1)


class Pictured(Backbone):
    """Two convolutions, for pictures of any size, and a layer on what they average to."""

    width, blocks = 16, ("body.0", "body.3")

    def __init__(self, norm: bool = True, seed: int = 1) -> None:
        super().__init__()
        self.norm = norm
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            middle = nn.BatchNorm2d(8) if norm else nn.GroupNorm(1, 8)
            first, second = nn.Conv2d(3, 8, 3, padding=1), nn.Conv2d(8, 16, 3, stride=2, padding=1)
            self.body = nn.Sequential(first, middle, nn.ReLU(), second, nn.ReLU())
            self.last = nn.Linear(16, 16)

    def forward(self, x: Tensor) -> Tensor:
        return self.last(self.body(x).mean((2, 3)))

    def untrained(self, seed: int) -> "Pictured":
        return Pictured(self.norm, seed + 100)


def suited(method: Any, toy: Toy) -> Backbone:
    """A toy, or what a method needs: two toys, a transformer where it compares places, or convolutions."""
    if method.about.needs_pair:
        return PairedBackbone(toy, Toy(toy.norm, 12, seed=2))
    if method.about.needs_pictures:
        return Pictured(toy.norm)
    return Tokens() if method.about.needs_transformer or method.about.needs_places else toy


CENTRES = torch.randn(3, 8, generator=torch.Generator().manual_seed(7)) * 2


def labelled(n: int, g: torch.Generator) -> Labelled:
    y = torch.randint(3, (n,), generator=g)
    return Labelled(CENTRES[y] + torch.randn(n, 8, generator=g), y)


TASK = Task(
    outputs=3,
    shape=(8,),
    rows=8,
    sources=(Task(outputs=4, shape=(8,), rows=5),),
    groups=GROUPS,
    teacher=SEEN,
    columns=labelled(64, torch.Generator().manual_seed(9)).x,
)


def pictures_of(x: Tensor) -> Tensor:
    """Pictures (n, 3, 8, 8) of rows (n, 8): a number a line, brighter to the right, all in few colours."""
    weights, slope = torch.tensor([1.0, 0.5, -0.5]).view(3, 1, 1), torch.linspace(-2, 2, 8)
    return (x[:, None, :, None] * weights + slope).sigmoid()


def samples_for(method: Any, x: Tensor) -> Tensor:
    """Rows (n, 8), or their pictures for a method that needs pictures."""
    return pictures_of(x) if method.about.needs_pictures else x


def task_for(method: Any) -> Task:
    return replace(TASK, shape=(3, 8, 8), columns=None) if method.about.needs_pictures else TASK


def said_of(x: Tensor) -> tuple[Tensor, Tensor]:
    """The logits of a teacher that knows the centres, and what is seen inside it, (n, 10)."""
    seen = torch.randn(8, 10, generator=torch.Generator().manual_seed(8))
    return x @ CENTRES.T / 2 - CENTRES.square().sum(1) / 4, (x @ seen).tanh()


def of_source(n: int, g: torch.Generator) -> Labelled:
    """Another task: which quarter of the plane the first two numbers are in."""
    x = torch.randn(n, 8, generator=g) * 2
    return Labelled(x, (x[:, 0] > 0).long() + 2 * (x[:, 1] > 0).long())


def make(kind: type, n: int, seed: int) -> Any:
    """A batch of the type that a method declares."""
    g = torch.Generator().manual_seed(seed)
    if kind not in MAKERS:
        raise TypeError(f"tests/toy.py makes no {kind.__name__} yet: add it there")
    return MAKERS[kind](n, g)


def distilled(n: int, g: torch.Generator) -> Distilled:
    batch = labelled(n, g)
    return Distilled(batch.x, batch.y, None, *said_of(batch.x))


def grouped(n: int, g: torch.Generator) -> Grouped:
    """The last class has one value of the nuisance."""
    batch = labelled(n, g)
    nuisance = torch.randint(2, (n,), generator=g) * (batch.y < 2)
    return Grouped(batch.x, batch.y, group=2 * batch.y + nuisance)


def source_labelled(n: int, g: torch.Generator) -> SourceLabelled:
    batch = labelled(n, g)
    return SourceLabelled(batch.x, batch.y)


def seeds(n: int, g: torch.Generator) -> Tensor:
    return torch.randint(2**62, (n,), generator=g)


def pairs(n: int, g: torch.Generator) -> Pairs:
    """Two noisy looks at the same rows."""
    x = labelled(n, g).x
    return Pairs(x, x.flip(1) + 0.3 * torch.randn(n, 8, generator=g))


def seeded_labelled(n: int, g: torch.Generator) -> SeededLabelled:
    batch = labelled(n, g)
    return SeededLabelled(batch.x, batch.y, None, seeds(n, g))


MAKERS: dict[type, Callable[[int, torch.Generator], Any]] = {
    Labelled: labelled,
    Distilled: distilled,
    Grouped: grouped,
    SourceLabelled: source_labelled,
    JointTasks: lambda n, g: JointTasks(labelled(n, g), (of_source(n - 3, g),)),  # of unequal sizes
    # of unequal sizes; the target lies beside the source
    Domains: lambda n, g: Domains(labelled(n, g), labelled(n - 3, g).x + 0.5),
    Pairs: pairs,
    Seeded: lambda n, g: Seeded(labelled(n, g).x, seeds(n, g)),
    SeededLabelled: seeded_labelled,
    Unlabelled: lambda n, g: Unlabelled(labelled(n, g).x),
}


def stream(kind: type, n: int = 8, seed: int = 0) -> Callable[[int], Iterator[Any]]:
    def start(step: int) -> Iterator[Any]:
        while True:
            yield make(kind, n, derive_seed(seed, step))
            step += 1

    return start


def batch_for(method: Any, n: int, seed: int) -> Any:
    """A batch of the type and of the samples that a method declares."""
    return make(method.about.needs, n, seed).changed(lambda x: samples_for(method, x))


def stream_for(method: Any, n: int = 8, seed: int = 0) -> Callable[[int], Iterator[Any]]:
    def start(step: int) -> Iterator[Any]:
        for batch in stream(method.about.needs, n, seed)(step):
            yield batch.changed(lambda x: samples_for(method, x))

    return start


def fresh(backbone: Backbone) -> Backbone:
    return copy.deepcopy(backbone)
