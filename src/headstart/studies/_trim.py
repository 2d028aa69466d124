"""Trim a finished run: what no command needs any more goes from its folder."""

import shutil
from pathlib import Path
from typing import Literal

from headstart.run.checkpoint import load_state
from headstart.run.engine_choices import FILE as ENGINES

Kept = Literal["results", "steps", "all"]


def trim_run(folder: Path, keep: Kept = "steps") -> None:
    """Remove the cache of a finished run, and fits that are solved anew in no time; or all of its steps.

    Which engine read the features stays, so that a run that goes on reads them alike.

    Args:
        folder: of the run.
        keep: "results" keeps what predicts and reports, "steps" also what a larger budget goes on from.
    """
    if keep == "all":
        return
    for path in (folder / "cache").glob("*"):
        if keep == "results" or path.name != ENGINES:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    if keep == "results":
        for name in ("cache", "steps"):
            shutil.rmtree(folder / name, ignore_errors=True)
        return
    for path in (folder / "steps").glob("fit-*-on-the-whole-training-part.safetensors"):
        if not load_state(path)["value"].get("curve"):  # it was solved in one pass
            path.unlink()
