"""The digits and letters of fonts, drawn as small pictures: labelled, or with captions."""

import os
import string
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFont

from headstart.core import BadData, BadInput, Unknown

from .dataset import Dataset
from .finding import Finding, finding
from .folder_files import files_below
from .image_text_pairs import ImageTextPairs, paired, with_findings
from .naming import numbered
from .samples import Array, Rows

CHARACTERS = string.digits + string.ascii_uppercase + string.ascii_lowercase
DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
CLASSES = ("characters", "fonts")
SIZE, SMALLEST, LARGEST = 28, 8, 512  # pixels of a side: by default, and those that are taken
SUFFIXES = (".ttf", ".otf")

_DRAWN, _MARGIN = 64, 4  # pixels: the height that a font is drawn at, and the white around a character
_FEWEST = 21  # a third of the characters that differ, of a font of letters
_ABSENT = "\U0010ffff"  # of no font: drawn as what stands for a character that is not there
_SLANTED = ("italic", "oblique", "slant")


@dataclass(frozen=True, eq=False)
class _Font:
    """What a font draws: `pixels` (k, size, size) of the characters with these places in `CHARACTERS`."""

    name: str
    stem: str  # of its file
    slanted: bool
    places: tuple[int, ...]
    pixels: NDArray[np.uint8]


def glyphs(
    folder: str | os.PathLike[str], *, classes: str = "characters", size: int = SIZE, name: str | None = None
) -> Dataset:
    """Draw the 10 digits and 52 Latin letters of each font in a folder, black on white, centred, in grey.

    Each is as large as it goes, so that a small letter of the form of its capital looks like it. Files that
    can't be read as fonts, fonts that draw less than a third of the characters or many alike (symbols), and
    characters that a font lacks are left out; findings say which. `hs.data.load_pairs("glyphs:FOLDER")` gives
    the same pictures with captions.

    Args:
        folder: with TrueType and OpenType fonts (.ttf, .otf), at any depth.
        classes: "characters", in words as in "small letter a", where the rows of a font are a group that
            stays on one side of every split; or "fonts", without groups.
        size: pixels of a side, in [8, 512].
        name: of the data; None takes that of the folder.

    Returns:
        n pictures as uint8 (n, size, size), font by font.

    Raises:
        Unknown: no such classes.
        BadInput: there is no such folder, or a size out of range.
        BadData: no font can be used; of classes "fonts", fewer than two.
    """
    if classes not in CLASSES:
        raise Unknown("class of glyphs", str(classes), CLASSES)
    top = _folder(folder)
    called = name or top.resolve().name
    fonts, findings = _fonts(top, size)
    said = _said(fonts)
    of_characters = classes == "characters"
    labels = said if of_characters else [font.name for font in fonts for _ in font.places]
    names, numbers = numbered(labels, called)
    items = tuple(_items(fonts))
    groups = _numbers_of_fonts(fonts) if of_characters else None
    return Dataset(called, names, numbers, items, _pixels(fonts), groups=groups, findings=findings)


def glyph_pairs(
    folder: str | os.PathLike[str], *, size: int = SIZE, name: str | None = None
) -> ImageTextPairs:
    """The pictures of `glyphs` with captions, as in "the small letter a, heavy, slanted, of the font arial".

    Light, medium or heavy is a font by its ink, each a third of the fonts; slanted if its name or style says
    so. The arguments and errors are those of `glyphs`.
    """
    top = _folder(folder)
    called = name or top.resolve().name
    fonts, findings = _fonts(top, size)
    ink = np.array([255 - font.pixels.mean() for font in fonts])
    light, heavy = np.quantile(ink, (1 / 3, 2 / 3))
    captions = []
    for font, dark in zip(fonts, ink, strict=True):
        weight = "light" if dark < light else "heavy" if dark > heavy else "medium"
        style = "slanted" if font.slanted else "upright"
        after = f"{weight}, {style}, of the font {font.stem}"
        captions += [f"the {in_words(CHARACTERS[place])}, {after}" for place in font.places]
    return with_findings(paired(_items(fonts), _pixels(fonts), captions, called), findings)


def in_words(character: str) -> str:
    """A digit or letter in words.

    >>> in_words("7"), in_words("A")
    ('digit seven', 'capital letter a')
    """
    if character.isdigit():
        return f"digit {DIGITS[int(character)]}"
    return f"{'capital' if character.isupper() else 'small'} letter {character.lower()}"


def _folder(given: object) -> Path:
    path = Path(given).expanduser() if isinstance(given, str | os.PathLike) else None
    if path is None or not path.is_dir():
        raise BadInput(f"There is no folder {str(given)!r}. Give one with fonts ({', '.join(SUFFIXES)}).")
    return path


