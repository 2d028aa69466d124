"""One thread in every test process: results depend on the number in their last bits, and speed more.

A shell that starts the tests in the background has Ctrl-C ignored, and what they start would ignore it too.
"""

import signal

import pytest
import torch

torch.set_num_threads(1)
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def seed_torch():
    """Layers that a test makes have the same weights in whatever order the tests run."""
    torch.manual_seed(0)
