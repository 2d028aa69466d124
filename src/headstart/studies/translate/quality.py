"""How good translators are: diversity, label flips, accuracies of a model or a small net; and the guards."""

import math
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from headstart.core import Model, Preprocess, derive_seed
from headstart.data.dataset import Dataset
from headstart.methods.mapping.pretraining.from_scratch import FromScratch
from headstart.models.backbone import AnyBackbone, backbone
from headstart.nn.translators import is_picture
from headstart.run.engine import Engine
from headstart.run.recipe import Recipe
from headstart.session.session import Session
from headstart.session.translators import Way, most_loss
from headstart.studies.translate import Guard
from headstart.studies.translate.translator import HALF

TOGETHER = 256  # rows that are predicted at once
AT_ONCE = 2**20  # numbers of pairs that are subtracted together
PAIRS = 2000  # that a diversity is a mean over
LEAST_DIVERSITY = 0.5
MOST_FLIPS = 0.1
STEPS, RATE, BATCH = 400, 5e-3, 64  # of the training of a small net


def measure(
    ways: Mapping[str, Way],
    model: Model,
    source: tuple[Tensor, Dataset],
    target: Tensor,
    test: tuple[Tensor, Dataset] | None,
    seed: int,
) -> dict[str, Any]:
    """Fields of the record on quality, by name; those about classes are None for other kinds of labels.

    `source` and `test`, rows of the target, are samples (n, ...) with their data set.
    """
    x, data = source
    as_target, as_source = ways["to_target"](x), ways["to_source"](target)
    to_target, to_source = diversity(as_target, target, seed), diversity(as_source, x, seed)
    flips = dict.fromkeys(("flips", "round_trip_flips", "target_round_trip_flips"))
    names = ("source", "translated", "target", "through", "trained")
    accuracies: dict[str, float | None] = dict.fromkeys(f"accuracy_{name}" for name in names)
    if data.label_kind == "classes":
        before, after = predict_classes(model, x), predict_classes(model, as_target)
        back = predict_classes(model, ways["to_source"](as_target))
        flips = {"flips": flipped(before, after), "round_trip_flips": flipped(before, back)}
        there, again = predict_classes(model, as_source), ways["to_source"](ways["to_target"](as_source))
        flips["target_round_trip_flips"] = flipped(there, predict_classes(model, again))
        accuracies["accuracy_source"] = accuracy(before, data)
        accuracies["accuracy_translated"] = accuracy(after, data)
        if test is not None:
            through = ways["to_source"](test[0])
            accuracies["accuracy_target"] = accuracy(predict_classes(model, test[0]), test[1])
            accuracies["accuracy_through"] = accuracy(predict_classes(model, through), test[1])
    return {
        "diversity_target": to_target,
        "diversity_source": to_source,
        **flips,
        **accuracies,
        "guards": guards(to_target, to_source, flips["round_trip_flips"], flips["target_round_trip_flips"]),
    }


def accuracy(predicted: Tensor, data: Dataset) -> float:
    """Share of the rows whose predicted class (n,) is theirs."""
    return (predicted == torch.from_numpy(np.asarray(data.labels))).double().mean().item()


def flipped(before: Tensor, after: Tensor) -> float:
    """Share of the rows whose predicted class (n,) changes."""
    return (before != after).double().mean().item()


def diversity(translated: Tensor, real: Tensor, seed: int = 0) -> float:
    """Mean distance of two translated samples (n, ...), relative to that of two real ones (m, ...).

    1 for samples as different from each other as real ones are, 0 if all are alike. Distances are Euclidean,
    over up to 2,000 pairs that are drawn.
    """
    spread = _spread(real, seed)
    return _spread(translated, seed) / spread if spread > 0 else 1.0


