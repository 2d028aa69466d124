#!/usr/bin/env bash
# A named dimension, Dim("n"), is a demand in torch.export and only a wish in torch.onnx.export(dynamo=True). Where
# a model makes a number of it, as `len(x)` does, torch.export.export refuses the very same dynamic_shapes
# ("Constraints violated"), and torch.onnx.export reports success and writes a file whose batch is fixed at the
# size of the example, which no other size passes. The less exact Dim.DYNAMIC gets the dynamic file: it makes the
# first attempt fail, and the second one, strict=True, takes len(x) for the symbol that it is. With x.shape[0]
# in place of len(x) all agree.
#
# Seen 2026-11-30 with torch 2.14.1, onnx 1.23.2, onnxscript 0.7.2, onnxruntime 1.32.0:
#   len(x)      torch.export: Dim("n") refused     torch.onnx: Dim("n") gives [4, 2], Dim.DYNAMIC [dynamic, 2]
#   x.shape[0]  torch.export: Dim("n") taken       torch.onnx: Dim("n") gives [dynamic, 2], Dim.DYNAMIC [dynamic, 2]
#
# headstart checks each file on batches of several sizes before it keeps it, and asks x.shape[0] in its own models.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q torch==2.14.1 numpy==2.3.5 onnx==1.23.2 onnxscript==0.7.2 onnxruntime==1.32.0
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import warnings

import numpy as np
import onnxruntime
import torch
from torch import nn
from torch.export import Dim

warnings.simplefilter("ignore")
print("torch", torch.__version__, "onnxruntime", onnxruntime.__version__)


class Net(nn.Module):
    def __init__(self, by_len):
        super().__init__()
        self.row, self.by_len = nn.Parameter(torch.arange(3.0)), by_len

    def forward(self, x):
        return torch.cat([x, self.row.expand(len(x) if self.by_len else x.shape[0], 3)], 1)


def taken(by_len):
    """Whether torch.export takes a named dimension."""
    try:
        torch.export.export(Net(by_len), (torch.zeros(4, 2),), dynamic_shapes={"x": {0: Dim("n")}})
    except Exception as error:
        print("  torch.export:", str(error).strip().splitlines()[0])
        return False
    return True


def batch(by_len, dim):
    """The batch of the file that torch.onnx writes: a number, or None where it is dynamic."""
    torch.onnx.export(
        Net(by_len).eval(), (torch.zeros(4, 2),), "net.onnx", input_names=["x"],
        dynamo=True, dynamic_shapes={"x": {0: dim}}, verbose=False,
    )
    session = onnxruntime.InferenceSession("net.onnx", providers=["CPUExecutionProvider"])
    shape = session.get_inputs()[0].shape
    if isinstance(shape[0], str):
        assert session.run(None, {"x": np.zeros((9, 2), np.float32)})[0].shape == (9, 5)
    return shape[0] if isinstance(shape[0], int) else None


for by_len in (True, False):
    print("len(x)" if by_len else "x.shape[0]")
    found = taken(by_len), batch(by_len, Dim("n")), batch(by_len, Dim.DYNAMIC)
    print("  torch.export takes Dim('n'), batch of torch.onnx with it and with Dim.DYNAMIC:", found)
    assert found == ((False, 4, None) if by_len else (True, None, None)), found
PYTHON
echo "as described"
