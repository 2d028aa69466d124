"""CLIP on the characters of fonts with their descriptions: zero-shot on fonts that it never saw.

    python -m benchmarks.glyphs FOLDER [--fonts 200] [--epochs 12] [--seeds 3]

FOLDER holds TrueType fonts, at any depth, such as those of Debian's package fonts-aenigma. Each of 62
characters of a font is a picture of 28 x 28 pixels, whose caption says which character it is, whether it is
drawn light or heavy, upright or slanted, and the font's name. A fifth of the fonts is kept back; their
characters are told by what they are called alone.
"""

import argparse
import statistics
import string
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

import headstart as hs
from headstart.core import derive_seed
from headstart.data.random_draws import shuffled

SIDE, DRAWN = 28, 64  # pixels of a picture, and of the height at which a font is drawn
DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
CHARACTERS = string.digits + string.ascii_uppercase + string.ascii_lowercase
TEMPLATES = ("{}", "the {}", "a picture of the {}.", "the {}, heavy", "the {}, light, of the font arial")
SLANT = ("italic", "oblique", "slant")


@dataclass
class Glyphs:
    """Pictures of characters, what they are called, their captions, and the number of their font."""

    pictures: list[np.ndarray]
    names: list[str]
    captions: list[str]
    fonts: list[int]

    def of_fonts(self, fonts: np.ndarray) -> "Glyphs":
        rows = np.flatnonzero(np.isin(self.fonts, fonts)).tolist()
        return Glyphs(
            [self.pictures[row] for row in rows],
            [self.names[row] for row in rows],
            [self.captions[row] for row in rows],
            [self.fonts[row] for row in rows],
        )


def called(character: str) -> str:
    """A character in words."""
    if character.isdigit():
        return f"digit {DIGITS[int(character)]}"
    return f"{'capital' if character.isupper() else 'small'} letter {character.lower()}"


def drawn(font: ImageFont.FreeTypeFont, character: str) -> np.ndarray | None:
    """A character in black on white, centred, as large as it goes; None if the font draws nothing."""
    left, top, right, bottom = map(round, font.getbbox(character))
    if right <= left or bottom <= top:
        return None
    side = max(right - left, bottom - top) + 8
    paper = Image.new("L", (side, side), 255)
    place = ((side - right + left) // 2 - left, (side - bottom + top) // 2 - top)
    ImageDraw.Draw(paper).text(place, character, font=font, fill=0)
    return np.asarray(paper.resize((SIDE, SIDE), Image.Resampling.LANCZOS))


def read(folder: Path, count: int, seed: int) -> Glyphs:
    """The characters of `count` fonts that have all of them."""
    files = sorted(folder.rglob("*.ttf"))
    drawings: dict[str, list[np.ndarray]] = {}
    for place in shuffled(len(files), seed, "fonts"):
        try:
            font = ImageFont.truetype(files[place], DRAWN)
            found = [drawn(font, character) for character in CHARACTERS]
        except OSError:
            continue
        whole = [one for one in found if one is not None]
        if len(whole) == len(CHARACTERS) and len({one.tobytes() for one in whole}) > len(CHARACTERS) // 3:
            drawings[files[place].stem] = whole
        if len(drawings) == count:
            break
    ink = {name: np.mean([255 - one.mean() for one in some]) for name, some in drawings.items()}
    light, heavy = np.quantile([*ink.values()], (1 / 3, 2 / 3))
    made = Glyphs([], [], [], [])
    for number, (name, some) in enumerate(drawings.items()):
        weight = "light" if ink[name] < light else "heavy" if ink[name] > heavy else "medium"
        style = "slanted" if any(word in name.lower() for word in SLANT) else "upright"
        for character, picture in zip(CHARACTERS, some, strict=True):
            made.pictures.append(picture)
            made.names.append(called(character))
            made.captions.append(f"the {called(character)}, {weight}, {style}, of the font {name}")
            made.fonts.append(number)
    return made


def main() -> None:
    parser = argparse.ArgumentParser(description="CLIP on characters of fonts.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--fonts", type=int, default=200)
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--seeds", type=int, default=3)
    given = parser.parse_args()
    classes = [called(character) for character in CHARACTERS]
    scores: dict[str, list[float]] = {}
    for seed in range(given.seeds):
        glyphs = read(given.folder, given.fonts, derive_seed(seed, "glyphs"))
        fonts = np.unique(glyphs.fonts)
        learn, new = glyphs.of_fonts(fonts[len(fonts) // 5 :]), glyphs.of_fonts(fonts[: len(fonts) // 5])
        trained = hs.pretrain_pairs(
            (learn.pictures, learn.captions),
            "small-convnet",
            "words",
            epochs=given.epochs,
            batch=256,
            lr=2e-3,
            size=SIDE,
            test=0.05,
            crop=1.0,
            seed=seed,
        )
        told = hs.zero_shot(
            (new.pictures, new.names),
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
        print(
            f"seed {seed}: {len(learn.pictures)} glyphs learned from, {len(new.pictures)} told, "
            f"{record.metric}"
        )
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
