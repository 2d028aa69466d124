"""One thread, as small problems run faster on it, and the small data and weights, made once."""

import pytest
import torch
from tests.study import tiny


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def pictures(tmp_path_factory):
    """A folder of class folders; not to be written to."""
    return tiny.folders(tmp_path_factory.mktemp("tiny") / "shapes")


@pytest.fixture(scope="session")
def weights(tmp_path_factory):
    return tiny.weights(tmp_path_factory.mktemp("weights") / "small.safetensors")
