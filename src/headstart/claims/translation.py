"""Translation: F = f o G, and the other way, a model trained on translated rows."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from headstart.claims._claim import Claim, Effect, Numbers, difference, mean_of
from headstart.claims._digits import Rows, accuracy, all_digits
from headstart.claims._lab import Lab
from headstart.core import Labelled, Model, Preprocess, make
from headstart.models.backbone import AnyBackbone, backbone
from headstart.nn.front import in_front
from headstart.nn.translation import Translation
from headstart.predictor.fit import fit
from headstart.predictor.predictor import Predictor
from headstart.records.claims import Mark, Panel
from headstart.run.recipe import Recipe
from headstart.session.translators import TrainedTranslators, most_loss, through, train_translators

SOURCE_ROWS = 900
COLOURS = {  # of the pen and of the paper
    "source": ((255, 230, 26), (26, 26, 128)),
    "target": ((26, 77, 230), (230, 230, 178)),
}
HALF = (0.5, 0.5, 0.5)
STARTS = 3  # at most: another follows while critics detect what is translated, which takes no labels
ARMS = {
    "source": "f, the model of the source",
    "through": "F = f o G: target rows made to look like the source",
    "trained": "trained on source rows made to look like the target",
}


def coloured(rows: Rows, look: str) -> Rows:
    """The digits as bytes (n, 3, 8, 8), in the colours of a domain."""
    pen, paper = (torch.tensor(colour).view(1, 3, 1, 1).float() for colour in COLOURS[look])
    return Rows((rows.x * pen + (1 - rows.x) * paper).round().to(torch.uint8), rows.y)


def network(random: torch.Generator) -> AnyBackbone:
    """Two convolutions and a layer of 64 features, for pictures in [-1, 1]."""
    net = nn.Sequential(
        *(nn.Conv2d(3, 16, 3, padding=1), nn.ReLU(), nn.Conv2d(16, 32, 3, 2, padding=1), nn.ReLU()),
        *(nn.Flatten(), nn.Linear(512, 64), nn.ReLU(), nn.Linear(64, 10)),
    )
    with torch.no_grad():
        for layer in net:
            if isinstance(layer, nn.Conv2d | nn.Linear):
                scale = (2 / layer.weight[0].numel()) ** 0.5
                layer.weight.copy_(torch.randn(layer.weight.shape, generator=random) * scale)
                assert layer.bias is not None
                layer.bias.zero_()
    preprocess = Preprocess(size=(8, 8), mean=HALF, std=HALF, fit="squash", keep=1.0)
    return backbone(net, example=torch.zeros(2, 3, 8, 8), preprocess=preprocess)


def learn(lab: Lab, seed: int, rows: Rows) -> Predictor:
    """A model that has learned coloured digits, from the same start each time."""
    steps = lab.pick(quick=150, full=600, tiny=5)
    recipe = Recipe(steps=steps, batch=32, lr=5e-3, seed=lab.derive("translation", seed))
    pictures = np.ascontiguousarray(rows.x.permute(0, 2, 3, 1).numpy())
    start = network(lab.generator("translation start", seed))
    return fit(make("from-scratch"), start, (pictures, rows.y.numpy()), recipe)


def translators(lab: Lab, seed: int, model: Model, source: Rows, target: Tensor) -> TrainedTranslators:
    """CycleGAN's translators, of the start that fools the critics best."""
    method: Any = make("cyclegan:start=identity" if lab.null else "cyclegan")
    best: TrainedTranslators | None = None
    for start in range(1 if lab.null else lab.pick(quick=STARTS, full=STARTS, tiny=1)):
        recipe = Recipe(
            steps=1 if lab.null else lab.pick(quick=300, full=600, tiny=3),
            batch=lab.pick(quick=16, full=32, tiny=16),
            lr=1e-12 if lab.null else 1e-3,
            seed=lab.derive("translators", seed, start),
        )
        found = train_translators(method, model, Labelled(source.x, source.y), target, recipe)
        if best is None or found.adversarial_loss < best.adversarial_loss:
            best = found
        if best.adversarial_loss <= most_loss(method.adversary):
            break
    assert best is not None
    return best


def behind(front: Translation, model: Predictor) -> Predictor:
    """F = f o G."""
    whole = Model(in_front(model.model.backbone, front), model.model.head)
    return Predictor(whole, model.classes, model.preprocess)


def measure(lab: Lab, seed: int) -> Numbers:
    """Accuracies on the target, whose labels nobody has seen."""
    order = torch.randperm(1797, generator=lab.generator("translation rows", seed))
    digits = all_digits()
    source = coloured(digits.pick(order[: lab.pick(quick=SOURCE_ROWS, full=SOURCE_ROWS, tiny=64)]), "source")
    target = coloured(digits.pick(order[SOURCE_ROWS:]), "target")
    model = learn(lab, seed, source)
    found = translators(lab, seed, model.model, source, target.x)
    as_target = Rows(through(found.fronts["to_target"], model.model.backbone)(source.x).clone(), source.y)
    return {
        "source": accuracy(model, target),
        "through": accuracy(behind(found.fronts["to_source"], model), target),
        "trained": accuracy(learn(lab, seed, as_target), target),
    }


def draw(seeds: Sequence[Numbers]) -> list[Panel]:
    """The accuracies on the target."""
    chosen = ("through", "trained")
    marks = [Mark(text, mean_of(seeds, name), name in chosen) for name, text in ARMS.items()]
    return [Panel("Digits in other colours", "accuracy", marks=marks, zero=0.1)]


CLAIM = Claim(
    number=20,
    name="translation",
    title="Translated inputs bring a model to another domain: F = f o G, and the other way",
    statement=(
        "Two translators learn from rows of two domains, without pairs and without labels of the target. A "
        "model of the source is right on target rows that were made to look like the source, and a new "
        "model on target rows after training on source rows that were made to look like the target."
    ),
    paper="arXiv:1703.10593",
    data=(
        "Digits of scikit-learn: 900 as a light pen on dark paper with labels, 897 as a dark pen on light "
        "paper without. Accuracy on the latter."
    ),
    compared=(
        "The model of the source as it is, with a translator in front, and the same network trained on "
        "translated rows."
    ),
    null="the translators are the identity",
    holds="Translate where domains differ in look, and label a few dozen target rows to check.",
    fails="Some starts end with critics that see through everything: make more, and read the guards.",
    effects=(
        Effect("F = f o G over f", difference("through", "source"), 0.2),
        Effect("Trained on translated rows over f", difference("trained", "source"), 0.2),
    ),
    measure=measure,
    draw=draw,
)
