"""How to use the model: blocks to copy."""

import shlex
from typing import Any

from headstart.report.given import Given

PYTHON = """\
import headstart as hs

model = hs.open({model!r})
print(model.predict(["photo.jpg"]))"""


def view(given: Given) -> dict[str, Any]:
    """Code for Python, the command line and the export."""
    run = given.run.resolve().name
    model = f"{run}/model"
    blocks = [
        ("In Python", PYTHON.format(model=model)),
        ("On the command line", f"headstart predict {shlex.quote(model)} photo.jpg"),
        ("As ONNX, for other programs", f"headstart export {shlex.quote(run)} model.onnx"),
    ]
    return {"say": [], "run": run, "blocks": blocks}
