"""Distributions of tasks, for learners that learn over many: each task is a function of (seed, step).

`TaskFamily` is what a learner learns from: `family.draw(step)` gives a batch of tasks, each with rows to
learn from (its support) and rows to predict (its queries).
"""

from headstart.tasks.column_tasks import ColumnTasks as ColumnTasks
from headstart.tasks.examples import Examples as Examples
from headstart.tasks.examples import examples_of as examples_of
from headstart.tasks.family import TaskFamily as TaskFamily
from headstart.tasks.few_shot import FewShot as FewShot
from headstart.tasks.gaussians import GaussianClasses as GaussianClasses
from headstart.tasks.groups import GroupTasks as GroupTasks
from headstart.tasks.harmonics import Harmonics as Harmonics
from headstart.tasks.hierarchical import HierarchicalGaussians as HierarchicalGaussians
from headstart.tasks.hierarchical import ThetaValue as ThetaValue
from headstart.tasks.lines import Lines as Lines
from headstart.tasks.register import make_family as make_family
from headstart.tasks.several import Several as Several
from headstart.tasks.sinusoids import Sinusoids as Sinusoids
from headstart.tasks.splits import Split as Split
from headstart.tasks.splits import split_classes as split_classes
from headstart.tasks.splits import split_groups as split_groups
from headstart.tasks.synthetic_tables import SyntheticTables as SyntheticTables

__all__ = [
    "ColumnTasks",
    "Examples",
    "FewShot",
    "GaussianClasses",
    "GroupTasks",
    "Harmonics",
    "HierarchicalGaussians",
    "Lines",
    "Several",
    "Sinusoids",
    "Split",
    "SyntheticTables",
    "TaskFamily",
    "ThetaValue",
    "examples_of",
    "make_family",
    "split_classes",
    "split_groups",
]
