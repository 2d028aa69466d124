"""Do the tests test? Each fault of tests/faults.py is planted in a copy, and a test must fail there."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import headstart
from tests.faults import FAULTS

pytestmark = [pytest.mark.slow, pytest.mark.many]

HERE, PACKAGE = Path(__file__).parent, Path(headstart.__file__).parent
FAILED = 1  # pytest's exit code when tests ran and some failed


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """A copy of the package, the tests and the settings."""
    root = tmp_path_factory.mktemp("faults")
    unneeded = shutil.ignore_patterns("__pycache__", "builtin", "templates", "browser")
    shutil.copytree(PACKAGE, root / "src" / "headstart", ignore=unneeded)
    shutil.copytree(HERE, root / "tests", ignore=unneeded)
    shutil.copy(HERE.parent / "pyproject.toml", root)
    return root


def run_tests(tree, selections):
    """pytest on the copy; each selection is a file and the words of -k."""
    files = [f"tests/{selection.split(' ', 1)[0]}" for selection in selections]
    words = " or ".join(f"({selection.split(' ', 1)[1]})" for selection in selections)
    options = [
        "-x",
        "-q",
        "--no-header",
        "--tb=line",
        "-p",
        "no:cacheprovider",
        "-o",
        "addopts=--import-mode=importlib",
    ]
    environment = os.environ | {
        "OMP_NUM_THREADS": "1",
        "PYTHONPATH": os.pathsep.join([str(tree / "src"), str(tree)]),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    command = [sys.executable, "-m", "pytest", *options, *dict.fromkeys(files), "-k", words]
    return subprocess.run(
        command, check=False, capture_output=True, text=True, timeout=300, cwd=tree, env=environment
    )


def test_the_copy_is_what_is_tested_and_it_passes(tree):
    """Otherwise every fault would seem to be caught, or none."""
    (tree / "tests" / "test_place.py").write_text(
        "from pathlib import Path\nimport headstart\n\n\ndef test_this_is_the_copy():\n"
        f"    assert Path(headstart.__file__).is_relative_to({str(tree)!r})\n"
    )
    done = run_tests(tree, ["test_place.py this_is_the_copy", *dict.fromkeys(f.tests for f in FAULTS)])
    assert done.returncode == 0, done.stdout[-3000:]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.why)
def test_it_is_caught(fault, tree):
    path = tree / "src" / "headstart" / fault.file
    good = path.read_text("utf-8")
    assert good.count(fault.old) == 1, f"{fault.file} has changed: plant this fault anew"
    path.write_text(good.replace(fault.old, fault.new), "utf-8")
    try:
        done = run_tests(tree, [fault.tests])
    finally:
        path.write_text(good, "utf-8")
    assert done.returncode == FAILED, f"not caught: {fault.why}\n{done.stdout[-2000:]}{done.stderr[-2000:]}"


def test_no_fault_is_planted_twice():
    assert len({(fault.file, fault.new, fault.old) for fault in FAULTS}) == len(FAULTS) >= 20
