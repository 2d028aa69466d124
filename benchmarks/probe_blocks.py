"""A probe of every block against one plain pass: how much more it costs to know all of them.

The job: what each block of EfficientNet-Lite0 knows of the built-in clip art (13 classes). The plain way
fetches the pictures and runs the backbone on them once, features and nothing else. The other way does the
same, takes what every block gives on the way, and fits a ridge probe to each with exact leave-one-out. The
two take turns on the same decoded pictures, and the ratio is that of the shortest of each: other work on
the machine only makes a run longer. The control tasks, three sets of random labels, come on top. On one
thread the time is that of the processor.

    python -m benchmarks.probe_blocks [--pictures 0] [--rounds 3] [--threads 2]
"""

import argparse
import time

import numpy as np
import torch

from headstart.data.check import check
from headstart.data.load import load
from headstart.models.tracing import quiet
from headstart.session.inputs import build_backbone, fit_to_data
from headstart.session.session import Session
from headstart.studies.probe import ProbeSettings
from headstart.studies.probe.outputs import BATCH, Outputs, read_blocks
from headstart.studies.probe.run import make_tasks, probe_block

TARGET = 1.3


def now() -> float:
    return time.process_time() if torch.get_num_threads() == 1 else time.perf_counter()


def plain(session: Session, rows: np.ndarray) -> float:
    """Seconds of one pass of the backbone over the rows."""
    start = now()
    with quiet(session.backbone), torch.inference_mode():
        for some in np.array_split(rows, -(-len(rows) // BATCH)):
            session.backbone(session.samples(some))
    return now() - start


def probes(session: Session, rows: np.ndarray, found: list[Outputs], control: int) -> float:
    """Seconds of a ridge probe on every block, with control tasks."""
    start = now()
    tasks = make_tasks(session.data.subset(rows), ProbeSettings(control=control))
    for block in found:
        probe_block("ridge", block, tasks, 0)
    return now() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--pictures", type=int, default=0, help="how many; 0 takes all")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    data = check(load("clipart")).dataset
    rows = np.arange(len(data))[: options.pictures or None]
    session = Session(fit_to_data(build_backbone(data, "efficientnet_lite0"), data), data)
    session.samples(rows)  # decoded pictures stay in memory, for both ways
    plain(session, rows[:BATCH])

    seconds: dict[str, list[float]] = {}
    for number in range(options.rounds):
        took = {"one plain pass": plain(session, rows)}
        start = now()
        found = read_blocks(session, rows)
        took["pass that keeps every block"] = now() - start
        took["ridge probe of every block"] = probes(session, rows, found, 0)
        took["the same with 3 control tasks"] = probes(session, rows, found, 3)
        for name, value in took.items():
            seconds.setdefault(name, []).append(value)
        print(f"round {number + 1}: " + ", ".join(f"{n} {t:.2f} s" for n, t in took.items()), flush=True)
    base, kept, ridge, controls = (min(values) for values in seconds.values())
    blocks = len(session.backbone.anatomy.blocks)
    print(f"{len(rows)} pictures, {blocks} blocks, {options.threads} thread(s), shortest of each")
    print(f"  whole probe over one plain pass: {(kept + ridge) / base:.2f} (wanted: at most {TARGET})")
    print(f"  with 3 control tasks: {(kept + controls) / base:.2f}")


if __name__ == "__main__":
    main()
