"""Faults that the tests must catch: each is planted in a copy of the package by tests/test_faults.py.

A fault is something that somebody has once written, here or in another library, and that lets a
training look well while it is wrong.
"""

from typing import NamedTuple


class Fault(NamedTuple):
    """One line written wrongly."""

    file: str  # under src/headstart
    old: str  # occurs once
    new: str
    why: str
    tests: str  # under tests/, with the words that -k selects after a space


METHODS = (
    Fault(
        "methods/mapping/_tuning.py",
        "head = task.head or LinearHead",
        "head = LinearHead",
        "the head of the probe is thrown away",
        "methods/test_lpft.py exactly or carries",
    ),
    Fault(
        "methods/mapping/_tuning.py",
        "slice(-self.last, None)",
        "slice(self.last)",
        "the first blocks learn instead of the last",
        "methods/test_fine_tune.py settings_let_change",
    ),
    Fault(
        "methods/mapping/_tuning.py",
        "label_loss(logits, batch.y, self.smoothing)",
        "label_loss(logits, batch.y)",
        "labels are never smoothed",
        "methods/test_fine_tune.py by_hand",
    ),
    Fault(
        "methods/mapping/pretraining/from_scratch.py",
        "backbone.untrained(task.seed)",
        "backbone",
        "from scratch starts from what was learned",
        "methods/test_from_scratch.py not_looked_at",
    ),
    Fault(
        "methods/outputs/probing/_probe.py",
        "ctx.gather(features), ctx.gather(batch.y)",
        "features, batch.y",
        "each process solves for its own rows",
        "methods/test_ridge_probe.py all_processes",
    ),
    Fault(
        "methods/outputs/probing/nearest_centroid.py",
        "own = normalize(sums[labels] - z, dim=1)",
        "own = normalize(sums[labels], dim=1)",
        "a row is compared with itself, and the scale is too sure",
        "methods/test_nearest_centroid.py no_part",
    ),
    Fault(
        "methods/outputs/probing/knn.py",
        ".fill_diagonal_(-torch.inf)",
        "",
        "a row is its own nearest neighbour, so k is always 1",
        "methods/test_knn.py do_not_see_themselves",
    ),
    Fault(
        "nn/heads.py",
        "self.votes[which]",
        "self.votes[: which.shape[1]].expand(len(which), -1, -1)",
        "the first rows vote instead of the nearest",
        "methods/test_knn.py by_hand",
    ),
    Fault(
        "nn/bank.py",
        "        self.filled += len(labels)\n",
        "        self.filled.fill_(len(labels))\n",
        "only the last batch is remembered",
        "methods/test_logistic_probe.py whatever_the_batches",
    ),
    Fault(
        "solvers/choice.py",
        "weight, bias, held_out = (values[best] * scale for values in path)",
        "weight, bias, held_out = (values[best] for values in path)",
        "regression scores are taken for log odds",
        "methods/test_ridge_probe.py best_scale",
    ),
    Fault(
        "solvers/ridge.py",
        "goal.value + goal.mean - residuals / room.T[..., None]",
        "goal.value + goal.mean - residuals",
        "rows that are left out have been seen",
        "methods/test_ridge_probe.py rows_left_out",
    ),
    Fault(
        "solvers/temperature.py",
        "if slope(middle) > 0 else",
        "if slope(middle) < 0 else",
        "the worst scale instead of the best",
        "methods/test_ridge_probe.py least_log_loss",
    ),
    Fault(
        "losses/label.py",
        "cross_entropy(logits.float(), y, label_smoothing=smoothing)",
        "cross_entropy(logits.float().softmax(1), y, label_smoothing=smoothing)",
        "a softmax of a softmax",
        "methods/test_fine_tune.py plain_loop",
    ),
)
