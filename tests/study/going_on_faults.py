"""Faults in going on with a run, trimming it and telling its story that the tests must catch."""

from tests.faults import Fault

GOING_ON = (
    Fault(
        "studies/adapt/going_on.py",
        'refused = path.stem.startswith("decide-") and not value.get("value", True)',
        "refused = False",
        "what a small budget cut stays cut",
        "study/test_going_on.py decided_anew",
    ),
    Fault(
        "studies/adapt/planner.py",
        "alike = replace(settings, epochs=earlier.epochs)",
        "alike = settings",
        "folds of one method are of different lengths",
        "study/test_going_on.py keep_their_length",
    ),
    Fault(
        "studies/adapt/going_on.py",
        "if now.seconds <= before.seconds:",
        "if now.seconds < 0:",
        "a run goes on with less than it had",
        "study/test_going_on.py less_than_it_had",
    ),
    Fault(
        "studies/_trim.py",
        'if keep == "results" or path.name != ENGINES:',
        'if keep == "results":',
        "what frozen layers gave stays on the disk",
        "study/test_trim.py solved_anew",
    ),
    Fault(
        "studies/adapt/opening.py",
        "small, large = min(counts, key=lambda name: counts[name]), max(",
        "small, large = max(counts, key=lambda name: counts[name]), max(",
        "the largest class is told as the smallest",
        "cli/test_story.py told_with_its_columns",
    ),
)
