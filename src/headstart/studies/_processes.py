"""Studies on several processes: the first one writes, the others work in folders of their own."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from torch import nn

from headstart.run.engine import Engine


@contextmanager
def folder_of_process(engine: Engine, out: Path | None, resume: bool) -> Iterator[Path | None]:
    """The folder that this process writes into: the caller's for the first one, a temporary one for others.

    A resumed run goes on in all processes from what the first one kept. Nobody goes on before all have it.
    """
    if engine.world == 1:
        yield out
        return
    if engine.rank == 0:
        wait_for_all(engine)
        yield out
        return
    with TemporaryDirectory(prefix="headstart-") as folder:
        own = Path(folder) / (out.name if out is not None else "run")
        if resume and out is not None:
            shutil.copytree(out, own)
        wait_for_all(engine)
        yield own


def wait_for_all(engine: Engine) -> None:
    """Return when all processes have come here."""
    engine.gather(torch.zeros(1, device=engine.device))


def agreed(engine: Engine, value: float) -> float:
    """The value of the first process, for all."""
    if engine.world == 1:
        return value
    mine = torch.tensor([value], dtype=torch.float64, device=engine.device)
    return float(engine.gather(mine)[0])


def about_batch_norms(engine: Engine, backbone: nn.Module) -> list[str]:
    """A note if several processes don't train a backbone as one would."""
    norms = any(isinstance(one, nn.modules.batchnorm._BatchNorm) for one in backbone.modules())
    if engine.world == 1 or not norms:
        return []
    many = f"so {engine.world} processes do not train exactly what one would"
    own = f"Batch normalisations take the statistics of each process's rows by themselves, {many}."
    return [f"{own} An encoder with layer or group normalisation has no such difference."]
