"""What an ONNX file says beside its graph, as JSON: labels, how inputs are read, a threshold."""

import json
from dataclasses import asdict
from typing import Any

from headstart.core import Preprocess, Schema, Tokens
from headstart.core.tokens import NOTHING
from headstart.data.decode import GAP
from headstart.data.spellings import MISSING
from headstart.predictor.exportable import Exportable
from headstart.runtime.metadata import KEY, SCHEMA, TOKENIZER

ACTIVATIONS = {"classes": "softmax", "tags": "sigmoid", "numbers": "none"}


def metadata_of(predictor: Exportable) -> dict[str, str]:
    """The `metadata_props` of an exported model.

    Returns:
        "headstart": JSON with the labels in the order of the outputs, the activation in the graph, the
        threshold outside it, and the rule by which inputs are read. Of texts also "tokenizer.json", a file of
        the package tokenizers.
    """
    kind = predictor.label_kind
    told = {
        "schema": SCHEMA,
        "label_kind": kind,
        "labels": list(predictor.classes),
        "activation": ACTIVATIONS[kind],  # in the graph, with any temperature and normalisation
        "abstain_below": predictor.abstain,
        "positive": predictor.positive,
        "threshold": predictor.threshold,
        "backbone": predictor.model.name,
        "method": None if predictor.training is None else predictor.training.method,
        "input": _input_of(predictor),
    }
    found = {KEY: json.dumps(told, ensure_ascii=False, allow_nan=False)}
    mapping: Any = predictor.model.backbone
    if (tokenizer := getattr(mapping, "tokenizer", None)) is not None:
        found[TOKENIZER] = tokenizer
    return found


def _input_of(predictor: Exportable) -> dict[str, Any]:
    """The rule by which items become the input x of the graph."""
    reader, kind = predictor.reader, predictor.modality.kind
    if isinstance(reader, Preprocess):
        return {"kind": kind, "dtype": "uint8", "channels": "RGB", "layout": "NCHW"} | _resizing(reader)
    if isinstance(reader, Tokens):
        return {"kind": kind, "dtype": "int64"} | _cutting(reader)
    if isinstance(reader, Schema):
        columns = [asdict(column) for column in reader.columns]
        read = {} if reader.tokens is None else _cutting(reader.tokens)
        others = {"dropped": dict(reader.dropped), "passed": list(reader.passed), "counts": reader.counts}
        written = {"missing": sorted(MISSING), "columns": columns}
        return {"kind": kind, "dtype": "float32"} | written | others | read
    mapping: Any = predictor.model.backbone
    return {"kind": kind, "dtype": "float32", "shape": list(mapping.example.shape[1:])}


def _cutting(reader: Tokens) -> dict[str, Any]:
    """How texts are cut into ids of tokens."""
    return {"max_tokens": reader.limit, "padding": NOTHING, "empty": reader.pad}


def _resizing(reader: Preprocess) -> dict[str, Any]:
    """Size (height, width), fit, filter and colours; mean and std are in the graph already."""
    background = {"background": [255, 255, 255], "reducing_gap": GAP}
    return reader.settings() | {"normalised_in_graph": True} | background
