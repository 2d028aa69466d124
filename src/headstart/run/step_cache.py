"""Cache of a study's finished steps on disk, so that an interrupted study can be resumed."""

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

SELDOM = 20  # times what releasing memory took last has to pass before it is done again


class StepCache:
    """The finished steps of a study, one file each in a folder.

    `once` loads a step if its file exists and computes it otherwise. An interrupted study is run
    again from the top and soon reaches the point of the interruption; its results equal those of an
    uninterrupted one, because each step is a function of the settings and the steps before.
    """

    def __init__(self, folder: Path, tidy: bool = True) -> None:
        """Open a new or existing `folder`; `tidy` releases memory after steps to measure the peak of each.

        It is not done more often than a 20th of the time allows, so that many quick steps stay quick.
        """
        self.folder, self.tidy = folder, tidy
        self.carried = 0.0  # seconds of steps that an interrupted run had finished
        self._counted = set[str]()  # steps whose seconds are known to this process
        self._released, self._took = 0.0, 0.0  # when memory was last released, and how long that took

    def once(self, name: str, compute: Callable[[], Any]) -> Any:
        """The value of a step, loaded from its file or computed and saved.

        Values are dicts, lists, tensors and plain values; see `run.checkpoint.save_state`.
        """
        path = self.path(name)
        if path.exists():
            kept = load_state(path)
            self.carried += 0.0 if name in self._counted else kept["spent"]["seconds"]
            self._counted.add(name)
            return kept["value"]
        self._counted.add(name)
        reset_peak_memory()
        begun = time.perf_counter()
        value = compute()
        if self.tidy:
            self._release()
        spent = {"seconds": time.perf_counter() - begun, "peak_megabytes": peak_megabytes()}
        save_state({"value": value, "spent": spent}, path)
        self.checkpoint(name).unlink(missing_ok=True)
        return load_state(path)["value"]

    def _release(self) -> None:
        begun = time.perf_counter()
        if begun - self._released >= SELDOM * self._took:
            release_memory()
            self._released = time.perf_counter()
            self._took = self._released - begun

    def seconds(self, name: str) -> float:
        """What a finished step took when it was computed."""
        return float(load_state(self.path(name))["spent"]["seconds"])

    def done(self, name: str) -> bool:
        """Whether a step is finished."""
        return self.path(name).exists()

    def path(self, name: str) -> Path:
        """Path of a step's file."""
        return self.folder / f"{file_name(name)}.safetensors"

    def checkpoint(self, name: str) -> Path:
        """Path of the checkpoint of an unfinished step; deleted when the step is finished."""
        return self.path(name).with_suffix(".checkpoint")

    def spent(self) -> dict[str, dict[str, float]]:
        """Seconds and peak memory of every finished step, by file name."""
        return {path.stem: load_state(path)["spent"] for path in sorted(self.folder.glob("*.safetensors"))}


def file_name(step: str) -> str:
    """The name of a step in characters that every file system accepts."""
    return re.sub(r"[^a-z0-9.-]+", "-", step.lower())


def release_memory() -> None:
    """Return free memory that the allocator holds to the system, where it can (glibc)."""
    gc.collect()
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


def reset_peak_memory() -> None:
    """Reset the peak memory of this process, where the system can (Linux)."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def peak_megabytes() -> float:
    """Peak memory of this process since `reset_peak_memory`, or else since its start, in megabytes."""
    with contextlib.suppress(OSError, IndexError, ValueError):
        status = Path("/proc/self/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
