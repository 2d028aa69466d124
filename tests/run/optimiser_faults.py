"""Faults in how moves share optimisers, for tests/test_faults.py."""

from tests.faults import Fault

OPTIMISERS = (
    Fault(
        "run/optimisers.py",
        "move.optimiser or move.name",
        "move.name",
        "moves that name one optimiser have one each",
        "run/test_loop.py share",
    ),
    Fault(
        "run/descent.py",
        'group["params"] if not shared or id(parameter) in mine',
        'group["params"]',
        "a shared optimiser also moves what the move does not name",
        "run/test_loop.py moves_only_the_parameters",
    ),
)
