"""Runs pytest again and again in forked processes that have everything heavy imported already.

`python tests/nursery.py`: reads lines of JSON, lists of arguments for pytest, and answers each with
a line: the exit code and what was printed.
"""

import json
import os
import sys
import tempfile

import numpy  # noqa: F401
import pytest
import safetensors.torch  # noqa: F401
import sklearn.neighbors  # noqa: F401
import torch


def warm_up() -> None:
    """The first step of an optimiser imports as much again as torch itself."""
    torch.set_num_threads(1)
    parameter = torch.nn.Parameter(torch.ones(2))
    parameter.sum().backward()
    torch.optim.SGD([parameter], 0.1).step()


def run(arguments: list[str]) -> tuple[int, str]:
    """pytest's exit code and output, from a process of its own."""
    with tempfile.TemporaryFile("w+") as output:
        child = os.fork()
        if not child:
            os.dup2(output.fileno(), 1)
            os.dup2(output.fileno(), 2)
            code = pytest.main(arguments)
            sys.stdout.flush()
            os._exit(int(code))
        _, status = os.waitpid(child, 0)
        output.seek(0)
        return os.waitstatus_to_exitcode(status), output.read()


if __name__ == "__main__":
    warm_up()
    assert "headstart" not in sys.modules
    for line in sys.stdin:
        sys.stdout.write(json.dumps(run(json.loads(line))) + "\n")
        sys.stdout.flush()
