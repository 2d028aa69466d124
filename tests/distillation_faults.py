"""Faults in what students learn from teachers, each with the test that must fail."""

from tests.faults import Fault

DISTILLATION_FAULTS = (
    Fault(
        "losses/distillation/soft_targets.py",
        "return temperature**2 * divergence(",
        "return divergence(",
        "the gradient falls with the square of the temperature",
        "methods/test_distillation.py by_hand",
    ),
    Fault(
        "losses/distillation/soft_targets.py",
        "(torch.xlogy(goal, goal) - goal * log_found.masked_fill(goal == 0, 0.0)).sum(-1).mean()",
        "(log_found.exp() * (log_found - goal.log())).sum(-1).mean()",
        "the divergence is the other way round",
        "methods/test_distillation.py by_hand",
    ),
    Fault(
        "losses/distillation/soft_targets.py",
        "(precise(logits).detach() / temperature)",
        "(precise(logits) / temperature)",
        "the teacher gets a gradient",
        "losses/test_soft_targets.py no_gradient",
    ),
    Fault(
        "data/distilled.py",
        "            positions, epochs = order(seed, len(chosen), batch, now)\n",
        "            positions, epochs = order(seed + 1, len(chosen), batch, now)\n",
        "the teacher speaks of other rows",
        "study/test_teacher.py row_by_row",
    ),
    Fault(
        "data/distilled.py",
        "torch.cat([weight * ((n + m) / n), torch.zeros(m)])",
        "torch.cat([weight, torch.ones(m)])",
        "placeholders are learned as labels",
        "study/test_teacher.py placeholders",
    ),
    Fault(
        "session/asking.py",
        "found = outputs[:, torch.tensor(self.places).clamp_min(0)]",
        "found = outputs[:, : len(self.places)]",
        "classes are matched by their place",
        "study/test_teacher.py by_name",
    ),
)
