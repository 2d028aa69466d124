"""How often answers of a confidence were right on held-out rows, from the record of the run."""

import json
from pathlib import Path
from typing import Any


def confidence_bins(folder: Path) -> list[dict[str, float]]:
    """Bins of held-out predictions by rising confidence; [] where the run has no such record.

    Args:
        folder: of a run, or the model folder in it.

    Returns:
        Of each bin its mean confidence, the share of its answers that were right, and its rows.
    """
    place = folder.resolve()
    for file in (place / "result.json", place.parent / "result.json"):
        if file.is_file() and (place.name == "model" or file.parent == place):
            try:
                bins = json.loads(file.read_text("utf-8"))["bins"]
                return sorted((_bin(one) for one in bins), key=lambda one: one["confidence"])
            except (OSError, ValueError, KeyError, TypeError):
                return []
    return []


def _bin(one: dict[str, Any]) -> dict[str, float]:
    found = {name: float(one[name]) for name in ("confidence", "accuracy")}
    return {**found, "rows": int(one["rows"])}
