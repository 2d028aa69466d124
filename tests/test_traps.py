"""The inventory of traps is whole: each has a fault, each fault a test that is there."""

import re
from pathlib import Path

import pytest

from tests.faults import METHODS
from tests.models.faults import MODELS
from tests.run.faults import RUN
from tests.study.faults import STUDY
from tests.trap_faults import TRAP_FAULTS
from tests.traps import TRAPS

HERE = Path(__file__).parent
FAULTS = {fault.why: fault for fault in (*METHODS, *MODELS, *RUN, *STUDY, *TRAP_FAULTS)}


def selected(tests):
    """Names of the tests that a selection means, and whether each word of it means some."""
    file, words = tests.split(" ", 1)
    names = re.findall(r"^def (test_\w+)", (HERE / file).read_text("utf-8"), re.MULTILINE)
    return {word: [name for name in names if word in name] for word in words.split(" or ")}


@pytest.mark.parametrize("trap", TRAPS, ids=lambda trap: trap.seen)
def test_each_trap_has_a_fault_and_the_fault_a_test(trap):
    assert trap.fault in FAULTS, "no such fault"
    assert any(selected(FAULTS[trap.fault].tests).values())


@pytest.mark.parametrize("fault", FAULTS.values(), ids=lambda fault: fault.why)
def test_the_tests_of_each_fault_are_there(fault):
    assert all(selected(fault.tests).values()), fault.tests


def test_each_fault_that_is_planted_for_a_trap_is_in_the_inventory():
    assert not {fault.why for fault in TRAP_FAULTS} - {trap.fault for trap in TRAPS}
    assert len({(trap.seen, trap.fault) for trap in TRAPS}) == len(TRAPS) >= 40


def test_a_selection_of_nothing_would_be_seen():
    assert not any(selected("test_traps.py no_test_is_called_like_this").values())
    assert selected("test_traps.py selection_of_nothing") == {
        "selection_of_nothing": ["test_a_selection_of_nothing_would_be_seen"]
    }
