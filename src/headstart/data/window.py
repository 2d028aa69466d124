"""The window of a data set of pictures of more than 8 bits: the levels that become black and white."""

import math
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from headstart.core import BadData, BadInput, MissingPackage
from headstart.face import spell

from .dataset import Dataset
from .finding import Finding, finding
from .levels import GREYS, Levels, Window, range_in_use, require_finite
from .opening import levels_in
from .parallel import parallel_map
from .samples import Array, Files, Rows
from .suffixes import suffix_of
from .train_test_split import training_rows

POOL = 2**22  # levels from which the range in use is found
FEW = 32  # of 256 grey levels that 98 of 100 pixels share; fewer are a warning
VOLUMES = frozenset({".nii", ".nii.gz"})
SHALLOW = frozenset({".jpg", ".jpeg", ".jpe", ".jfif", ".webp", ".gif", ".bmp", ".dib", ".ico", ".tga"})

_SCALED = (
    "Pictures have more than 8 bits: their range in use, from {:g} to {:g}, becomes black to white, in new "
    "pictures too. {way} says another."
)
_MIXED = (
    "{2} of {3} pictures have more than 8 bits: their window, from {0:g} to {1:g}, becomes black to white. "
    "The others stay as they are. Where the depth goes with the class, a model may learn the depth: give all "
    "of them in one.{4}"
)
_ANOTHER = " {way} says another window."
_FEW_GREYS = (
    "98 of 100 pixels have one of {4} grey levels of 256: they lie from {2:g} to {3:g}, and the window goes "
    "from {0:g} to {1:g}. A narrower one shows more: {way}."
)
_SLICE = (
    "Of a NIfTI volume, here {} files, only the middle slice along the third axis is read. Save the slices "
    "that matter as pictures of their own, with the patients as groups."
)


def require_window(window: Any) -> Window | None:
    """A window as two numbers; None as it is.

    Raises:
        BadInput: it is no pair of numbers, or the first is not below the second.
    """
    if window is None:
        return None
    try:
        low, high = map(float, window)
    except (TypeError, ValueError) as error:
        raise BadInput(f"window is {window!r}; it is two levels, such as (-160, 240).") from error
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise BadInput(f"window is {low:g} to {high:g}; black must be a lower level than white.")
    return low, high


def windowed(data: Dataset, window: Any = None) -> Dataset:
    """The data set with the window of its pictures of more than 8 bits, if it has any, and findings on them.

    Without a `window` it is the range in use of the training rows; see `range_in_use`. Pictures of 8 bits are
    never changed.

    Raises:
        BadInput: there is a window, but no picture of more than 8 bits; or it is no window.
    """
    window, levels = require_window(window), _levels(data)
    rows = np.array([row for row, some in enumerate(levels) if some is not None], np.int64)
    if not len(rows):
        if window is not None:
            raise BadInput(
                f"{spell('window', window)} can't be used: {data.name} has no pictures of more than 8 bits. "
                "Leave it out."
            )
        return data
    training = set(training_rows(data).tolist())
    pooled = [some for row, some in enumerate(levels) if some is not None and row in training]
    values = np.concatenate([np.zeros(0, np.uint16), *pooled])
    if not len(values):  # none can be read, as the check will say
        return replace(data, window=window)
    used = range_in_use(values)
    found = window or used
    if used[1] < found[0] or used[0] > found[1]:
        raise BadInput(
            f"{spell('window', found)} can't be used: the levels of {data.name} go from {used[0]:g} to "
            f"{used[1]:g}, "
            "all outside of it. Give two of them."
        )
    findings = (*data.findings, *_about(data, rows, found, values, given=window is not None))
    return replace(data, window=found, mixed=len(rows) < len(data), findings=findings)


def with_window(data: Dataset, window: Window | None) -> Dataset:
    """The data set with another window if it has one, such as a model's, and without findings on its own."""
    if data.window is None or window is None or data.window == window:
        return data
    findings = tuple(one for one in data.findings if one.kind not in ("window", "few-greys"))
    return replace(data, window=window, findings=findings)


def _levels(data: Dataset) -> list[Levels | None]:
    """Some levels of each picture of more than 8 bits, none of one that can't be read; None of all others."""
    samples = data.samples
    if not data.is_images or (isinstance(samples, Array) and samples.array.dtype == np.uint8):
        return []
    return list(parallel_map(partial(_some_levels, data, POOL // max(1, len(data))), range(len(data))))


def _some_levels(data: Dataset, room: int, row: int) -> Levels | None:
    files = data.samples.paths if isinstance(data.samples, Files) else None
    if files is not None and suffix_of(files[row]) in SHALLOW:
        return None
    try:
        levels = levels_in(files[row] if files is not None else data.raw(row))
        if levels is None:
            return None
    except MissingPackage:
        raise
    except Exception:  # the check says what is wrong with it
        return None
    try:
        require_finite(levels)
    except BadData:
        return levels.ravel()[:0]
    return levels.ravel()[:: max(1, levels.size // max(1, room))]


def _about(data: Dataset, rows: Rows, window: Window, levels: Levels, given: bool) -> list[Finding]:
    """Findings on the depth of pictures, the deep ones of which are `rows`."""
    low, high = window
    way = spell("window", ..., stands="LOW HIGH")
    texts = {}
    if len(rows) < len(data):
        says = "" if given else _ANOTHER.format(way=way)
        texts["mixed-depth", "warning"] = _MIXED.format(low, high, len(rows), len(data), says)
    elif not given:
        texts["window", "note"] = _SCALED.format(low, high, way=way)
    dark, bright = np.percentile(levels.clip(low, high), (1, 99)).tolist()
    greys = round((bright - dark) / ((high - low) or 1.0) * GREYS) + 1
    if greys < FEW:
        texts["few-greys", "warning"] = _FEW_GREYS.format(low, high, dark, bright, greys, way=way)
    items = [data.items[row] for row in rows]
    found = [finding(kind, severity, text, items) for (kind, severity), text in texts.items()]
    if volumes := [item for item in items if suffix_of(item) in VOLUMES]:
        found.append(finding("middle-slice", "warning", _SLICE.format(len(volumes)), volumes))
    return found
