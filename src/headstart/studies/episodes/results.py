"""What is recorded of tasks and of learners on them: scores, gains over the best baseline, the verdict."""

from collections.abc import Iterable, Mapping
from typing import Any

from headstart.records.record import Interval
from headstart.run.step_cache import file_name
from headstart.studies._runner import Job
from headstart.studies.episodes import (
    ALONE,
    LEARNER,
    TRANSFER,
    UNCLEAR,
    EpisodesSettings,
    TestedLearner,
)
from headstart.studies.episodes.chosen import Chosen, answers_of
from headstart.studies.episodes.families import Parts
from headstart.studies.episodes.measuring import adaptation_steps, chance, gain_over, points
from headstart.studies.episodes.training import Trained
from headstart.tasks.family import range_of

LEARNERS = "learners"  # folder of the saved ones
LOSSES = 200  # points of a curve in the record, at least; at most twice as many
LOWER = ("mean_squared_error",)  # metrics of which less is better


def about_tasks(parts: Parts, settings: EpisodesSettings) -> dict[str, Any]:
    """What tasks are like."""
    test = parts.test.family
    return {
        "task": parts.name,
        "answers": test.kind,
        "metric": answers_of(test.kind),
        "shape": list(test.shape),
        "ways": test.outputs if test.kind == "classes" else 0,
        "shots": test.shots,
        "queries": test.queries,
        "train_shots": list(range_of(parts.train.family.shots)),
        "train_classes": list(parts.train.classes),
        "test_classes": list(parts.test.classes),
        "train_rows": parts.train.count,
        "test_rows": parts.test.count,
        "test_tasks": settings.test_tasks,
        "chance": chance(test, settings.test_tasks),
    }


def compared(
    job: Job[EpisodesSettings],
    chosen: Chosen,
    trained: Mapping[str, Trained],
    kept: Mapping[str, dict[str, Any]],
) -> dict[str, Any]:
    """All learners, the best first, with their gains over the best transfer baseline."""
    lower = answers_of(next(iter(trained.values())).learner.problem.kind) in LOWER
    means = {name: value["score"][0] for name, value in kept.items()}
    reference = best_of(means, (name for name in kept if name in chosen.baselines), lower)
    together = [name for name in kept if kept[name]["together"]]
    others = [name for name in kept if name not in chosen.baselines]
    best = best_of(means, [name for name in others if name not in together] or others, lower)
    job.notes += [_about_together(trained[name].learner.learner.title) for name in together]
    gains = {
        name: gain_over(value["each"], kept[reference]["each"], lower)
        for name, value in kept.items()
        if reference not in ("", name)
    }
    tested = [
        TestedLearner(
            name=name,
            title=trained[name].learner.learner.title,
            transfer=name in chosen.baselines,
            score=Interval(*value["score"]),
            gain=gains.get(name),
            by_shots=points(value["shots"]),
            by_steps=points(value["steps"]),
            folder=f"{LEARNERS}/{file_name(name)}" if job.out is not None else "",
            together=name in together,
            **_about_training(trained[name]),
        )
        for name, value in kept.items()
    ]
    tested.sort(key=lambda one: one.score.value if lower else -one.score.value)
    return {
        "reference": reference,
        "best": best,
        "verdict": verdict(gains.get(best)),
        "learners": tested,
    }


def _about_together(title: str) -> str:
    return (
        f"{title} answers queries together: batch normalisations take the statistics of all queries of a "
        "task, of which there are equally many of each class here. Fewer, or of one class, are answered "
        "worse. The verdict is about learners that answer each by itself, if there are any."
    )


def best_of(means: Mapping[str, float], names: Iterable[str], lower: bool) -> str:
    """The best of some names; "" of none."""
    return min(names, key=lambda name: means[name] if lower else -means[name], default="")


def verdict(gain: Interval | None) -> str:
    """What the gain of the best learner over the best baseline says."""
    if gain is None:
        return ALONE
    if gain.low > 0:
        return LEARNER
    return TRANSFER if gain.high < 0 else UNCLEAR


def _about_training(one: Trained) -> dict[str, Any]:
    losses = list(one.learner.losses)
    width = max(1, len(losses) // LOSSES)
    parts = [losses[at : at + width] for at in range(0, len(losses), width)]
    return {
        "parameters": one.parameters,
        "encoder": one.learner.encoder,
        "steps": one.steps,
        "seconds": one.seconds,
        "losses": [sum(part) / len(part) for part in parts],
        "adaptation": adaptation_steps(one.learner.learner),
    }
