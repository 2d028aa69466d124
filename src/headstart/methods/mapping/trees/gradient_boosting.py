from dataclasses import dataclass
from typing import Any, final

import numpy as np
import torch
from numpy.typing import NDArray

from headstart.core import About, Labelled, Mismatch, label_kind_of
from headstart.nn.tree_head import TreeHead

from .arrays import Tree, head_of
from .tree_method import SEED, TreeMethod, ensembles

USUAL_LEAF = 20  # rows, scikit-learn's default
SHARE = 5  # leaves of the least size that the rows of a class should make
ROUNDING = 1e-4  # of sums of hundreds of float32 numbers


@final
@dataclass(frozen=True, kw_only=True)
class GradientBoosting(TreeMethod):
    """Add up small trees on the columns of a table, each grown on the gradient of the loss of those before.

    It is histogram gradient boosting. Nothing is transferred: the backbone's weights have no part in it.
    Needs scikit-learn.

    Attributes:
        iterations: trees for each class or number, at most, >= 1.
        rate: factor on each tree, > 0.
        leaves: of a tree at most, >= 2.
        min_leaf: rows in a leaf, >= 1; None: as many as make five leaves of a class, but 20 at most.
    """

    about = About(
        "gradient-boosting",
        "nothing",
        "mapping",
        Labelled,
        "doi:10.1214/aos/1013203451",
        closed_form=True,
        label_kinds=("classes", "numbers"),
        needs_columns=True,
        package="sklearn",
    )
    iterations: int = 100
    rate: float = 0.1
    leaves: int = 31
    min_leaf: int | None = None

    def __post_init__(self) -> None:
        self.check("iterations", self.iterations >= 1, ">= 1")
        self.check("rate", 0 < self.rate < float("inf"), "a number > 0")
        self.check("leaves", self.leaves >= 2, ">= 2")
        self.check("min_leaf", self.min_leaf is None or self.min_leaf >= 1, ">= 1, or None")

    def grow(self, x: NDArray[Any], y: NDArray[Any], outputs: int, weights: NDArray[Any] | None) -> TreeHead:
        """scikit-learn's trees, a model for all classes, or one for each column of numbers."""
        if label_kind_of(y) == "numbers":
            found = [self._fitted("Regressor", x, y[:, k], weights) for k in range(outputs)]
            head = head_of(interleaved([trees_of(each)[0] for each in found]), outputs)
            head.bias.copy_(torch.tensor([float(each._baseline_prediction.item()) for each in found]))
            checked(head, x, np.stack([each.predict(x) for each in found], 1))
            return head
        present, codes = np.unique(y, return_inverse=True)
        if len(present) == 1:
            head = head_of([Tree.constant(np.zeros(outputs))], outputs)
        else:
            model = self._fitted("Classifier", x, codes, weights)
            head = logits_of(model, present, outputs)
            scores = model.decision_function(x)
            ours = scores if scores.ndim == 2 else np.stack([-scores / 2, scores / 2], 1)
            checked(head, x, ours, present)
        absent = np.setdiff1d(np.arange(outputs), present)
        head.bias[absent] = float(np.log(0.5 / len(y)))  # as if half a row had been seen
        return head

    def _fitted(self, what: str, x: NDArray[Any], y: NDArray[Any], weights: NDArray[Any] | None) -> Any:
        classes = len(np.unique(y)) if what == "Classifier" else 1
        kind = getattr(ensembles(), f"HistGradientBoosting{what}")
        model = kind(
            max_iter=self.iterations,
            learning_rate=self.rate,
            max_leaf_nodes=self.leaves,
            min_samples_leaf=self.min_leaf or least_leaf(len(y), classes),
            random_state=SEED,
        )
        return model.fit(x, y, weights)


def least_leaf(rows: int, classes: int) -> int:
    """Rows of a leaf: so that a class makes five leaves, but scikit-learn's 20 at most."""
    return max(1, min(USUAL_LEAF, rows // (SHARE * classes)))


def trees_of(model: Any) -> list[list[Tree]]:
    """For each of the model's outputs its trees, one an iteration, with values (nodes, 1)."""
    columns = zip(*model._predictors, strict=True)
    return [
        [Tree.of_boosting(one.nodes, one.nodes["value"][:, None]) for one in column] for column in columns
    ]


def interleaved(columns: list[list[Tree]]) -> list[Tree]:
    """The first tree of each column, then the second; trees of 0 where a column has stopped early."""
    most, none = max(map(len, columns)), Tree.constant(np.zeros(1))
    return [column[k] if k < len(column) else none for k in range(most) for column in columns]


def logits_of(model: Any, present: NDArray[Any], outputs: int) -> TreeHead:
    """The head of a fitted classifier of the classes `present` among `outputs`."""
    columns, start = trees_of(model), model._baseline_prediction.reshape(-1)
    if (
        len(columns) == 1
    ):  # of two classes the log odds of the second: half of them for it, half against the first
        columns = [[replaced(tree, sign / 2) for tree in columns[0]] for sign in (-1, 1)]
        start = np.array([-start[0] / 2, start[0] / 2])
    none = [Tree.constant(np.zeros(1))]
    given = dict(zip(present.tolist(), columns, strict=True))
    head = head_of(interleaved([given.get(k, none) for k in range(outputs)]), outputs)
    head.bias[present] = torch.from_numpy(start).float()
    return head


def replaced(tree: Tree, factor: float) -> Tree:
    """The tree with its values times a factor."""
    return Tree(tree.feature, tree.threshold, tree.left, tree.right, tree.value * factor)


def checked(head: TreeHead, x: NDArray[Any], wanted: NDArray[Any], columns: Any = slice(None)) -> None:
    """Refuse trees that another version of scikit-learn stores in another way.

    Raises:
        Mismatch: the head's outputs for x differ from those of scikit-learn, (n, columns).
    """
    found = head(torch.from_numpy(x)).numpy()[:, columns]
    if not np.allclose(found, wanted, rtol=ROUNDING, atol=ROUNDING * max(1.0, float(np.abs(wanted).max()))):
        raise Mismatch(
            "The trees of this version of scikit-learn can't be read: as tensors they predict something "
            "else. Take random-forest, or another version of scikit-learn."
        )
