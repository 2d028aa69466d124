"""The digits that come with headstart, cut into an upstream task and a task of one's own, and a network."""

from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from torch import Tensor, nn

from headstart.claims._lab import Lab
from headstart.core import make
from headstart.data.load import load
from headstart.models.wrapped import AnyBackbone
from headstart.predictor.fit import fit
from headstart.predictor.predictor import Predictor
from headstart.run.recipe import Recipe

HEAD = "4."  # how the names of the last layer of a `convnet` begin
UPSTREAM, OWN = range(5), range(5, 10)  # classes that a network has learned before, and those of the task


@dataclass(frozen=True)
class Rows:
    """Pictures (n, 1, 8, 8) in [0, 1] and their classes (n,), numbers from 0."""

    x: Tensor
    y: Tensor

    def __len__(self) -> int:
        """How many."""
        return len(self.y)

    def pick(self, rows: Tensor) -> "Rows":
        """Some of them."""
        return Rows(self.x[rows], self.y[rows])

    @property
    def arrays(self) -> tuple[np.ndarray, np.ndarray]:
        """As `fit` takes them."""
        return self.x.numpy(), self.y.numpy()


@cache
def all_digits() -> Rows:
    """The 1,797 digits of scikit-learn."""
    data = load("digits")
    pictures = torch.from_numpy(np.asarray(data.array)).float() / 255
    return Rows(pictures.reshape(-1, 1, 8, 8), torch.from_numpy(data.labels).long())


def of_classes(classes: range, rows: Rows | None = None) -> Rows:
    """The digits of some classes, numbered from 0."""
    rows = rows or all_digits()
    kept = (rows.y >= classes.start) & (rows.y < classes.stop)
    return Rows(rows.x[kept], rows.y[kept] - classes.start)


def split(rows: Rows, test: int, random: torch.Generator) -> tuple[Rows, Rows]:
    """Rows to learn from, and `test` others, drawn at random."""
    order = torch.randperm(len(rows), generator=random)
    return rows.pick(order[test:]), rows.pick(order[:test])


def a_class(rows: Rows, count: int, random: torch.Generator) -> Rows:
    """`count` rows of each class, drawn at random."""
    order = torch.randperm(len(rows), generator=random)
    kept = [order[rows.y[order] == one][:count] for one in range(int(rows.y.max()) + 1)]
    return rows.pick(torch.cat(kept))


def shuffled(rows: Rows, random: torch.Generator) -> Rows:
    """The rows with their labels in another order: a null of anything that labels teach."""
    return Rows(rows.x, rows.y[torch.randperm(len(rows), generator=random)])


def convnet(random: torch.Generator, outputs: int = 5, width: int = 16, colours: int = 1) -> nn.Sequential:
    """A small network of three convolutions with group normalisation, about 6,000 weights at width 16."""
    net = nn.Sequential()
    channels = colours
    for out, pool in ((width, False), (width, True), (2 * width, True)):
        block = [nn.Conv2d(channels, out, 3, padding=1), nn.GroupNorm(4, out), nn.ReLU()]
        net.append(nn.Sequential(*block, *([nn.MaxPool2d(2)] if pool else [])))
        channels = out
    net.append(nn.Sequential(nn.AdaptiveAvgPool2d(2), nn.Flatten()))
    net.append(nn.Linear(4 * channels, outputs))
    with torch.no_grad():
        for layer in net.modules():
            if isinstance(layer, nn.Conv2d | nn.Linear):
                fan, shape = layer.weight[0].numel(), layer.weight.shape
                layer.weight.copy_(torch.randn(shape, generator=random) * (2 / fan) ** 0.5)
                if layer.bias is not None:
                    layer.bias.zero_()
    return net


def upstream(lab: Lab, seed: int, rows: Rows | None = None, name: str = "digits 0-4") -> nn.Sequential:
    """A network that has learned an upstream task, the digits 0 to 4; computed once a seed for all claims."""

    def compute() -> dict[str, Tensor]:
        data = rows or of_classes(UPSTREAM)
        fresh = convnet(lab.generator("upstream start", seed), int(data.y.max()) + 1)
        steps = lab.pick(quick=300, full=1500, tiny=20)
        recipe = Recipe(steps=steps, batch=64, lr=3e-3, seed=lab.derive("upstream", seed))
        return weights_of(fit(make("fine-tune:backbone_lr=1.0"), fresh, data.arrays, recipe))

    weights = lab.once(f"upstream {name} {seed}", compute)
    net = convnet(torch.Generator(), len(weights[f"{HEAD}bias"]))
    net.load_state_dict(weights)
    return net


def weights_of(model: Predictor) -> dict[str, Tensor]:
    """The weights of a model that was fitted from a `convnet`, by the names that they have there."""
    backbone, top = model.model.backbone, model.model.head
    assert isinstance(backbone, AnyBackbone)
    assert isinstance(top, nn.Module)
    return backbone.inner.state_dict() | {HEAD + name: value for name, value in top.state_dict().items()}


def accuracy(model: Predictor, rows: Rows) -> float:
    """Share of the rows that a model says right; its classes are those of the numbers of the rows."""
    with torch.no_grad():
        said = model.model(rows.x).argmax(1)
    classes = torch.tensor([int(name) for name in model.classes])
    return float((classes[said] == rows.y).double().mean())
