"""What is finished stays finished: every step of a study is written down once, whole."""

import contextlib
import ctypes
import gc
import re
import resource
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from headstart.run.checkpoint import load_state, save_state


class StepCache:
    """Steps of a study, each a file in a folder.

    `once` computes a step unless it is there. So a study that was interrupted, by whatever, is
    run again from the top and arrives at once where it was; its results are those of the
    uninterrupted one, because each step is a function of the settings and the steps before.
    """

    def __init__(self, folder: Path, tidy: bool = True) -> None:
        """Begin or go on in `folder`; `tidy` gives memory back after each step: its peaks are honest so."""
        self.folder, self.tidy = folder, tidy

    def once(self, name: str, compute: Callable[[], Any]) -> Any:
        """The value of a step: as it was written down, or computed now and written down.

        Values are dicts, lists, tensors and plain values; see `run.checkpoint.save_state`.
        """
        path = self.path(name)
        if not path.exists():
            forget_peak()
            begun = time.perf_counter()
            value = compute()
            if self.tidy:
                release_memory()
            spent = {"seconds": time.perf_counter() - begun, "peak_megabytes": peak_megabytes()}
            save_state({"value": value, "spent": spent}, path)
            self.checkpoint(name).unlink(missing_ok=True)
        return load_state(path)["value"]

    def done(self, name: str) -> bool:
        """Whether a step is finished."""
        return self.path(name).exists()

    def path(self, name: str) -> Path:
        """Where a step is or will be written."""
        return self.folder / f"{file_name(name)}.safetensors"

    def checkpoint(self, name: str) -> Path:
        """Where a step that is under way keeps what it has; it goes when the step is finished."""
        return self.path(name).with_suffix(".checkpoint")

    def spent(self) -> dict[str, dict[str, float]]:
        """Seconds and largest memory of every finished step, by its file's name."""
        return {path.stem: load_state(path)["spent"] for path in sorted(self.folder.glob("*.safetensors"))}


def file_name(step: str) -> str:
    """The name of a step in letters that every file system takes."""
    return re.sub(r"[^a-z0-9.-]+", "-", step.lower())


def release_memory() -> None:
    """Return memory that is free but kept to the system, where its allocator can (glibc)."""
    gc.collect()
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


def forget_peak() -> None:
    """Begin anew to note the largest memory of this process, where the system can (Linux)."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def peak_megabytes() -> float:
    """The largest memory of this process since `forget_peak`, or else since its start, in megabytes."""
    with contextlib.suppress(OSError, IndexError, ValueError):
        status = Path("/proc/self/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
