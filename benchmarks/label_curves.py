"""How many labels pre-training without labels saves: label curves on pictures, texts and tables.

The data, the sizes and the methods were fixed here before the first result; all settings beside steps and
batch are the methods' own, and none was chosen by a test row. Each set is one `headstart.curve`: half of
the rows (of pbmc68k three tenths) are the test part, each pre-training is carried out once with every seed
on the other rows without labels, and all starts learn from the same labelled rows. The first start is random
weights; of texts it is the weights that MiniLM comes with. Beside it stands what needs no network: logistic
regression on the pixels, or on the columns.

    apt-get download dataset-fashion-mnist && dpkg -x dataset-fashion-mnist*.deb unpacked
    OMP_NUM_THREADS=2 python -m benchmarks.label_curves --fashion unpacked [--sets fashion tweets] [--out DIR]

A set that is finished in the folder is not computed again. Writes DIR/label-curves.svg and prints the
tables.
"""

import argparse
import gzip
import statistics
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

import headstart as hs
from headstart.core import derive_seed
from headstart.data.dataset import Dataset
from headstart.metrics.repeats import student
from headstart.studies.curve import SizeCurve
from headstart.studies.curve.page_savings import counted

PLAIN = "logistic-probe"


@dataclass(frozen=True)
class Set:
    """A set of data, and what is tried on it."""

    title: str
    load: Callable[[Path], Dataset]
    backbone: str
    pretrain: tuple[str, ...]
    plain: str  # what needs no network, in words; "" for none
    methods: tuple[str, ...] = (PLAIN, "fine-tune")
    seeds: int = 4
    labels: tuple[int | str, ...] = (1, 5, 20, "all")
    test: float = 0.5


def some(data: Dataset, each: int) -> Dataset:
    """`each` rows of each class, or all that there are."""
    rng = np.random.default_rng(derive_seed("label curves", data.name))
    rows = [rng.permutation(np.flatnonzero(data.labels == c))[:each] for c in range(len(data.classes))]
    return data.subset(np.sort(np.concatenate(rows)))


def fashion(root: Path) -> Dataset:
    """2,000 pictures of the test files of fashion-MNIST, means of 2 x 2 pixels: 14 x 14 in [-1, 1]."""
    folder = root / "usr/share/datasets/fashion-mnist"
    packed = [(folder / f"t10k-{what}-ubyte.gz").read_bytes() for what in ("images-idx3", "labels-idx1")]
    pixels, labels = (np.frombuffer(gzip.decompress(each), np.uint8) for each in packed)
    x = pixels[16:].reshape(-1, 1, 14, 2, 14, 2).astype(np.float32).mean((3, 5)) / 127.5 - 1
    return replace(some(hs.data.load((x, labels[8:])), 200), name="fashion-mnist")


SETS = {
    "fashion": Set(
        "fashion-MNIST, pictures",
        fashion,
        "small-convnet",
        ("simclr:steps=150,batch=256",),
        "logistic regression on pixels",
        seeds=3,
        labels=(1, 5, 10, 20, "all"),
    ),
    "tweets": Set(
        "tweets, texts",
        lambda root: some(hs.data.load("tweets"), 150),
        "minilm",
        ("simcse:steps=12,batch=48",),
        "",
        (PLAIN,),
        3,
    ),
    "spambase": Set(
        "spambase, a table",
        lambda root: some(hs.data.load("spambase"), 500),
        "table-mlp",
        ("scarf:steps=300,batch=128", "masked-imputation:steps=300,batch=128"),
        "logistic regression on columns",
    ),
    "pbmc": Set(
        "pbmc68k, RNA-seq counts",
        lambda root: hs.data.load("pbmc"),
        "table-mlp",
        ("scarf:steps=300,batch=128", "masked-imputation:steps=300,batch=128"),
        "logistic regression on columns",
        labels=(1, 5, "all"),
        test=0.3,  # the smallest type has 8 cells
    ),
}


def curve(name: str, root: Path, out: Path) -> tuple[SizeCurve, SizeCurve | None]:
    """The curves of a set, and those of what needs no network, on the same rows."""
    wanted, data = SETS[name], SETS[name].load(root)
    shared: dict[str, Any] = {
        "labels_per_class": wanted.labels,
        "seeds": wanted.seeds,
        "test": wanted.test,
        "steps": 50,
    }
    learned = kept(out / name, wanted.backbone, data, wanted.pretrain, wanted.methods, shared)
    if not wanted.plain:
        return learned, None
    if data.table is not None:
        return learned, kept(out / f"{name}-plain", "table", data, (), (PLAIN,), shared)
    assert data.array is not None
    flat = np.asarray(data.array, np.float32).reshape(len(data), -1)
    base = hs.models.backbone(torch.nn.Identity(), example=torch.zeros(2, flat.shape[1]), head=None)
    pixels = hs.data.load((flat, np.array(data.classes)[data.labels]))
    return learned, kept(out / f"{name}-plain", base, pixels, (), (PLAIN,), shared)


