"""Streams that are protected, beside the source model and the same methods without protection.

    python -m benchmarks.stream_protection [digits] [singles] [clipart] [others] [texts] [tables]

Nothing has shifted: the test halves of digits (three small nets), and, with a logistic probe, of clip art
(EfficientNet-Lite0; its training rows too), of digits and of tones (EfficientNet-Lite0), of film reviews and
of tweets (MiniLM), of spam and of blood cells (the backbone of their table): each built-in backbone and data,
and each method with its defaults on the stream sorted by class. Shifted:
the brightness, contrast and noise of `benchmarks.stream_digits`, and clip art in fog, in noise and at a low
contrast. Orders: at random, sorted by class, and 95 of 100 rows of one class. Batches of 64, and of one row.
The rule of protection was made on other nets, those of docs/benchmarks.md and of docs/how/stream.md; here
the nets are others, and the digits the same. Percent right, and the batches that the adapted model answered.
"""

import argparse
import warnings
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

import headstart as hs
from benchmarks.stream_digits import LR, SEEDS, SHIFTS, SPLIT, digits, trained
from headstart.core import Model
from headstart.data.shifts.apply import shift_pictures
from headstart.predictor.predictor import Predictor
from headstart.session.inputs import loader_of

RATED = f"lr={LR}"  # as in stream_digits: 15 batches are few
METHODS = (
    "norm",
    f"tent:{RATED}",
    f"eata:{RATED}",
    f"sar:{RATED}",
    f"cotta:{RATED}",
    "lame",
    f"rdumb:{RATED}",
)
DEFAULTS = ("norm", "tent", "eata", "sar", "cotta", "lame", "rdumb")
WITHOUT_NORMS = ("tent", "eata", "sar", "cotta", "lame", "rdumb")  # norm adapts statistics of batches alone
SINGLES = 150  # rows, one at a time
FEW, SEVERITY = 192, 4  # rows of clip art, and of the corruptions
SMALL, DEAR = 10**6, ("eata", "sar", "cotta", "rdumb")  # parameters; methods


