"""Floor 2: make a backbone of anything, and run a frozen one fast."""

from .backbone import AnyBackbone as AnyBackbone
from .backbone import backbone as backbone
from .backbone import rebuild as rebuild
from .fast import fast as fast
