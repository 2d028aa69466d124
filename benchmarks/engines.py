"""A frozen forward by the engine that its first batch chooses, against the usual one: fused convolutions.

Five backbones with random weights (the time does not depend on them) on random pictures of 160 pixels (ViT:
224) in batches of 32. Both engines take turns in one process, and each ratio is of two runs next to each
other; the trial and the export are shown beside, not counted: with `--rows` pictures to come they are paid
once. On one thread the time is that of the processor, so that other work on the machine counts less.

    python -m benchmarks.engines [--threads 1] [--rounds 7]
    ATEN_CPU_CAPABILITY=avx2 ONEDNN_MAX_CPU_ISA=AVX2 python -m benchmarks.engines

The second line keeps torch to AVX2 on a processor with wider vectors, and not ONNX Runtime, which asks the
processor itself: it says what fused convolutions lose there, not what a processor with AVX2 would give.
"""

import argparse
import statistics
import time
from collections.abc import Callable

import torch
from torch import Tensor

from headstart.core import Preprocess
from headstart.models import AnyBackbone, backbone, fast
from headstart.models.onnx_forward import ONNX, OnnxForward
from headstart.nn import processor

NAMES = (
    "efficientnet_lite0",
    "torchvision:mobilenet_v3_large",
    "torchvision:resnet18",
    "timm:vit_tiny_patch16_224",
    "timm:convnext_atto",
    "timm:regnety_002",
)
SIZE, BATCH, ROWS = 160, 32, 5000


def now() -> float:
    return time.process_time() if torch.get_num_threads() == 1 else time.perf_counter()


def seconds(run: Callable[[Tensor], Tensor], x: Tensor) -> float:
    begun = now()
    run(x)
    return now() - begun


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    print(f"{processor.name()}, {options.threads} thread(s), {SIZE} pixels, batches of {BATCH}\n")
    columns = (
        "backbone | usual | ms a picture | chosen | ms | times faster | ONNX Runtime | difference | first"
    )
    print(f"| {columns} |\n|{'---|' * 9}")
    for name in NAMES:
        preprocess = None if "vit" in name else Preprocess(size=(SIZE, SIZE), fit="squash")
        base = backbone(name, weights="random", preprocess=preprocess).eval()
        print(row(base, options.rounds), flush=True)


def row(base: AnyBackbone, rounds: int) -> str:
    """A line of the table."""
    assert base.preprocess is not None
    g = torch.Generator().manual_seed(0)
    x = torch.randint(0, 256, (BATCH, 3, *base.preprocess.size), dtype=torch.uint8, generator=g)
    usual, chosen = fast(base), fast(base, rows=ROWS)
    first = seconds(chosen, x)
    other = chosen if chosen.made == ONNX else fast(base)
    if other is not chosen:  # shown where it is not chosen, too
        other.backbone, other.made = OnnxForward(base, x, usual.backbone), ONNX
    difference = float((other(x) - usual(x)).abs().max() / usual(x).abs().max())
    times: dict[str, list[float]] = {"usual": [], "chosen": [], "other": []}
    for _ in range(rounds):
        for name, run in (("usual", usual), ("chosen", chosen), ("other", other)):
            times[name].append(seconds(run, x))
    ratio = {
        name: statistics.median(theirs / mine for theirs, mine in zip(times["usual"], own, strict=True))
        for name, own in times.items()
    }
    each = {name: f"{1000 * statistics.median(own) / BATCH:.1f}" for name, own in times.items()}
    return (
        f"| {base.name} | {usual.made} | {each['usual']} | {chosen.made} | {each['chosen']} "
        f"| {ratio['chosen']:.2f} | {ratio['other']:.2f} | {difference:.0e} | {first:.1f} s |"
    )


if __name__ == "__main__":
    main()
