"""CLIP on the characters of fonts with their descriptions: zero-shot on fonts that it never saw.

    python -m benchmarks.glyphs FOLDER [--fonts 200] [--epochs 12] [--seeds 3]

FOLDER holds TrueType fonts, at any depth, such as those of Debian's package fonts-aenigma. Each of 62
characters of a font is a picture of 28 x 28 pixels, whose caption says which character it is, whether it is
drawn light or heavy, upright or slanted, and the font's name. A fifth of the fonts is kept back; their
characters are told by what they are called alone.
"""

import argparse
import statistics
from collections import Counter
from pathlib import Path

import numpy as np

import headstart as hs
from headstart.core import derive_seed
from headstart.data.glyphs import CHARACTERS, SIZE, in_words
from headstart.data.random_draws import shuffled

TEMPLATES = ("{}", "the {}", "a picture of the {}.", "the {}, heavy", "the {}, light, of the font arial")


def chosen(groups: np.ndarray, count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows to learn from and rows of new fonts: of `count` fonts that have all characters."""
    whole = [font for font, rows in Counter(groups.tolist()).items() if rows == len(CHARACTERS)]
    fonts = [whole[place] for place in shuffled(len(whole), seed, "fonts")[:count]]
    new = len(fonts) // 5
    return np.flatnonzero(np.isin(groups, fonts[new:])), np.flatnonzero(np.isin(groups, fonts[:new]))


def main() -> None:
    parser = argparse.ArgumentParser(description="CLIP on characters of fonts.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--fonts", type=int, default=200)
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--seeds", type=int, default=3)
    given = parser.parse_args()
    classes = [in_words(character) for character in CHARACTERS]
    labelled, pairs = hs.data.glyphs(given.folder), hs.data.load_pairs(f"glyphs:{given.folder}")
    assert labelled.items == pairs.pictures.items
    assert labelled.groups is not None
    scores: dict[str, list[float]] = {}
    for seed in range(given.seeds):
        learn, new = chosen(labelled.groups, given.fonts, derive_seed(seed, "glyphs"))
        trained = hs.pretrain_pairs(
            pairs.subset(learn),
            "small-convnet",
            "words",
            epochs=given.epochs,
            batch=256,
            lr=2e-3,
            size=SIZE,
            test=0.05,
            crop=1.0,
            seed=seed,
        )
        told = hs.zero_shot(
            labelled.subset(new),
            trained.pair,
            classes=classes,
            templates=TEMPLATES,
            calibration=0,
            seed=seed,
        )
        record = told.result
        for name, figure in [
            ("all", record.scores.main_figure),
            *((w.template, w.score) for w in record.wordings),
        ]:
            scores.setdefault(name, []).append(figure.value)
        print(f"seed {seed}: {len(learn)} glyphs learned from, {len(new)} told, {record.metric}")
        print(f"  all templates {record.scores.main_figure}", flush=True)
        print(
            f"  retrieval of held-out glyphs: "
            f"{[(r.direction, r.k, round(r.share.value, 3)) for r in trained.result.recalls]}"
        )
    print(
        f"\nZero-shot over {len(CHARACTERS)} characters of fonts never seen; chance "
        f"{1 / len(CHARACTERS):.3f}\n"
    )
    print("| template | top-1, mean of the seeds | times chance |")
    print("|---|---|---|")
    for name, values in scores.items():
        mean = statistics.fmean(values)
        print(
            f"| {name} | {mean:.3f} ({min(values):.3f} to {max(values):.3f}) | {mean * len(CHARACTERS):.1f} |"
        )


if __name__ == "__main__":
    main()
