"""A memory bank of rows, as a module, so that it is checkpointed like any other."""

from typing import Any

import torch
from torch import Tensor, nn

from headstart.core import LabelKind

DTYPES = {"classes": torch.int64, "tags": torch.bool, "numbers": torch.float32}


class Bank(nn.Module):
    """Features and labels in the order they were added.

    Attributes:
        outputs: number of classes, tags or numbers of the labels.
    """

    features: Tensor  # (rows, width)
    labels: Tensor  # (rows,) classes, (rows, outputs) tags or numbers
    weights: Tensor | None  # (rows,) weights of the rows; None while all are equal
    filled: Tensor  # () rows added so far

    def __init__(self, rows: int, width: int, outputs: int, kind: LabelKind = "classes") -> None:
        super().__init__()
        self.outputs = outputs
        shape = (rows,) if kind == "classes" else (rows, outputs)
        self.register_buffer("features", torch.zeros(rows, width))
        self.register_buffer("labels", torch.zeros(shape, dtype=DTYPES[kind]))
        self.register_buffer("weights", None)
        self.register_buffer("filled", torch.zeros((), dtype=torch.int64))

    def add(self, features: Tensor, labels: Tensor, weights: Tensor | None = None) -> None:
        """Append features (n, width), labels (n, ...) and weights (n,); the capacity doubles when full.

        Rows without weights get 1.
        """
        start, end = int(self.filled), int(self.filled) + len(labels)
        if end > len(self.labels):
            more = max(end, 2 * len(self.labels)) - len(self.labels)
            self.features = torch.cat([self.features, self.features.new_zeros(more, features.shape[1])])
            self.labels = torch.cat([self.labels, self.labels.new_zeros(more, *labels.shape[1:])])
            if self.weights is not None:
                self.weights = torch.cat([self.weights, self.weights.new_ones(more)])
        if weights is not None:
            if self.weights is None:
                self.weights = self.features.new_ones(len(self.labels))
            self.weights[start:end] = weights
        self.features[start:end] = features
        self.labels[start:end] = labels
        self.filled += len(labels)

    def _load_from_state_dict(self, state: dict[str, Tensor], prefix: str, *rest: Any) -> None:
        # a bank that has grown may be loaded into one that has not
        for name in ("features", "labels", "weights"):
            if (saved := state.get(prefix + name)) is not None:
                setattr(self, name, torch.zeros_like(saved, device=self.labels.device))
        super()._load_from_state_dict(state, prefix, *rest)

    @property
    def content(self) -> tuple[Tensor, Tensor]:
        """Features (n, width) and labels (n, ...) added so far."""
        n = int(self.filled)
        return self.features[:n], self.labels[:n]

    @property
    def counts(self) -> Tensor | None:
        """Weights (n,) of these rows; None: all equal."""
        return None if self.weights is None else self.weights[: int(self.filled)]

    @property
    def counted(self) -> tuple[Tensor, Tensor, Tensor | None]:
        """Features, labels and weights, None if all are equal, of the rows that count more than nothing."""
        (features, labels), weights = self.content, self.counts
        if weights is None:
            return features, labels, None
        there = weights > 0  # a row that counts nothing might as well not be there
        return features[there], labels[there], weights[there]
