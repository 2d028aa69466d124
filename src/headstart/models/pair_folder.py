"""The folder of two encoders that were trained together: each in a file, and what their cosines mean."""

import json
from pathlib import Path
from typing import NamedTuple

from headstart.core import BadInput
from headstart.core.atomic_file import write_atomically

PAIR = "pair.json"  # in the folder, or in `model/` of a run
FILES = {"image-encoder": "image.safetensors", "text-encoder": "text.safetensors"}


class Logits(NamedTuple):
    """What makes logits of cosines: the scale that they are multiplied by, and the bias that is added."""

    scale: float
    bias: float = 0.0


def pair_folder(name: object) -> Path | None:
    """The folder with the two encoders, in a run or itself; None if there are none."""
    if not isinstance(name, str | Path):
        return None
    folder = Path(name).expanduser()
    return next((each for each in (folder, folder / "model") if (each / PAIR).is_file()), None)


def side_file(name: object) -> Path | None:
    """The file that "image-encoder:FOLDER" or "text-encoder:FOLDER" names; None if it names none."""
    side, _, rest = str(name).partition(":")
    folder = pair_folder(rest) if side in FILES and rest else None
    return None if folder is None else folder / FILES[side]


def of_pictures(name: object) -> Path | None:
    """The folder of two encoders whose encoder of pictures "image-encoder:FOLDER" names; None of others."""
    file = side_file(name)
    return file.parent if file is not None and file.name == FILES["image-encoder"] else None


def read_logits(folder: Path) -> Logits:
    """The scale and bias of a folder.

    Raises:
        BadInput: the file can't be read.
    """
    try:
        found = json.loads((folder / PAIR).read_text("utf-8"))
        return Logits(float(found["scale"]), float(found["bias"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadInput(f"{folder / PAIR} can't be read: {error}. Copy or make the folder again.") from error


def write_logits(folder: Path, logits: Logits) -> None:
    """Write the scale and bias; the encoders' files come first, so that a folder with this file is whole.

    Raises:
        CannotWrite: no space or no right.
    """
    text = json.dumps({"schema": 1, **logits._asdict()}, indent=2) + "\n"
    write_atomically(folder / PAIR, text.encode())
