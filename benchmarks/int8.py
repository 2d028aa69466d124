"""What int8 costs and saves: a ridge probe on built-in data, measured on rows left out of training."""

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from headstart.data.load import load
from headstart.methods.outputs.probing.ridge_probe import RidgeProbe
from headstart.predictor.fit import fit
from headstart.studies.evaluate.int8 import export_int8

CASES = (("clipart", "efficientnet_lite0"), ("reviews", "minilm"))
PER_CLASS = {"clipart": 40, "reviews": 150}
HELD_OUT = 0.5  # share of the rows


def main() -> None:
    for name, backbone in CASES:
        data = load(name, per_class=PER_CLASS[name])
        order = np.random.default_rng(0).permutation(len(data))
        held = set(order[: int(HELD_OUT * len(data))].tolist())
        split = tuple("test" if row in held else "train" for row in range(len(data)))
        data = replace(data, split=split)
        train = [row for row in range(len(data)) if row not in held]
        model = fit(RidgeProbe(), backbone, replace(data, split=None).subset(train))
        with TemporaryDirectory() as folder:
            done, _ = export_int8(model, data, Path(folder) / "model.onnx", {}, most=1.0)
        print(
            f"| `{backbone}`, {name} | {done.rows} | {done.before:.3f} to {done.after:.3f} | "
            f"{100 * (done.agreement or 0):.1f} % | {done.smaller:.1f} | {done.faster:.2f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
