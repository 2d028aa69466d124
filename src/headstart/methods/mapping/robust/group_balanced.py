from dataclasses import dataclass
from typing import final

from headstart.core import About, Grouped

from ._groups import ByGroup


@final
@dataclass(frozen=True, kw_only=True)
class GroupBalanced(ByGroup):
    """Fine-tune with every group counting the same, however few rows it has.

    A group is a class with a value of the data's attribute, such as cows on sand; of data without
    attributes it is a class.
    """

    about = About("group-balanced", "start", "mapping", Grouped, "arXiv:2110.14503", label_kinds=("classes",))
