"""Class-conditional samples made from a teacher alone, for students without any rows."""

import copy
import math
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.nn.modules.batchnorm import _BatchNorm

from headstart.core import BadInput, Model, derive_seed
from headstart.data.dataset import Dataset
from headstart.data.finding import finding
from headstart.data.samples import Rows
from headstart.face import spell
from headstart.losses.distillation.inversion import batch_statistics_loss, total_variation
from headstart.session.inputs import loader_of
from headstart.session.sample_space import INSTEAD, Bounds, SampleSpace, space_of
from headstart.session.scoring import outputs_of
from headstart.session.teacher import open_teacher

BATCH = 256  # samples that are optimised together, whose statistics are those of the batch
NO_STATISTICS = (
    "The teacher has no batch normalisation with statistics of its training, so nothing but its outputs and "
    "a weak prior ties the samples to what it learned from."
)


def class_samples(  # noqa: PLR0913  # an option is an argument
    teacher: Any,
    *,
    per_class: int = 50,
    steps: int = 200,
    lr: float = 0.1,
    statistics: float = 1.0,
    variation: float = 0.1,
    prior: float = 0.01,
    bounds: Bounds | None = None,
    seed: int = 0,
) -> Dataset:
    """Make inputs that a teacher takes for its classes, without any real rows (arXiv:1912.08795).

    Random inputs are optimised, all classes in one batch, by the cross-entropy of the class that each is made
    for; the statistics of the batch shall be the running ones of the teacher's batch normalisations. The
    teacher is copied and never changed. Of the paper, its random shifts and flips and its competition with
    the student are left out.

    Args:
        teacher: a network of classes with a gradient for its inputs: a predictor, its `model`, or the folder
            of a run, for pictures, arrays or a table of numbers alone.
        per_class: samples of each class, >= 1; at least two in all.
        steps: of Adam, >= 1.
        lr: its learning rate, > 0, in standard deviations of the inputs.
        statistics: weight of the statistics of batch normalisations, >= 0.
        variation: weight of the total variation of pictures and maps (c, h, w), >= 0.
        prior: weight of the mean square of the standardised inputs, >= 0; only of a teacher without
            statistics of batch normalisations.
        bounds: least and greatest value of arrays, such as (0.0, 1.0); None: there are none.
        seed: of the random inputs.

    Returns:
        Data for `hs.fit("label-transfer", base, samples, teacher=teacher)`, or for any other method with a
        teacher; their labels are the classes that they were made for.

    Raises:
        BadInput: the teacher is none of these, or a setting is out of its range.
    """
    _check(per_class=(per_class, 1), steps=(steps, 1))
    _check(statistics=(statistics, 0), variation=(variation, 0), prior=(prior, 0))
    if not 0 < lr < math.inf:
        raise BadInput(f"lr is {lr!r}; it must be a number > 0.")
    model = _network(teacher)
    space = space_of(model, bounds)
    weights = {"statistics": statistics, "variation": variation, "prior": prior}
    frozen = copy.deepcopy(model).eval().requires_grad_(False)
    labels = np.tile(np.arange(len(model.classes)), per_class)
    if len(labels) < 2:
        raise BadInput(f"per_class is {per_class} of one class: give {spell('per_class', 2)} or more.")
    made = []
    for number, some in enumerate(np.array_split(labels, math.ceil(len(labels) / BATCH))):
        generator = torch.Generator().manual_seed(derive_seed(seed, "class samples", number))
        z = torch.randn((len(some), *space.shape), generator=generator).to(model.device)
        y = torch.from_numpy(some).to(model.device)
        made.append(_optimised(frozen, space, z, y, steps=steps, lr=lr, weights=weights))
    return _dataset(frozen, space, torch.cat(made), labels)


