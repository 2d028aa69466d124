"""Characters of fonts."""

from pathlib import Path

from headstart.data.columns import Columns
from headstart.data.dataset import Dataset
from headstart.data.glyphs import glyph_pairs, glyphs
from headstart.data.image_text_pairs import ImageTextPairs

from .entry import Published

_FILES = ("**/*.?[tT][fF]",)
_HINT = " Fonts are files that end in .ttf or .otf."


def _characters(folder: Path, name: str, _columns: Columns) -> Dataset:
    return glyphs(folder, name=name)


def _fonts(folder: Path, name: str, _columns: Columns) -> Dataset:
    return glyphs(folder, classes="fonts", name=name)


def _pairs(folder: Path, name: str) -> ImageTextPairs:
    return glyph_pairs(folder, name=name)


ENTRIES = (
    Published(
        name="glyphs",
        content="62 characters of each font in a folder, drawn in 28 x 28 pixels, with captions, too",
        folders=("fonts",),
        files=_FILES,
        read=_characters,
        read_pairs=_pairs,
        hint=_HINT,
        by_files=True,
    ),
    Published(
        name="glyph-fonts",
        content="the pictures of glyphs, whose classes are the fonts",
        folders=("fonts",),
        files=_FILES,
        read=_fonts,
        read_pairs=_pairs,
        hint=_HINT,
    ),
)
