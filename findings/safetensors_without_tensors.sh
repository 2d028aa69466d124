#!/usr/bin/env bash
# safetensors 0.8.0 saves a dict without tensors into bytes that its own `load` refuses, if the metadata are an
# empty dict; with None, or with one entry, the same dict comes back. A header of no tensors was broken for all
# metadata once (https://github.com/safetensors/safetensors/issues/466 and 601, closed); an empty dict was left.
# A learner that learns nothing beforehand, such as a nearest centroid on given features, has such a file.
#
# Seen 2026-11-30 with safetensors 0.8.0, torch 2.14.1:
#   metadata None          header {}                               loads
#   metadata {}            header {},"__metadata__":{}}            SafetensorError: ... trailing characters at line 1 column 3
#   metadata {'a': 'b'}    header {"__metadata__":{"a":"b"}}       loads
#   one tensor, {}         header {"__metadata__":{},"w":{...}}    loads
#
# headstart hands on no empty metadata (core/tensor_file.py).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q safetensors==0.8.0 torch==2.14.1 numpy==2.3.5
"$folder/venv/bin/python" - <<'PYTHON'
import torch
from safetensors import SafetensorError
from safetensors.torch import load, save

found = {}
for named, tensors in (("none", {}), ("one", {"w": torch.zeros(1)})):
    for metadata in (None, {}, {"a": "b"}):
        written = save(tensors, metadata=metadata)
        try:
            came = load(written).keys() == tensors.keys()
        except SafetensorError as error:
            came = str(error)
        found[named, str(metadata)] = came
        header = written[8 : 8 + int.from_bytes(written[:8], "little")].decode().strip()
        print(named, "tensors, metadata", metadata, "header", header, "->", came)
refused = {key for key, came in found.items() if came is not True}
assert refused == {("none", "{}")}, refused
assert "trailing characters" in found["none", "{}"]
PYTHON
