"""Faults of batches that are embedded in parts, for tests/test_faults.py."""

from tests.faults import Fault

EMBEDDED = (
    Fault(
        "run/embedded.py",
        "    restore()\n    z = ",
        "    z = ",
        "running statistics are updated twice for each part",
        "run/test_embedded.py once_for_each_part",
    ),
    Fault(
        "run/embedded.py",
        "with seeded(seed), run.engine",
        "with run.engine",
        "dropout differs between the two forwards",
        "run/test_embedded.py drawn_again",
    ),
    Fault(
        "run/embedded.py",
        "(one * gradient).sum()",
        "(one * gradient / len(parts)).sum()",
        "the gradient is the mean over the parts",
        "run/test_embedded.py any_number",
    ),
    Fault(
        "run/descent.py",
        "            _require_alone(run, move, len(batch), error)\n",
        "",
        "a process gathers once more than the others, which wait for ever",
        "run/test_embedded.py several_processes",
    ),
)
