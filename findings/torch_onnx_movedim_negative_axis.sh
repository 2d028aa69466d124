#!/usr/bin/env bash
# torch's tracing exporter (dynamo=False) writes `x.movedim(source, destination)` with a negative *source* as a
# Transpose whose `perm` keeps the negative number. ONNX wants axes in [0, rank): ONNX Runtime refuses to load the
# file, although onnx.checker.check_model passes it. A negative *destination* is written right, and so is either by
# the newer exporter (dynamo=True).
#
# Seen 2026-11-30 with torch 2.14.1, onnx 1.23.2, onnxruntime 1.32.0, four axes:
#   movedim(1, 0)     perm [1, 0, 2, 3]     equal
#   movedim(-3, 0)    perm [-3, 0, 2, 3]    checker passes, ONNX Runtime: Load model ... failed
#   movedim(0, -1)    perm [1, 2, 3, 0]     equal
#   movedim(-1, 1)    perm [0, -1, 1, 2]    checker passes, ONNX Runtime: Load model ... failed
#
# headstart's own networks name axes from the front (nn/in_context), and `export` refuses a file that it can't run.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q torch==2.14.1 onnx==1.23.2 onnxruntime==1.32.0 numpy==2.3.5
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON'
import warnings

import onnx
import onnxruntime
import torch
from torch import nn

warnings.simplefilter("ignore")


class Moved(nn.Module):
    def __init__(self, source, destination):
        super().__init__()
        self.axes = source, destination

    def forward(self, x):
        return x.movedim(*self.axes)


x, found = torch.randn(2, 3, 4, 5), {}
for axes in ((1, 0), (-3, 0), (0, -1), (-1, 1)):
    torch.onnx.export(Moved(*axes), (x,), "moved.onnx", dynamo=False)
    model = onnx.load("moved.onnx")
    onnx.checker.check_model(model)  # passes in all cases
    (perm,) = ([*one.ints] for node in model.graph.node for one in node.attribute if node.op_type == "Transpose")
    try:
        session = onnxruntime.InferenceSession("moved.onnx")
        (y,) = session.run(None, {session.get_inputs()[0].name: x.numpy()})
        came = "equal" if torch.equal(torch.from_numpy(y), x.movedim(*axes)) else "wrong"
    except Exception as error:  # of ONNX Runtime, which has no public class for it
        came = "refused"
        assert "failed" in str(error), error
    found[axes] = perm, came
    print(f"movedim{axes}", perm, came)
assert found[1, 0] == ([1, 0, 2, 3], "equal")
assert found[0, -1] == ([1, 2, 3, 0], "equal")
assert found[-3, 0] == ([-3, 0, 2, 3], "refused")
assert found[-1, 1] == ([0, -1, 1, 2], "refused")
PYTHON
