"""Faults in learners that read the support as a whole, each with the test that must fail."""

from tests.faults import Fault

BLACK_BOX_FAULTS = (
    Fault(
        "learners/black_box/_pairs.py",
        "return {ROWS: rows if state is None else rows + state[ROWS]}",
        "return {ROWS: rows}",
        "classes of earlier rows are forgotten",
        "learners/test_black_box.py has_not",
    ),
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
        "learners/black_box/recurrent.py",
        "before = None if state is None else self._packed(state)",
        "before = None",
        "a state is not gone on from",
        "learners/test_black_box.py read_at_once",
    ),
    Fault(
        "learners/black_box/recurrent.py",
        'state["hidden"][:, -1, None]',
        'state["hidden"][:, 0, None]',
        "the head reads the first layer",
        "learners/test_recurrent.py last_layer",
    ),
    Fault(
        "nn/context_attention.py",
        "rows = rows + self.out(read.transpose(1, 2).flatten(2))",
        "rows = rows + self.out(read.transpose(1, 2).flatten(2)) / 2",
        "attention to one row does not give its value",
        "learners/test_in_context_transformer.py its_value",
    ),
    Fault(
        "learners/black_box/in_context_transformer.py",
        'rows = torch.cat([state["support"], rows], 1)',
        "rows = rows",
        "earlier rows are forgotten",
        "learners/test_black_box.py read_at_once",
    ),
    Fault(
        "nn/causal_layers.py",
        "tril(so_far - many)",
        "tril()",
        "rows that go on from a state do not see those just before",
        "learners/test_snail.py nothing_of_earlier",
    ),
    Fault(
        "nn/causal_layers.py",
        'return self._gated(rows, past["rows"][:, :1])',
        'return self._gated(rows, past["rows"][:, -1:])',
        "a query sees the last row where it should see an earlier one",
        "learners/test_snail.py comes_next",
    ),
    Fault(
        "nn/causal_layers.py",
        "all_rows[:, : rows.shape[1]]",
        "all_rows[:, -rows.shape[1] :]",
        "a row is convolved with itself",
        "learners/test_snail.py convolution_by_hand",
    ),
    Fault(
        "learners/black_box/snail.py",
        "2**doubling",
        "doubling + 1",
        "dilations grow by one, so that the reach is too short",
        "learners/test_snail.py reach_so_many",
    ),
    Fault(
        "learners/trained.py",
        "if len(value) != len(x):",
        "if False:",
        "one task's state predicts another's queries",
        "learners/test_black_box.py other_tasks",
    ),
)
