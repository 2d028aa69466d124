"""Faults that break what every method promises, for tests/test_faults.py."""

from tests.faults import Fault

CONTRACT = (
    Fault(
        "run/loop.py",
        'with seeded(derive_seed(recipe.seed, "parts")):',
        'with seeded(derive_seed("parts")):',
        "every seed begins with the same head",
        "contract/test_contract.py another_seed and fine-tune",
    ),
    Fault(
        "run/loop.py",
        "method.parts(backbone, task)",
        "method.parts(backbone.untrained(recipe.seed), task)",
        "a method begins with a backbone that has learned nothing",
        "contract/test_contract.py another_seed and ridge",
    ),
    Fault(
        "run/descent.py",
        "terms = {name: value.detach() for name, value in loss.terms.items()}",
        "terms = loss.terms",
        "ticks hold a graph",
        "contract/test_contract.py ticks_hold and fine-tune",
    ),
)
