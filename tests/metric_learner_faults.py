"""Faults in how learners are measured, in metric learners and in the transfer baselines."""

from tests.faults import Fault

EVALUATION = (
    Fault(
        "learners/evaluation.py",
        'seed=derive_seed(tasks.seed, "evaluation")',
        "seed=tasks.seed",
        "learners are measured on tasks that they were trained on",
        "learners/test_evaluation.py none_that_training_sees",
    ),
    Fault(
        "learners/evaluation.py",
        "torch.where(known, found, -torch.inf).argmax(-1)",
        "found.argmax(-1)",
        "classes that a task does not have are answered",
        "learners/test_evaluation.py gives_none_that_the_tasks",
    ),
    Fault(
        "learners/scores.py",
        "[mine - other for mine, other in zip(one.each, base.each, strict=True)]",
        "[mine - base.mean for mine in one.each]",
        "differences are not paired",
        "learners/test_evaluation.py differences_are_paired",
    ),
)

METRIC = (
    Fault(
        "learners/metric/_features.py",
        "(x[:, :, None] - y[:, None]).square().sum(-1)",
        "(x[:, :, None] - y[:, None]).square().sum(-1).sqrt()",
        "the distance is not squared, as in other libraries",
        "learners/test_protonet.py by_hand or linear",
    ),
    Fault(
        "learners/metric/_features.py",
        'sums, rows = sums + state["sums"], rows + state["rows"]',
        'sums, rows = sums + state["sums"], state["rows"]',
        "rows that come later are not counted",
        "learners/test_protonet.py rows_that_come_later",
    ),
    Fault(
        "learners/metric/matching_net.py",
        'network.scale * cosines(network(x), state["features"])',
        'network.scale * (network(x) @ state["features"].mT)',
        "attention is by inner products, so that long features win",
        "learners/test_matching_net.py attention_by_hand",
    ),
    Fault(
        "learners/metric/relation_net.py",
        "(logits.sigmoid() - wanted)",
        "(logits - wanted)",
        "relations are not brought into [0, 1]",
        "learners/test_relation_net.py squared_error",
    ),
    Fault(
        "learners/metric/nearest_centroid.py",
        "learned: ClassVar[tuple[str, ...]] = ()",
        'learned: ClassVar[tuple[str, ...]] = ("network",)',
        "the frozen features learn",
        "learners/test_nearest_centroid.py used_as_it_is",
    ),
    Fault(
        "learners/learner.py",
        "    require_possible(outputs, y)\n    return",
        "    return",
        "a query of a class without a row gives an infinite loss",
        "learners/test_contract.py without_a_row",
    ),
)

TRANSFER = (
    Fault(
        "learners/transfer/pretrain_fine_tune.py",
        "2 * means, -means.square().sum(-1)",
        "2 * means, -means.sum(-1)",
        "a head of centroids is not the nearest centroid",
        "learners/test_transfer.py head_of_centroids",
    ),
    Fault(
        "learners/transfer/pretrain_fine_tune.py",
        "descend(loss, weights, _slots(state), self._steps(network))",
        "descend(loss, weights, {}, self._steps(network))",
        "the memory of the inner optimiser is lost between supports",
        "learners/test_transfer.py steps_in_turn",
    ),
    Fault(
        "learners/transfer/pretrain_probe.py",
        "left = y - head(features)",
        "left = y",
        "the head of all tasks is added to a ridge that already has all of it",
        "learners/test_transfer.py what_the_pooled_network_leaves",
    ),
    Fault(
        "solvers/logistic_tasks.py",
        "weight = end.parameters[..., :-1] @ basis",
        "weight = end.parameters[..., :-1]",
        "weights stay in the coordinates of the task's principal axes",
        "solvers/test_logistic_tasks.py as_by_itself",
    ),
    Fault(
        "learners/learner.py",
        "_refuse(~(query[:, :, None] == support[:, None]).any(2), query)",
        "pass",
        "queries of classes that the support has not are learned from and counted as wrong",
        "learners/test_evaluation.py has_not",
    ),
)
