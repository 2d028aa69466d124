"""How to use the model: blocks to copy."""

import shlex
from typing import Any

from headstart.studies.adapt.run_records import Given

PYTHON = """\
import headstart as hs

model = hs.open({model!r})
print(model.predict({item}))"""
USES = {  # what the samples are: one of them in Python, on the command line, in the sentence above
    "pictures": ('["photo.jpg"]', "photo.jpg", "with your own file in place of photo.jpg"),
    "tables": ('"rows.csv"', "rows.csv", "with your own file in place of rows.csv"),
    "texts": ('["A text."]', "--text 'A text.'", "with a text of your own"),
}


def view(given: Given) -> dict[str, Any]:
    """Code for Python, the command line and the export."""
    run = given.run.resolve().name
    model = f"{run}/model"
    item, words, own = USES.get(given.result.kind, USES["pictures"])
    blocks = [
        ("In Python", PYTHON.format(model=model, item=item)),
        ("On the command line", f"headstart predict {shlex.quote(model)} {words}"),
        ("As ONNX, for other programs", f"headstart export {shlex.quote(run)} model.onnx"),
    ]
    return {"say": [], "run": run, "own": own, "blocks": blocks}
