"""Train the in-context table network `tablenet` on synthetic tables; stop and go on at any time.

    python tools/train_tablenet.py train FOLDER --minutes 120
    python tools/train_tablenet.py decay FOLDER --steps 3000 --out FOLDER-decayed
    python tools/train_tablenet.py ship FOLDER-decayed

A folder holds the last checkpoint, a line of `log.jsonl` for each checkpoint, and `settings.json`. `train`
goes on from the checkpoint, if there is one; Ctrl-C and SIGTERM save one first. The learning rate rises, and
is constant then: `decay` branches off, and lowers it to zero in so many steps. Every step's tables are a
function of the seed and the step.
"""

import argparse
import contextlib
import json
import math
import platform
import signal
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor

from headstart.core import derive_seed
from headstart.nn.in_context.encoder import TAGS, Sizes
from headstart.nn.in_context.losses import in_context_loss
from headstart.nn.in_context.network import InContextNetwork
from headstart.nn.in_context.pretrained import CARD, NAME, WEIGHTS, digest
from headstart.tasks.prior import draw_tables
from headstart.tasks.prior.draws import Draws
from headstart.tasks.prior.shapes import QUERIES, Shape, draw_shape

NOTE = (
    "The first 455 steps were drawn with easy tables up to step 400 alone, and with no more numbers than "
    "later; since then the script is as it is. A new run differs from this one by that, and by rounding."
)
HELD_OUT = 1  # seed of the prior's tables that are never learned from
SIZES = ((100, 4), (100, 9), (100, 18), (30, 6))  # rows and columns of them


@dataclass(frozen=True)
class Plan:
    """What a run is made of.

    Attributes:
        seed: of the tables and the first weights.
        cells: in all tables of a step, about.
        rate: of Muon, and of AdamW for what is no matrix.
        warmup: steps in which the rate rises.
        average: decay of the moving average of the weights a step.
        bfloat16: whether products are computed in it.
    """

    seed: int = 0
    cells: int = 12_000
    rate: float = 0.0015
    adam_rate: float = 0.0015
    warmup: int = 50
    average: float = 0.998
    bfloat16: bool = True


