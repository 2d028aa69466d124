"""Do the tests test? Each fault is planted in a copy of the package, and a test must fail there."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import headstart
from tests.adversarial_faults import ADVERSARIAL_FAULTS
from tests.align_faults import ALIGN_FAULTS
from tests.alignment_faults import ALIGNMENT_FAULTS
from tests.data.shift_faults import CORRUPTION_FAULTS
from tests.faults import METHODS
from tests.group_faults import GROUP_FAULTS
from tests.metrics.faults import METRICS
from tests.models.faults import MODELS
from tests.run.faults import RUN
from tests.selflabel_faults import SELFLABEL_FAULTS
from tests.shift_faults import SHIFT_FAULTS
from tests.shift_report_faults import SHIFT_REPORT_FAULTS
from tests.source_faults import SOURCE_FAULTS
from tests.stream_faults import STREAM_FAULTS
from tests.streaming_faults import STREAMING_FAULTS
from tests.study.faults import STUDY
from tests.translation_faults import TRANSLATION_FAULTS
from tests.trap_faults import TRAP_FAULTS
from tests.weight_faults import WEIGHT_FAULTS

pytestmark = [
    pytest.mark.slow,
    pytest.mark.many,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork"),
]

FAULTS = RUN + METHODS + METRICS + MODELS + STUDY + TRAP_FAULTS + SOURCE_FAULTS
FAULTS += WEIGHT_FAULTS + ADVERSARIAL_FAULTS + ALIGNMENT_FAULTS + CORRUPTION_FAULTS + SHIFT_FAULTS
FAULTS += SHIFT_REPORT_FAULTS + ALIGN_FAULTS
FAULTS += SELFLABEL_FAULTS
FAULTS += STREAM_FAULTS + STREAMING_FAULTS
FAULTS += TRANSLATION_FAULTS
FAULTS += GROUP_FAULTS
HERE, PACKAGE = Path(__file__).parent, Path(headstart.__file__).parent
FAILED = 1  # pytest's exit code when tests ran and some failed
OPTIONS = ["-x", "-q", "--no-header", "--tb=line", "-p", "no:cacheprovider"]


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """A copy of the package, the tests and the settings."""
    root = tmp_path_factory.mktemp("faults")
    unneeded = shutil.ignore_patterns("__pycache__", "browser")
    shutil.copytree(PACKAGE, root / "src" / "headstart", ignore=unneeded)
    shutil.copytree(HERE, root / "tests", ignore=unneeded)
    shutil.copy(HERE.parent / "pyproject.toml", root)
    return root


@pytest.fixture(scope="module")
def run_tests(tree):
    """Runs selections of tests in the copy, each a file and the words of -k: exit code and output."""
    environment = os.environ | {
        "OMP_NUM_THREADS": "1",
        "PYTHONPATH": os.pathsep.join([str(tree / "src"), str(tree)]),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",  # importing them takes longer than most tests here
    }
    with subprocess.Popen(
        [sys.executable, tree / "tests" / "nursery.py"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=tree,
        env=environment,
    ) as nursery:

        def run(selections):
            pairs = [selection.split(" ", 1) for selection in selections]
            files = dict.fromkeys(f"tests/{file}" for file, _ in pairs)
            words = " or ".join(f"({words})" for _, words in pairs)
            print(json.dumps([*OPTIONS, *files, "-k", words]), file=nursery.stdin, flush=True)
            return json.loads(nursery.stdout.readline())

        yield run
        nursery.stdin.close()


def test_the_copy_is_what_is_tested_and_it_passes(tree, run_tests):
    """Otherwise every fault would seem to be caught, or none."""
    (tree / "tests" / "test_place.py").write_text(
        "from pathlib import Path\nimport headstart\n\n\ndef test_this_is_the_copy():\n"
        f"    assert Path(headstart.__file__).is_relative_to({str(tree)!r})\n"
    )
    code, output = run_tests(["test_place.py this_is_the_copy", *dict.fromkeys(f.tests for f in FAULTS)])
    assert code == 0, output[-3000:]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.why)
def test_it_is_caught(fault, tree, run_tests):
    path = tree / "src" / "headstart" / fault.file
    good = path.read_text("utf-8")
    assert good.count(fault.old) == 1, f"{fault.file} has changed: plant this fault anew"
    path.write_text(good.replace(fault.old, fault.new), "utf-8")
    try:
        code, output = run_tests([fault.tests])
    finally:
        path.write_text(good, "utf-8")
    assert code == FAILED, f"not caught: {fault.why}\n{output[-2000:]}"


def test_no_fault_is_planted_twice():
    assert len({(fault.file, fault.new, fault.old) for fault in FAULTS}) == len(FAULTS) >= 20
