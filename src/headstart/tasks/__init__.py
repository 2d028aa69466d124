"""Distributions of tasks, for learners that learn over many: each task is a function of (seed, step).

`TaskFamily` is what a learner learns from: `family.draw(step)` gives a batch of tasks, each with rows to
learn from (its support) and rows to predict (its queries).
"""

from headstart.tasks.family import TaskFamily as TaskFamily
from headstart.tasks.gaussians import GaussianClasses as GaussianClasses
from headstart.tasks.register import make_family as make_family
from headstart.tasks.sinusoids import Sinusoids as Sinusoids

__all__ = ["GaussianClasses", "Sinusoids", "TaskFamily", "make_family"]
