from dataclasses import dataclass
from typing import final

from headstart.core import About, Labelled
from headstart.methods.added_tokens import AddedTokens
from headstart.nn import adapters


@final
@dataclass(frozen=True, kw_only=True)
class PrefixTokens(AddedTokens):
    """Train keys and values in front of those of each attention, and the head.

    Attributes:
        gate: whether the attention to them is added times a gate that is 0 at the start.
    """

    about = About("prefix-tokens", "start", "mapping", Labelled, "arXiv:2101.00190", needs_transformer=True)
    gate: bool = False

    def kind(self) -> adapters.PrefixTokens:
        """Keys and values in front of those of the attentions."""
        return adapters.PrefixTokens(count=self.count, gate=self.gate, initial=self.initial, at=self.at)
