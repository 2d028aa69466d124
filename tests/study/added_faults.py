"""Faults in what a task is said to add to a backbone, and in when adapters are tried."""

from tests.faults import Fault

ADDED = "study/test_added_bytes.py"

ADDED_FAULTS = (
    Fault(
        "studies/adapt/added_bytes.py",
        "if name not in before or not _same(one, before[name])",
        "if name not in before",
        "weights that have changed are not counted",
        f"{ADDED} by_hand",
    ),
    Fault(
        "studies/adapt/budget.py",
        "bool(seconds <= SAFE * (self.seconds - self.elapsed()) - planned)",
        "bool(seconds <= SAFE * (self.seconds - self.elapsed()))",
        "an adapter is tried in the time of what is planned",
        f"{ADDED} beside_all",
    ),
    Fault(
        "methods/adapting.py",
        "method.parts(copy.deepcopy(backbone), Task(1, ()))",
        "method.parts(backbone, Task(1, ()))",
        "a check puts adapters into the backbone that all methods start from",
        f"{ADDED} by_hand",
    ),
)
