"""Synthetic distribution shifts of pictures: corruptions and domains."""

from .apply import shift_pictures as shift_pictures
from .corruption import CORRUPTIONS as CORRUPTIONS
from .corruption import Corruption as Corruption
from .domains import DOMAINS as DOMAINS
from .domains import Blur as Blur
from .domains import Hue as Hue
from .domains import Invert as Invert
from .domains import Resolution as Resolution
from .domains import Rotate as Rotate
from .domains import Tint as Tint
from .shift import Shift as Shift
from .shifted import shifted as shifted