def _check(**settings: tuple[float, int]) -> None:
    for name, (value, least) in settings.items():
        whole = least == 1
        if not least <= value < math.inf or (whole and not isinstance(value, int | np.integer)):
            raise BadInput(f"{name} is {value!r}; it must be a {'whole ' if whole else ''}number >= {least}.")


def _network(teacher: Any) -> Model:
    """The network of classes that a teacher is."""
    found = teacher if isinstance(teacher, list | tuple) else open_teacher(teacher)
    if not isinstance(found, Model):
        raise BadInput(
            f"The teacher is a {type(found).__name__}, through which no inputs can be optimised. Give one "
            f"network: a predictor or the folder of a run. {INSTEAD}"
        )
    if found.label_kind != "classes" or not found.classes:
        raise BadInput(
            f"The teacher {found.name} predicts {found.label_kind} without classes to make samples "
            f"of. {INSTEAD}"
        )
    return found


def _optimised(
    model: Model,
    space: SampleSpace,
    z: Tensor,
    y: Tensor,
    *,
    steps: int,
    lr: float,
    weights: dict[str, float],
) -> Tensor:
    """Inputs (n, ...) of the classes y (n,), by `steps` of Adam from the coordinates z (n, ...)."""
    space.clamp(z)
    z.requires_grad_(True)
    adam = torch.optim.Adam([z], lr=lr)
    with torch.enable_grad(), _norm_losses(model) as norms:
        for _ in range(steps):
            norms.clear()
            logits = model(space.inputs(z)).float()
            if not logits.requires_grad:
                raise BadInput(
                    f"The teacher {model.name} has no gradient with respect to its inputs, as of trees and "
                    f"nearest neighbours. {INSTEAD}"
                )
            loss = cross_entropy(logits, y) + _regularised(z, norms, weights)
            (z.grad,) = torch.autograd.grad(loss, [z])
            adam.step()
            with torch.no_grad():
                space.clamp(z)
    return space.inputs(z).detach()


def _regularised(z: Tensor, norms: list[Tensor], weights: dict[str, float]) -> Tensor:
    """What is added to the cross-entropy, ()."""
    near = weights["statistics"] * torch.stack(norms).sum() if norms else weights["prior"] * z.square().mean()
    return near + weights["variation"] * total_variation(z) if z.ndim == 4 else near


def _has_statistics(module: nn.Module) -> bool:
    """Whether it is a batch normalisation whose running statistics are not those that it began with."""
    if not isinstance(module, _BatchNorm) or module.running_mean is None or module.running_var is None:
        return False
    return bool((module.running_mean != 0).any() or (module.running_var != 1).any())


@contextmanager
def _norm_losses(model: nn.Module) -> Iterator[list[Tensor]]:
    """The distance from the running statistics at each batch normalisation of a forward, in their order."""
    found: list[Tensor] = []

    def see(norm: Any, args: tuple[Tensor, ...]) -> None:
        found.append(batch_statistics_loss(args[0].float(), norm.running_mean, norm.running_var))

    with ExitStack() as stack:
        for norm in model.modules():
            if _has_statistics(norm):
                stack.callback(norm.register_forward_pre_hook(see).remove)
        yield found


def _dataset(model: Model, space: SampleSpace, x: Tensor, labels: Rows) -> Dataset:
    """The samples, with what is to be known of them."""
    items = tuple(f"sample {row}" for row in range(len(x)))
    data = Dataset("class samples", tuple(model.classes), labels, items, space.stored(x))
    backbone: Any = model.backbone
    said = outputs_of(model, loader_of(data, backbone, None), np.arange(len(data)), model.device)
    right = float((said.argmax(1).numpy() == labels).mean())
    text = (
        f"These {len(x)} samples were made from the teacher {model.name} alone, not from data; it classifies "
        f"{right:.3f} of them as asked."
    )
    text += "" if any(map(_has_statistics, model.modules())) else f" {NO_STATISTICS}"
    return replace(data, findings=(finding("class-samples", "note", text, ()),))
