"""Digits whose brightness, contrast or noise has shifted, one batch after the other: who answers best?

scikit-learn's digits, halved; a net of three convolutions with batch normalisations, trained on the first
half; the second half shifted, in batches of 64, each answered once and before it is learned from. The
learning rate is 0.01 for all that learn, since 15 batches are few; the rest are the defaults. Percent right,
for three seeds; "sorted" streams come class by class. `python -m benchmarks.stream_digits`
"""

import copy
from collections.abc import Callable

import torch
from torch import Tensor, nn

from headstart.core import Backbone, Method, Task, Unlabelled
from headstart.core.linear_head import LinearHead
from headstart.methods.inputs.streams.cotta import CoTTA
from headstart.methods.inputs.streams.eata import Eata
from headstart.methods.inputs.streams.lame import Lame
from headstart.methods.inputs.streams.norm import Norm
from headstart.methods.inputs.streams.rdumb import RDumb
from headstart.methods.inputs.streams.sar import SAR
from headstart.methods.inputs.streams.tent import Tent
from headstart.run.loop import start, train
from headstart.run.recipe import Recipe

SPLIT, BATCH, LR, SEEDS = 897, 64, 1e-2, (0, 1, 2)
METHODS: dict[str, Method[Unlabelled]] = {
    "source": Lame(weight=0.0),
    "norm": Norm(),
    "norm, mixed": Norm(statistics="mixed", prior=64),
    "tent": Tent(lr=LR),
    "eata": Eata(lr=LR),
    "sar": SAR(lr=LR),
    "cotta": CoTTA(lr=LR),
    "lame": Lame(),
    "rdumb": RDumb(lr=LR),
}


def noisy(x: Tensor) -> Tensor:
    return x + 0.5 * torch.randn(x.shape, generator=torch.Generator().manual_seed(0))


SHIFTS: dict[str, Callable[[Tensor], Tensor]] = {
    "none": lambda x: x,
    "brightness": lambda x: x + 1,
    "contrast": lambda x: 0.25 * x + 0.4,
    "noise": noisy,
}


class Small(Backbone):
    """Three convolutions, each with a batch normalisation."""

    width = 64

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for inner, outer, stride in ((1, 16, 1), (16, 32, 2), (32, 64, 2)):
            conv = nn.Conv2d(inner, outer, 3, stride, 1, bias=False)
            layers += [conv, nn.BatchNorm2d(outer), nn.ReLU()]
        self.body = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten())

    def forward(self, x: Tensor) -> Tensor:
        """Features (n, 64)."""
        found: Tensor = self.body(x)
        return found


def digits() -> tuple[Tensor, Tensor]:
    """Pictures (1797, 1, 8, 8) in [0, 1] and labels."""
    from sklearn.datasets import load_digits

    bunch = load_digits()
    return torch.tensor(bunch.images, dtype=torch.float32)[:, None] / 16, torch.tensor(bunch.target)


def trained(seed: int, epochs: int = 20) -> tuple[Small, LinearHead]:
    """The source model, trained on the first half."""
    x, y = digits()
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        body, head = Small(), LinearHead(64, 10, deviation=0.1)
        optimiser = torch.optim.Adam([*body.parameters(), *head.parameters()], 2e-3)
        for _ in range(epochs):
            for rows in torch.split(torch.randperm(SPLIT), 64):
                loss = nn.functional.cross_entropy(head(body(x[rows])), y[rows])
                optimiser.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call]
                optimiser.step()
    return body.eval(), head


def accuracy(
    method: Method[Unlabelled], model: tuple[Small, LinearHead], x: Tensor, y: Tensor, batch: int = BATCH
) -> float:
    """Share of rows that are answered right, each before it is learned from."""
    body, head = copy.deepcopy(model)
    recipe = Recipe(steps=2**40, **method.recipe_overrides())
    run = start(method, body, Task(10, (1, 8, 8), head=head), recipe)
    right = 0
    ticks = train(run, lambda _: (Unlabelled(part) for part in torch.split(x, batch)))
    for tick, labels in zip(ticks, torch.split(y, batch), strict=True):
        assert tick.outputs is not None
        right += int((tick.outputs.argmax(1) == labels).sum())
    return right / len(y)


def main() -> None:
    """Print the table."""
    torch.set_num_threads(1)
    x, y = (each[SPLIT:] for each in digits())
    mixed = torch.randperm(len(y), generator=torch.Generator().manual_seed(0))
    orders = {"": mixed, ", sorted": y.argsort(stable=True)}
    models = [trained(seed) for seed in SEEDS]
    print("| shift | " + " | ".join(METHODS) + " |\n|---|" + "---|" * len(METHODS))
    for shift, change in SHIFTS.items():
        for order, rows in orders.items():
            found = []
            for method in METHODS.values():
                each = [100 * accuracy(method, model, change(x)[rows], y[rows]) for model in models]
                found.append(" ".join(f"{value:.0f}" for value in each))
            print(f"| {shift}{order} | " + " | ".join(found) + " |", flush=True)


if __name__ == "__main__":
    main()
