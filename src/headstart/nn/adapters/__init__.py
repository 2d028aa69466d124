"""Adapters: a few parameters at the layers of a module, whose own parameters stay as they are."""

from .adapter import Adapter as Adapter
from .attaching import adapted_layers as adapted_layers
from .attaching import fold as fold
from .attaching import is_of_adapter as is_of_adapter
from .bottleneck import Bottlenecks as Bottlenecks
from .convolution import ConvAdapters as ConvAdapters
from .described import attach_all as attach_all
from .described import describe as describe
from .described import rebuild as rebuild
from .kind import AdapterKind as AdapterKind
from .lora import LoRA as LoRA
from .prefix import PrefixTokens as PrefixTokens
from .scaling import IA3 as IA3
from .token_prompts import TokenPrompts as TokenPrompts