def orders(y: Tensor) -> dict[str, Tensor]:
    """Rows in random order, sorted by class, and with 95 of 100 of class 3, as far as there are."""
    draw = torch.Generator().manual_seed(0)
    drawn = torch.randperm(len(y), generator=draw)
    most, rest = drawn[y[drawn] == 3], drawn[y[drawn] != 3]
    few = torch.cat([most, rest[: max(1, len(most) // 19)]])
    uneven = few[torch.randperm(len(few), generator=draw)]
    return {"random": drawn, "sorted": y.argsort(stable=True), "95:5": uneven}


def judged(method: str, model: Any, batches: Sequence[Any], y: Tensor, **options: Any) -> tuple[float, int]:
    """Percent right and the number of batches that the adapted model answered."""
    stream = hs.stream(method, model, **options)
    answers = [stream(batch) for batch in batches]
    right = torch.cat([answer.outputs.argmax(1) for answer in answers]) == y
    return 100 * float(right.float().mean()), sum(answer.adapted for answer in answers)


def rows(
    name: str, methods: Sequence[str], model: Any, batches: Sequence[Any], y: Tensor, **options: Any
) -> Iterator[str]:
    """A row of the table for each method; those of `DEAR` are not run without protection on large models."""
    bare = hs.stream(methods[-1], model, protect=False)
    source = 100 * float((torch.cat([bare.source(b).argmax(1) for b in batches]) == y).float().mean())
    small = sum(p.numel() for p in bare.reader.model.parameters()) < SMALL
    for method in methods:
        kind = method.partition(":")[0]
        known = small or kind not in DEAR
        alone = f"{judged(method, model, batches, y, protect=False, **options)[0]:.1f}" if known else "-"
        mine, adapted = judged(method, model, batches, y, **options)
        cells = (name, kind, f"{source:.1f}", alone, f"{mine:.1f}")
        yield f"| {' | '.join(cells)} | {adapted} of {len(batches)} |"


def digit_streams(batch: int, seeds: Sequence[int], methods: Sequence[str], most: int) -> Iterator[str]:
    """Digits, with each shift in each order."""
    every, labels = digits()
    x, y = every[SPLIT:], labels[SPLIT:]
    for seed in seeds:
        model = Model(*trained(seed))
        for shift, change in SHIFTS.items():
            for order, ordered in orders(y).items():
                at = ordered[:most]
                batches = torch.split(change(x)[at], batch)
                name = f"digits, seed {seed}, {shift}, {order}" + (", one by one" if batch == 1 else "")
                yield from rows(name, methods, model, batches, y[at], source=every[:SPLIT][:512])


def of_digits() -> Iterator[str]:
    yield from digit_streams(64, SEEDS, METHODS, len(digits()[1]))


def of_singles() -> Iterator[str]:
    """Batches of one row."""
    yield from digit_streams(1, SEEDS[:1], METHODS[:2], SINGLES)


def fitted(data: Any, backbone: str, seed: int, most: int) -> tuple[Predictor, Any, Any]:
    """A logistic probe on half of some rows; these rows, and the others."""
    drawn = np.random.default_rng(seed).permutation(len(data))[:most]
    learned, new = data.subset(np.sort(drawn[: most // 2])), data.subset(np.sort(drawn[most // 2 :]))
    return hs.fit(hs.methods.LogisticProbe(), backbone, learned), learned, new


def samples(model: Predictor, data: Any) -> tuple[Tensor, Tensor]:
    """All rows as the model takes them, and their labels."""
    backbone: Any = model.model.backbone
    count = len(data)
    x = loader_of(data, backbone, None).fetch(np.arange(count), np.full(count, -1))
    return x, torch.as_tensor(np.asarray(data.labels))


def of_clipart() -> Iterator[str]:
    """Clip art sorted by class and at random, its training rows, and three corruptions."""
    data = hs.data.load("clipart")
    model, learned, new = fitted(data, "efficientnet_lite0", 0, len(data))
    for name, part in (("new rows", new), ("training rows", learned)):
        x, y = samples(model, part)
        yield from unshifted(f"clip art, {name}", DEFAULTS, model, x, y)
        drawn = torch.randperm(len(y), generator=torch.Generator().manual_seed(0))[:FEW]
        for shift in ("fog", "contrast", "gaussian-noise") if part is new else ():
            batches = torch.split(shift_pictures(x[drawn], shift, severity=SEVERITY), 64)
            yield from rows(f"clip art, {shift}, random", ("norm", "tent"), model, batches, y[drawn])


def unshifted(name: str, methods: Sequence[str], model: Any, x: Tensor, y: Tensor) -> Iterator[str]:
    """Some new rows as they are: all methods where they are sorted by class, two where they are at random."""
    drawn = torch.randperm(len(y), generator=torch.Generator().manual_seed(0))[:FEW]
    for order, at in {"sorted": drawn[y[drawn].argsort(stable=True)], "random": drawn}.items():
        few = methods if order == "sorted" else methods[:2]
        yield from rows(f"{name}, {order}", few, model, torch.split(x[at], 64), y[at])


def of_halves(names: Sequence[str], backbone: str, methods: Sequence[str], most: int) -> Iterator[str]:
    """Nothing has shifted: halves of built-in data."""
    for name in names:
        model, _, new = fitted(hs.data.load(name), backbone, 0, most)
        yield from unshifted(f"{name}, {backbone}", methods, model, *samples(model, new))


SECTIONS: dict[str, Callable[[], Iterator[str]]] = {
    "digits": of_digits,
    "singles": of_singles,
    "clipart": of_clipart,
    "others": partial(of_halves, ("digits", "tones"), "efficientnet_lite0", DEFAULTS, 2 * FEW),
    "texts": partial(of_halves, ("reviews", "tweets"), "minilm", WITHOUT_NORMS, 640),
    "tables": partial(of_halves, ("spambase", "pbmc"), "table", DEFAULTS, 640),
}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("sections", nargs="*", choices=list(SECTIONS))
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    print("| stream | method | source | without protection | protected | batches adapted |")
    print("|---|---|---|---|---|---|")
    for section in parser.parse_args().sections or SECTIONS:
        for line in SECTIONS[section]():
            print(line, flush=True)


if __name__ == "__main__":
    main()
