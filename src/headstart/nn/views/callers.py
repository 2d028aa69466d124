"""Views that the caller makes: a function, a transform of torchvision, or a module of kornia's."""

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from headstart.core import BadInput, HeadstartError
from headstart.core.draws import reseeded
from headstart.face import spell
from headstart.nn.views.views import Views, identical

TRIED = 8  # rows of the first batch, and other seeds of each, with which views are compared


class CallersViews(Views):
    """Views made by what the caller gave.

    - A function of samples (n, ...) and their seeds (n,).
    - A transform of torchvision: is called for each picture (c, h, w), with torch's generator seeded by its
      row.
    - A function of samples (n, ...) alone, or a module of kornia's: is called for the batch, with torch's
      generator seeded by all of its rows, so that a view depends on the batch that its picture is in. Of
      uint8 pictures it gets and gives floats in [0, 1].

    Afterwards torch's generator is as it was.
    """

    def __init__(self, made: Any, mean: Tensor | None = None, std: Tensor | None = None) -> None:
        """Take views from `made`.

        Args:
            made: see above.
            mean: (c,), subtracted from pictures in [0, 1] by their encoder; None: nothing is.
            std: (c,), by which it divides them then.

        Raises:
            BadInput: `made` is none of these.
        """
        super().__init__()
        self._call = _caller(made, mean, std)
        self._tried, self._normalised = False, mean is not None

    def forward(self, x: Tensor, seed: Tensor) -> Tensor:
        """What the caller's views of x (n, ...) are.

        Raises:
            BadInput: these are no tensor of as many rows.
        """
        try:
            views = self._call(x, seed)
        except HeadstartError:
            raise
        except (TypeError, ValueError, RuntimeError, LookupError, AttributeError) as error:
            kind = f"{str(x.dtype).removeprefix('torch.')} {tuple(x.shape)}"
            raise BadInput(f"What makes views failed on samples {kind}: {error}") from error
        if not isinstance(views, Tensor) or len(views) != len(x):
            found = tuple(views.shape) if isinstance(views, Tensor) else type(views).__name__
            raise BadInput(
                f"The views of samples {tuple(x.shape)} are {found}. What makes views must return a tensor "
                f"with as many rows, here {len(x)}."
            )
        if not self._tried:
            self._try(x, seed, views)
        return views

    def _try(self, x: Tensor, seed: Tensor, views: Tensor) -> None:
        """See in the first batch whether views differ, and lie where the encoder expects them."""
        self._tried = True
        some, seeds = x[:TRIED], seed[:TRIED]
        first = self._call(some, seeds)
        if all(torch.equal(self._call(some, reseeded(seeds, number)), first) for number in range(TRIED)):
            self.caution = identical("what makes them draws nothing at random")
        elif self._normalised and x.dtype == torch.uint8 and _in_unit_range(views):
            self.caution = (
                "The views are floats in [0, 1], and floats are taken as normalised pictures. Let them be "
                "uint8, or end with the normalisation of the backbone."
            )


def _in_unit_range(x: Tensor) -> bool:
    return x.is_floating_point() and bool(x.min() >= 0 and x.max() <= 1)


def _caller(made: Any, mean: Tensor | None, std: Tensor | None) -> Callable[[Tensor, Tensor], Any]:
    modules = made.modules() if isinstance(made, nn.Module) else [made]
    if any(type(each).__module__.partition(".")[0] == "torchvision" for each in modules):
        return lambda x, seed: _each(made, x, seed)
    if isinstance(made, type) or not callable(made):
        raise BadInput(
            f"{spell('views', made)} makes no views. Give a function of samples (n, ...) and seeds (n,), a "
            "transform of torchvision or a module of kornia."
        )
    return made if _takes_seeds(made) else lambda x, seed: _batched(made, x, seed, mean, std)


def _takes_seeds(made: Any) -> bool:
    """Whether it takes two arguments, or one by the name of seed."""
    try:
        asked = inspect.signature(made.forward if isinstance(made, nn.Module) else made).parameters.values()
    except (TypeError, ValueError):
        return False
    places = [each for each in asked if each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD)]
    needed = [each for each in places if each.default is each.empty]
    return len(needed) == 2 or any(each.name == "seed" for each in places[1:2])


def _each(made: Callable[[Tensor], Any], x: Tensor, seed: Tensor) -> Any:
    """The views of each picture by itself, of equal shapes."""
    views = []
    for picture, number in zip(x, seed.tolist(), strict=True):
        with _drawn_by(number, x.device):
            views.append(made(picture))
    if any(not isinstance(view, Tensor) for view in views):
        return views[0]
    if len({view.shape for view in views}) > 1:
        raise BadInput(
            "The views of pictures differ in size. Let the transform end with one size, such as a "
            "RandomResizedCrop or a Resize."
        )
    return torch.stack(views)


def _batched(
    made: Callable[[Tensor], Any], x: Tensor, seed: Tensor, mean: Tensor | None, std: Tensor | None
) -> Any:
    """The views of a batch at once."""
    raw = x.dtype == torch.uint8
    with _drawn_by(int(reseeded(seed, len(seed)).sum()), x.device):
        views = made(x.float() / 255 if raw else x)
    if not raw or mean is None or std is None or not isinstance(views, Tensor):
        return views
    return (views - mean.to(views).view(-1, 1, 1)) / std.to(views).view(-1, 1, 1)


@contextmanager
def _drawn_by(seed: int, device: torch.device) -> Iterator[None]:
    """Let torch's generators draw by the seed, and be as before afterwards."""
    devices = [device] if device.type == "cuda" else []
    with torch.random.fork_rng(devices):
        torch.default_generator.manual_seed(seed)
        for each in devices:
            with torch.cuda.device(each):
                torch.cuda.manual_seed(seed)
        yield
