"""Learners that learn to learn: y = f_theta(support, x), where theta comes from many tasks before.

`meta_train` learns theta from a family of tasks; the `TrainedLearner` that it returns adapts to a support and
predicts queries. `compare_learners`, `shots_curve` and `steps_curve` measure several on the same tasks. There
is one file a learner, and no list to maintain.
"""

from headstart.learners.evaluation import compare_learners as compare_learners
from headstart.learners.evaluation import shots_curve as shots_curve
from headstart.learners.evaluation import steps_curve as steps_curve
from headstart.learners.learner import Learner as Learner
from headstart.learners.learner import Problem as Problem
from headstart.learners.learner import State as State
from headstart.learners.learner import make_learner as make_learner
from headstart.learners.scores import LearnerComparison as LearnerComparison
from headstart.learners.scores import TaskDifference as TaskDifference
from headstart.learners.scores import TaskScores as TaskScores
from headstart.learners.trained import TrainedLearner as TrainedLearner
from headstart.learners.training import meta_train as meta_train

__all__ = ["Learner", "Problem", "State", "TrainedLearner", "make_learner", "meta_train"]
__all__ += ["LearnerComparison", "TaskDifference", "TaskScores"]
__all__ += ["compare_learners", "shots_curve", "steps_curve"]
