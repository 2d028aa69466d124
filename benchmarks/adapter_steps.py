"""A training step of adapters on a frozen backbone, against one of the whole net: time and memory.

The built-in MiniLM with 16 rows of 48 tokens, the built-in network for pictures with 16 of 64 px; AdamW, one
thread. Processor seconds, in turns; the memory is the peak of a process that does nothing else.
`OMP_NUM_THREADS=1 python -m benchmarks.adapter_steps`
"""

import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import torch
from torch import Tensor, nn

import headstart as hs
from benchmarks.paired import interleaved, print_table
from headstart.models import backbone
from headstart.nn.adapters import AdapterKind

ROWS, ROUNDS, STEPS = 16, 3, 3
CASES: dict[str, dict[str, AdapterKind | None]] = {
    "minilm": {
        "full": None,
        "LoRA": hs.adapters.LoRA(rank=8),
        "bottlenecks": hs.adapters.Bottlenecks(size=16),
    },
    "efficientnet_lite0": {
        "full": None,
        "series": hs.adapters.ConvAdapters(),
        "LoRA": hs.adapters.LoRA(rank=8),
    },
}


def stepping(name: str, kind: AdapterKind | None) -> Callable[[], None]:
    """One step of a net with a head, of all its weights or of adapters and head."""
    torch.manual_seed(0)
    base = backbone(name)
    x = torch.randint(1000, 9000, (ROWS, 48)) if name == "minilm" else torch.randn(ROWS, 3, 64, 64)
    head, learning = nn.Linear(base.width, 2), list[nn.Parameter]()
    model: nn.Module = base
    if kind is None:
        learning += base.parameters()
    else:
        kind.insert(base.requires_grad_(False))
        learning += _of_adapters(base)
    learning += head.parameters()
    optimiser = torch.optim.AdamW(learning, 1e-4)
    y = torch.arange(ROWS) % 2
    model.eval()  # batch normalisations keep their statistics in both

    def step() -> None:
        optimiser.zero_grad()
        loss: Tensor = nn.functional.cross_entropy(head(model(x)), y)
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()

    return step


def _of_adapters(model: nn.Module) -> Iterable[nn.Parameter]:
    found = [
        one
        for module in model.modules()
        if hs.adapters.is_of_adapter("", module)
        for one in module.parameters()
    ]
    for one in found:
        one.requires_grad_(True)
    return dict.fromkeys(found)


def peak(name: str, kind: str) -> float:
    """The peak in MB of a process that takes a few steps."""
    code = f"from benchmarks.adapter_steps import measure; measure({name!r}, {kind!r})"
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=True
    )
    return float(done.stdout)


def measure(name: str, kind: str) -> None:
    """Take a few steps and print the peak of this process in MB, by Linux."""
    step = stepping(name, CASES[name][kind])
    for _ in range(STEPS):
        step()
    status = Path("/proc/self/status").read_text("utf-8")
    print(int(status.split("VmHWM:")[1].split()[0]) / 1e3)


def main() -> None:
    """Print the tables."""
    for name, kinds in CASES.items():
        steps = {kind: stepping(name, one) for kind, one in kinds.items()}
        print_table(f"{name}, one step", interleaved(steps, ROUNDS, time.process_time))
        peaks = {kind: peak(name, kind) for kind in kinds}
        print(
            "\npeak: "
            + ", ".join(f"{kind} {one:.0f} MB ({one / peaks['full']:.2f})" for kind, one in peaks.items())
        )


if __name__ == "__main__":
    main()
