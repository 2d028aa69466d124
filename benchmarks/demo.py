"""The main job on clip art, as `make demo` runs it: minutes and memory. Run: `python -m benchmarks.demo`."""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "run"
        begun = time.perf_counter()
        command = [sys.executable, "-m", "headstart", "adapt", "clipart", "--out", str(out), "--quiet"]
        subprocess.run(command, check=True)
        minutes = (time.perf_counter() - begun) / 60
        steps = json.loads((out / "timings.json").read_text("utf-8"))["steps"]
        gigabytes = max(step["peak_megabytes"] for step in steps.values()) * 2**20 / 1e9
        result = json.loads((out / "result.json").read_text("utf-8"))
    print("\n| what | measured | wanted |\n|---|---|---|")
    print(f"| `headstart adapt clipart`, start to report | {minutes:.1f} minutes | <= 6 minutes |")
    print(f"| its largest memory | {gigabytes:.2f} GB | <= 2 GB |")
    print(f"\n{result['headline']}\n\n{result['why']}\n")
    for decision in result["notes"]:
        print(f"- {decision}")


if __name__ == "__main__":
    main()
