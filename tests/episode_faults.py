"""Faults in the study of learners: what is held out, what is compared, what is shown."""

from tests.faults import Fault

EPISODE_FAULTS = (
    Fault(
        "studies/episodes/families.py",
        "return tuple(part.x[:, 0].long() for part in (parts.train, parts.test))",
        "return tuple(part.x[:, 0].long() for part in (parts.train, parts.train))",
        "test tasks are of the classes that were trained on",
        "study/test_episodes.py in_no_training_task",
    ),
    Fault(
        "studies/episodes/measuring.py",
        "sign = -1.0 if lower else 1.0",
        "sign = 1.0",
        "a larger error counts as a gain",
        "study/test_episodes.py less_is_a_gain",
    ),
    Fault(
        "studies/episodes/families.py",
        "return replace(_numbers(data), x=scaled(x, x[train])), x[train]",
        "return replace(_numbers(data), x=scaled(x, x)), x[train]",
        "features are scaled by the test classes, too",
        "study/test_episodes.py scaled_by_training_classes",
    ),
    Fault(
        "studies/episodes/shown.py",
        "support = Labelled(drawn.support.x[:, :read], drawn.support.y[:, :read])",
        "support = drawn.support",
        "a function is drawn by all points before it has read them",
        "study/test_episodes.py before_and_after_reading",
    ),
    Fault(
        "studies/episodes/results.py",
        "return min(names, key=lambda name: means[name] if lower else -means[name]",
        "return min(names, key=lambda name: means[name] if not lower else -means[name]",
        "the worst baseline is the reference",
        "study/test_episodes.py paired_with_the_best_baseline or less_is_a_gain",
    ),
)
