"""Students that learn from a teacher without any rows, by samples made from it (arXiv:1912.08795).

scikit-learn's digits: the teacher learns 1,000 rows; 797 rows are the test, which nothing is chosen by.
Over 5 seeds, with a teacher with batch normalisation and with one without.
`python -m benchmarks.class_samples`
"""

import numpy as np
import torch
from torch import nn

import headstart as hs

ROWS, SEEDS, BOUNDS = 1000, 5, (0.0, 1.0)
METHOD = "label-transfer:backbone_lr=1.0,norm=train"


def net(width: int, seed: int, *, norm: bool) -> nn.Module:
    """Two convolutions, each with batch normalisation or without."""

    def layers(inputs: int, outputs: int, stride: int) -> list[nn.Module]:
        convolution = nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1)
        return [convolution, *([nn.BatchNorm2d(outputs)] if norm else []), nn.ReLU()]

    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return nn.Sequential(*layers(1, width, 2), *layers(width, 16, 1), nn.Flatten(), nn.Linear(256, 10))


def main() -> None:
    """Print the accuracy of the teacher, and of students by what they learned from."""
    digits = hs.data.load("digits")
    assert digits.array is not None
    x, y = digits.array.reshape(-1, 1, 8, 8).astype("float32") / 255, digits.labels.astype(str)
    for norm in (True, False):
        found: dict[str, list[float]] = {}
        for seed in range(SEEDS):
            recipe = hs.Recipe(steps=200, lr=1e-2, seed=seed)
            method = "fine-tune:backbone_lr=1.0,norm=train"
            teacher = hs.fit(method, net(16, seed, norm=norm), (x[:ROWS], y[:ROWS]), recipe)
            draw, shape = np.random.default_rng(seed), (500, 1, 8, 8)
            noise, normal = (each(size=shape).astype("float32") for each in (draw.uniform, draw.normal))
            given = {
                "samples": hs.class_samples(teacher, bounds=BOUNDS, seed=seed),
                "samples without statistics": hs.class_samples(
                    teacher, bounds=BOUNDS, statistics=0.0, seed=seed
                ),
                "samples without bounds": hs.class_samples(teacher, seed=seed),
                "uniform noise within bounds": hs.data.load_unlabelled(noise),
                "normal noise": hs.data.load_unlabelled(normal),
                "500 real rows": hs.data.load_unlabelled(x[:500]),
            }
            models = {"teacher": teacher}
            for name, data in given.items():
                student = net(8, 100 + seed, norm=norm)
                models[name] = hs.fit(METHOD, student, data, recipe, teacher=teacher)
            for name, model in models.items():
                right = np.array(model.classes)[model.probabilities(x[ROWS:]).argmax(1)] == y[ROWS:]
                found.setdefault(name, []).append(float(right.mean()))
        print(f"{'with' if norm else 'without'} batch normalisation:")
        for name, values in found.items():
            print(f"{name}: {np.mean(values):.3f} ({min(values):.3f} to {max(values):.3f})", flush=True)


if __name__ == "__main__":
    main()
