"""Faults in learners that read the support as a whole, each with the test that must fail."""

from tests.faults import Fault

BLACK_BOX_FAULTS = (
    Fault(
        "learners/black_box/_pairs.py",
        "torch.where(state[ROWS][:, None] > 0, outputs, -torch.inf)",
        "torch.where(state[ROWS][:, None] >= 0, outputs, -torch.inf)",
        "classes that a task has not get a probability",
        "learners/test_black_box.py has_not",
    ),
    Fault(
        "learners/black_box/neural_process.py",
        'means = state["sums"] / state[ROWS].clamp_min(1)[..., None]',
        'means = state["sums"]',
        "sums are decoded in place of means",
        "learners/test_neural_process.py by_hand",
    ),
    Fault(
        "learners/black_box/neural_process.py",
        'sums, rows = sums + state["sums"], rows + state[ROWS]',
        'sums, rows = sums + state["sums"], rows',
        "going on counts the new rows alone",
        "learners/test_neural_process.py counts",
    ),
    Fault(
        "learners/black_box/neural_process.py",
        "gaussian_nll_loss(mean, query.y, spread.square(), full=True)",
        "gaussian_nll_loss(mean, query.y, spread, full=True)",
        "the standard deviation is taken for the variance",
        "learners/test_neural_process.py likelihood or noise",
    ),
    Fault(
        "learners/trained.py",
        "if len(value) != len(x):",
        "if False:",
        "one task's state predicts another's queries",
        "learners/test_black_box.py other_tasks",
    ),
)
