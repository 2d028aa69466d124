"""What `import headstart` costs beside `import torch`, and what `headstart --help` costs.

    python -m benchmarks.startup [--rounds 7]

Every start is a process of its own, and the contestants take turns. Counted are the seconds on the
processor, of all threads: they say the same on a busy machine, where the clock does not.
"""

import argparse
import resource
import statistics
import subprocess
import sys

STARTS = {
    "python -c pass": "pass",
    "import torch": "import torch",
    "import headstart, torch": "import headstart, torch",
    "import headstart": "import headstart",
    "headstart --help": "import sys; sys.argv = ['headstart', '--help']; "
    "from headstart.__main__ import main; main()",
    "import headstart; headstart.adapt": "import headstart; headstart.adapt",
}


def seconds(code: str) -> float:
    """On the processor, by a fresh process."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def imports_torch(code: str) -> bool:
    """Whether torch is loaded when `code` has ended."""
    told = "import atexit, sys\natexit.register(lambda: sys.stderr.write(str('torch' in sys.modules)))\n"
    done = subprocess.run([sys.executable, "-c", told + code], check=True, capture_output=True, text=True)
    return done.stderr.endswith("True")


def main() -> None:
    parser = argparse.ArgumentParser(description="What starting costs.")
    parser.add_argument("--rounds", type=int, default=7, help="paired rounds, after one to warm up")
    rounds = parser.parse_args().rounds
    times: dict[str, list[float]] = {name: [] for name in STARTS}
    for number in range(rounds + 1):
        for name, code in STARTS.items():
            spent = seconds(code)
            if number:
                times[name].append(spent)
    print(f"\nStarting, median of {rounds} paired rounds\n")
    print("| what | seconds on the processor | over import torch | torch imported |")
    print("|---|---|---|---|")
    for name, code in STARTS.items():
        pairs = zip(times[name], times["import torch"], strict=True)
        ratio = statistics.median(mine / torch for mine, torch in pairs)
        loaded = "yes" if imports_torch(code) else "no"
        print(f"| `{name}` | {statistics.median(times[name]):.2f} | {ratio:.3f} | {loaded} |")


if __name__ == "__main__":
    main()
