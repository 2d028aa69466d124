"""A step of TENT, which answers and learns, beside plain inference of the same net.

torchvision's ResNet-18 with random weights (the time does not depend on them), 64 pictures of 64 px,
channels last. Inference is in evaluation mode, without a graph. A step is a batch given to the loop:
forward with statistics of the batch, entropy, backward to every scale and shift, Adam. `gradient="fast"`
takes the way back through frozen convolutions in bf16, where the processor multiplies such matrices.
`python -m benchmarks.tent_step`
"""

import copy
import statistics
from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn

from benchmarks.paired import interleaved
from headstart.core import Backbone, Method, Task, Unlabelled
from headstart.core.linear_head import LinearHead
from headstart.methods.inputs.streams.norm import Norm
from headstart.methods.inputs.streams.tent import Tent
from headstart.nn.processor import has_amx
from headstart.run.loop import start, train
from headstart.run.recipe import Recipe

ROWS, SIZE, CLASSES, ROUNDS = 64, 64, 1000, 9


class Body(Backbone):
    """torchvision's ResNet-18 up to its features."""

    width = 512

    def __init__(self) -> None:
        from torchvision.models import resnet18

        super().__init__()
        self.net = resnet18()
        self.net.fc = nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """Features (n, 512)."""
        found: Tensor = self.net(x)
        return found


def inference(body: Backbone, head: nn.Module, x: Tensor) -> Callable[[], object]:
    model = copy.deepcopy(nn.Sequential(body, head)).eval().to(memory_format=torch.channels_last)
    x = x.contiguous(memory_format=torch.channels_last)

    def answer() -> None:
        with torch.inference_mode():
            model(x)

    return answer


def steps(method: Method[Unlabelled], body: Backbone, head: LinearHead, x: Tensor) -> Callable[[], object]:
    task = Task(CLASSES, tuple(x.shape[1:]), head=copy.deepcopy(head))
    run = start(method, copy.deepcopy(body), task, Recipe(steps=2**40, **method.recipe_overrides()))
    batch = Unlabelled(x)

    def endless(_step: int) -> Iterator[Unlabelled]:
        while True:
            yield batch

    ticks = train(run, endless)
    return lambda: next(ticks)


def main() -> None:
    """Print the table."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    body, head = Body(), LinearHead(512, CLASSES, deviation=0.1)
    x = torch.randn(ROWS, 3, SIZE, SIZE)
    times = interleaved(
        {
            "plain inference": inference(body, head, x),
            "norm": steps(Norm(), body, head, x),
            "tent, gradient=exact": steps(Tent(gradient="exact"), body, head, x),
            "tent": steps(Tent(), body, head, x),
        },
        ROUNDS,
    )
    plain = times["plain inference"]
    print(f"One thread; the processor multiplies bf16 matrices: {has_amx()}")
    print(f"\nMedian of {ROUNDS} paired rounds\n\n| what | milliseconds | times inference |\n|---|---|---|")
    for name, mine in times.items():
        ratio = statistics.median(own / theirs for own, theirs in zip(mine, plain, strict=True))
        print(f"| {name} | {1000 * statistics.median(mine):.0f} | {ratio:.2f} |")


if __name__ == "__main__":
    main()
