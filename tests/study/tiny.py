"""The main job in seconds: small pictures of coloured shapes and a small backbone."""

from pathlib import Path

import numpy as np
import timm
from PIL import Image, ImageDraw
from safetensors.torch import save_file

from headstart.models.untrained import seeded

CLASSES = ("disc", "square", "stripe")
BACKBONE = "test_resnet"  # the smallest of timm's: half a million parameters
TRIED = ("ridge-probe", "nearest-centroid", "fine-tune")
QUICK = {"epochs": 1, "folds": 2, "curve": False, "reading": "own"}
METHODS = [word for name in TRIED for word in ("--method", name)]


def shape(kind: str, seed: int, side: int = 40) -> Image.Image:
    """A shape in a colour and place of its own on a noisy ground."""
    rng = np.random.default_rng(seed)
    ground = rng.integers(150, 256, 3) + rng.integers(-20, 20, (side, side, 3))
    picture = Image.fromarray(ground.clip(0, 255).astype(np.uint8))
    x, y, size = rng.integers(2, 10), rng.integers(2, 10), rng.integers(18, 28)
    box, colour = (x, y, x + size, y + size), tuple(rng.integers(0, 130, 3).tolist())
    draw = ImageDraw.Draw(picture)
    if kind == "disc":
        draw.ellipse(box, colour)
    elif kind == "square":
        draw.rectangle(box, colour)
    else:
        for row in range(y, y + size, 6):
            draw.rectangle((x, row, x + size, row + 2), colour)
    return picture


def folders(root: Path, each: int = 12, classes: tuple[str, ...] = CLASSES) -> Path:
    """Class folders with `each` pictures of each class."""
    for number, kind in enumerate(classes):
        (root / kind).mkdir(parents=True, exist_ok=True)
        for index in range(each):
            shape(kind, 1000 * number + index).save(root / kind / f"{index}.png")
    return root


def weights(file: Path) -> Path:
    """Weights of the small backbone, with a head of 1000 classes as its authors have it."""
    with seeded(5):
        state = timm.create_model(BACKBONE).state_dict()
    save_file(state, file)
    return file


def options(file: Path) -> list[str]:
    """Of the command line, for small pictures and the backbone with the weights in `file`."""
    small = {
        "--backbone": BACKBONE,
        "--weights": file,
        "--size": 32,
        "--epochs": 1,
        "--folds": 2,
        "--reading": "own",
    }
    return [str(word) for pair in small.items() for word in pair]


def finished(out: Path, pictures: Path, file: Path) -> Path:
    """The run folder of a finished run with a report."""
    from headstart import adapt
    from headstart.models.backbone import backbone
    from headstart.studies import build_page

    adapt(backbone(BACKBONE, weights=file), pictures, out=out, size=32, epochs=1, folds=2, methods=TRIED)
    build_page(out)
    return out
