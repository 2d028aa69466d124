"""Starts the command many times and kills it at given moments, paying for the imports once.

    python -m tests.study.starter

Each line of standard input is an order in JSON: `words` of the command line, the folder `here`, and
perhaps a `signal` to be sent `after` seconds, which count from when the study has finished `steps`, or
sooner, when there is a file that matches `seen`. Each answer is a line with the exit code (as `subprocess`
has it) and the seconds that it took. Every run is a process of its own, forked off before any thread is
used. Checkpoints are written and the cache is recorded in smaller steps than usual, so that the moments
fall into more different places.
"""

import gc
import json
import math
import os
import signal
import sys
import time
from pathlib import Path

import timm
import torch

import headstart.cli
import headstart.studies
from headstart.__main__ import main
from headstart.core import walk
from headstart.run import cache
from headstart.session import session
from headstart.studies.adapt import run as adapt

STEPS = "run/steps/*.safetensors"  # of a study: its finished steps
NEEDED = (timm, headstart.cli, headstart.studies, adapt, *walk())


def run(order: dict) -> None:
    """In a process of its own: the command, with what it prints in files."""
    os.chdir(order["here"])
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number, name in ((0, os.devnull), (1, "out.txt"), (2, "err.txt")):
        os.dup2(os.open(name, os.O_RDWR | os.O_CREAT | os.O_TRUNC), number)
    sys.argv = ["headstart", *order["words"]]
    session.CHECKPOINT_EVERY, cache.CHUNK = 3, 8
    code = 1
    try:
        main()
        code = 0
    except SystemExit as end:
        code = end.code
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def carry_out(order: dict) -> dict:
    begun = time.monotonic()
    child = os.fork()
    if child == 0:
        run(order)
    if "signal" in order:
        here, seen, steps = Path(order["here"]), order.get("seen"), order.get("steps", 0)
        since = math.inf
        while time.monotonic() - since < order["after"] and not os.waitid(
            os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT
        ):
            if since == math.inf and len(list(here.glob(STEPS))) >= steps:
                since = time.monotonic()
            if seen and any(here.glob(seen)):
                break
            time.sleep(0.002)
        os.kill(child, order["signal"])
    _, status = os.waitpid(child, 0)
    return {"code": os.waitstatus_to_exitcode(status), "seconds": time.monotonic() - begun}


if __name__ == "__main__":
    torch.set_num_threads(1)
    gc.freeze()  # each run collects garbage after its steps, which is not in what was imported
    for line in sys.stdin:
        sys.stdout.write(json.dumps(carry_out(json.loads(line))) + "\n")
        sys.stdout.flush()
