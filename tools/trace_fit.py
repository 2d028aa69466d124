"""Print the files that one call of `hs.fit` goes through, and where it climbs to a higher floor.

    python tools/trace_fit.py [CHECKOUT] [METHOD]

The data are loaded and the backbone is built before; what is counted is the way from `hs.fit` to its
predictor in two steps of training. A climb is a call of a function in a file of a higher floor (a generator
goes on for whoever asks it, which is none).
"""

import inspect
import os
import sys
from collections import Counter
from pathlib import Path
from types import FrameType
from typing import Any

FLOORS = (  # the names of former checkouts too
    ("core", "records"),
    ("losses", "metrics", "nn", "solvers"),
    ("data", "models", "run"),
    ("methods",),
    ("session", "study"),
    ("predictor",),
    ("__init__.py",),
)
VOCABULARY = ("core", "losses", "nn", "data", "models")  # read once, for all ways


def main() -> None:
    checkout = Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
    sys.path.insert(0, str(checkout / "src"))
    calls = trace(checkout / "src/headstart", sys.argv[2] if len(sys.argv) > 2 else "fine-tune")
    files = sorted({into for _, into in calls})
    way = [file for file in files if file.split("/")[0] not in VOCABULARY]
    climbs = [(start, into) for start, into in calls if start and floor(into) > floor(start)]
    print(*way, sep="\n")
    print(f"{len(way)} files, and {len(files) - len(way)} of {', '.join(VOCABULARY)}")
    for (start, into), count in Counter(climbs).items():
        print(f"climb from {start} to {into}: {count}")


def floor(file: str) -> int:
    """The number of the floor of a file, from below."""
    folder = file.split("/")[0]
    return next((number for number, names in enumerate(FLOORS) if folder in names), len(FLOORS))


def trace(root: Path, name: str) -> set[tuple[str | None, str]]:
    """Calls between files, each as the file of the caller and that of the function."""
    import numpy as np
    import torch

    import headstart as hs
    from headstart.core import make

    x, y = np.random.default_rng(0).normal(size=(40, 6)).astype(np.float32), np.arange(40) % 2
    network = torch.nn.Sequential(torch.nn.Linear(6, 8), torch.nn.ReLU(), torch.nn.Linear(8, 8))
    backbone = hs.models.backbone(network, example=torch.tensor(x[:2]))
    data, method, recipe = hs.data.load((x, y)), make(name), hs.Recipe(steps=2, batch=8)
    calls: set[tuple[str | None, str, str]] = set()

    def file_of(frame: FrameType | None) -> str | None:
        while frame is not None and not frame.f_code.co_filename.startswith(str(root)):
            frame = frame.f_back
        return None if frame is None else os.path.relpath(frame.f_code.co_filename, root)

    def note(frame: FrameType, event: str, _argument: Any) -> None:
        code = frame.f_code
        if event == "call" and code.co_filename.startswith(str(root)):
            caller = None if code.co_flags & inspect.CO_GENERATOR else file_of(frame.f_back)
            calls.add((caller, os.path.relpath(code.co_filename, root), code.co_qualname))

    hs.fit(method, backbone, data, recipe=recipe)  # what is imported and compiled on the first call
    sys.setprofile(note)
    hs.fit(method, backbone, data, recipe=recipe)
    sys.setprofile(None)
    return {(start, into) for start, into, _ in calls if start != into}


if __name__ == "__main__":
    main()
