"""An epoch of CLIP with a locked encoder of pictures, whose features are kept, beside one that computes them.

    python -m benchmarks.locked_pairs [--pairs 256] [--rounds 3]

Both train the projections and the words of captions on the same batches of the built-in clip art, with
EfficientNet-Lite0 at 128 pixels as the encoder of pictures. In the second it is run, frozen, on each batch.
"""

import argparse
import copy
import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

import headstart as hs
from headstart.core import Task
from headstart.core.paired import PairedBackbone
from headstart.data.pair_batches import pair_stream
from headstart.run.engine import One
from headstart.run.loop import start, train
from headstart.run.recipe import Recipe
from headstart.run.state import Run
from headstart.run.watch import drain
from headstart.session.inputs import loader_of
from headstart.session.pair_training import PairSession
from headstart.studies.pretrain_pairs import PretrainPairsSettings
from headstart.studies.pretrain_pairs.encoders import image_encoder, text_encoder

BATCH = 32


def seconds(run: Run[Any], stream: Callable[[int], Iterator[Any]]) -> float:
    """Of an epoch."""
    begun = time.perf_counter()
    drain(train(run, stream))
    return time.perf_counter() - begun


def main() -> None:
    parser = argparse.ArgumentParser(description="Epochs with a locked encoder of pictures.")
    parser.add_argument("--pairs", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    pairs = hs.data.load_pairs("clipart").subset(np.arange(given.pairs))
    settings = PretrainPairsSettings(size=128)
    image = image_encoder(None, pairs.pictures, settings)
    text = text_encoder("words", pairs.captions, settings)
    loaders = {"image": loader_of(pairs.pictures, image, None), "text": loader_of(pairs.captions, text, None)}
    session = PairSession({"image": image, "text": text}, loaders, loaders, One())
    rows, method = np.arange(given.pairs), hs.methods.Clip(lock="image")
    recipe = Recipe(steps=given.pairs // BATCH, batch=BATCH)
    kept: list[float] = []
    computed: list[float] = []
    begun = time.perf_counter()
    session.start(method, rows, recipe)  # decodes the pictures, which then stay in memory
    once = time.perf_counter() - begun
    for _ in range(given.rounds):
        kept.append(seconds(*session.start(method, rows, recipe)))
        both = PairedBackbone(copy.deepcopy(image), copy.deepcopy(text))
        run = start(method, both, Task(2, (3, 128, 128), len(rows)), recipe)
        computed.append(
            seconds(run, pair_stream(loaders["image"], loaders["text"], rows, BATCH, recipe.seed))
        )
    ratios = [one / other for one, other in zip(computed, kept, strict=True)]
    medians = f"{statistics.median(kept):.2f} s kept, {statistics.median(computed):.2f} s run"
    print(f"epoch of {given.pairs} pairs: {medians}")
    print(f"{statistics.median(ratios):.1f} times as quick ({min(ratios):.1f} to {max(ratios):.1f})")
    print(f"features once: {once:.2f} s")


if __name__ == "__main__":
    main()
