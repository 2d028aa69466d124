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
from headstart.studies.probe.blocks import bench, probed
from headstart.studies.probe.outputs import read_blocks

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

    All blocks are read in one pass over the rows, and each row, or group of rows, is told by the exact fit
    without it. The penalty of each probe is the one that serves rows best that were left out.
    """
    made = bench(session.data, rows, ProbeSettings(control=0))
    found = [probed("ridge", block, made, 0) for block in read_blocks(session, rows)]
    return [Layer(one.block, one.width, one.score) for one in found]