def kept(
    folder: Path,
    base: Any,
    data: Dataset,
    pretrain: tuple[str, ...],
    methods: tuple[str, ...],
    shared: dict[str, Any],
) -> SizeCurve:
    """The record in a folder, or a new one."""
    if (folder / "curve.json").is_file():
        return SizeCurve.read(folder / "curve.json")
    given = {"pretrain": pretrain, "methods": methods, **shared}
    found: SizeCurve = hs.curve(base, data, out=folder, resume=folder.is_dir(), **given)
    return found


def table(name: str, learned: SizeCurve, plain: SizeCurve | None) -> None:
    """Means in per cent with intervals, differences to what needs no network, and labels saved."""
    sizes = learned.labels_per_class
    print(
        f"\n{SETS[name].title}: {learned.train_rows} rows to learn from, {learned.test_rows} for the test\n"
    )
    print(f"| start and method | {' | '.join(map(str, sizes))} |\n|---|{'---|' * len(sizes)}")
    titles = {start.label: start.title.split(" (")[0] for start in learned.starts}
    words = {PLAIN: "probe", "fine-tune": "fine-tuning"}
    curves = {
        f"{titles[point.start]}, {words[point.method]}": (point.start, point.method)
        for point in learned.points
    }
    for title, (start, method) in curves.items():
        points = learned.of(method, start)
        print(f"| {title} | {' | '.join(shown(p.score, p.interval) for p in points)} |")
    if plain is not None:
        print(f"| {SETS[name].plain} | {' | '.join(shown(p.score, p.interval) for p in plain.points)} |")
        for title, (start, method) in curves.items():
            pairs = zip(learned.of(method, start), plain.points, strict=True)
            gains = [student(np.subtract(a.score, b.score).tolist()) for a, b in pairs]
            cells = (f"{100 * g.value:+.1f} ({100 * g.low:+.1f} to {100 * g.high:+.1f})" for g in gains)
            print(f"| {title}, minus {SETS[name].plain} | {' | '.join(cells)} |")
    for saving in learned.savings:
        said = counted(saving, learned) if saving.clear else "no saving that is sure"
        print(f"{titles[saving.start]}, {words[saving.method]}, {saving.labels_per_class}: {said}")


def shown(scores: list[float], interval: Any) -> str:
    between = f" ({100 * interval.low:.0f} to {100 * interval.high:.0f})" if interval else ""
    return f"{100 * statistics.fmean(scores):.1f}{between}"


COLOURS = ("#444444", "#0a62a8", "#c45500", "#0a7f5c")


def draw(found: dict[str, tuple[SizeCurve, SizeCurve | None]], file: Path) -> None:
    """A panel a set: colours by start, dashes for fine-tuning, dots for what needs no network."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams |= {"svg.hashsalt": "label curves", "svg.fonttype": "none"}
    from matplotlib import pyplot

    figure, panels = pyplot.subplots(1, len(found), figsize=(3.4 * len(found), 4.4), squeeze=False)
    for panel, (name, (learned, plain)) in zip(panels[0], found.items(), strict=True):
        for number, start in enumerate(learned.starts):
            for method in learned.methods:
                points = learned.of(method, start.label)
                x, y = zip(*((p.labels_per_class, 100 * p.mean) for p in points), strict=True)
                dash = "-" if method == PLAIN else "--"
                text = start.title.split(" (")[0] + ("" if method == PLAIN else ", fine-tuned")
                panel.plot(x, y, dash, marker="o", ms=3, color=COLOURS[number], label=text)
                ends = [(100 * p.interval.low, 100 * p.interval.high) for p in points if p.interval]
                if method == PLAIN and len(ends) == len(x):
                    low, high = zip(*ends, strict=True)
                    panel.fill_between(x, low, high, color=COLOURS[number], alpha=0.12, lw=0)
        if plain is not None:
            x, y = zip(*((p.labels_per_class, 100 * p.mean) for p in plain.points), strict=True)
            panel.plot(x, y, ":", color="black", label=SETS[name].plain)
        panel.set_xscale("log")
        panel.set_xticks(learned.labels_per_class, [str(size) for size in learned.labels_per_class])
        panel.minorticks_off()
        means = [100 * point.mean for point in (*learned.points, *(plain.points if plain else ()))]
        panel.set_ylim(max(0, min(means) - 5), min(100, max(means) + 5))
        panel.set_title(SETS[name].title, fontsize=10)
        panel.set_xlabel("labels a class")
        panel.legend(fontsize=7, frameon=False, loc="upper center", bbox_to_anchor=(0.5, -0.2))
    panels[0][0].set_ylabel("balanced accuracy, %")
    figure.tight_layout()
    figure.savefig(file, metadata={"Date": None})


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--fashion", type=Path, default=Path("/"), help="where the Debian package lies")
    parser.add_argument("--sets", nargs="*", default=list(SETS), choices=SETS)
    parser.add_argument("--out", type=Path, default=Path("runs/label-curves"))
    options = parser.parse_args()
    found = {name: curve(name, options.fashion, options.out) for name in options.sets}
    for name, curves in found.items():
        table(name, *curves)
    draw(found, options.out / "label-curves.svg")


if __name__ == "__main__":
    main()
