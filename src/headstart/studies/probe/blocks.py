"""One block, one probe: the score on unseen rows, and what the same probe makes of random labels."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from headstart.core import derive_seed, label_kind_of
from headstart.data.dataset import Dataset
from headstart.data.random_draws import uniforms
from headstart.data.splits import folds
from headstart.metrics.kinds import measure_of
from headstart.metrics.scored_outputs import once
from headstart.session.scoring import answers, main_score
from headstart.session.units import Units
from headstart.solvers.threads import threads_for
from headstart.studies.probe import Probed, ProbeSettings
from headstart.studies.probe.outputs import Outputs, Rows
from headstart.studies.probe.probes import BY_FOLDS, PROBES, Bench, Said


def group_numbers(data: Dataset) -> Rows:
    """(n,) which rows are left out together."""
    return np.arange(len(data)) if data.groups is None else data.groups


def bench(data: Dataset, rows: Rows, settings: ProbeSettings) -> Bench:
    """The true labels of the rows, and random ones; numbers in units of their own."""
    part = data.subset(rows)
    units = Units.of(part.labels)
    labels = units.standard(part.labels) if units else part.labels
    groups, held = group_numbers(part), np.zeros(len(rows), np.int64)
    orders = [
        at_random(groups, derive_seed(settings.seed, "control", number)) for number in range(settings.control)
    ]
    tasks = [
        torch.from_numpy(np.ascontiguousarray(labels[order])) for order in (np.arange(len(rows)), *orders)
    ]
    if set(BY_FOLDS) & set(settings.probes):
        held = folds(part.strata, groups, settings.folds, derive_seed(settings.seed, "folds"))
    return Bench(tasks, len(data.classes), torch.from_numpy(groups), torch.from_numpy(held))


def at_random(groups: Rows, seed: int) -> Rows:
    """For each of n rows the row whose label it gets in a control task; rows of a group get the same.

    Labels are drawn with replacement. Were they shuffled, a row would find its own label to be a little rarer
    among the others, and a probe that knows nothing would be right less often than chance.
    """
    _, group = np.unique(groups, return_inverse=True)
    draws = uniforms(np.array([seed]), int(group.max()) + 1)[0]
    drawn: Rows = np.floor(draws * len(groups)).astype(np.int64)[group.reshape(-1)]
    return drawn


def probed(name: str, block: Outputs, made: Bench, seed: int) -> Probed:
    """A probe on a block: its score and those of its controls."""
    with threads_for(block.features.numel()):
        true, *others = PROBES[name](block, made)
    labels = [y.numpy() for y in made.tasks]
    controls = [main_value(said.held_out, y) for said, y in zip(others, labels[1:], strict=True)]
    score = main_score(true.held_out, labels[0], seed)
    control = float(np.mean(controls)) if controls else None
    return Probed(
        probe=name,
        block=block.block,
        width=block.width,
        places=block.many if name == "attentive" else 1,
        score=score,
        seen=main_value(true.fitted, labels[0]),
        control=control,
        controls=controls,
        memory=_mean_of(others, labels[1:]),
        selectivity=None if control is None else score.value - control,
    )


def _mean_of(said: list[Said], labels: list[Any]) -> float | None:
    """How much of random labels was learned by heart."""
    if not said:
        return None
    return float(np.mean([main_value(one.fitted, y) for one, y in zip(said, labels, strict=True)]))


def main_metric(data: Dataset) -> str:
    """The name of the metric of all scores."""
    return measure_of(data.label_kind).main


def main_value(outputs: Tensor, labels: NDArray[Any]) -> float:
    """The main metric of outputs (n, k), without an interval."""
    kind = label_kind_of(labels)
    if kind == "classes":
        return float((outputs.argmax(1).numpy() == labels).mean())
    measures = measure_of(kind)
    scored = measures.score(answers(outputs, kind), labels)
    return once(scored, measures.metrics[measures.main], len(labels))


def chance(labels: NDArray[Any]) -> float:
    """The main metric of the best answer that looks at nothing.

    It is the share of the largest class; of tags the mean share of the rows that have one; of numbers 0, as
    their mean explains none of their variance.
    """
    kind = label_kind_of(labels)
    if kind == "classes":
        return float(np.bincount(labels).max() / len(labels))
    if kind == "tags":
        shares = labels.mean(0)
        return float(shares[shares > 0].mean()) if shares.any() else 0.0
    return 0.0
