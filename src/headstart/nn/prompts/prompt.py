"""What a prompt is: an edit of what a model reads, which learns while the model stays as it is."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from torch import nn
from torch.utils.hooks import RemovableHandle


class Prompt(nn.Module):
    """What all prompts have in common; a subclass says where it enters a model, in `attach`."""

    @property
    def settings(self) -> Mapping[str, Any]:
        """Keyword arguments that make one of the same shape; JSON values only."""
        raise NotImplementedError

    def attach(self, model: nn.Module) -> Sequence[RemovableHandle]:
        """Let a model read what the prompt makes of its inputs, by hooks, until the handles are removed.

        Raises:
            BadInput: the model does not read what this prompt can edit.
        """
        raise NotImplementedError

    @contextmanager
    def on(self, model: nn.Module) -> Iterator[nn.Module]:
        """Context in which a model reads with the prompt; after it, no trace of that is left.

        In the context the model is in evaluation mode and its parameters take no gradient, so that the prompt
        alone can learn.

        Args:
            model: any that this prompt suits.

        Yields:
            `model` itself.

        Raises:
            BadInput: the model does not read what this prompt can edit.
        """
        handles = self.attach(model)
        modes = {layer: layer.training for layer in model.modules()}
        flags = {parameter: parameter.requires_grad for parameter in model.parameters()}
        try:
            model.eval().requires_grad_(False)
            yield model
        finally:
            for handle in handles:
                handle.remove()
            for layer, mode in modes.items():
                layer.training = mode
            for parameter, flag in flags.items():
                parameter.requires_grad_(flag)
