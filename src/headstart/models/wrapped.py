"""Any model as a backbone: pictures, texts or tensors in, features (n, width) out."""

import copy
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any, Self

import torch
from torch import Tensor, nn

from headstart.core import (
    Backbone,
    Classifier,
    Preprocess,
    Reader,
    TeacherView,
    Tokens,
    Unknown,
    kind_read,
)
from headstart.core.text_tower import TextTower

from . import sources
from .anatomy import Anatomy
from .layout import Layout, Tap, pool
from .places import places
from .readout import OUTPUT, Readout
from .small_convnet import SmallConvNet
from .surgery import run
from .text_tower import text_tower
from .tracing import first_tensor, quiet
from .trained_head import TrainedHead
from .untrained import reset

Take = Callable[[Tensor, Layout, Tensor | None], Any]


class AnyBackbone(Backbone):
    """A model without its head.

    Attributes:
        name: for reports.
        width: features per sample.
        blocks: paths of its parts in execution order; each is a sub-module of this one, so a
            parameter belongs to a block if its name starts with it, or one of its `members`, and a dot.
        source: settings to rebuild the architecture, as JSON values; see `rebuild`.
        notes: tensors that were left out when weights were loaded.
        example: one or two inputs (n, ...) on which it has run.
        inner: the model without its head.
        anatomy: structure of the model before its head was removed.
        frozen_parameters: names of parameters that no method trains, as the module came with
            `requires_grad=False` for them; none if it, head included, did for all, which is no choice.
        trained_head: the head of the fitted model that it was taken from; None if there is none.
        classifier: the output layer that it was trained with, cut off; None if that is not known.
        tower: gives the encoder of texts that it was trained with by `pretrain-pairs`; None if there is none.
    """

    trained_head: TrainedHead | None = None
    classifier: Classifier | None = None
    tower: Callable[[], TextTower] | None = None

    example: Tensor
    mean: Tensor
    std: Tensor

    def __init__(
        self,
        inner: nn.Module,
        parts: Anatomy,
        name: str,
        source: Mapping[str, Any],
        preprocess: Preprocess | None,
        example: Tensor,
    ) -> None:
        """Wrap `inner`, whose head is already removed and whose anatomy was `parts`."""
        super().__init__()
        self.name = name
        self.inner = inner
        self.width = parts.width
        moved = parts.under("inner.")
        self.blocks, self.members = moved.blocks, moved.members
        self.source = dict(source)
        self.notes: tuple[str, ...] = ()
        self.example = example
        self.anatomy = parts
        self.frozen_parameters = _frozen(self)
        for moment in ("mean", "std"):
            self.register_buffer(moment, example.new_zeros(3, 1, 1), persistent=False)
        self.preprocess = preprocess
        self._tokens: Tokens | None = None
        self._readout: Readout | None = None
        self.source.pop("readout", None)
        self.training = inner.training

    @property
    def preprocess(self) -> Preprocess | None:
        """Image preprocessing; None if its inputs are not RGB pictures."""
        return self._preprocess

    @preprocess.setter
    def preprocess(self, value: Preprocess | None) -> None:
        self._preprocess = value
        self.source["preprocess"] = value.settings() if value else None
        with torch.no_grad():
            self.mean.copy_(self.mean.new_tensor(value.mean if value else (0, 0, 0)).view(3, 1, 1))
            self.std.copy_(self.std.new_tensor(value.std if value else (1, 1, 1)).view(3, 1, 1))

    @property
    def tokens(self) -> Tokens | None:
        """Tokenisation; None if its inputs are not texts."""
        return self._tokens

    @tokens.setter
    def tokens(self, value: Tokens | None) -> None:
        self._tokens = value
        self.source.pop("tokens", None)
        if value is not None:
            self.source["tokens"] = value.settings()

    @property
    def tokenizer(self) -> str | None:
        """The content of the `tokenizer.json`; None if it reads no texts."""
        return None if self.tokens is None else self.tokens.tokenizer

    @property
    def readout(self) -> Readout | None:
        """Where its features are read; None: at its output, averaged over places.

        Setting it changes `width`, which is found by one forward of `example`.
        """
        return self._readout

    @readout.setter
    def readout(self, value: Readout | None) -> None:
        self._readout = value
        self.source.pop("readout", None)
        self.width = self.anatomy.width
        if value is not None:
            self.source["readout"] = value.settings()
            with quiet(self):
                self.width = int(self(self.example.to(self.mean.device)).shape[1])

    @property
    def reader(self) -> Reader | None:
        """Preprocessing of samples; None: arrays, unchanged."""
        return self.tokens or self.preprocess

    @property
    def kind(self) -> str:
        """Modality of its inputs; that of its reader, unless it was adapted to another one."""
        return str(self.source.get("modality") or kind_read(self.reader))

    @kind.setter
    def kind(self, value: str) -> None:
        self.source.pop("modality", None)
        if value != kind_read(self.reader):
            self.source["modality"] = value

    def forward(self, x: Tensor) -> Tensor:
        """Features (n, width) of x (n, ...).

        Pictures as uint8 (n, 3, h, w) are scaled to [0, 1] and normalised by `preprocess`; floats
        are assumed to be normalised. Texts are ids (n, length), padded with -1, as from
        `tokens`; the features are means over the real tokens, unless a `readout` says otherwise.
        """
        if self.readout is None:
            return pool(run(self.inner, self.normalised(x)), self.anatomy.output, self.there(x))
        sources = self.readout.sources
        found = self.features(x, dict.fromkeys(each.block for each in sources), partial(partial, pool))
        return torch.cat([found[each.block](how=each.pooling) / each.scale for each in sources], 1)

    def at_classifier(self) -> Self:
        """The backbone without its `readout`, a copy if it has one."""
        if self.readout is None:
            return self
        plain = copy.deepcopy(self)
        plain.readout = None
        return plain

    @property
    def learned(self) -> bool:
        """Whether it has learned something; of the small built-in networks, whether they were trained."""
        return self.inner.learned if isinstance(self.inner, SmallConvNet) else True

    @property
    def text_tower(self) -> TextTower | None:
        """That of the folder that it came from; None if it is of no model of pictures and texts."""
        if self.tower is not None:
            return self.tower()
        return text_tower(self.source["name"]) if self.source["kind"] == "image-encoder" else None

    def note_operation(self, **settings: Any) -> None:
        """Note a change of the architecture in `source`, where `rebuild` finds it."""
        self.source["operations"] = [*self.source.get("operations", ()), settings]

    def there(self, x: Tensor) -> Tensor | None:
        """Mask (n, length), bool, of the ids x (n, length) that are tokens; None if x are not texts."""
        if self.tokens is None:
            return None
        filled = getattr(self.inner, "filled", None)  # by an encoder that reads texts of one length alone
        return (x if filled is None else filled(x)) >= 0

    def normalised(self, x: Tensor) -> Tensor:
        """Inputs of the wrapped model for x."""
        if x.dtype == torch.uint8 and self.preprocess is not None:
            return (x.to(self.mean.dtype) / 255 - self.mean) / self.std
        return x

    def features(self, x: Tensor, blocks: Iterable[str] | None = None, take: Take = pool) -> dict[str, Any]:
        """The outputs of blocks, averaged over space or tokens, in one forward.

        Args:
            x: inputs (n, ...), as for `forward`.
            blocks: names out of `blocks`, and "" for the output of the model; None means all blocks.
            take: reduces an output, by its layout and the token mask; see `pool`.

        Returns:
            For each block, in the requested order, (n, d) with its own d, or the result of `take`.

        Raises:
            Unknown: there is no such block.
        """
        wanted = tuple(self.blocks if blocks is None else blocks)
        there = self.there(x)
        with self._tapped([name for name in wanted if name != OUTPUT], there, take) as found:
            output = run(self.inner, self.normalised(x))
        if OUTPUT in wanted:
            found[OUTPUT] = take(output, self.anatomy.output, there)
        return {name: found[name] for name in wanted}

    def with_blocks(self, x: Tensor, view: TeacherView) -> tuple[Tensor, list[Tensor]]:
        """Features (n, width) of x (n, ...), and what is seen of blocks, (n, places, d) each, in one forward.

        Of texts a block's output is the mean over the real tokens.
        """
        there, names = self.there(x), view.chosen(self.blocks)

        def see(output: Tensor, layout: Layout, there: Tensor | None) -> Tensor:
            if view.squares:
                output = output.square().mean(layout.features, keepdim=True)
            return places(output, layout, there, view.places if there is None else 1).value

        with self._tapped(names, there, see) as found:
            features = self(x)
        return features, [found[name] for name in names] or [features[:, None]]

    @contextmanager
    def _tapped(self, blocks: Sequence[str], there: Tensor | None, take: Take) -> Iterator[dict[str, Any]]:
        """What `take` makes of the outputs of blocks in a forward inside the context."""
        found: dict[str, Any] = {}
        with ExitStack() as stack:
            for name in blocks:
                tap = self._tap(name)
                module = self.inner.get_submodule(tap.module)
                hook = _catch(found, name, tap, there, take)
                stack.callback(module.register_forward_hook(hook).remove)
            yield found

    def _tap(self, block: str) -> Tap:
        tap = self.anatomy.taps.get(block.removeprefix("inner."))
        if tap is None:
            raise Unknown("block", block, self.blocks)
        return tap

    def untrained(self, seed: int) -> Self:
        """The same architecture with random weights, a function of `seed`.

        Architectures known by name are initialised as their authors do, others layer by layer.
        """
        fresh = copy.deepcopy(self)
        fresh.frozen_parameters, fresh.trained_head = frozenset(), None  # nothing was learned to be kept
        fresh.classifier = None
        if self.source["kind"] == "projected":
            fresh.inner = self.inner.untrained(seed)  # type: ignore[operator]
            return fresh
        if self.source["kind"] != "own":
            made = sources.build(
                self.source["kind"], self.source["name"], False, seed, self.source.get("config")
            )
            state, own = made.state_dict(), fresh.inner.state_dict()
            if all(key in state and state[key].shape == own[key].shape for key in own):
                fresh.inner.load_state_dict({key: state[key] for key in own})
                return fresh
        reset(fresh.inner, seed)
        return fresh


def _frozen(backbone: nn.Module) -> frozenset[str]:
    """Names of the parameters with `requires_grad=False`."""
    return frozenset(name for name, one in backbone.named_parameters() if not one.requires_grad)


def _catch(found: dict[str, Any], name: str, tap: Tap, there: Tensor | None, take: Take) -> Any:
    def catch(_module: nn.Module, _args: Any, output: Any) -> None:
        found[name] = take(first_tensor(output), tap.layout, there)

    return catch
