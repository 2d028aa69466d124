from dataclasses import dataclass
from typing import final

from headstart.core import About, Labelled
from headstart.methods.added_tokens import AddedTokens
from headstart.nn import adapters


@final
@dataclass(frozen=True, kw_only=True)
class TokenPrompts(AddedTokens):
    """Train tokens in front of those that a transformer reads, and the head; the mapping stays.

    Attributes:
        deep: whether each layer has tokens of its own, or the first layer has them.
    """

    about = About("token-prompts", "mapping", "inputs", Labelled, "arXiv:2203.12119", needs_transformer=True)
    deep: bool = True

    def kind(self) -> adapters.TokenPrompts:
        """Prompts in front of the tokens."""
        return adapters.TokenPrompts(count=self.count, deep=self.deep, initial=self.initial, at=self.at)
