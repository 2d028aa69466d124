"""How `probe` is computed: one pass over the data, then a probe of every block."""

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from headstart.core import BadData, BadInput, derive_seed, label_kind_of
from headstart.data.check import check as check_data
from headstart.data.dataset import Dataset
from headstart.data.random_draws import uniforms
from headstart.data.splits import folds
from headstart.data.train_test_split import Rows, training_rows
from headstart.metrics.kinds import measure_of
from headstart.models.places import MOST
from headstart.session.input_pipeline import LabelUnits
from headstart.session.scoring import main_score, metric_value
from headstart.solvers.threads import threads_for
from headstart.studies._runner import Job, Trial
from headstart.studies.probe import TITLES, Probed, ProbeSettings
from headstart.studies.probe.outputs import Outputs, most_places, read_blocks
from headstart.studies.probe.probes import BY_FOLDS, PROBES, Tasks

LEAST = 4  # rows, or groups of them
ROWS_PER_SECOND = 100.0  # in the pass, for the progress bar until it knows better
SECONDS = {"ridge": 0.2, "logistic": 3.0, "knn": 0.5, "attentive": 10.0}  # a block, likewise
PASS = "read all blocks"


def compute(job: Job[ProbeSettings]) -> dict[str, Any]:
    """The record's own fields."""
    settings, backbone = job.settings, job.inputs["backbone"]
    with job.step("check the data"):
        data = _rows_to_probe(check_data(job.inputs["data"], reader=backbone.reader).dataset, settings)
    rows = np.arange(len(data))
    session = job.session(data, rows, augment=False)
    if not session.backbone.anatomy.blocks:
        raise BadInput(f"{session.backbone.name} has no blocks with parameters that could be probed.")
    probes = list(dict.fromkeys(settings.probes))
    tasks = make_tasks(data, settings)
    job.progress.expect({PASS: len(data) / ROWS_PER_SECOND})
    with TemporaryDirectory(prefix="headstart-") as folder:
        attentive = "attentive" in probes
        with job.step(PASS):
            blocks = read_blocks(session, rows, Path(folder) if attentive else None, job.progress)
        if attentive:
            job.notes += _attentive_notes(blocks, len(data), session.backbone.name)
        table = job.trials(_trials(probes, blocks, tasks, settings.seed))
    return {
        "task": data.name,
        "classes": list(data.classes),
        "rows": len(data),
        "groups": data.group_count,
        "backbone": session.backbone.name,
        "backbone_parameters": sum(p.numel() for p in session.backbone.parameters()),
        "metric": measure_of(data.label_kind).main,
        "chance": chance(data.labels),
        "probes": probes,
        "table": [Probed.from_values(values) for values in table.values()],
        "label_kind": data.label_kind,
    }


def _rows_to_probe(data: Dataset, settings: ProbeSettings) -> Dataset:
    """The rows that are not kept for testing, if there are enough of them."""
    data = data.subset(training_rows(data))
    many = data.group_count
    least = max(LEAST, settings.folds if set(BY_FOLDS) & set(settings.probes) else 0)
    if many < least:
        groups = " groups" if many < len(data) else " rows"
        raise BadData(f"{data.name} has {many}{groups}, and these probes need {least}. Give more of them.")
    if data.label_kind == "numbers" and "logistic" in settings.probes:
        raise BadInput(
            "A logistic probe predicts classes or tags, and these labels are numbers. Take ridge or knn."
        )
    return data


def make_tasks(data: Dataset, settings: ProbeSettings, metric: str | None = None) -> Tasks:
    """The true labels of the rows, and random ones; numbers are standardised. None: the main metric."""
    units, groups = LabelUnits.of(data.labels), data.groups
    labels = units.standard(data.labels) if units else data.labels
    groups = np.arange(len(data)) if groups is None else groups
    seeds = [derive_seed(settings.seed, "control", number) for number in range(settings.control)]
    orders = [np.arange(len(data)), *(draw_rows(groups, seed) for seed in seeds)]
    held_out = np.zeros(len(data), np.int64)
    if set(BY_FOLDS) & set(settings.probes):
        held_out = folds(data.strata, groups, settings.folds, derive_seed(settings.seed, "folds"))
    tasks = [torch.from_numpy(np.ascontiguousarray(labels[order])) for order in orders]
    arrays = torch.from_numpy(groups), torch.from_numpy(held_out)
    return Tasks(tasks, len(data.classes), *arrays, metric or measure_of(data.label_kind).main)


def draw_rows(groups: Rows, seed: int) -> Rows:
    """For each of n rows the row whose label it gets in a control task; rows of a group get the same.

    Labels are drawn with replacement. Were they shuffled, a row would find its own label to be a little rarer
    among the others, and a probe that knows nothing would be right less often than chance.
    """
    _, group = np.unique(groups, return_inverse=True)
    draws = uniforms(np.array([seed]), int(group.max()) + 1)[0]
    drawn: Rows = np.floor(draws * len(groups)).astype(np.int64)[group.reshape(-1)]
    return drawn


def _trials(probes: list[str], blocks: list[Outputs], tasks: Tasks, seed: int) -> Iterator[Trial]:
    """Each probe on each block that it can read."""
    for probe in probes:
        for number, block in enumerate(blocks, 1):
            if probe != "attentive" or block.many > 1:
                name = f"{TITLES[probe].lower()} of block {number}"

                def compute(_: Path, probe: str = probe, block: Outputs = block) -> dict[str, Any]:
                    return asdict(probe_block(probe, block, tasks, seed))

                yield Trial((probe, block.block), name, name, compute, SECONDS[probe])


def probe_block(name: str, block: Outputs, tasks: Tasks, seed: int) -> Probed:
    """A probe on a block: its score and those of its controls."""
    with threads_for(block.features.numel()):
        true, *others = PROBES[name](block, tasks)
    labels, *random = [y.numpy() for y in tasks.labels]
    metric = tasks.metric
    controls = [metric_value(each.held_out, y, metric) for each, y in zip(others, random, strict=True)]
    memory = [metric_value(each.fitted, y, metric) for each, y in zip(others, random, strict=True)]
    score = main_score(true.held_out, labels, tasks.groups.numpy(), seed, metric)
    control = float(np.mean(controls)) if controls else None
    return Probed(
        probe=name,
        block=block.block,
        width=block.width,
        places=block.many if name == "attentive" else 1,
        score=score,
        seen=metric_value(true.fitted, labels, metric),
        control=control,
        controls=controls,
        memory=float(np.mean(memory)) if memory else None,
        selectivity=None if control is None else score.value - control,
    )


def chance(labels: NDArray[Any]) -> float:
    """The main metric of the best constant prediction.

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


def _attentive_notes(blocks: list[Outputs], rows: int, backbone: str) -> Iterator[str]:
    """What the attentive probe leaves out."""
    alone = [block.block for block in blocks if block.many == 1]
    if len(alone) == len(blocks):
        raise BadInput(
            f"No block of {backbone} has several places: there is nothing to attend to. Take the ridge, the "
            f"logistic or the kNN probe."
        )
    if alone:
        yield f"Without the attentive probe: {', '.join(alone)}, whose output has a single place."
    few = [block.block for block in blocks if most_places(rows, block.width) < MOST]
    if few:
        yield f"The attentive probe reads fewer places than usual of {', '.join(few)}, to save memory."
