"""Learners that learn to learn: y = f_theta(support, x), where theta comes from many tasks before.

`meta_train` learns theta from a family of tasks; the `TrainedLearner` that it returns adapts to a support and
predicts queries. There is one file a learner, and no list to maintain.
"""

from headstart.learners.learner import Learner as Learner
from headstart.learners.learner import Problem as Problem
from headstart.learners.learner import State as State
from headstart.learners.trained import TrainedLearner as TrainedLearner
from headstart.learners.training import meta_train as meta_train

__all__ = ["Learner", "Problem", "State", "TrainedLearner", "meta_train"]
