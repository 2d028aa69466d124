"""Importance weights against the truth, and what they are worth to a model that is too simple.

Two toys. In the first the source is N(0, 1) and the target N(1, 1), so that the weight of x is
exp(x - 1/2): the mean absolute error of the logarithm over the source rows, the mean weight before it is
brought to 1, and the correlation of the logarithms with the true ones. In the second (Shimodaira 2000) a
straight line is fitted to x^3 - x with noise 0.3 on x of N(0.5, 0.5) and used on x of N(0, 0.3): its
squared error there, with weights and without. `upside down` is the formula w = (1 - p) / p with
p = P(target | x) in the place of P(source | x), as skada 0.6.0 has it: the same classifier, and the
reciprocal of what is wanted.

    python -m benchmarks.density_ratio [--seeds 20]
"""

import argparse
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from headstart.metrics.shift.coverage import effective_sample_size
from headstart.solvers.ratios.classifier import classifier_ratios
from headstart.solvers.ratios.common import Ratios
from headstart.solvers.ratios.gaussian import gaussian_ratios
from headstart.solvers.ratios.kliep import kliep_ratios
from headstart.solvers.ratios.kmm import kmm_ratios
from headstart.solvers.ratios.ulsif import ulsif_ratios

Estimator = Callable[[Tensor, Tensor], Ratios]

ERROR, SHARE, SEEDS = (
    0.15,
    0.25,
    18,
)  # what is asked for: of the log weights, of the unweighted error, in so many
TINY = 1e-12


def upside_down(source: Tensor, target: Tensor) -> Ratios:
    """The reciprocal of the classifier's weights."""
    found = classifier_ratios(source, target)
    turned = 1 / found.weights.clamp_min(TINY)
    return Ratios(turned / turned.mean(), float(turned.mean()), found.chosen)


ESTIMATORS: dict[str, Estimator] = {
    "classifier": classifier_ratios,
    "gaussian": gaussian_ratios,
    "kliep": kliep_ratios,
    "ulsif": ulsif_ratios,
    "kmm": kmm_ratios,
    "upside down": upside_down,
}


def ratio(estimate: Estimator, n: int, m: int, seeds: int) -> tuple[float, float, float, float]:
    """Mean absolute log error, the worst of the seeds, mean weight and correlation with the truth."""
    errors, means, likeness = [], [], []
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        source, target = rng.normal(0, 1, (n, 1)), rng.normal(1, 1, (m, 1))
        found = estimate(torch.from_numpy(source), torch.from_numpy(target))
        logs = np.log((found.weights * found.mean).numpy().clip(TINY))
        truth = source[:, 0] - 0.5
        errors.append(np.abs(logs - truth).mean())
        means.append(found.mean)
        likeness.append(np.corrcoef(logs, truth)[0, 1])
    return float(np.mean(errors)), float(np.max(errors)), float(np.mean(means)), float(np.mean(likeness))


def line(seed: int, estimate: Estimator | None, squares: bool) -> tuple[float, float]:
    """Squared error on the target of a straight line fitted to the source, and the effective rows."""
    rng = np.random.default_rng(seed)
    x, new = rng.normal(0.5, 0.5, 600), rng.normal(0, 0.3, 400)
    y = x**3 - x + rng.normal(0, 0.3, 600)
    weights = np.ones(600)
    if estimate is not None:
        powers = (1, 2) if squares else (1,)
        rows = [torch.from_numpy(np.stack([part**p for p in powers], 1)) for part in (x, new)]
        weights = estimate(*rows).weights.numpy()
    fit = np.polyfit(x, y, 1, w=np.sqrt(weights))
    error = np.square(np.polyval(fit, new) - (new**3 - new)).mean()
    return float(error), effective_sample_size(weights)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    few = max(1, options.seeds // 4)
    for n, m in ((2000, 2000), (4000, 1000)):
        print(
            f"N(0, 1) to N(1, 1), {n} and {m} rows, {few} seeds: asked for are {ERROR} and a mean weight of 1"
        )
        for name, estimate in ESTIMATORS.items():
            mean, worst, weight, likeness = ratio(estimate, n, m, few)
            mark = "reached" if worst < ERROR else ""
            figures = f"log error {mean:8.3f} (worst {worst:8.3f})  mean weight {weight:9.3f}"
            print(f"  {name:12} {figures}  correlation {likeness:+.3f}  {mark}")
    bare = [line(seed, None, False)[0] for seed in range(options.seeds)]
    print(f"Shimodaira's toy, {options.seeds} seeds: unweighted error {np.mean(bare):.4f}; asked for: below")
    print(f"{SHARE} times that in {SEEDS} of 20 seeds")
    for name, estimate in ESTIMATORS.items():
        squares = name in ("classifier", "upside down")  # whose logarithm is linear in what it is given
        found = [line(seed, estimate, squares) for seed in range(options.seeds)]
        errors = np.array([error for error, _ in found])
        hits = int((errors < SHARE * np.array(bare)).sum())
        mark = "reached" if hits * 20 >= SEEDS * options.seeds else ""
        rows = np.mean([rows for _, rows in found])
        shown = f"below in {hits:2} of {options.seeds}  worth {rows:4.0f} rows  {mark}"
        print(f"  {name:12} error {errors.mean():8.4f}  {shown}")


if __name__ == "__main__":
    main()