def _fonts(folder: Path, size: Any) -> tuple[list[_Font], tuple[Finding, ...]]:
    """The fonts that can be used, in natural order of their paths, and what is left out."""
    if isinstance(size, bool) or not isinstance(size, int) or not SMALLEST <= size <= LARGEST:
        raise BadInput(f"size is {size!r}; it is a number of pixels in [{SMALLEST}, {LARGEST}].")
    files = [path for path in files_below(folder) if path.suffix.lower() in SUFFIXES]
    if not files:
        raise BadData(f"There are no fonts ({', '.join(SUFFIXES)}) in the folder {folder}, nor below it.")
    found = {path: _drawn_font(path, name, size) for path, name in _names(files, folder)}
    fonts = [font for font in found.values() if isinstance(font, _Font)]
    refused = {path: why for path, why in found.items() if isinstance(why, str)}
    if not fonts:
        path, why = next(iter(refused.items()))
        raise BadData(f"None of the {len(files)} fonts in {folder} can be used: {path.name} {why}.")
    return fonts, _left_out(fonts, refused)


def _names(files: Sequence[Path], top: Path) -> list[tuple[Path, str]]:
    """Each file with its name without ending, or with its path in the folder if another has that name."""
    often = Counter(path.stem for path in files)
    return [
        (path, path.stem if often[path.stem] == 1 else path.relative_to(top).as_posix()) for path in files
    ]


def _drawn_font(path: Path, name: str, size: int) -> _Font | str:
    """A font with what it draws, or why it is left out."""
    try:
        font = ImageFont.truetype(path, _DRAWN, layout_engine=ImageFont.Layout.BASIC)
        absent = _ink(font, _ABSENT)
        drawn = {place: _drawn(_ink(font, one), absent, size) for place, one in enumerate(CHARACTERS)}
    except (OSError, ValueError) as error:  # FreeType says of damage in a file no more than that
        return f"can't be read as a font ({error})"
    there = {place: picture for place, picture in drawn.items() if picture is not None}
    differ = len({picture.tobytes() for picture in there.values()})
    if differ < _FEWEST:
        return f"draws {differ} of the {len(CHARACTERS)} characters so that they differ"
    style = " ".join([path.stem, *(part or "" for part in font.getname())]).lower()
    slanted = any(word in style for word in _SLANTED)
    return _Font(name, path.stem, slanted, tuple(there), np.stack([*there.values()]))


def _drawn(ink: NDArray[np.uint8], absent: NDArray[np.uint8], size: int) -> NDArray[np.uint8] | None:
    """A character (size, size) in black on white, centred; None if the font has none."""
    if not ink.any() or np.array_equal(ink, absent):
        return None
    rows, columns = np.flatnonzero(ink.any(1)), np.flatnonzero(ink.any(0))
    ink = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    height, width = ink.shape
    side = max(height, width) + 2 * _MARGIN
    top, left = (side - height) // 2, (side - width) // 2
    paper = np.full((side, side), 255, np.uint8)
    paper[top : top + height, left : left + width] -= ink
    return np.asarray(Image.fromarray(paper).resize((size, size), Image.Resampling.LANCZOS))


def _ink(font: ImageFont.FreeTypeFont, character: str) -> NDArray[np.uint8]:
    mask = font.getmask(character, mode="L")
    width, height = mask.size
    return np.frombuffer(bytes(mask), np.uint8).reshape(height, width)


def _left_out(fonts: Sequence[_Font], refused: dict[Path, str]) -> tuple[Finding, ...]:
    made = []
    if refused:
        path, why = next(iter(refused.items()))
        many = "1 font is" if len(refused) == 1 else f"{len(refused)} fonts are"
        names = [one.name for one in refused]
        made.append(finding("left-out", "warning", f"{many} left out: {path.name} {why}.", names))
    missing = [
        f"{font.name} {in_words(CHARACTERS[place])}"
        for font in fonts
        for place in sorted({*range(len(CHARACTERS))} - {*font.places})
    ]
    if missing:
        many = "1 character is" if len(missing) == 1 else f"{len(missing)} characters are"
        text = f"{many} left out, as the fonts have none: {missing[0]}."
        made.append(finding("left-out", "warning", text, missing))
    return tuple(made)


def _pixels(fonts: Sequence[_Font]) -> Array:
    return Array(np.concatenate([font.pixels for font in fonts]), are_images=True)


def _said(fonts: Sequence[_Font]) -> list[str]:
    return [in_words(CHARACTERS[place]) for font in fonts for place in font.places]


def _items(fonts: Sequence[_Font]) -> list[str]:
    return [f"{font.name} {in_words(CHARACTERS[place])}" for font in fonts for place in font.places]


def _numbers_of_fonts(fonts: Sequence[_Font]) -> Rows:
    return np.repeat(np.arange(len(fonts)), [len(font.places) for font in fonts])
