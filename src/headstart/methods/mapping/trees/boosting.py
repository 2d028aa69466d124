"""Boosting: trees that are added up, each grown on what those before left wrong."""

import importlib
from abc import abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from headstart.core import Mismatch, MissingPackage, label_kind_of
from headstart.nn.tree_head import TreeHead

from .arrays import Reals, Tree, head_of
from .tree_method import TreeMethod

USUAL_LEAF = 20  # rows, the default of scikit-learn and of LightGBM
SHARE = 5  # leaves of the least size that the rows of a class should make
ROUNDING = 1e-4  # of sums of hundreds of float32 numbers


@dataclass(frozen=True)
class Boosted:
    """What a package has grown.

    Attributes:
        columns: the trees of each output, one an iteration, with values (nodes, 1); or one column of trees
            with values (nodes, outputs).
        start: (outputs,) what the trees are added to.
        scores: (n, outputs) of the rows that were learned from: numbers, logits, or of two classes the log
            odds of the second alone.
    """

    columns: list[list[Tree]]
    start: Reals
    scores: Reals


class BoostingMethod(TreeMethod):
    """Adds up trees; a subclass says how a package grows them, in `boost`."""

    @abstractmethod
    def boost(self, x: NDArray[Any], y: NDArray[Any], classes: int, weights: NDArray[Any] | None) -> Boosted:
        """What the package grows for columns x (n, width) float32 and labels y (n,).

        Labels are numbers of classes, all of which have rows, if there are `classes`, 2 at least; else they
        are any numbers. Weights (n,) > 0 are what each row counts; None: all the same.
        """

    def grow(self, x: NDArray[Any], y: NDArray[Any], outputs: int, weights: NDArray[Any] | None) -> TreeHead:
        """A model for all classes, or one for each column of numbers."""
        if label_kind_of(y) == "numbers":
            found = [self.boost(x, y[:, k], 0, weights) for k in range(outputs)]
            head = head_of(interleaved([one.columns[0] for one in found]), outputs)
            head.bias.copy_(torch.from_numpy(np.concatenate([one.start for one in found])))
            self.check_head(head, x, np.concatenate([one.scores for one in found], 1))
            return head
        present, codes = np.unique(y, return_inverse=True)
        if len(present) == 1:
            head = head_of([Tree.constant(np.zeros(outputs))], outputs)
        else:
            boosted = both_sides(self.boost(x, codes, len(present), weights))
            head = logits_of(boosted, present, outputs)
            self.check_head(head, x, boosted.scores, present)
        absent = np.setdiff1d(np.arange(outputs), present)
        head.bias[absent] = float(np.log(0.5 / len(y)))  # as if half a row had been seen
        return head

    def check_head(
        self, head: TreeHead, x: NDArray[Any], wanted: NDArray[Any], columns: Any = slice(None)
    ) -> None:
        """Refuse trees that another version of the package stores in another way.

        Raises:
            Mismatch: the head's outputs for x differ from those of the package, (n, columns).
        """
        found = head(torch.from_numpy(x)).numpy()[:, columns]
        most = max(1.0, float(np.abs(wanted).max()))
        if not np.allclose(found, wanted, rtol=ROUNDING, atol=ROUNDING * most):
            package = self.about.package.replace("sklearn", "scikit-learn")
            raise Mismatch(
                f"The trees of this version of {package} can't be read: as tensors they predict something "
                f"else. Take random-forest, or another version of {package}."
            )


@dataclass(frozen=True, kw_only=True)
class LeafwiseSettings(BoostingMethod):
    """Settings of trees that grow leaf by leaf.

    Attributes:
        iterations: trees for each class or number, at most, >= 1.
        rate: factor on each tree, > 0.
        leaves: of a tree at most, >= 2.
        min_leaf: rows in a leaf, >= 1; None: as many as make five leaves of a class, but 20 at most.
    """

    iterations: int = 100
    rate: float = 0.1
    leaves: int = 31
    min_leaf: int | None = None

    def __post_init__(self) -> None:
        self.check("iterations", self.iterations >= 1, ">= 1")
        self.check("rate", 0 < self.rate < float("inf"), "a number > 0")
        self.check("leaves", self.leaves >= 2, ">= 2")
        self.check("min_leaf", self.min_leaf is None or self.min_leaf >= 1, ">= 1, or None")

    def least(self, rows: int, classes: int) -> int:
        """Rows in a leaf; `classes` is 0 for numbers."""
        return self.min_leaf or least_leaf(rows, max(1, classes))


def grower(package: str) -> Any:
    """A package of the extra `boosting`, which grows the trees of the method of its name.

    Raises:
        MissingPackage: it is not installed.
    """
    try:
        return importlib.import_module(package)
    except ImportError as error:
        raise MissingPackage(package, f"The method {package}", "boosting") from error


def least_leaf(rows: int, classes: int) -> int:
    """Rows of a leaf: so that a class makes five leaves, but the usual 20 at most."""
    return max(1, min(USUAL_LEAF, rows // (SHARE * classes)))


def both_sides(boosted: Boosted) -> Boosted:
    """With an output for each class: of log odds of the second of two, half for it and half against."""
    if boosted.scores.shape[1] > 1:
        return boosted
    halves = np.array([-0.5, 0.5])
    columns = [[scaled(tree, half) for tree in boosted.columns[0]] for half in halves]
    return Boosted(columns, boosted.start * halves, boosted.scores * halves)


def interleaved(columns: list[list[Tree]]) -> list[Tree]:
    """The first tree of each column, then the second; trees of 0 where a column has stopped early."""
    most, none = max(map(len, columns)), Tree.constant(np.zeros(1))
    return [column[k] if k < len(column) else none for k in range(most) for column in columns]


def logits_of(boosted: Boosted, present: NDArray[Any], outputs: int) -> TreeHead:
    """The head of a classifier of the classes `present` among `outputs`."""
    if len(boosted.columns) == len(present):
        none = [Tree.constant(np.zeros(1))]
        given = dict(zip(present.tolist(), boosted.columns, strict=True))
        head = head_of(interleaved([given.get(k, none) for k in range(outputs)]), outputs)
    else:
        head = head_of([spread_out(tree, present, outputs) for tree in boosted.columns[0]], outputs)
    head.bias[present] = torch.from_numpy(boosted.start).float()
    return head


def scaled(tree: Tree, factor: float) -> Tree:
    """The tree with its values times a factor."""
    return Tree(tree.feature, tree.threshold, tree.left, tree.right, tree.value * factor)


def spread_out(tree: Tree, present: NDArray[Any], outputs: int) -> Tree:
    """The tree with its values (nodes, present) among those of all outputs."""
    value = np.zeros((len(tree.value), outputs))
    value[:, present] = tree.value
    return Tree(tree.feature, tree.threshold, tree.left, tree.right, value)
