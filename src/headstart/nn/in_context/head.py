"""A head that keeps the rows of a training table and predicts by them in context."""

import copy
import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from headstart.core import Head, LabelKind
from headstart.core.draws import normals, orders

from .cells import Scale, drawn_in, drawn_out, moments
from .encoder import TAGS, Sizes
from .losses import bin_centres
from .network import ABSENT, CLASSES, Context, InContextNetwork
from .once import Once

AT_ONCE = 2**14  # cells of rows that are asked for, which are computed together


class InContextHead(Head):
    """Rows with labels, and a network that predicts others by them: (n, columns) -> (n, outputs).

    Nothing of it is trained on the rows. Several passes, which differ in what tells columns apart and in the
    order of the classes, are averaged. Outputs are log probabilities of classes, or numbers.

    Args:
        rows: with labels, >= 1.
        columns: of each.
        outputs: classes, at most 10, or numbers a row.
        named: places of columns that hold codes of categories.
        members: passes, >= 1.
        kind: of the labels: "classes" or "numbers".
        sizes: of the network; None: the usual ones.
    """

    rows: Tensor  # (rows, columns), NaN: missing
    labels: Tensor  # (rows,) class indices, or (rows, outputs) numbers
    tags: Tensor  # (members, columns, TAGS) what tells columns apart
    coded: Tensor  # (columns,) bool, which hold codes
    order: Tensor  # (members, CLASSES) the network's class for each
    centre: Tensor  # (outputs,) added to numbers
    spread: Tensor  # (outputs,) factor on numbers

    def __init__(
        self,
        rows: int,
        columns: int,
        outputs: int,
        named: Sequence[int] = (),
        members: int = 2,
        kind: LabelKind = "classes",
        sizes: Mapping[str, int] | None = None,
    ) -> None:
        super().__init__()
        self.kind, self.named = kind, tuple(named)
        self.network = InContextNetwork(Sizes(**(sizes or {})))
        self.register_buffer("rows", torch.zeros(rows, columns))
        numbers = torch.zeros(rows, outputs)
        self.register_buffer("labels", numbers if kind == "numbers" else torch.zeros(rows).long())
        seeds = torch.arange(members)
        self.register_buffer("tags", normals(seeds, columns * TAGS).view(members, columns, TAGS))
        self.register_buffer("order", orders(seeds, CLASSES))
        coded = torch.zeros(columns, dtype=torch.bool)
        coded[list(self.named)] = True
        self.register_buffer("coded", coded, persistent=False)
        self.register_buffer("centre", torch.zeros(outputs))
        self.register_buffer("spread", torch.ones(outputs))
        self._once: Once[tuple[Scale, Context]] = Once()

    @property
    def settings(self) -> Mapping[str, Any]:
        """All arguments."""
        return {
            "rows": len(self.rows),
            "columns": self.rows.shape[1],
            "outputs": len(self.centre),
            "named": list(self.named),
            "members": len(self.tags),
            "kind": self.kind,
            "sizes": dict(self.network.sizes.settings),
        }

    def forward(self, z: Tensor) -> Tensor:
        """Outputs (n, outputs) of rows (n, columns)."""
        scale, context = self.read()
        few = max(1, AT_ONCE // ((z.shape[1] + 1) * len(context.keys)))
        if torch.compiler.is_exporting() or len(z) <= few:
            return self._predicted(z, scale, context)
        return torch.cat([self._predicted(part, scale, context) for part in torch.split(z, few)])

    def read(self) -> tuple[Scale, Context]:
        """The training table as the network keeps it: computed once, until the rows or the weights change."""
        return self._once(self, self._read)

    def _read(self) -> tuple[Scale, Context]:
        scale = Scale.of(self.rows[None], self.coded, self.network.sizes.codes)
        labels = self._labels()
        cells = scale.cells(self.rows[None]).expanded(len(labels))
        return scale, self.network.read(cells, self._tags(), labels)

    def _labels(self) -> Tensor:
        """What each pass is told of the rows: (passes, rows)."""
        if self.kind == "classes":
            return self.order[:, self.labels]
        mean, deviation = self._moments()
        number = drawn_in((self.labels - mean) / deviation).T  # (outputs, rows)
        return number.repeat_interleave(len(self.tags), 0)

    def _moments(self) -> tuple[Tensor, Tensor]:
        """Mean and deviation (1, outputs) of the numbers."""
        mean, deviation = moments(self.labels[None])
        return mean[0], deviation[0]

    def _tags(self) -> Tensor:
        """Tags (passes, columns, TAGS)."""
        return self.tags.repeat(len(self.centre) if self.kind == "numbers" else 1, 1, 1)

    def _predicted(self, z: Tensor, scale: Scale, context: Context) -> Tensor:
        tags = self._tags()
        out = self.network.predict(scale.cells(z[None]).expanded(len(tags)), tags, context).float()
        if self.kind == "numbers":
            return self._numbers(out)
        place = self.order[:, None, : len(self.centre)].expand(-1, out.shape[1], -1)
        found = out.log_softmax(-1).gather(2, place)
        return (found.logsumexp(0) - math.log(len(tags))).clamp_min(ABSENT)

    def _numbers(self, out: Tensor) -> Tensor:
        """Expected numbers (n, outputs) of logits of bins (passes, n, BINS)."""
        expected = (
            (out.softmax(-1) @ drawn_out(bin_centres(out.device)))
            .view(len(self.centre), len(self.tags), -1)
            .mean(1)
        )
        mean, deviation = self._moments()
        return (expected.T * deviation + mean) * self.spread + self.centre

    def rescaled(self, mean: Tensor, deviation: Tensor) -> "InContextHead":
        """The same rows with rescaled numbers, for regression."""
        twin = copy.deepcopy(self)
        twin.spread.mul_(deviation.to(self.spread))
        twin.centre.mul_(deviation.to(self.centre)).add_(mean.to(self.centre))
        return twin
