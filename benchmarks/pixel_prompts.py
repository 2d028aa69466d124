"""Prompts in pixels and label mapping beside a linear probe, all on a backbone that keeps every byte.

The built-in network for pictures at 96 px and the built-in clip art: 20 rows of each class to learn from,
drawn by the seed, and all others to measure accuracy on. The settings are the defaults; nothing is chosen.
`python -m benchmarks.pixel_prompts`
"""

from statistics import mean

import numpy as np

from headstart.core import make
from headstart.data import load
from headstart.models import backbone
from headstart.run.recipe import Recipe
from headstart.session.inputs import fit_to_data
from headstart.session.session import Session

SIZE, EACH, SEEDS = 96, 20, (0, 1, 2)
STEPS, BATCH = 100, 16
METHODS = (
    "logistic-probe",
    "label-mapping:how=learned",
    "label-mapping:how=mean",
    "label-mapping",
    "pixel-prompts",
    "pixel-prompts:mapping=frequency",
)


def drawn(labels: np.ndarray, seed: int) -> np.ndarray:
    """Which rows are learned from: `EACH` of each class."""
    order = np.random.default_rng(seed).permutation(len(labels))
    return np.concatenate([order[labels[order] == one][:EACH] for one in np.unique(labels)])


def main() -> None:
    """Print the accuracies, seed by seed."""
    data = load("clipart")
    session = Session(fit_to_data(backbone("efficientnet_lite0"), data, size=SIZE), data)
    found: dict[str, list[float]] = {name: [] for name in METHODS}
    for seed in SEEDS:
        rows = drawn(data.labels, seed)
        held = np.setdiff1d(np.arange(len(data)), rows)
        for name in METHODS:
            recipe = Recipe(steps=STEPS, batch=BATCH, seed=seed)
            model = session.fit(make(name), rows, recipe).model
            right = session.logits(model, held).argmax(1).numpy() == data.labels[held]
            found[name].append(100 * float(right.mean()))
            print(f"seed {seed}  {name:32} {found[name][-1]:.1f}", flush=True)
    print(f"\n{len(data)} pictures, {len(data.classes)} classes")
    for name, scores in found.items():
        print(f"{name:32} {mean(scores):.1f}  ({', '.join(f'{one:.1f}' for one in scores)})")


if __name__ == "__main__":
    main()
