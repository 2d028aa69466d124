"""How `probe` is computed: one pass over the data, then a probe of every block."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from headstart.core import BadData, BadInput
from headstart.data.check import check as check_data
from headstart.data.dataset import Dataset
from headstart.models.places import MOST
from headstart.studies._runner import Job, Trial
from headstart.studies.probe import TITLES, Probed, ProbeSettings
from headstart.studies.probe.blocks import bench, chance, group_numbers, main_metric, probed
from headstart.studies.probe.outputs import Outputs, most_places, read_blocks
from headstart.studies.probe.probes import BY_FOLDS

LEAST = 4  # rows, or groups of them
ROWS_PER_SECOND = 100.0  # in the pass, for the progress bar until it knows better
SECONDS = {"ridge": 0.2, "logistic": 3.0, "knn": 0.5, "attentive": 10.0}  # a block, likewise
PASS = "look through all blocks"


def compute(job: Job[ProbeSettings]) -> dict[str, Any]:
    """The record's own fields."""
    settings, backbone = job.settings, job.inputs["backbone"]
    with job.step("look at the data"):
        data = _rows_to_probe(check_data(job.inputs["data"], reader=backbone.reader).dataset, settings)
    rows = np.arange(len(data))
    session = job.session(data, rows, augment=False)
    if not session.backbone.anatomy.blocks:
        raise BadInput(f"{session.backbone.name} has no blocks with parameters that could be probed.")
    probes = list(dict.fromkeys(settings.probes))
    job.progress.expect({PASS: len(data) / ROWS_PER_SECOND})
    with ExitStack() as stack:
        folder = None
        if "attentive" in probes:
            folder = Path(stack.enter_context(TemporaryDirectory(prefix="headstart-")))
        with job.step(PASS):
            blocks = read_blocks(session, rows, folder, job.progress)
        if "attentive" in probes:
            job.notes += _attentive_notes(blocks, len(data), session.backbone.name)
        table = job.trials(_trials(probes, blocks, data, settings))
    return {
        "task": data.name,
        "classes": list(data.classes),
        "rows": len(data),
        "groups": len(np.unique(group_numbers(data))),
        "backbone": session.backbone.name,
        "backbone_parameters": sum(p.numel() for p in session.backbone.parameters()),
        "metric": main_metric(data),
        "chance": chance(data.labels),
        "probes": probes,
        "table": [Probed.from_values(values) for values in table.values()],
        "label_kind": data.label_kind,
    }


def _rows_to_probe(data: Dataset, settings: ProbeSettings) -> Dataset:
    """The rows that are not kept for testing, if there are enough of them."""
    if data.split is not None:
        data = data.subset(np.flatnonzero(np.array(data.split) != "test"))
    many = len(np.unique(data.groups)) if data.groups is not None else len(data)
    least = max(LEAST, settings.folds if set(BY_FOLDS) & set(settings.probes) else 0)
    if many < least:
        groups = " groups" if many < len(data) else " rows"
        raise BadData(f"{data.name} has {many}{groups}, and these probes need {least}. Give more of them.")
    if data.label_kind == "numbers" and "logistic" in settings.probes:
        raise BadInput(
            "A logistic probe predicts classes or tags, and these labels are numbers. Take ridge or knn."
        )
    return data


def _trials(
    probes: list[str], blocks: list[Outputs], data: Dataset, settings: ProbeSettings
) -> Iterator[Trial]:
    """Each probe on each block that it can read."""
    tasks = bench(data, np.arange(len(data)), settings)
    for probe in probes:
        for number, block in enumerate(blocks, 1):
            if probe != "attentive" or block.many > 1:
                name = f"{TITLES[probe].lower()} of block {number}"

                def compute(_: Path, probe: str = probe, block: Outputs = block) -> dict[str, Any]:
                    return asdict(probed(probe, block, tasks, settings.seed))

                yield Trial((probe, block.block), name, name, compute, SECONDS[probe])


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
