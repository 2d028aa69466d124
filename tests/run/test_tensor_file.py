"""Tensors in files: what is written is read."""

import pytest
import torch

from headstart.core.tensor_file import read_tensors, write_tensors


@pytest.mark.parametrize("about", [{}, {"b": "1", "a": "2"}])
@pytest.mark.parametrize("tensors", [{}, {"x": torch.arange(3)}])
def test_what_is_written_is_read(tmp_path, tensors, about):
    """safetensors 0.8.0 writes a file that it can't read of no tensors with an empty dict of metadata."""
    file = tmp_path / "some.safetensors"
    write_tensors(file, tensors, about)
    found, said = read_tensors(file)
    assert said == about
    assert found.keys() == tensors.keys()
    assert all(torch.equal(found[name], value) for name, value in tensors.items())