def _spread(x: Tensor, seed: int) -> float:
    if len(x) < 2:
        return 0.0
    rows = x.flatten(1).double()
    draw = torch.Generator().manual_seed(derive_seed(seed, "pairs"))
    first = torch.randint(len(rows), (PAIRS,), generator=draw)
    step = torch.randint(1, len(rows), (PAIRS,), generator=draw)
    second = (first + step) % len(rows)
    some = max(1, AT_ONCE // rows.shape[1])  # pairs of large pictures would fill the memory
    pairs = zip(torch.split(first, some), torch.split(second, some), strict=True)
    return float(torch.cat([(rows[a] - rows[b]).square().sum(1).sqrt() for a, b in pairs]).mean())


def guards(
    to_target: float, to_source: float, round_trip: float | None, of_target: float | None = None
) -> list[Guard]:
    """The guards against collapse, of both diversities, and against flips of labels in round trips.

    Of source rows, and of target rows that were translated to the source: F = f o G predicts those.
    """
    worst = min(to_target, to_source)
    collapse = _guard(
        ("collapse", worst, LEAST_DIVERSITY, worst >= LEAST_DIVERSITY),
        f"Translated rows differ from each other {worst:.2f} times as much as real rows of that domain do",
        ": no collapse.",
        f", which is below {LEAST_DIVERSITY:g}: the translators have collapsed and give much the same for "
        "everything. Do not use them. Take a larger cycle weight, a lower learning rate, other seeds, or "
        "a cheap method: style or histogram.",
    )
    if round_trip is None:
        return [collapse]
    found = [_flips_guard("labels", round_trip, "source rows")]
    if of_target is not None:
        found.append(_flips_guard("target labels", of_target, "target rows"))
    return [collapse, *found]


def _flips_guard(name: str, flips: float, rows: str) -> Guard:
    return _guard(
        (name, flips, MOST_FLIPS, flips <= MOST_FLIPS),
        f"After a round trip the model predicts another class for {100 * flips:.1f} % of {rows}",
        ": labels outlast the round trip. Classes that changed places both ways would not show.",
        f", which is above {100 * MOST_FLIPS:g} %: labels of translated rows can't be trusted. Take "
        "more steps, a larger cycle weight, or, where the model is right about most target rows, cycada.",
    )


def critics_guard(loss: float, adversary: str = "least-squares") -> Guard:
    """The guard against critics that still detect translated samples, by the translators' loss at the end."""
    most, fooled = (
        most_loss(adversary),
        "0.25: fooled, 1" if adversary == "least-squares" else "0.69: fooled, 2",
    )
    return _guard(
        ("critics", loss, most, loss <= most),
        f"The translators' loss against the critics is {loss:.2f} at the end ({fooled}: detected)",
        ": translated rows pass for real.",
        ": translated rows are not like the other domain. Take another seed, more steps, identity=0, or a "
        "smaller critic_lr.",
    )


def _guard(result: tuple[str, float, float, bool], figure: str, good: str, bad: str) -> Guard:
    return Guard(*result, message=figure + (good if result[3] else bad))


def predict_classes(model: nn.Module, x: Tensor) -> Tensor:
    """Classes (n,) that a model predicts for samples (n, ...)."""
    model.eval()
    with torch.inference_mode():
        return torch.cat([model(some).argmax(1) for some in torch.split(x, TOGETHER)])


def fit_small(data: Dataset, shape: tuple[int, ...], seed: int, engine: Engine) -> Model:
    """A small net trained from scratch on all rows of labelled data, in seconds."""
    session = Session(small_backbone(shape, len(data.classes)), data, engine=engine)
    recipe = Recipe(steps=STEPS, batch=BATCH, lr=RATE, seed=seed)
    return session.fit(FromScratch(), np.arange(len(data)), recipe).model


def small_backbone(shape: tuple[int, ...], outputs: int) -> AnyBackbone:
    """An untrained small net for samples of a shape, whose pictures are normalised to [-1, 1]."""
    example = torch.zeros(2, *shape)
    if not is_picture(shape):
        layers: list[nn.Module] = [nn.Flatten(), nn.Linear(math.prod(shape), 64), nn.ReLU()]
        return backbone(nn.Sequential(*layers, nn.Linear(64, outputs)), example=example)
    preprocess = Preprocess(size=(shape[1], shape[2]), mean=HALF, std=HALF, fit="squash", keep=1.0)
    return backbone(small_network(shape, outputs), example=example, preprocess=preprocess)


def small_network(shape: tuple[int, ...], outputs: int) -> nn.Sequential:
    """A few convolutions for pictures of a shape (channels, height, width)."""
    halvings = max(1, int(math.log2(min(shape[1:]) / 4)))
    widths = [shape[0], *(16 * 2 ** min(number, 2) for number in range(halvings + 1))]
    layers: list[nn.Module] = []
    for number, (inputs, width) in enumerate(pairwise(widths)):
        layers += [nn.Conv2d(inputs, width, 3, stride=1 if number == 0 else 2, padding=1), nn.ReLU()]
    layers += [nn.AdaptiveAvgPool2d(4), nn.Flatten(), nn.Linear(16 * widths[-1], 64), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(64, outputs))
