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
        "methods/tuning.py",
        "head = task.head or LinearHead",
        "head = LinearHead",
        "the head of the probe is thrown away",
        "methods/test_lpft.py exactly or carries",
    ),
    Fault(
        "methods/tuning.py",
        "slice(-settings.last, None)",
        "slice(settings.last)",
        "the first blocks learn instead of the last",
        "methods/test_fine_tune.py settings_let_change",
    ),
    Fault(
        "methods/tuning.py",
        "label_loss(logits, batch.y, smoothing, batch.weight)",
        "label_loss(logits, batch.y, 0.0, batch.weight)",
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
        "methods/outputs/probing/probe.py",
        "ctx.gather(features), ctx.gather(batch.y)",
        "features, batch.y",
        "each process solves for its own rows",
        "methods/test_ridge_probe.py all_processes",
    ),
    Fault(
        "methods/outputs/probing/nearest_centroid.py",
        "rest = sums[labels] - mine",
        "rest = sums[labels]",
        "a row is compared with itself, and the scale is too sure",
        "methods/test_nearest_centroid.py no_part",
    ),
    Fault(
        "nn/neighbour_head.py",
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
        "solvers/penalty_selection.py",
        "(weight * slope[:, None]).to(x),",
        "weight.to(x),",
        "regression scores are taken for log odds",
        "methods/test_ridge_probe.py best_scale",
    ),
    Fault(
        "solvers/ridge.py",
        "goal.value + goal.mean - unrooted(residuals / room.T[..., None], counts)",
        "goal.value + goal.mean - unrooted(residuals, counts)",
        "rows that are left out have been seen",
        "methods/test_ridge_probe.py rows_left_out",
    ),
    Fault(
        "solvers/temperature.py",
        "return low if at_new > 0 else high",
        "return high if at_new > 0 else low",
        "the worst scale instead of the best",
        "solvers/test_temperature.py lowest",
    ),
    Fault(
        "core/moves.py",
        "lr=self.lr * self.decay**depth,",
        "lr=self.lr,",
        "layer-wise rates that no optimiser is told",
        "methods/test_rates.py by_hand or as_long_as",
    ),
    Fault(
        "core/moves.py",
        "enumerate(sorted(levels, reverse=True))",
        "enumerate(sorted(levels))",
        "the first blocks learn fastest and begin first",
        "methods/test_rates.py by_hand",
    ),
    Fault(
        "core/moves.py",
        "        last = numbers.get(module, last)\n",
        "        last = numbers.get(module, 0)\n",
        "the norm at the end learns as slowly as the stem",
        "methods/test_rates.py by_hand",
    ),
    Fault(
        "core/moves.py",
        "since=self.since + self.spread * depth / below,",
        "since=self.since,",
        "all blocks are unfrozen at once",
        "methods/test_gradual_unfreezing.py by_hand",
    ),
    Fault(
        "core/moves.py",
        "list(dict.fromkeys(p for p in on(parts) if id(p) not in taken))",
        "list({str(p): p for p in on(parts) if id(p) not in taken}.values())",
        "parameters are told apart by their values",
        "methods/test_rates.py equal_values",
    ),
    Fault(
        "methods/tuning.py",
        "        decay=settings.lr_decay,\n",
        "",
        "a setting for rates that does nothing",
        "methods/test_rates.py by_hand",
    ),
    Fault(
        "methods/mapping/finetuning/l2_sp.py",
        "start = copy.deepcopy(backbone)",
        "start = backbone",
        "the distance of the backbone to itself",
        "methods/test_l2_sp.py by_hand or shorter_way",
    ),
    Fault(
        "methods/mapping/finetuning/delta.py",
        "start = copy.deepcopy(backbone)",
        "start = backbone",
        "features are compared with themselves",
        "methods/test_delta.py added_by_hand",
    ),
    Fault(
        "methods/mapping/finetuning/reinit.py",
        "lr=1.0, decay=1.0, keep=everything",
        "lr=1.0, decay=1.0",
        "new blocks normalise by statistics that nobody has measured",
        "methods/test_reinit.py know_nothing",
    ),
    Fault(
        "methods/mapping/finetuning/surgical.py",
        "            parameter.grad = None\n",
        "            parameter.grad.zero_()\n",
        "weight decay moves what only looks frozen",
        "methods/test_surgical.py in_the_look",
    ),
    Fault(
        "methods/mapping/finetuning/surgical.py",
        "slope / size if size else 0.0",
        "slope if size else 0.0",
        "absolute gradients, which say how large weights are",
        "methods/test_surgical.py norms_by_hand",
    ),
    Fault(
        "nn/depth.py",
        "return x * kept / (1 - self.drop)",
        "return x * kept",
        "answers are larger than what was trained",
        "methods/test_stochastic_depth.py mean_stays",
    ),
    Fault(
        "methods/mapping/finetuning/_interpolation.py",
        "torch.lerp(start[name], value, share)",
        "torch.lerp(value, start[name], share)",
        "alpha counts from the wrong end",
        "methods/test_wise_ft.py quarter_of_the_way",
    ),
    Fault(
        "methods/mapping/finetuning/soup.py",
        "1 / count)",
        "1 / 2)",
        "the last members weigh the most",
        "methods/test_soup.py mean_by_hand",
    ),
    Fault(
        "methods/mapping/finetuning/soup.py",
        "copy.deepcopy(part)",
        "part",
        "all members are the same",
        "methods/test_soup.py begin_alike",
    ),
    Fault(
        "methods/mapping/finetuning/soup.py",
        "            if found >= best:\n",
        "            if found >= alone[n]:\n",
        "a member is taken in that makes the average worse",
        "methods/test_soup.py greedy_choice",
    ),
    Fault(
        "session/fitted.py",
        "return rows[learn], rows[held]",
        "return rows, rows[held]",
        "the rows that choose the members are learned from",
        "methods/test_soup.py not_learned_from",
    ),
    Fault(
        "session/session.py",
        "plain_input(session, run, own.replay if is_own else None)",
        "plain_input(session, run, own.replay)",
        "recorded outputs are fed to a model that takes samples",
        "methods/test_wise_ft.py session_with_a_cache",
    ),
    Fault(
        "losses/label.py",
        "cross_entropy(outputs, y, label_smoothing=smoothing, reduction=reduction)",
        "cross_entropy(outputs.softmax(1), y, label_smoothing=smoothing, reduction=reduction)",
        "a softmax of a softmax",
        "methods/test_fine_tune.py plain_loop",
    ),
    Fault(
        "losses/label.py",
        "binary_cross_entropy_with_logits(outputs, goal, reduction=reduction)",
        "cross_entropy(outputs, goal, reduction=reduction)",
        "tags compete as if they were classes",
        "losses/test_label.py tags_by_hand",
    ),
    Fault(
        "session/label_units.py",
        "units = LabelUnits.of(labels[rows])",
        "units = LabelUnits.of(labels)",
        "the units of numbers are those of rows that are held out, too",
        "study/test_units.py other_units",
    ),
    Fault(
        "session/session.py",
        "fitted = replace(fitted, model=units.undone(fitted.model))",
        "pass",
        "numbers are answered in units that nobody knows",
        "study/test_units.py units_of_the_labels",
    ),
    Fault(
        "solvers/penalty_selection.py",
        "errors = mean_of((held_out - y).square(), weights) / torch.where(size > 0, size, 1)",
        "errors = mean_of((held_out - y).square(), weights)",
        "the column with the largest unit chooses the penalty alone",
        "methods/test_ridge_probe.py whatever_their_units",
    ),
    Fault(
        "solvers/penalty_selection.py",
        "None if how.penalty is None else 2 * how.penalty",
        "how.penalty",
        "a tag's weights are penalised as half of two classes'",
        "methods/test_logistic_probe.py binary_regressions",
    ),
    Fault(
        "solvers/platt.py",
        "goal = torch.where(y, (seen + 1) / (seen + 2), 1 / (missed + 2))",
        "goal = y.double()",
        "the calibration of separated tags has no optimum",
        "solvers/test_platt.py separated",
    ),
    Fault(
        "metrics/transferability.py",
        "standard: Floats = (wide - wide.mean(0)) / np.where(deviation > 0, deviation, 1.0)",
        "standard: Floats = wide",
        "the evidence of numbers depends on their units",
        "metrics/test_transferability.py own_units",
    ),
)
