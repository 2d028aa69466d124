"""Prompts: edits of what a model reads, which learn while the model stays as it is."""

from headstart.nn.adapters.prefix import PrefixTokens as PrefixTokens
from headstart.nn.adapters.token_prompts import TokenPrompts as TokenPrompts

from .frame import Frame as Frame
from .frame import Full as Full
from .patch import Patch as Patch
from .pixels import PixelPrompt as PixelPrompt
from .prompt import Prompt as Prompt
