"""Do the tests test? Each fault is planted in a copy of the package, and a test must fail there."""

import compileall
import json
import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

import headstart
from tests.planted import all_faults, share_of

pytestmark = [
    pytest.mark.slow,
    pytest.mark.many,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork"),
]

HERE, PACKAGE = Path(__file__).parent, Path(headstart.__file__).parent
FAULTS = sorted(share_of(all_faults(), PACKAGE), key=lambda fault: fault.tests)
TOGETHER = 20  # faults in one process of pytest-xdist, after which it runs the tests that caught them without
PARTS = [FAULTS[start : start + TOGETHER] for start in range(0, len(FAULTS), TOGETHER)]
CAUGHT: dict[int, dict[str, None]] = {}  # by part, the tests that caught a fault
FAILED = 1  # pytest's exit code when tests ran and some failed
NOT_FOUND = 4  # a test has no such name, as a fault may change the values that make it
OPTIONS = ["-x", "-q", "--no-header", "--tb=line", "-p", "no:cacheprovider"]


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """A copy of the package, the tests and the settings, with what is compiled of them."""
    root = tmp_path_factory.mktemp("faults")
    unneeded = shutil.ignore_patterns("browser")
    shutil.copytree(PACKAGE, root / "src" / "headstart")
    shutil.copytree(HERE, root / "tests", ignore=unneeded)
    shutil.copy(HERE.parent / "pyproject.toml", root)
    assert compileall.compile_dir(root / "src", quiet=1)
    return root


@pytest.fixture(scope="module")
def run_tests(tree):
    """Runs tests of the copy, by pytest's arguments: exit code, output and those that failed."""
    environment = os.environ | {
        "OMP_NUM_THREADS": "1",
        "PYTHONPATH": os.pathsep.join([str(tree / "src"), str(tree)]),
        "PYTHONDONTWRITEBYTECODE": "1",  # nothing compiled with a fault is ever found by another test
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

        def run(*tests):
            print(json.dumps([*OPTIONS, *tests]), file=nursery.stdin, flush=True)
            return json.loads(nursery.stdout.readline())

        yield run
        nursery.stdin.close()


@contextmanager
def planted(fault, path):
    """The file with the fault in it; afterwards as it was, also for what was compiled of it."""
    good, was = path.read_text("utf-8"), path.stat()
    assert good.count(fault.old) == 1, f"{fault.file} has changed: plant this fault anew"
    path.write_text(good.replace(fault.old, fault.new), "utf-8")
    try:
        yield
    finally:
        path.write_text(good, "utf-8")
        os.utime(path, ns=(was.st_atime_ns, was.st_mtime_ns))


def test_the_copy_is_what_is_tested(tree, run_tests):
    (tree / "tests" / "test_place.py").write_text(
        "from pathlib import Path\nimport headstart\n\n\ndef test_this_is_the_copy():\n"
        f"    assert Path(headstart.__file__).is_relative_to({str(tree)!r})\n"
    )
    code, output, _ = run_tests("tests/test_place.py")
    assert code == 0, output[-3000:]


def part_of(number, *arguments, name=None):
    """A parameter of a part, which one process of pytest-xdist carries out in order."""
    mark = pytest.mark.xdist_group(f"faults {number}")
    return pytest.param(number, *arguments, id=name or f"part {number}", marks=mark)


@pytest.mark.parametrize(
    ("part", "fault"),
    [part_of(number, fault, name=fault.why) for number, part in enumerate(PARTS) for fault in part],
)
def test_it_is_caught(part, fault, tree, run_tests):
    file, words = fault.tests.split(" ", 1)
    with planted(fault, tree / "src" / "headstart" / fault.file):
        code, output, failed = run_tests(f"tests/{file}", "-k", words)
    assert code == FAILED, f"not caught: {fault.why}\n{output[-2000:]}"
    assert failed
    CAUGHT.setdefault(part, {}).update(dict.fromkeys(failed))


@pytest.mark.parametrize("part", [part_of(number) for number in range(len(PARTS))])
def test_what_caught_passes_without_a_fault(part, run_tests):
    """Otherwise every fault would seem to be caught."""
    if tests := CAUGHT.pop(part, None):
        code, output, _ = run_tests(*tests)
        if code == NOT_FOUND:
            code, output, _ = run_tests(*{test.partition("[")[0]: None for test in tests})
        assert code == 0, output[-3000:]
