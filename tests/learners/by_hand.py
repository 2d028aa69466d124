"""Parts of a learner on inputs that are their own features, for numbers by hand."""

import torch
from torch import nn

from headstart.core import Labelled
from headstart.learners.encoding import make_encoder
from headstart.learners.learner import Problem


def plain_parts(learner, columns=2, outputs=2, kind="classes", pooled=0):
    """The parts of a learner whose encoder is the identity."""
    problem = Problem((columns,), outputs, kind, pooled)
    return learner.parts(make_encoder(nn.Identity(), (columns,)), problem).eval()


def rows(x, y):
    """One task's rows."""
    return Labelled(torch.tensor([x], dtype=torch.float32), torch.tensor([y]))


def answer(learner, parts, support, queries):
    """Outputs (q, outputs) of the queries of one task."""
    x = torch.tensor([queries], dtype=torch.float32)
    with torch.no_grad():
        return learner.predict(parts, learner.adapt(parts, support), x)[0]
