"""A network that reads the rows of a training table with their labels and predicts others, in one pass."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import one_hot

from .cells import Cells
from .encoder import RowEncoder, Sizes
from .layers import Kept, sharpness

CLASSES, BINS, REACH = 10, 48, 3.0
ABSENT = -1e4  # logit of a class without rows
LEAST = 1e-3  # added to the votes for a class


class LabelTokens(nn.Module):
    """Tokens of labels, and of what is asked for: (tasks, rows, width)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.classes = nn.Embedding(CLASSES, width)
        self.number = nn.Linear(2, width)
        self.asked = nn.Embedding(2, width)  # a class, or a number
        for module in (self.classes, self.asked):
            nn.init.normal_(module.weight, std=0.5)

    def forward(self, labels: Tensor) -> Tensor:
        """Of class indices (tasks, rows), int64, or of standardised numbers."""
        if labels.is_floating_point():
            both = torch.stack([labels, labels.clamp(-REACH, REACH).sin()], -1)
            found: Tensor = self.number(both) + self.asked.weight[1]
        else:
            found = self.classes(labels) + self.asked.weight[0]
        return found

    def query(self, tasks: int, rows: int, numbers: bool) -> Tensor:
        """Of rows whose label is asked for."""
        return self.asked.weight[int(numbers)].expand(tasks, rows, -1)


class Answers(nn.Module):
    """Outputs of features of rows: by a linear layer, and of classes by likeness to labelled rows as well."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.key, self.query = nn.Linear(width, width), nn.Linear(width, width)
        self.classes, self.bins = nn.Linear(width, CLASSES), nn.Linear(width, BINS)
        self.trust = nn.Parameter(torch.zeros(()))
        nn.init.zeros_(self.classes.weight)
        nn.init.zeros_(self.bins.weight)

    def forward(self, x: Tensor, keys: Tensor, labels: Tensor, blind: bool = False) -> Tensor:
        """Logits (tasks, rows, CLASSES) or (tasks, rows, BINS) of features (tasks, rows, width).

        Args:
            x: features of rows that are asked for.
            keys: (tasks, support, width) of labelled rows.
            labels: (tasks, support) of these.
            blind: whether classes are predicted by likeness alone.
        """
        if labels.is_floating_point():
            bins: Tensor = self.bins(x)
            return bins
        factor = sharpness(keys.shape[1]) * keys.shape[-1] ** -0.5
        likeness: Tensor = self.query(x) @ keys.transpose(1, 2) * factor
        members = one_hot(labels, CLASSES)
        found = (likeness.float().softmax(-1) @ members.float() + LEAST).log()
        if not blind:
            found = self.classes(x).float() + self.trust.exp() * found
        return found.masked_fill(~members.any(1, keepdim=True), ABSENT)


@dataclass(frozen=True)
class Context:
    """What is kept of a training table: of each layer keys and values, at the end the rows' own.

    Attributes:
        layers: keys and values of each layer.
        keys: (tasks, support, width) of the rows for the last comparison.
        labels: (tasks, support): class indices, or standardised numbers.
    """

    layers: tuple[Kept, ...]
    keys: Tensor
    labels: Tensor


class InContextNetwork(nn.Module):
    """Reads a training table and predicts rows: an encoder of rows, tokens of labels, and answers.

    Classes are predicted by a linear layer and by likeness to rows of the support, multiplied; numbers by
    bins of their standardised value.

    Args:
        sizes: of the network.
    """

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.sizes = sizes
        self.encoder = RowEncoder(sizes)
        self.labels = LabelTokens(sizes.width)
        self.answers = Answers(sizes.width)

    def forward(self, cells: Cells, tags: Tensor, labels: Tensor, blind: bool = False) -> Tensor:
        """Outputs of the rows that follow the labelled ones: logits of classes, or of bins.

        Args:
            cells: of all rows, those of the support first.
            tags: (tasks, columns, TAGS) random numbers that tell the columns apart.
            labels: (tasks, support) class indices, int64, or numbers standardised.
            blind: whether the encoder sees no labels: classes are then predicted by the likeness of rows
                alone, which trains features for other heads.

        Returns:
            Logits (tasks, rows - support, CLASSES), ABSENT of a class without rows, or (..., BINS).
        """
        support = labels.shape[1]
        tasks, rows = cells.codes.shape[:2]
        tokens = None
        if not blind:
            asked = self.labels.query(tasks, rows - support, labels.is_floating_point())
            tokens = torch.cat([self.labels(labels), asked], 1)
        x, _ = self.encoder(cells, tags, tokens, support)
        found: Tensor = self.answers(x[:, support:], self.answers.key(x[:, :support]), labels, blind)
        return found

    def read(self, cells: Cells, tags: Tensor, labels: Tensor) -> Context:
        """What is kept of a training table, all rows of which have labels."""
        x, kept = self.encoder(cells, tags, self.labels(labels), labels.shape[1])
        return Context(kept, self.answers.key(x), labels)

    def predict(self, cells: Cells, tags: Tensor, context: Context) -> Tensor:
        """Outputs as those of `forward`, of rows by a training table that was read."""
        tasks, rows = cells.codes.shape[:2]
        asked = self.labels.query(tasks, rows, context.labels.is_floating_point())
        x, _ = self.encoder(cells, tags, asked, 0, context.layers)
        found: Tensor = self.answers(x, context.keys, context.labels)
        return found
