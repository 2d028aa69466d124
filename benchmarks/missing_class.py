"""A student that never sees one digit, taught by a network that knows it (arXiv:1503.02531, section 3).

scikit-learn's digits: the teacher learns 1,000 rows, the student the same without one digit and without
labels; 797 rows are the test. Biases are fitted to the 1,000 rows without labels; each digit is left out.
`python -m benchmarks.missing_class`
"""

import numpy as np
from torch import nn

import headstart as hs

ROWS, TEMPERATURE = 1000, 20.0


def net(width: int) -> nn.Module:
    """Two hidden layers."""
    layers = [nn.Linear(64, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU(), nn.Linear(width, 10)]
    return nn.Sequential(*layers)


def main() -> None:
    """Print, for each digit that is left out, how many of its test rows are recognised."""
    digits = hs.data.load("digits")
    assert digits.array is not None
    x, y = digits.array.reshape(-1, 64).astype("float32") / 255, digits.labels.astype(str)
    recipe = hs.Recipe(steps=400, batch=64, lr=3e-3)
    teacher = hs.fit("from-scratch", net(256), (x[:ROWS], y[:ROWS]), recipe)
    small = hs.models.backbone(net(64), weights="random")
    print("| left out | teacher | student | with biases fitted | all digits: teacher | student | fitted |")
    print("|---|---|---|---|---|---|---|")
    found = []
    for digit in "0123456789":
        seen = np.flatnonzero(y[:ROWS] != digit)
        models = [teacher]
        for prior in ("none", "teacher"):
            method = f"label-transfer:backbone_lr=1.0,temperature={TEMPERATURE},prior={prior}"
            models.append(
                hs.fit(method, small, (x[seen], y[seen]), recipe, teacher=teacher, unlabelled=x[:ROWS])
            )
        right = [np.array(one.classes)[one.probabilities(x[ROWS:]).argmax(1)] == y[ROWS:] for one in models]
        of_digit = [each[y[ROWS:] == digit].mean() for each in right]
        found.append([*of_digit, *(each.mean() for each in right)])
        print(f"| {digit} | " + " | ".join(f"{value:.3f}" for value in found[-1]) + " |", flush=True)
    print("| mean | " + " | ".join(f"{value:.3f}" for value in np.mean(found, 0)) + " |")


if __name__ == "__main__":
    main()
