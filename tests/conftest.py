"""One thread in every test process: results depend on the number in their last bits, and speed more.

A shell that starts the tests in the background has Ctrl-C ignored, and what they start would ignore it too.
"""

import gc
import os
import signal
import sys
from pathlib import Path

import pytest
import torch

torch.set_num_threads(1)
for name in ("CI", "BUILD_NUMBER"):  # with these pytest shows every difference of long sequences, for hours
    if os.environ.pop(name, None):
        os.environ["BROWSER_PROMISED"] = "1"
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def seed_torch():
    """Layers that a test makes have the same weights in whatever order the tests run."""
    torch.manual_seed(0)


@pytest.fixture(autouse=True, scope="session")
def leave_no_run():
    """Commands that name no folder write into `runs`: no test may let them do so where the tests began."""
    runs = Path.cwd() / "runs"
    before = {*runs.glob("*")}
    yield
    assert {*runs.glob("*")} == before, f"a test wrote into {runs}"


@pytest.fixture(autouse=True, scope="session")
def no_onnx_files():
    """`adapt` writes no `model.onnx`, which takes a second: as where its packages are absent."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("headstart.studies.adapt.settings.EXPORT_PACKAGES", ("absent",))
        yield


IMPORTED = [0]  # modules, when they were frozen
MANY = 100  # modules, which are worth freezing


def freeze():
    """Studies collect garbage after each step: it need not be looked for in all that is imported."""
    gc.collect()
    gc.freeze()
    IMPORTED[0] = len(sys.modules)


@pytest.fixture(autouse=True, scope="module")
def freeze_imported():
    """Before each file of tests."""
    freeze()


@pytest.fixture(autouse=True)
def freeze_imported_meanwhile():
    """Before a test that comes after one that imported many packages."""
    if len(sys.modules) - IMPORTED[0] >= MANY:
        freeze()


LONG = ("slow", "many", "browser")
LONGEST = 60  # seconds


def pytest_runtest_logreport(report):
    """Name what takes longest at once: a run that is stopped from outside has said where its time went."""
    if report.duration > LONGEST and not os.environ.get("PYTEST_XDIST_WORKER"):
        sys.stdout.write(f"\n{report.duration:.0f} s: {report.nodeid} ({report.when})\n")
        sys.stdout.flush()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Long files first; with pytest-xdist, tests that share fixtures run in one process.

    The tests of a file share its fixtures, and in tests/contract all promises of a method share its runs.
    Planted faults come last, a few in one process, so that all processes end together.
    """
    long = {item.path for item in items if any(item.get_closest_marker(name) for name in LONG)}
    faults = [item for item in items if item.path.name == "test_faults.py"]
    others = [item for item in items if item.path.name != "test_faults.py"]
    items[:] = [*sorted(others, key=lambda item: item.path not in long), *faults]
    for item in others:
        if item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(_group(item)))


def _group(item):
    """A method's name for its promises, else the file."""
    arguments = item.callspec.params if hasattr(item, "callspec") else {}
    if item.path.parent.name == "contract" and "kind" in arguments:
        return arguments["kind"].about.name
    return item.path.relative_to(item.config.rootpath).as_posix()
