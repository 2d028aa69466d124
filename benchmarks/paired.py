"""Contestants timed in turns, so that what else the machine does hits all alike."""

import statistics
import time
from collections.abc import Callable, Mapping


def interleaved(
    contestants: Mapping[str, Callable[[], object]],
    repeats: int,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, list[float]]:
    """Seconds of each contestant in each round, by a clock; one round before is not counted."""
    times: dict[str, list[float]] = {name: [] for name in contestants}
    for number in range(repeats + 1):
        for name, run in contestants.items():
            begun = clock()
            run()
            if number:
                times[name].append(clock() - begun)
    return times


def print_table(title: str, times: Mapping[str, list[float]], unit: str = "seconds") -> None:
    """Medians in a unit, and the median over rounds of how many times faster than the first one."""
    first = next(iter(times.values()))
    print(f"\n{title}, median of {len(first)} paired rounds\n")
    print(f"| what | {unit} | times faster |")
    print("|---|---|---|")
    for name, mine in times.items():
        print(f"| {name} | {statistics.median(mine):.3f} | {times_faster(mine, first):.2f} |")


def times_faster(mine: list[float], theirs: list[float]) -> float:
    """The median over paired rounds of how many times faster `mine` are."""
    return statistics.median(other / own for other, own in zip(theirs, mine, strict=True))
