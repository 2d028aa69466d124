"""Fine-tuning from a random head distorts features out of distribution; probing first does not."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from headstart.claims._claim import Claim, Effect, Numbers, difference, mean_of
from headstart.claims._digits import accuracy
from headstart.claims._lab import Lab
from headstart.claims._shifts import robust, shifted
from headstart.claims._tuning import DIGITS, few_of, own_task, tune
from headstart.core import make
from headstart.predictor.fit import fit
from headstart.records.claims import Mark, Panel
from headstart.run.recipe import Recipe

INPUTS, FEATURES, ROWS, PLANE = 40, 5, 40, 20  # the plane is what the samples span
NOISE = 0.02  # of the features before
ARMS = {"tuned": "fine-tuning", "lp-ft": "LP-FT", "probe": "linear probe"}
HEAD = {"pictures": 0.1, "linear": 0.9}  # deviation of a random head: its outputs are of the labels' size


def way(lab: Lab, arm: str, where: str) -> str:
    """The method of an arm; the null takes the probe before tuning away."""
    if arm == "lp-ft" and not lab.null:
        return "lp-ft:backbone_lr=1.0"
    if arm == "probe":
        return "ridge-probe" if where == "linear" else "logistic-probe"
    return f"fine-tune:backbone_lr=1.0,head_std={HEAD[where]}"


def linear_errors(lab: Lab, seed: int) -> dict[str, float]:
    """Relative errors of two linear layers over all inputs, after learning samples that span half of them."""
    random = lab.generator("two linear layers", seed)

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=random)

    true = torch.linalg.qr(normal(INPUTS, FEATURES))[0].T
    target = true.T @ normalize(normal(FEATURES), dim=0)
    x = normal(ROWS, PLANE) @ torch.linalg.qr(normal(INPUTS, PLANE))[0].T
    net = nn.Sequential(nn.Linear(INPUTS, FEATURES, bias=False), nn.Linear(FEATURES, 1))
    net[0].load_state_dict({"weight": true + NOISE * normal(FEATURES, INPUTS)})
    steps, data = lab.pick(quick=150, full=1000, tiny=5), (x.numpy(), (x @ target)[:, None].numpy())
    found = {}
    for arm in ARMS:
        recipe = Recipe(
            steps=steps,
            batch=ROWS,
            lr=0.04,
            schedule="constant",
            warmup=0.0,
            optimiser="sgd",
            weight_decay=0.0,
            clip=None,
            seed=lab.derive("linear", arm, seed),
        )
        model = fit(make(way(lab, arm, "linear")), net, data, recipe).model
        with torch.no_grad():
            learned = (model(torch.eye(INPUTS)) - model(torch.zeros(1, INPUTS))).flatten()
        found[f"linear {arm}"] = float((learned - target).square().sum() / target.square().sum())
    return found


def measure(lab: Lab, seed: int) -> Numbers:
    """Errors of two linear layers; accuracies on pictures as they were learned from, and on shifted ones."""
    base, steps = robust(lab, seed), lab.pick(quick=150, full=1000, tiny=5)
    rows, test = own_task(lab, seed)
    rows, other = few_of(lab, seed, rows, 20), shifted(test, lab.generator("shifted test", seed))
    found: Numbers = {**linear_errors(lab, seed)}
    for arm in ARMS:
        model = tune(way(lab, arm, "pictures"), base, rows, steps, lab.derive("distortion", arm, seed))
        found[f"same {arm}"], found[f"shifted {arm}"] = accuracy(model, test), accuracy(model, other)
    return found


def draw(seeds: Sequence[Numbers]) -> list[Panel]:
    """Pictures, shifted and not; the linear layers."""

    def marks(what: str) -> list[Mark]:
        return [Mark(name, mean_of(seeds, f"{what} {arm}"), arm == "lp-ft") for arm, name in ARMS.items()]

    return [
        Panel("Pictures like those learned from", "accuracy", marks=marks("same"), zero=0.2),
        Panel("Shifted pictures", "accuracy", marks=marks("shifted"), zero=0.2),
        Panel(
            "Two linear layers", "squared error off the samples", marks=marks("linear"), share=False, zero=0
        ),
    ]


CLAIM = Claim(
    number=4,
    name="feature-distortion",
    title="Fine-tuning distorts features; probing first does not",
    statement=(
        "Fine-tuning from a random head pulls good features about to fit the head, but only where there are "
        "rows to learn from. Out of distribution it is then worse than LP-FT, which begins with the head of "
        "a probe; on pictures like those learned from, LP-FT is not worse by more than 3 points."
    ),
    paper="arXiv:2202.10054",
    data=(
        f"{DIGITS.format(labels='20 labels')} The network has learned 0 to 4 inverted and noisy, too; "
        "5 to 9 are learned as they are, and tested so and inverted or noisy. Two linear layers: 40 made-up "
        "samples in a plane of 20 of 40 dimensions."
    ),
    compared="Fine-tuning from a random head, LP-FT, and the probe alone, from the same features and rows.",
    null="no probe before tuning: both arms begin with a random head",
    holds="Begin with the head of a probe (lp-ft) wherever new data may differ from the training data.",
    fails="Try lp-ft and fine-tune on shifted pictures of your own: features may have been no good there.",
    effects=(
        Effect(
            "Smaller error of two linear layers off the samples",
            difference("linear tuned", "linear lp-ft"),
            0.1,
            "times the target",
        ),
        Effect("LP-FT over fine-tuning, shifted pictures", difference("shifted lp-ft", "shifted tuned")),
        Effect("LP-FT over fine-tuning, the same pictures", difference("same lp-ft", "same tuned"), -0.03),
    ),
    measure=measure,
    draw=draw,
)
