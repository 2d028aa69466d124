"""What meta-training learns: the start of a network, and where asked for the rates of its steps."""

import copy
from collections import OrderedDict

import torch
from torch import Tensor, nn

from headstart.core import BadInput
from headstart.core.label_kind import LabelKind
from headstart.learners.encoding import Encoder
from headstart.learners.learner import Problem

OWN = "body.network."  # what names of the caller's network begin with


class Start(nn.Module):
    """A network at its start: an encoder and a head.

    Args:
        network: "body", an `Encoder`, then "head".
        fast: names of its parameters that adapt to a task.
        kind: of answers.
        rate: of the inner steps.
        rates: whether this rate is learned, and of what: "fixed", each "layer" or each "parameter".
        steps: inner steps that it is meta-trained with.
    """

    def __init__(
        self, network: nn.Sequential, fast: list[str], kind: LabelKind, rate: float, rates: str, steps: int
    ) -> None:
        super().__init__()
        self.network, self.fast, self.kind, self.rate = network, fast, kind, rate
        places, learned = _learned_rates({name: network.get_parameter(name) for name in fast}, rate, rates)
        self.places, self.rates = places, nn.ParameterList(learned)
        self.register_buffer("trained_steps", torch.tensor(steps))
        self.register_buffer("choice", torch.tensor(0, dtype=torch.int8))  # see `run.ways`

    trained_steps: Tensor
    choice: Tensor

    @property
    def body(self) -> nn.Module:
        """The encoder."""
        return self.network.get_submodule("body")

    @property
    def head(self) -> nn.Module:
        """What comes after it."""
        return self.network.get_submodule("head")

    @property
    def only_head_adapts(self) -> bool:
        """Whether features of rows are the same in all inner steps."""
        return all(name.startswith("head.") for name in self.fast)

    def weights(self, tasks: int) -> dict[str, Tensor]:
        """The start of what adapts, (tasks, ...) each, by name."""
        return {name: _repeated(self.network.get_parameter(name), tasks) for name in self.fast}

    def rate_of(self, name: str) -> Tensor | float:
        """The rate of the inner steps of a parameter: a number, or learned, () or (...)."""
        return self.rates[self.places[name]] if self.places else self.rate

    def with_weights(self, weights: dict[str, Tensor]) -> nn.Module:
        """A copy of the network with some of its parameters replaced."""
        made = copy.deepcopy(self.network)
        with torch.no_grad():
            for name, value in weights.items():
                made.get_parameter(name).copy_(value)
        return made.eval().requires_grad_(False)


def make_network(name: str, encoder: Encoder, problem: Problem, head: str) -> nn.Sequential:
    """The encoder and a head.

    Args:
        name: of the learner, for messages.
        encoder: which it owns.
        problem: that it is built for.
        head: "linear", or "none" where the encoder ends in the outputs.

    Raises:
        BadInput: there is to be no head, and the encoder gives another number of outputs.
    """
    if head == "none" and encoder.width != problem.outputs:
        raise BadInput(
            f"{name}: head is 'none', and the network gives {encoder.width} numbers where a task has "
            f"{problem.outputs} outputs. Take {name}:head=linear, or one that ends in {problem.outputs}."
        )
    last = nn.Identity() if head == "none" else nn.Linear(encoder.width, problem.outputs)
    return nn.Sequential(OrderedDict([("body", encoder), ("head", last)]))


def adapting(name: str, network: nn.Module, adapts: str | tuple[str, ...]) -> list[str]:
    """Names of the parameters that adapt.

    Args:
        name: of the learner, for messages.
        network: of `make_network`.
        adapts: "all", "head", "body", or names of parameters or modules of the caller's network.

    Raises:
        BadInput: one of these selects nothing.
    """
    known = [each for each, _ in network.named_parameters()]
    if adapts == "all":
        return known
    taken: set[str] = set()
    for one in (adapts,) if isinstance(adapts, str) else adapts:
        roots = [one] if one in ("head", "body") else [OWN + one]
        mine = [each for each in known if any(each == root or each.startswith(f"{root}.") for root in roots)]
        if not mine:
            words = ", ".join(["all", "head", "body", *(each.removeprefix(OWN) for each in known)])
            raise BadInput(f"{name}: adapts is {one!r}, of which nothing learns. There are {words}.")
        taken.update(mine)
    return [each for each in known if each in taken]


def _repeated(parameter: Tensor, tasks: int) -> Tensor:
    return parameter.expand(tasks, *parameter.shape)


def _learned_rates(
    parameters: dict[str, nn.Parameter], rate: float, rates: str
) -> tuple[dict[str, int], list[nn.Parameter]]:
    """The place of each parameter's rate in a list, and the list; nothing where rates are fixed."""
    if rates == "fixed":
        return {}, []
    if rates == "parameter":
        return {name: place for place, name in enumerate(parameters)}, [
            nn.Parameter(torch.full_like(one, rate)) for one in parameters.values()
        ]
    layers = list(dict.fromkeys(name.rpartition(".")[0] for name in parameters))
    places = {name: layers.index(name.rpartition(".")[0]) for name in parameters}
    return places, [nn.Parameter(torch.tensor(rate)) for _ in layers]
