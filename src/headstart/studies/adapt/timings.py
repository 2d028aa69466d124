"""What adapt writes beside its record: the seconds and the memory of each step, `timings.json`."""

import os
import platform
from pathlib import Path

from headstart.records.record import Result, Timing, Timings
from headstart.run.checkpoint import write_atomically
from headstart.run.step_cache import file_name


def write_up(folder: Path, result: Result, spent: dict[str, dict[str, float]], total: float) -> None:
    """Write `result.json`, and `timings.json` with what this time took."""
    steps = {name: Timing(**cost) for name, cost in spent.items()}
    machine = f"{platform.machine()}, {os.cpu_count()} cores, {platform.system()}"
    timings = Timings(machine, total, by_method(steps, [one.name for one in result.candidates]))
    write_atomically(folder / "timings.json", timings.to_json().encode())
    write_atomically(folder / "result.json", result.to_json().encode())


def by_method(steps: dict[str, Timing], names: list[str]) -> dict[str, Timing]:
    """What each method's trials cost together, beside all other steps."""
    found = {}
    for name in names:
        mine = [timing for step, timing in steps.items() if step.startswith(file_name(f"try {name} fold "))]
        if mine:
            peak = max(timing.peak_megabytes for timing in mine)
            found[name] = Timing(sum(timing.seconds for timing in mine), peak)
    return found | {step: timing for step, timing in steps.items() if not step.startswith("try-")}
