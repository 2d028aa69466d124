"""Where a saved model lies."""

from pathlib import Path

ENCODER = "encoder.safetensors"  # in the folder of a pre-training, which has no head


def model_folder(folder: str | Path) -> Path:
    """The folder with the model: a run's `model`, or the folder itself."""
    folder = Path(folder)
    inner = folder / "model"
    return inner if not (folder / "config.json").exists() and (inner / "config.json").exists() else folder
