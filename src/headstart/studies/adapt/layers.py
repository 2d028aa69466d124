"""What each block of the frozen backbone knows of the task: one pass, a probe a block."""

from dataclasses import astuple
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.records.record import Interval
from headstart.session.session import Session
from headstart.studies.adapt import Layer
from headstart.studies.adapt.candidates import CrossValidation
from headstart.studies.probe import ProbeSettings
from headstart.studies.probe.outputs import read_blocks
from headstart.studies.probe.run import make_tasks, probe_block

LAYERS = "probe every block"


def layers_of(validation: CrossValidation) -> list[Layer]:
    """`probe_layers` on the training part, as a step of a study."""

    def compute() -> list[Any]:
        layers = probe_layers(validation.session, np.arange(len(validation.session.data)))
        return [[layer.block, layer.width, *astuple(layer.score)] for layer in layers]

    with validation.folder.progress.step(LAYERS):
        found = validation.folder.steps.once(LAYERS, compute)
    return [Layer(block, width, Interval(*score)) for block, width, *score in found]


def probe_layers(session: Session, rows: NDArray[np.int64]) -> list[Layer]:
    """The score of a ridge probe on every block's output, averaged over places; see `hs.probe`.

    All blocks are read in one pass over the rows, and each row, or group of rows, is predicted by the exact
    fit without it. The penalty of each probe is the one that serves rows best that were left out.
    """
    tasks = make_tasks(session.data.subset(rows), ProbeSettings(control=0))
    probed = [probe_block("ridge", block, tasks, 0) for block in read_blocks(session, rows)]
    return [Layer(each.block, each.width, each.score) for each in probed]