class Run:
    """A network, its optimisers, the average of its weights, and how far it is."""

    def __init__(self, plan: Plan, sizes: Sizes) -> None:
        self.plan = plan
        with torch.random.fork_rng():
            torch.manual_seed(derive_seed(plan.seed, "start"))  # noqa: TID251 - undone by the fork
            self.net = InContextNetwork(sizes)
        self.average = {name: value.detach().clone() for name, value in self.net.state_dict().items()}
        inner = [
            p for name, p in self.net.named_parameters() if p.ndim == 2 and name.startswith("encoder.layers.")
        ]
        inside = {id(p) for p in inner}
        others = [p for p in self.net.parameters() if id(p) not in inside]
        muon = torch.optim.Muon(inner, lr=plan.rate, weight_decay=0.01, adjust_lr_fn="match_rms_adamw")
        adam = torch.optim.AdamW(others, lr=plan.adam_rate, betas=(0.9, 0.98), weight_decay=0.0)
        self.optimisers: tuple[torch.optim.Optimizer, ...] = (muon, adam)
        self.step, self.tasks, self.seconds = 0, 0, 0.0
        self.decay: tuple[int, int] | None = None  # first step and number of steps

    def factor(self) -> float:
        """Factor on the learning rate at this step."""
        if self.decay is not None:
            return max(0.0, 1 - (self.step - self.decay[0]) / self.decay[1])
        return min(1.0, (self.step + 1) / self.plan.warmup)

    def advance(self) -> float:
        """One step; its loss."""
        start = time.process_time()
        shape = draw_shape(self.plan.seed, self.step, self.plan.cells)
        loss = self.loss(self.plan.seed, self.step, shape)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), 1.0)
        for optimiser, rate in zip(self.optimisers, (self.plan.rate, self.plan.adam_rate), strict=True):
            for group in optimiser.param_groups:
                group["lr"] = rate * self.factor()
            optimiser.step()
            optimiser.zero_grad(set_to_none=True)
        self.step += 1
        self.tasks += shape.tasks
        keep = min(self.plan.average, self.step / (self.step + 10))
        for name, value in self.net.state_dict().items():
            self.average[name].lerp_(value, 1 - keep)
        self.seconds += time.process_time() - start
        return loss.item()

    def loss(self, seed: int, step: int, shape: Shape) -> Tensor:
        """The loss on the tables of a step."""
        size = shape.tasks, shape.rows, shape.columns
        tables = draw_tables(seed, step, *size, shape.regression, shape.easy)
        tags = Draws(seed, "tags", step).normal(shape.tasks, shape.columns, TAGS)
        with torch.autocast("cpu", torch.bfloat16, enabled=self.plan.bfloat16):
            return in_context_loss(
                self.net, tables.x, tables.named, tables.y, tags, shape.support, shape.blind
            )

    @contextlib.contextmanager
    def averaged(self) -> Iterator[None]:
        """The network with the average of its weights."""
        own = {name: value.clone() for name, value in self.net.state_dict().items()}
        self.net.load_state_dict(self.average)
        yield
        self.net.load_state_dict(own)

    def state(self) -> dict[str, Any]:
        """All that a checkpoint holds."""
        return {
            "net": self.net.state_dict(),
            "average": self.average,
            "optimisers": [one.state_dict() for one in self.optimisers],
            "counts": [self.step, self.tasks, self.seconds],
            "decay": self.decay,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a checkpoint."""
        self.net.load_state_dict(state["net"])
        self.average = state["average"]
        for one, kept in zip(self.optimisers, state["optimisers"], strict=True):
            one.load_state_dict(kept)
        self.step, self.tasks, self.seconds = state["counts"]
        self.decay = None if state["decay"] is None else (state["decay"][0], state["decay"][1])


def held_out(run: Run, batches: int = 2) -> dict[str, float]:
    """Losses of the averaged weights on tables that are never learned from, by their size and kind."""
    kinds = {f"{rows}x{columns}": Shape(24, rows, QUERIES, columns, False) for rows, columns in SIZES}
    kinds["blind"] = Shape(24, 100, QUERIES, 9, False, True)
    kinds["numbers"] = Shape(24, 100, QUERIES, 9, True)
    with run.averaged(), torch.no_grad():
        return {
            name: round(sum(run.loss(HELD_OUT, step, shape).item() for step in range(batches)) / batches, 4)
            for name, shape in kinds.items()
        }


def opened(folder: Path, plan: Plan, sizes: Sizes) -> Run:
    """The run of a folder, where it stands, or a new one."""
    folder.mkdir(parents=True, exist_ok=True)
    settings = folder / "settings.json"
    if settings.exists():
        kept = json.loads(settings.read_text())
        plan, sizes = Plan(**kept["plan"]), Sizes(**kept["sizes"])
    else:
        settings.write_text(json.dumps({"plan": asdict(plan), "sizes": asdict(sizes)}, indent=1))
    run = Run(plan, sizes)
    if (folder / "checkpoint.pt").exists():
        run.restore(torch.load(folder / "checkpoint.pt", weights_only=True))
    return run


def save(run: Run, folder: Path, losses: list[float]) -> None:
    """Replace the checkpoint at once, and add a line to the log."""
    new = folder / "checkpoint.new"
    torch.save(run.state(), new)  # noqa: TID251 - plain tensors, read with weights_only
    new.replace(folder / "checkpoint.pt")
    line = {
        "step": run.step,
        "tasks": run.tasks,
        "cpu_seconds": round(run.seconds),
        "at": time.strftime("%H:%M:%S"),
        "factor": round(run.factor(), 3),
        "loss": round(math.fsum(losses) / max(1, len(losses)), 4),
        **held_out(run),
    }
    with (folder / "log.jsonl").open("a") as log:
        log.write(json.dumps(line) + "\n")
    print(json.dumps(line), flush=True)


class Stop:
    """Whether a signal has asked to stop."""

    def __init__(self) -> None:
        self.asked = False
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._ask)

    def _ask(self, _number: int, _frame: FrameType | None) -> None:
        self.asked = True


def go(run: Run, folder: Path, until: float, every: float) -> None:
    """Train until a time, a signal or the end of the decay; a checkpoint every so many seconds."""
    stop, saved, losses = Stop(), time.monotonic(), list[float]()
    while not stop.asked and time.monotonic() < until and run.factor() > 0:
        losses.append(run.advance())
        if time.monotonic() - saved > every:
            save(run, folder, losses)
            saved, losses = time.monotonic(), []
    save(run, folder, losses)


def machine() -> str:
    """The kind of processor, in words."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return f"{line.partition(':')[2].strip()}, {torch.get_num_threads()} thread(s)"
    return f"{platform.machine()}, {torch.get_num_threads()} thread(s)"


def ship(run: Run, folder: Path) -> None:
    """Put the averaged weights into the package, in half precision, with the card that says what they are."""
    save_file({name: value.half().contiguous() for name, value in run.average.items()}, WEIGHTS)
    lines = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    losses = {key: value for key, value in lines[-1].items() if key not in _COUNTS}
    decay = "" if run.decay is None else f" and {run.decay[1]:,} of them with a falling learning rate"
    made = {
        "name": NAME,
        "sha256": digest(),
        "sizes": asdict(run.net.sizes),
        "parameters": sum(parameter.numel() for parameter in run.net.parameters()),
        "data": "synthetic tables alone, of headstart.tasks.prior; no real data",
        "seed": run.plan.seed,
        "steps": run.step,
        "tables": run.tasks,
        "schedule": f"{run.plan.warmup} steps of warm-up, then constant{decay}; average of the weights",
        "processor_seconds": round(run.seconds),
        "machine": machine(),
        "held_out_losses": losses,
        "plan": asdict(run.plan),
        "note": NOTE,
        "command": "python tools/train_tablenet.py train FOLDER; then decay FOLDER, and ship FOLDER-decayed",
    }
    CARD.write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")
    print(f"{WEIGHTS} and {CARD}: step {run.step}")


_COUNTS = ("step", "tasks", "cpu_seconds", "at", "factor", "loss")


def main() -> None:
    """Read the command line."""
    plain = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=plain)
    parser.add_argument("what", choices=("train", "decay", "ship"))
    parser.add_argument("folder", type=Path)
    parser.add_argument("--minutes", type=float, default=1e6)
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--every", type=float, default=240, help="seconds between checkpoints")
    parser.add_argument("--threads", type=int, default=1)
    for name in ("seed", "cells", "warmup"):
        parser.add_argument(f"--{name}", type=int, default=getattr(Plan(), name))
    for name in ("rate", "adam_rate"):
        parser.add_argument(f"--{name}", type=float, default=getattr(Plan(), name))
    for name in ("width", "heads", "hidden", "layers"):
        parser.add_argument(f"--{name}", type=int, default=getattr(Sizes(), name))
    asked = vars(parser.parse_args())
    torch.set_num_threads(asked["threads"])
    plan = Plan(**{name: asked[name] for name in ("seed", "cells", "warmup", "rate", "adam_rate")})
    sizes = Sizes(**{name: asked[name] for name in ("width", "heads", "hidden", "layers")})
    run = opened(asked["folder"], plan, sizes)
    folder = asked["folder"]
    if asked["what"] == "ship":
        ship(run, folder)
        return
    if asked["what"] == "decay":
        folder = asked["out"] or Path(f"{folder}-decayed")
        if not (folder / "checkpoint.pt").exists():
            run.decay = (run.step, asked["steps"])
            opened(folder, run.plan, run.net.sizes)
        else:
            run = opened(folder, plan, sizes)
    go(run, folder, time.monotonic() + 60 * asked["minutes"], asked["every"])


if __name__ == "__main__":
    main()
