"""What each block of the frozen backbone knows of the task: one pass, a probe a block."""

from collections.abc import Iterator
from dataclasses import astuple
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from headstart.metrics.intervals import wilson
from headstart.models.tracing import quiet
from headstart.solvers.choice import ridge_choice
from headstart.solvers.threads import threads_for

from .candidates import Trials
from .records import Interval, Layer
from .session import Session

LAYERS = "probe every block"
BATCH = 16


def layers_of(trials: Trials) -> list[Layer]:
    """`probe_layers` on the training part, as a step of a study."""

    def compute() -> list[Any]:
        layers = probe_layers(trials.session, np.arange(len(trials.session.data)))
        return [[layer.block, layer.width, *astuple(layer.accuracy)] for layer in layers]

    with trials.progress.step(LAYERS):
        found = trials.journal.once(LAYERS, compute)
    return [Layer(block, width, Interval(*accuracy)) for block, width, *accuracy in found]


def probe_layers(session: Session, rows: NDArray[np.int64]) -> list[Layer]:
    """Exact leave-one-out accuracy of a ridge probe on every block's output, averaged over places.

    All blocks are read in one pass over the rows; the penalty of each probe is the one that
    leave-one-out likes best.
    """
    rows = session.quickest(rows)
    blocks = session.backbone.anatomy.blocks
    found: dict[str, list[torch.Tensor]] = {block: [] for block in blocks}
    for some in np.array_split(rows, -(-len(rows) // BATCH)):
        with quiet(session.backbone), torch.inference_mode():
            outputs = session.backbone.features(session.samples(some), blocks)
        for block, output in outputs.items():
            found[block].append(output.float())
    labels = torch.from_numpy(session.data.labels[rows])
    return list(_probed(found, labels, len(session.data.classes)))


def _probed(found: dict[str, list[torch.Tensor]], labels: torch.Tensor, classes: int) -> Iterator[Layer]:
    for block, outputs in found.items():
        if outputs:
            features = torch.cat(outputs)
            with threads_for(features.numel()):
                answers = ridge_choice(features, labels, classes).held_out.argmax(1)
            right = int((answers == labels).sum())
            yield Layer(block, features.shape[1], Interval(*wilson(right, len(labels))))
