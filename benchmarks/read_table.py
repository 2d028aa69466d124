"""A CSV file of 30 columns, read and checked, against pandas.read_csv with the engine of pyarrow.

20 columns of numbers, a quarter of them with gaps, 9 of names, and a label. Each reading is a process of its
own; the time is without imports, the memory is the peak of the process less that of one that only imports.

    python -m benchmarks.read_table [--rows 1000000] [--repeats 3]
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

IMPORTS = "import json, resource, sys, time, pandas, pyarrow.csv, headstart as hs\n"
WAYS = {
    "nothing": "pass",
    "pandas": "pandas.read_csv(sys.argv[1], engine='pyarrow')",
    "headstart": "hs.data.check(hs.data.load(sys.argv[1]))",
}
MEASURE = """
hs.data.load, hs.data.check
start = time.perf_counter()
{}
took = time.perf_counter() - start
print(json.dumps([took, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024]))
"""


def write(path: Path, rows: int) -> None:
    """Write the file."""
    import pandas as pd

    rng = np.random.default_rng(0)
    columns = {}
    for number in range(20):
        values = rng.normal(size=rows).round(6)
        values[rng.random(rows) < (0.05 if number % 4 == 0 else 0)] = np.nan
        columns[f"n{number}"] = values
    for number in range(9):
        columns[f"c{number}"] = rng.choice([f"name{k}" for k in range(5 + 10 * number)], rows)
    columns["label"] = rng.choice(["a", "b"], rows)
    pd.DataFrame(columns).to_csv(path, index=False)


def measure(way: str, path: Path) -> tuple[float, float]:
    """Seconds and megabytes of a process."""
    code = IMPORTS + MEASURE.format(WAYS[way])
    done = subprocess.run([sys.executable, "-c", code, str(path)], check=True, capture_output=True, text=True)
    seconds, megabytes = json.loads(done.stdout)
    return seconds, megabytes


def main() -> None:
    """Print the medians and their ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=3)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.csv"
        write(path, given.rows)
        runs = {way: [measure(way, path) for _ in range(given.repeats)] for way in WAYS}
    seconds = {way: statistics.median(one[0] for one in runs[way]) for way in WAYS}
    base = statistics.median(one[1] for one in runs["nothing"])
    memory = {way: statistics.median(one[1] for one in runs[way]) - base for way in WAYS}
    for way in ("pandas", "headstart"):
        print(f"{way}: {seconds[way]:.2f} s, {memory[way]:.0f} MB")
    print(
        f"{seconds['headstart'] / seconds['pandas']:.1f} times the time, "
        f"{memory['headstart'] / memory['pandas']:.1f} times the memory"
    )


if __name__ == "__main__":
    main()
