#!/usr/bin/env bash
# torch.manual_seed formats the Python stack twice, for CUDA and for XPU devices that may be initialised later,
# and asks the file system for each source file on it (linecache), on machines that have no such device.
# So seeding takes longer the deeper the call is: from a training loop under a test runner, milliseconds,
# where torch.default_generator.manual_seed, which gives the same random numbers on a CPU, takes microseconds.
# A loop that seeds each step pays more for seeding than for a step of a small network.
#
# Seen 2026-11-29 with torch 2.14.1 (CPython 3.11, Linux, no GPU), microseconds of a call:
#   depth   1: torch.manual_seed 242, default_generator.manual_seed 1.3
#   depth 100: torch.manual_seed 2485, default_generator.manual_seed 1.3
#
# headstart seeds each step of a run; without an accelerator it now seeds the CPU's generator alone.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q torch==2.14.1 numpy==2.3.5
cat > "$folder/seeding.py" <<'PYTHON'
import time

import torch


def deep(depth, function):
    """The result of a function that is called so many calls down."""
    return function() if depth == 1 else deep(depth - 1, function)


def microseconds(function, calls=300):
    """The median time of a call."""
    taken = []
    for _ in range(calls):
        begun = time.perf_counter()
        function(3)
        taken.append(time.perf_counter() - begun)
    return sorted(taken)[calls // 2] * 1e6


assert not torch.accelerator.is_available(), "this is about machines without a GPU"
torch.manual_seed(3)
wanted = torch.rand(5)
torch.default_generator.manual_seed(3)
assert torch.equal(torch.rand(5), wanted)
print(f"torch {torch.__version__}")
seen = {}
for depth in (1, 100):
    seen[depth] = [
        deep(depth, lambda seed=seed: microseconds(seed))
        for seed in (torch.manual_seed, torch.default_generator.manual_seed)
    ]
    every, cpu = seen[depth]
    print(f"depth {depth:3}: torch.manual_seed {every:.0f}, default_generator.manual_seed {cpu:.1f}")
assert seen[100][0] > 4 * seen[1][0], "seeding no longer depends on the depth: simplify headstart's and this file"
assert seen[100][0] > 20 * seen[100][1], "seeding all devices is no longer slow: simplify headstart's and this file"
PYTHON
"$folder/venv/bin/python" "$folder/seeding.py"
