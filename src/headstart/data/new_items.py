"""What a predictor is given: items one after the other, which can be counted and sliced."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from headstart.core import BadData, BadInput

from .columns import brief
from .folder_files import files_below, is_sample
from .sparse import dense
from .zipped import is_zip, unzipped


def sequence_of(items: Any) -> Any:
    """The items as they are; a sparse matrix as an array, an iterator as a list.

    Raises:
        BadInput: they can't be counted or sliced, or labels come with them.
    """
    items = list(items) if isinstance(items, Iterator) else dense(items, "x")
    if isinstance(items, Mapping) or not (hasattr(items, "__len__") and hasattr(items, "__getitem__")):
        raise BadInput(
            f"predict takes a list of items or an array, not {brief(items)} of type {type(items).__name__}. "
            "Of one item, write [item]."
        )
    if (
        isinstance(items, tuple)
        and len(items) == 2
        and _are_pair(*(getattr(one, "ndim", 0) for one in items))
    ):
        raise BadInput(
            "predict takes samples alone, and this is a pair of them and labels: give x of (x, y)."
        )
    return items


def new_files(places: Iterable[Path], suffixes: frozenset[str], rows: str) -> Iterator[tuple[str, Path]]:
    """A name and the path of each new file: files as they are, folders and archives as the samples in them.

    Args:
        places: files, folders and archives (.zip); a file in an archive is named by its place in there.
        suffixes: of files that hold a sample.
        rows: what they hold, as "pictures".

    Raises:
        BadData: no sample is in a folder or an archive, or it can't be unpacked.
    """
    for place in places:
        if not (place.is_dir() or is_zip(place)):
            yield str(place), place
            continue
        kind, root = ("archive", unzipped(place)) if is_zip(place) else ("folder", place)
        found = [file for file in files_below(root) if is_sample(file, suffixes)]
        if not found:
            raise BadData(f"There are no {rows} in the {kind} {place}. Give another, or files by name.")
        yield from ((str(place / file.relative_to(root)), file) for file in found)


def several(items: Any, pictures: bool, suffixes: frozenset[str] = frozenset(), rows: str = "") -> Any:
    """One path, text, PIL image or, of a model of pictures, array (h, w) or (h, w, 3 | 4) as a list of it.

    Args:
        items: one, or several.
        pictures: whether the model takes pictures.
        suffixes: of the files with these endings below a folder each is an item; none of a model of texts.
        rows: what they hold, as "pictures".

    Raises:
        BadData: no sample is in a folder.
    """
    colours = pictures and getattr(items, "ndim", 0) == 3 and items.shape[-1] in (3, 4)
    grey = pictures and getattr(items, "ndim", 0) == 2
    one = isinstance(items, str | Path) or hasattr(items, "getbands") or colours or grey
    items = [items] if one else items
    if not suffixes or not isinstance(items, list | tuple) or not any(map(_is_folder, items)):
        return items
    found = (list(new_files([Path(i)], suffixes, rows)) if _is_folder(i) else [("", i)] for i in items)
    return [item for each in found for _, item in each]


def _is_folder(item: Any) -> bool:
    try:
        return isinstance(item, str | Path) and Path(item).is_dir()
    except (OSError, ValueError):  # no name of a file
        return False


def _are_pair(samples: int, labels: int) -> bool:
    """Whether arrays with so many axes are samples and their labels."""
    return samples > 1 and labels == 1
