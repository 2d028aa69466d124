"""What an ONNX file says beside its graph: how items become its input, and what its outputs mean."""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from headstart.core import BadInput, Preprocess, Reader, Schema, Tokens
from headstart.core.schema import Column

SCHEMA = 1
KEY, TOKENIZER = "headstart", "tokenizer.json"  # names in the `metadata_props` of an ONNX file
BESIDE = "beside"  # likewise: the digest of the model that the file was made of
WEIGHTS, CONFIG, ONNX = "model.safetensors", "config.json", "model.onnx"  # files of a model folder
DECISION = ("abstain_below", "positive", "threshold")  # fields of the config that no graph holds
ROW, BLOCK = 2**12, 2**18  # bytes


class NeedsTorch(BadInput):
    """The ONNX file can't answer what is asked; the model itself can, by torch."""


def read_reader(told: Mapping[str, Any], tokenizer: str | None) -> Reader | None:
    """The rule by which items become the input of the graph; None: arrays, as they are.

    Args:
        told: the field `input` of the metadata.
        tokenizer: the content of the `tokenizer.json`, if there is one.

    Raises:
        NeedsTorch: sounds, or a table of an older file.
    """
    kind = told["kind"]
    if kind == "numbers":
        return None
    if kind == "pictures":
        return Preprocess.from_settings({name: told[name] for name in Preprocess().settings()} | _depth(told))
    if kind == "texts":
        assert tokenizer is not None
        return _tokens(told, tokenizer)
    if kind != "tables":
        raise NeedsTorch(f"{kind} are read by torch alone.")
    if "passed" not in told:
        raise NeedsTorch("The file is of an older version, which does not say how rows are read.")
    columns = tuple(Column(**one | _tuples(one)) for one in told["columns"])
    tokens = None if tokenizer is None else _tokens(told, tokenizer)
    return Schema(columns, told["dropped"], tuple(told["passed"]), told["counts"], tokens)


def _depth(told: Mapping[str, Any]) -> dict[str, Any]:
    """Settings of pictures of more than 8 bits, if the model has them."""
    return {name: told[name] for name in ("window", "mixed") if name in told}


def _tokens(told: Mapping[str, Any], tokenizer: str) -> Tokens:
    return Tokens(tokenizer, limit=told["max_tokens"], pad=told["empty"])


def _tuples(column: Mapping[str, Any]) -> dict[str, Any]:
    return {name: tuple(column[name]) for name in ("categories", "rare")}


def digest_of(folder: Path) -> str:
    """A text that changes whenever the weights of a saved model do, or what they mean.

    Raises:
        OSError: there is no model.
    """
    config = json.loads((folder / CONFIG).read_text("utf-8"))
    meant = {name: value for name, value in config.items() if name not in DECISION}
    found = hashlib.sha256(json.dumps(meant, sort_keys=True).encode())
    for part in _sums(folder / WEIGHTS):
        found.update(part)
    return found.hexdigest()


def _sums(file: Path) -> Iterator[bytes]:
    """Bytes that stand for those of a file, made in a sixth of the time that a hash of them takes.

    They are the size; the sums of each row and each column of every 64 rows of 512 numbers of 64 bits, modulo
    2^64; and what is left over, as it is. Any one change alters them, as does any exchange of two numbers.
    """
    block = memoryview(bytearray(BLOCK))
    with file.open("rb", buffering=0) as opened:
        yield str(os.fstat(opened.fileno()).st_size).encode()
        while size := opened.readinto(block):
            whole = size - size % ROW
            numbers = np.frombuffer(block[:whole], "<u8").reshape(-1, ROW // 8)
            yield numbers.sum(1, dtype="<u8").tobytes()
            yield numbers.sum(0, dtype="<u8").tobytes()
            yield bytes(block[whole:size])
