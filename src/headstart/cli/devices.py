"""Several processes on one machine that carry out a study as one: only the first one is heard."""

import importlib.util
import logging
import os
import sys
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from .options import RUNNING

if TYPE_CHECKING:
    from headstart.run.engine import Engine

Devices = Annotated[
    int,
    typer.Option(
        min=1,
        metavar="N",
        help="Processes that train as one, each on its share of every batch: on as many GPUs of this "
        "machine, or on its CPU.",
        rich_help_panel=RUNNING,
    ),
]
RANK = "LOCAL_RANK"  # of the environment of a process that another one has started
PATIENCE = 20.0  # seconds after which a process that failed speaks for itself
INTERRUPTED = 130


def is_first(devices: int) -> bool:
    """Whether this process is the only one, or the first of several."""
    return devices == 1 or not int(os.environ.get(RANK, "0"))


def engine_on(device: str, devices: int) -> "Engine":
    """Where to compute: one process, or one of several, which are started by the first with its own command.

    Raises:
        BadInput: there are not so many devices of the kind.
        MissingPackage: several need lightning-fabric.
    """
    from headstart.run.engine import One

    if devices == 1:
        return One(device)
    accelerator = _accelerator(device, devices)
    from lightning_fabric import Fabric

    from headstart.run.fabric_engine import OnFabric

    logging.getLogger("lightning_fabric").setLevel(logging.ERROR)
    fabric = Fabric(accelerator=accelerator, devices=devices, strategy="ddp")
    fabric.launch()
    return OnFabric(fabric)


def _accelerator(device: str, devices: int) -> str:
    """The kind of devices by Fabric's name."""
    import torch

    from headstart.core import BadInput, MissingPackage

    if importlib.util.find_spec("lightning_fabric") is None:
        raise MissingPackage("lightning-fabric", "Computing on several devices", "distributed")
    if device not in ("auto", "cpu", "cuda"):
        raise BadInput(f"--devices {devices} needs --device cpu, cuda or auto, not {device}.")
    there = torch.cuda.device_count()
    if device == "cpu" or (device == "auto" and not there):
        return "cpu"
    if there < devices:
        raise BadInput(
            f"--devices is {devices}, but there {'is' if there == 1 else 'are'} {there} of CUDA. Take as "
            "many as there are, or --device cpu."
        )
    return "cuda"


@contextmanager
def heard_once(devices: int) -> Iterator[None]:
    """Let a process that is not the first one be silent about what goes wrong in all of them.

    It ends with the first one, which says why; one that fails alone says so itself after a while.
    """
    if is_first(devices):
        yield
        return
    parent = os.getppid()
    warnings.simplefilter("ignore")
    try:
        yield
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except Exception as error:
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            if os.getppid() != parent:
                sys.exit(getattr(error, "code", 1))
            time.sleep(0.1)
        raise
