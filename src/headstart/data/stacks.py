"""Finding on TIFF files that hold several pictures, such as the slices of a microscope."""

from pathlib import Path

from PIL import Image

from .dataset import Dataset
from .finding import Finding, finding
from .parallel import parallel_map
from .samples import Files
from .suffixes import suffix_of

SUFFIXES = (".tif", ".tiff")


def about_stacks(data: Dataset) -> list[Finding]:
    """Files of which the first picture alone is read, if there are any."""
    if not isinstance(data.samples, Files):
        return []
    paths = {item: path for item, path in zip(data.items, data.samples.paths, strict=True) if _is_tiff(path)}
    counts = dict(zip(paths, parallel_map(_pictures_in, paths.values()), strict=True))
    stacks = [item for item, count in counts.items() if count > 1]
    if not stacks:
        return []
    text = (
        f"TIFF files with several pictures: {len(stacks)}, such as {stacks[0]} with {counts[stacks[0]]}. "
        "Only the first is read. Save those that matter as pictures of their own."
    )
    return [finding("first-of-several", "warning", text, stacks)]


def _is_tiff(path: Path) -> bool:
    return suffix_of(path) in SUFFIXES


def _pictures_in(path: Path) -> int:
    try:
        with Image.open(path) as picture:
            return int(getattr(picture, "n_frames", 1))
    except Exception:  # what can't be read is named elsewhere
        return 1
