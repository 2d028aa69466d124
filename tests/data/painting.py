"""Pictures for the tests."""

import io
from pathlib import Path

import numpy as np
from PIL import Image


def photo(width: int = 64, height: int = 48, seed: int = 0) -> Image.Image:
    """Smooth coloured noise, like an out-of-focus photo."""
    rng = np.random.default_rng(seed)
    total = np.zeros((height, width, 3))
    for cell in (4, 16, 64):
        shape = (max(2, height // cell), max(2, width // cell), 3)
        coarse = Image.fromarray(rng.integers(0, 256, shape, dtype=np.uint8))
        total += np.asarray(coarse.resize((width, height), Image.Resampling.BICUBIC)) * cell**0.5
    total -= total.min()
    return Image.fromarray((total / total.max() * 255).astype(np.uint8))


def encoded(picture: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, kind, **options)
    return stream.getvalue()


def class_folders(root: Path, **counts: int) -> Path:
    """Folders named after classes with that many different pictures each."""
    seed = 0
    for name, count in counts.items():
        (root / name).mkdir(parents=True, exist_ok=True)
        for number in range(count):
            photo(seed=seed).save(root / name / f"{number}.png")
            seed += 1
    return root
