"""The digest of a saved model, by which an ONNX file knows the weights that it was made of."""

import json

import numpy as np
import pytest

from headstart.runtime.metadata import BLOCK, ROW, digest_of

SIZE = 2 * BLOCK + ROW + 13  # bytes: whole blocks, a row and what is left over


@pytest.fixture
def digest(tmp_path):
    """`digest(content, **config)`: that of a model with such weights."""

    def call(content, **config):
        (tmp_path / "model.safetensors").write_bytes(bytes(content))
        (tmp_path / "config.json").write_text(json.dumps(config), "utf-8")
        return digest_of(tmp_path)

    return call


@pytest.fixture
def content():
    return np.random.default_rng(0).integers(0, 256, SIZE, dtype=np.uint8)


@pytest.mark.parametrize(
    "place", [0, 7, ROW, BLOCK - 1, BLOCK, 2 * BLOCK + 5, SIZE - 14, SIZE - 13, SIZE - 1]
)
def test_the_digest_changes_with_any_one_bit(digest, content, place):
    before = digest(content)
    content[place] ^= 128
    assert digest(content) != before


@pytest.mark.parametrize(("one", "other"), [(0, 8), (0, ROW), (8, BLOCK + 8), (16, 2 * BLOCK + ROW - 8)])
def test_the_digest_changes_as_two_numbers_change_places(digest, content, one, other):
    before, copy = digest(content), content.copy()
    content[one : one + 8], content[other : other + 8] = copy[other : other + 8], copy[one : one + 8]
    assert digest(content) != before


def test_the_digest_changes_with_the_size_and_the_meaning_alone(digest):
    found = [digest(bytes(size)) for size in (0, 8, ROW, ROW + 1, BLOCK, BLOCK + ROW)]
    assert len({*found}) == len(found)
    assert digest(b"w", classes=["a"]) != digest(b"w", classes=["b"])
    assert digest(b"w", threshold=0.1) == digest(b"w", threshold=0.2)
