"""A prior over tables: synthetic learning tasks from which a model learns to learn."""

from .tables import Tables as Tables
from .tables import draw_tables as draw_tables
