"""What a model takes: parameters, bytes, and the median time of one row and of 32."""

import statistics
import time
from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor, nn

from headstart.studies.distil import Cost

BATCHES = (1, 32)
WARM = 2  # runs before those that count
Forward = Callable[[Tensor], object]


def parameters_of(model: nn.Module) -> int:
    """Its parameters; of a model without any, such as trees, all numbers that it holds."""
    own = sum(one.numel() for one in model.parameters())
    return own or sum(one.numel() for one in model.state_dict().values() if isinstance(one, Tensor))


def bytes_of(model: nn.Module) -> int:
    """Of its tensors, as they are saved."""
    held = [one for one in model.state_dict().values() if isinstance(one, Tensor)]
    return sum(one.numel() * one.element_size() for one in held)


def cost_of(models: Sequence[nn.Module], seconds: Mapping[int, float]) -> Cost:
    """What one model takes, or several whose answers are averaged, with its seconds by rows at once."""
    return Cost(
        parameters=sum(map(parameters_of, models)) or None,
        bytes=sum(map(bytes_of, models)) or None,
        seconds=seconds.get(BATCHES[0]),
        seconds_of_32=seconds.get(BATCHES[1]),
    )


def forward_of(models: Sequence[nn.Module]) -> Forward:
    """Answers of models in evaluation mode, without gradients."""

    def forward(x: Tensor) -> None:
        with torch.inference_mode():
            for model in models:
                model(x)

    for model in models:
        model.eval()
    return forward


def time_in_turn(
    forwards: Mapping[str, tuple[Forward, Tensor]],
    repeats: int,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, dict[int, float]]:
    """Median seconds of each forward for one row and for 32, in turn, so that all meet the same load.

    Args:
        forwards: by name, each with 32 samples as it takes them; fewer are repeated.
        repeats: of each that count, >= 1, after two that do not.
        clock: gives seconds.
    """
    found: dict[str, dict[int, float]] = {name: {} for name in forwards}
    for batch in BATCHES:
        taken: dict[str, list[float]] = {name: [] for name in forwards}
        for number in range(WARM + repeats):
            for name, (forward, samples) in forwards.items():
                x = _rows(samples, batch)
                begun = clock()
                forward(x)
                if samples.is_cuda:
                    torch.cuda.synchronize(samples.device)
                if number >= WARM:
                    taken[name].append(clock() - begun)
        for name, times in taken.items():
            found[name][batch] = statistics.median(times)
    return found


def _rows(samples: Tensor, batch: int) -> Tensor:
    return samples.repeat(-(-batch // len(samples)), *[1] * (samples.ndim - 1))[:batch]
