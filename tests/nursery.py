"""Runs pytest again and again in forked processes that have everything imported but headstart and its tests.

`python tests/nursery.py`: reads lines of JSON, lists of arguments for pytest, and answers each with a line:
the exit code, what was printed and the tests that failed. What one run had to import of other packages, the
next ones find imported.
"""

import gc
import importlib
import json
import os
import sys
import tempfile
import warnings
from contextlib import suppress

import pytest
import torch

OWN = {"headstart", "tests"}


def warm_up() -> None:
    """The first step of an optimiser imports as much again as torch itself."""
    torch.set_num_threads(1)
    parameter = torch.nn.Parameter(torch.ones(2))
    parameter.sum().backward()
    torch.optim.SGD([parameter], 0.1).step()


class Failures:
    """A plugin that notes which tests fail."""

    def __init__(self) -> None:
        self.tests: dict[str, None] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """A test may fail in its fixtures, too."""
        if report.failed:
            self.tests[report.nodeid] = None


def run(arguments: list[str]) -> tuple[int, str, list[str], list[str]]:
    """In a process of its own: pytest's exit code and output, the tests that failed, and what it imported."""
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as told:
        child = os.fork()
        if not child:
            before, failures = set(sys.modules), Failures()
            os.dup2(output.fileno(), 1)
            os.dup2(output.fileno(), 2)
            code = pytest.main(arguments, plugins=[failures])
            sys.stdout.flush()
            json.dump([[*failures.tests], [name for name in sys.modules if name not in before]], told)
            told.flush()
            os._exit(int(code))
        _, status = os.waitpid(child, 0)
        output.seek(0)
        told.seek(0)
        failed, imported = json.loads(told.read() or "[[], []]")
        return os.waitstatus_to_exitcode(status), output.read(), failed, imported


def learn(modules: list[str]) -> None:
    """Import modules of other packages, for the runs to come."""
    others = [name for name in modules if name.partition(".")[0] not in OWN]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name in others:
            with suppress(Exception):
                importlib.import_module(name)
    if others:
        gc.collect()
        gc.freeze()  # else each child's pytest walks through all that is imported, and copies its pages


if __name__ == "__main__":
    warm_up()
    gc.freeze()
    for line in sys.stdin:
        code, output, failed, imported = run(json.loads(line))
        learn(imported)
        assert not {"headstart", "tests"} & set(sys.modules)
        sys.stdout.write(json.dumps((code, output, failed)) + "\n")
        sys.stdout.flush()
