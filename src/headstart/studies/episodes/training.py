"""Learners trained on the training tasks, each once, and put together again from what was kept."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from headstart.core import derive_seed
from headstart.learners.encoding import make_encoder
from headstart.learners.learner import Learner
from headstart.learners.trained import TrainedLearner
from headstart.learners.training import meta_train, problem_of
from headstart.run.recipe import Recipe
from headstart.studies._runner import Job, Trial
from headstart.studies.episodes import EpisodesSettings
from headstart.studies.episodes.chosen import is_transfer
from headstart.tasks.family import TaskFamily

FEATURES = "identity"  # encoder of the baselines where a backbone gives the features
SECONDS = 30.0  # a guess, for the progress bar


@dataclass(frozen=True)
class Trained:
    """A trained learner and what its training took."""

    learner: TrainedLearner
    seconds: float
    steps: int

    @property
    def parameters(self) -> int:
        """Numbers that it learned, or has to begin with."""
        return sum(one.numel() for one in self.learner.parts.parameters())


def train_all(
    job: Job[EpisodesSettings], learners: dict[str, Learner], tasks: TaskFamily, frozen: bool
) -> dict[str, Trained]:
    """The trained learners by name; those that diverge are left out, which the notes say."""

    def trial(name: str, learner: Learner) -> Trial:
        recipe = _recipe(learner, job.settings)
        encoder = encoder_of(learner, job.settings, frozen)

        def compute(checkpoint: Path) -> dict[str, Any]:
            made = meta_train(
                learner, tasks, encoder, recipe, job.engine, checkpoint, watch=job.progress.watch
            )
            state = {key: value.contiguous() for key, value in made.parts.state_dict().items()}
            return {"state": state, "losses": list(made.losses), "encoder": made.encoder}

        return Trial(name, step_of(name), learner.title, compute, SECONDS if learner.learned else 1.0)

    kept = job.trials(trial(name, learner) for name, learner in learners.items())
    return {
        name: Trained(
            rebuilt(learners[name], tasks, value),
            job.folder.steps.seconds(f"try {step_of(name)}"),
            _recipe(learners[name], job.settings).steps if learners[name].learned else 0,
        )
        for name, value in kept.items()
    }


def step_of(name: str) -> str:
    """The trial that trains a learner."""
    return f"train {name}"


def encoder_of(learner: Learner, settings: EpisodesSettings, frozen: bool) -> str | None:
    """The network of a learner: baselines take features of a backbone as they are.

    What learns nothing before a task takes rows as they are, too, rather than by a network of random weights.
    """
    as_it_is = (frozen and is_transfer(type(learner), frozen)) or not learner.learned
    return FEATURES if as_it_is else settings.encoder


def rebuilt(learner: Learner, tasks: TaskFamily, value: dict[str, Any]) -> TrainedLearner:
    """The learner with the weights that were kept."""
    problem = problem_of(tasks)
    parts = learner.parts(make_encoder(value["encoder"], problem.shape), problem)
    parts.load_state_dict(value["state"])
    losses = tuple(value["losses"])
    return TrainedLearner(learner, problem, parts.eval().requires_grad_(False), value["encoder"], losses)


def _recipe(learner: Learner, settings: EpisodesSettings) -> Recipe:
    usual = learner.recipe()
    return replace(
        usual,
        steps=settings.steps or usual.steps,
        lr=settings.lr or usual.lr,
        seed=derive_seed(settings.seed, "learner"),
    )
