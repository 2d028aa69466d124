"""Two processes for tests/study/test_pretrain_two.py: `python -m tests.study.pretrain_two FOLDER`."""

import sys
from pathlib import Path

import torch
from tests.study.test_pretrain import LONG, Stopping, net, world

import headstart as hs


def work(fabric, folder: str) -> None:
    """One training at once, and one that is interrupted and goes on, in every process."""
    from headstart.run.fabric_engine import OnFabric

    torch.set_num_threads(1)
    engine, at_once, in_two = OnFabric(fabric), Path(folder, "at-once"), Path(folder, "in-two")
    hs.pretrain(net(), world(), out=at_once, engine=engine, **LONG)
    try:
        hs.pretrain(net(), world(), out=in_two, engine=engine, progress=Stopping(), **LONG)
    except KeyboardInterrupt:
        hs.pretrain(net(), world(), out=in_two, engine=engine, resume=True, **LONG)


if __name__ == "__main__":
    from lightning_fabric import Fabric

    torch.set_num_threads(1)
    Fabric(accelerator="cpu", devices=2, strategy="ddp_fork").launch(work, sys.argv[1])
