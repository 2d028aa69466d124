"""Floor 2: data. Sources, checks, splits and streams; every batch is a function of (seed, step)."""

from .augment import Augment as Augment
from .check import check as check
from .dataset import Dataset as Dataset
from .load import load as load
from .shifts import shifted as shifted
