"""A small network that was pre-trained without labels, and what a linear probe or fine-tuning makes of it."""

import numpy as np
from torch import Tensor, nn

from headstart.claims._digits import HEAD, Rows, accuracy, convnet
from headstart.claims._lab import Lab
from headstart.core import make
from headstart.data.unlabelled import load_unlabelled
from headstart.models.wrapped import AnyBackbone
from headstart.predictor.fit import fit
from headstart.run.recipe import Recipe
from headstart.session.inputs import build_backbone
from headstart.session.session import Session

RATE = 2e-3


def pretrained(
    lab: Lab, seed: int, method: str, pictures: Tensor, *, steps: int, batch: int = 64
) -> nn.Sequential:
    """A `convnet` after a pre-training without labels; of 0 steps with its random weights.

    Args:
        lab: where it is measured.
        seed: of the random weights and of the training; the weights of one seed are the same for all methods.
        method: with its settings, as in "simclr:temperature=0.5".
        pictures: (n, channels, height, width).
        steps: of the training.
        batch: rows of a step.
    """
    return with_projection(lab, seed, method, pictures, steps=steps, batch=batch)[0]


def with_projection(
    lab: Lab, seed: int, method: str, pictures: Tensor, *, steps: int, batch: int = 64
) -> tuple[nn.Sequential, nn.Module]:
    """The same, and the projection head that was trained with it; an identity where there is none."""
    net = convnet(lab.generator("encoder start", seed), colours=pictures.shape[1])
    if not steps:
        return net, nn.Identity()
    ended = make(f"{method}{',' if ':' in method else ':'}then=nothing")
    recipe = Recipe(steps=steps, batch=batch, lr=RATE, seed=lab.derive("encoder", seed))
    data = load_unlabelled(pictures.numpy())
    fitted = Session(build_backbone(data, net), data).fit(ended, np.arange(len(data)), recipe)
    encoder, parts = fitted.model.backbone, fitted.run.parts
    assert isinstance(encoder, AnyBackbone)
    net.load_state_dict(net.state_dict() | _without_head(encoder.inner.state_dict()))
    return net, parts["projection"] if "projection" in parts else nn.Identity()


def probe(net: nn.Module, labelled: Rows, test: Rows) -> float:
    """Accuracy of a logistic probe on the features of a network."""
    return accuracy(fit(make("logistic-probe"), net, labelled.arrays, Recipe()), test)


def tune(net: nn.Module, labelled: Rows, test: Rows, *, steps: int, seed: int) -> float:
    """Accuracy after fine-tuning all of a network at one rate, at most 64 labelled rows a step."""
    recipe = Recipe(steps=steps, batch=min(64, len(labelled)), lr=RATE, seed=seed)
    return accuracy(fit(make("fine-tune:backbone_lr=1.0"), net, labelled.arrays, recipe), test)


def _without_head(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: value for name, value in weights.items() if not name.startswith(HEAD)}
