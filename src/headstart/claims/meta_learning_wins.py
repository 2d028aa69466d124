"""Meta-learning wins where fine-tuning fails, and what tasks share makes a new one less uncertain."""

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch.distributions import MultivariateNormal

from headstart.claims._claim import Claim, Effect, Numbers, difference, mean_of, means_of
from headstart.claims._lab import Lab
from headstart.learners.evaluation import steps_curve
from headstart.learners.training import meta_train
from headstart.records.claims import Curve, Mark, Panel
from headstart.run.recipe import Recipe
from headstart.solvers.bayesian_regression import Normal
from headstart.tasks.hierarchical import HierarchicalGaussians
from headstart.tasks.sinusoids import Sinusoids

STEPS = (0, 1, 2, 5, 10)  # of gradient descent on the ten points of a new task
TAKEN = 5  # of these, by MAML; the baseline takes its best number
WIDTH, SPREAD, BROAD = 4, 0.5, 3.0  # weights of a linear task, their spread around theta, and theta's
OTHERS, NEW = 50, 300  # linear tasks that theta is learned from, and new ones
SQUARED = "units of y²"


def sinusoids(lab: Lab, seed: int) -> Numbers:
    """Errors on new sinusoids by steps, from a start that was meta-learned and from one that fits all."""
    family = Sinusoids(shots=10, queries=10, tasks=25, seed=lab.derive("sinusoids", seed))
    new = replace(family, queries=50, seed=lab.derive("new sinusoids", seed))
    count = lab.pick(quick=300, full=600, tiny=10)
    found: Numbers = {}
    pooled = ("pretrain-fine-tune", 3e-3)
    ways = {"meta": pooled if lab.null else ("maml", 1e-2), "pooled": pooled}
    for name, (spec, rate) in ways.items():
        steps = lab.pick(quick=600, full=5000, tiny=5)
        recipe = Recipe(steps=steps, lr=rate, weight_decay=0.0, seed=lab.derive("start", seed))
        errors = [one.mean for one in steps_curve(meta_train(spec, family, None, recipe), new, STEPS, count)]
        found |= {name: errors, f"{name} best": min(errors), f"{name} {TAKEN}": errors[STEPS.index(TAKEN)]}
    return found


def linear_tasks(lab: Lab, seed: int) -> Numbers:
    """How surprising new weights are, and the errors of two rows, with and without other tasks."""
    drawn = BROAD * torch.randn(WIDTH, generator=lab.generator("theta", seed))
    model = HierarchicalGaussians(
        theta=tuple(drawn.tolist()), spread=SPREAD, theta_spread=BROAD, shots=5, tasks=OTHERS
    )
    world = replace(model, seed=lab.derive("linear tasks", seed))
    if lab.null:  # the weights of each task are their own: nothing is shared
        world = replace(world, theta=(0.0,) * WIDTH, spread=(SPREAD**2 + BROAD**2) ** 0.5)
    learned = model.theta_posterior(world.draw(0).support)
    new = replace(world, shots=2, queries=20, tasks=NEW, seed=lab.derive("new linear tasks", seed))
    episodes, weights = new.draw(0), new.weights(0).double()
    found: Numbers = {}
    for name, theta in (("unknown", model.theta_prior), ("learned", learned)):
        found[f"surprise {name}"] = _surprise(model.prior(theta), weights)
        errors = model.best_answers(episodes, theta) - episodes.query.y
        found[f"error {name}"] = float(errors.square().mean())
    return found


def _surprise(expected: Normal, weights: torch.Tensor) -> float:
    """The mean of -log p(weights), in nats; its expectation under p is the entropy of p."""
    density = MultivariateNormal(expected.mean, expected.covariance)
    return -float(density.log_prob(weights).mean())  # type: ignore[no-untyped-call]


def measure(lab: Lab, seed: int) -> Numbers:
    """Both parts."""
    return sinusoids(lab, seed) | linear_tasks(lab, seed)


def draw(seeds: Sequence[Numbers]) -> list[Panel]:
    """Errors by gradient steps, and what knowing other tasks is worth."""
    steps = [*map(float, STEPS)]
    curves = [
        Curve("from a meta-learned start (MAML)", steps, means_of(seeds, "meta")),
        Curve("from pre-training on all tasks at once", steps, means_of(seeds, "pooled")),
    ]
    titles = {"unknown": "no other task seen", "learned": f"{OTHERS} other tasks seen"}

    def marks(what: str) -> list[Mark]:
        return [
            Mark(title, mean_of(seeds, f"{what} {name}"), name == "learned") for name, title in titles.items()
        ]

    return [
        Panel(
            "New sinusoids, ten points each",
            f"mean squared error, {SQUARED}",
            "gradient steps on the new task",
            curves,
            share=False,
        ),
        Panel("Surprise at the weights of a new linear task", "nats", marks=marks("surprise"), share=False),
        Panel(
            "New linear tasks, two rows each",
            f"mean squared error, {SQUARED}",
            marks=marks("error"),
            share=False,
        ),
    ]


CLAIM = Claim(
    number=26,
    name="meta-learning-wins",
    title="Meta-learning wins where fine-tuning fails",
    statement=(
        "Where tasks are tiny and differ in what they ask for, a start that was learned to be adapted (MAML) "
        "has a smaller error on new tasks than one that was pre-trained on all tasks at once and is "
        "fine-tuned. What tasks share, learned from other tasks, makes the parameters of a new one less "
        "uncertain, and its answers better."
    ),
    paper="arXiv:1703.03400",
    data=(
        "Made up: sinusoids of random amplitude and phase, ten points each; linear tasks with four weights "
        "around a shared mean, whose best answers are known in closed form."
    ),
    compared=(
        "MAML and pre-training with fine-tuning: the same network, tasks, training steps and steps on a new "
        "task, of which fine-tuning takes its best number on the new tasks themselves; Bayesian linear "
        "regression with and without the rows of 50 other tasks."
    ),
    null="no start is meta-learned, and linear tasks share nothing",
    holds="With many small tasks of a kind, meta-train rather than pool them; see headstart episodes.",
    fails=(
        "See which part it is. Where fine-tuning does as well, take it, as it costs less; what other "
        "tasks are worth depends on how far from a first guess the mean lies that they share."
    ),
    effects=(
        Effect(
            f"Error on sinusoids: fine-tuning at its best, less MAML after {TAKEN} steps",
            difference("pooled best", f"meta {TAKEN}"),
            unit=SQUARED,
        ),
        Effect(
            f"Surprise at new weights: no other task seen, less {OTHERS} seen",
            difference("surprise unknown", "surprise learned"),
            unit="nats",
        ),
        Effect(
            f"Error of two rows of a linear task: no other task seen, less {OTHERS} seen",
            difference("error unknown", "error learned"),
            unit=SQUARED,
        ),
    ),
    measure=measure,
    draw=draw,
)
