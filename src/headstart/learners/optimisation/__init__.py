"""Optimisation-based learners: a start from which a few gradient steps learn a task."""
