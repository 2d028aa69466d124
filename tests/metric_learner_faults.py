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
        "learners/evaluation.py",
        "student([mine - other for mine, other in zip(one.each, base.each, strict=True)])",
        "student([mine - base.mean for mine in one.each])",
        "differences are not paired",
        "learners/test_evaluation.py differences_are_paired",
    ),
)
