"""Faults about weights of rows: upside down, ignored, lost on the way, or counted twice."""

from tests.faults import Fault

PROBE = "methods/outputs/probing/probe.py"
SKLEARN = "test_sklearn_domains.py"
BOOSTING = "test_sklearn_tradaboost.py"
BOOSTED = "methods/test_tradaboost.py"
WEIGHTED = "solvers/test_weighted.py"
WEIGHING = "methods/test_importance_weighting.py"
WEIGHTED_PROBE = "methods/test_weighted_probe.py"

WEIGHT_FAULTS = (
    Fault(
        "solvers/ratios/named.py",
        "    found: Ratios = seeded[estimator](source, target,",
        "    found: Ratios = seeded[estimator](target, source,",
        "weights are upside down: of the target's rows, for the source",
        f"{WEIGHING} density_over",
    ),
    Fault(
        "solvers/ratios/classifier.py",
        "    logs = logits + _prior(domain, held)\n",
        "    logs = logits\n",
        "that one domain has more rows is taken for a shift",
        f"{WEIGHING} density_over",
    ),
    Fault(
        "methods/inputs/domains/row_weighting.py",
        "return ratios(self.estimator, source, target, self.clip, seed)",
        "return ratios(self.estimator, source, target, None, seed)",
        "weights that were to be cut are not",
        f"{WEIGHING} cut_on_request",
    ),
    Fault(
        "methods/tuning.py",
        "label_loss(logits, batch.y, smoothing, batch.weight)",
        "label_loss(logits, batch.y, smoothing)",
        "fine-tuning ignores weights",
        "contract/test_weights.py any_label and fine-tune",
    ),
    Fault(
        "methods/mapping/joint/multi_task.py",
        "label_loss(outputs, source.y, self.smoothing, source.weight)",
        "label_loss(outputs, source.y, self.smoothing)",
        "of two tasks one ignores weights",
        "contract/test_weights.py any_label and multi-task",
    ),
    Fault(
        PROBE,
        "None if batch.weight is None else ctx.gather(batch.weight)",
        "None",
        "probes ignore weights",
        "contract/test_weights.py any_label and ridge",
    ),
    Fault(
        PROBE,
        "ctx.gather(batch.weight)",
        "ctx.gather(batch.weight.flip(0))",
        "weights of other rows than the labels are of",
        f"{WEIGHTED_PROBE} whole_weights",
    ),
    Fault(
        "nn/bank.py",
        '("features", "labels", "weights")',
        '("features", "labels")',
        "weights are lost where a run is resumed",
        f"{WEIGHTED_PROBE} bank_keeps",
    ),
    Fault(
        "nn/neighbour_head.py",
        "sizes + counts.log()",
        "sizes + counts",
        "neighbours that count twice have e times the vote",
        f"{WEIGHTED_PROBE} neighbours_vote",
    ),
    Fault(
        "methods/outputs/probing/nearest_centroid.py",
        "mine = z if weights is None else z * weights[:, None]",
        "mine = z",
        "a row has a part in its centroid when it is left out",
        f"{WEIGHTED_PROBE} scale_of_centroids",
    ),
    Fault(
        "solvers/ridge.py",
        "held_out = goal.value + goal.mean - unrooted(residuals / room.T[..., None], counts)",
        "held_out = goal.value + goal.mean - residuals / room.T[..., None]",
        "left-out predictions are off where weights are not 1",
        f"{WEIGHTED} left_out_with",
    ),
    Fault(
        "solvers/ridge.py",
        "constant = 1 / len(x) if counts is None else (counts / counts.sum()).to(x)[:, None]",
        "constant = 1 / len(x)",
        "the intercept's leverage is that of rows that count alike",
        f"{WEIGHTED} left_out_with",
    ),
    Fault(
        "solvers/means.py",
        "    return height * torch.outer(axis, axis)",
        "    return height / len(gram) * torch.ones_like(gram)",
        "the wrong axis is taken for the intercept's",
        f"{WEIGHTED} left_out_with",
    ),
    Fault(
        "solvers/penalty_selection.py",
        "tried[_strongest(losses, y, weights)]",
        "tried[_strongest(losses, y, None)]",
        "the penalty is chosen by rows that count nothing",
        f"{WEIGHTED} penalties_are_chosen",
    ),
    Fault(
        "data/stream.py",
        "None if weights is None else weights[torch.from_numpy(rows)]",
        "None if weights is None else weights[: len(rows)]",
        "rows of a batch have the weights of other rows",
        "data/test_weighted_stream.py weighted_stream",
    ),
    Fault(
        "sklearn/aligners.py",
        "return X + self._shifts[torch.cat(near)]",
        "return (X + self._shifts[torch.cat(near)]) * 0.5 + X * 0.5",
        "rows of the source go half the way",
        f"{SKLEARN} transport_is_that",
    ),
    Fault(
        "solvers/tradaboost.py",
        "torch.where(wrong[:n], beta, 1.0)",
        "torch.where(wrong[:n], 1 / beta, 1.0)",
        "source rows that contradict the target count more and more",
        f"{BOOSTING} forgets_what",
    ),
    Fault(
        "solvers/tradaboost.py",
        "error = float(now[n:][wrong[n:]].sum() / now[n:].sum())",
        "error = float(now[wrong].sum() / now.sum())",
        "learners are judged by the source",
        f"{BOOSTING} tradaboost_by_hand or forgets",
    ),
    Fault(
        "solvers/tradaboost.py",
        "math.ceil(rounds / 2) - 1",
        "0",
        "the first rounds vote too, which knew nothing of the target",
        f"{BOOSTING} tradaboost_by_hand",
    ),
    Fault(
        "methods/inputs/domains/tradaboost.py",
        "            probe = logistic(x, y, classes, penalty, counts)",
        "            probe = logistic(x, y, classes, penalty)",
        "each round learns the same, whatever the rounds before got wrong",
        f"{BOOSTED} scikit_learn or it_helps",
    ),
    Fault(
        "methods/inputs/domains/_banks.py",
        'compute_mode="donot_use_mm_for_euclid_dist"',
        'compute_mode="use_mm_for_euclid_dist"',
        "labelled target rows count twice, as a distance of 0 is found to be more",
        f"{BOOSTED} from_once",
    ),
    Fault(
        "nn/voting_head.py",
        "self.votes / self.votes.sum())",
        "torch.full_like(self.votes, 1 / learners))",
        "all probes have the same vote, however good they are on the target",
        f"{BOOSTED} votes_by_hand or scikit_learn",
    ),
    Fault(
        "sklearn/importance.py",
        "effective_sample_size(self.weights_), share_reached(X, target)",
        "effective_sample_size(self.weights_), share_reached(target, X)",
        "whether the target covers the source is asked, not the other way round",
        f"{SKLEARN} within_the_source",
    ),
)
