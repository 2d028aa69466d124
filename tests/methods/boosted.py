"""LightGBM, XGBoost and CatBoost with short settings, and the packages' own models with the same."""

import warnings
from dataclasses import replace

import torch
from tests.methods.ways import probed

from headstart.methods.mapping.trees.catboost import CatBoost
from headstart.methods.mapping.trees.lightgbm import LightGBM
from headstart.methods.mapping.trees.tree_method import SEED
from headstart.methods.mapping.trees.xgboost import XGBoost

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import catboost
    import lightgbm
    import xgboost

SHORT = [LightGBM(iterations=20, min_leaf=20), XGBoost(iterations=20), CatBoost(iterations=20)]
SEEDED = {"random_state": SEED % 2**31}
QUIET = {"allow_writing_files": False, "verbose": False}


def theirs(method, kind):
    """The package's own model with the same settings."""
    if isinstance(method, LightGBM):
        of = lightgbm.LGBMClassifier if kind == "classes" else lightgbm.LGBMRegressor
        return of(n_estimators=20, min_child_samples=20, verbosity=-1, deterministic=True, n_jobs=1)
    if isinstance(method, XGBoost):
        of = xgboost.XGBClassifier if kind == "classes" else xgboost.XGBRegressor
        return of(n_estimators=20, n_jobs=1, **SEEDED)
    of = catboost.CatBoostClassifier if kind == "classes" else catboost.CatBoostRegressor
    return of(iterations=20, thread_count=1, **SEEDED, **QUIET)


def one_step(method):
    """What a single tree at a rate of 1/2 predicts for rows of 0, 2 and of 6, 8, whose mean is 4."""
    x = torch.tensor([[0.0], [0.0], [1.0], [1.0]])
    y = torch.tensor([[0.0], [2.0], [6.0], [8.0]])
    return probed(replace(method, iterations=1, rate=0.5), x, y, 1)(x)[:, 0]
