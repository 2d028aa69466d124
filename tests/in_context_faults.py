"""Faults of learning in context and of the prior, for tests/test_faults.py."""

from tests.faults import Fault

IN_CONTEXT = (
    Fault(
        "nn/in_context/layers.py",
        "self.along.keys(z[:, :, :support])",
        "self.along.keys(z)",
        "rows that are asked for see each other",
        "nn/test_in_context_network.py asked_for_changes_no_other",
    ),
    Fault(
        "nn/in_context/layers.py",
        "scaled_dot_product_attention(q, k, v)",
        "scaled_dot_product_attention(q, k, v, scale=1.0)",
        "likeness is sharper where no gradients are computed",
        "nn/test_in_context_network.py fused_attention",
    ),
    Fault(
        "nn/in_context/cells.py",
        "return (below + within) / there - 1",
        "return 2 * below / there - 1",
        "a value that was seen has the rank of the one below it",
        "nn/test_in_context_network.py cells_by_hand",
    ),
    Fault(
        "nn/in_context/network.py",
        "if not blind:\n            asked",
        "if True:\n            asked",
        "features for other heads are made with the labels in sight",
        "nn/test_in_context_network.py blind_features",
    ),
    Fault(
        "nn/in_context/losses.py",
        "return (losses * known).sum()",
        "return losses.sum()",
        "a class that no row showed counts with a loss of 10,000",
        "nn/test_in_context_network.py not_shown_have_no_loss",
    ),
    Fault(
        "nn/in_context/once.py",
        "if self._kept is None or self._kept[0] != version:",
        "if self._kept is None:",
        "a head goes on with the rows that it had before",
        "methods/test_in_context.py read_anew",
    ),
    Fault(
        "nn/in_context/head.py",
        "return self.order[:, self.labels]",
        "return self.labels.expand(len(self.tags), -1)",
        "the passes' orders of classes are undone, but never made",
        "methods/test_in_context.py it_learns",
    ),
    Fault(
        "studies/adapt/usual_methods.py",
        "if reason is None]",
        "]",
        "a table with more classes than a method knows ends the whole comparison",
        "study/test_within_bounds.py left_out",
    ),
    Fault(
        "nn/in_context/tuning.py",
        'derive_seed(seed, "fine-tune", step, what)',
        'derive_seed(seed, "fine-tune", what)',
        "all steps of fine-tuning ask for the same rows",
        "methods/test_in_context_tuning.py split_anew",
    ),
    Fault(
        "nn/in_context/tuning.py",
        "labels[None], tags, support)",
        "labels[None], tags, support - 1)",
        "a row that should be shown is asked for",
        "methods/test_in_context_tuning.py loss_of_a_step",
    ),
    Fault(
        "tasks/prior/labels.py",
        "torch.where(unused, 2.0, draws.uniform(tasks, MOST_CLASSES)).argsort(1).argsort(1)",
        "torch.arange(MOST_CLASSES).expand(tasks, -1)",
        "the number of a class tells that it is the interval below the others",
        "tasks/test_prior.py intervals_by_hand",
    ),
)
