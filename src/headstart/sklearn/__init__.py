"""The scikit-learn face: for pipelines and searches, and for rows of two domains.

scikit-learn is imported in this folder and nowhere else.
"""

from headstart.core import MissingPackage

try:
    import sklearn.base  # noqa: F401
except ImportError as error:
    raise MissingPackage("scikit-learn", "headstart.sklearn", "sklearn") from error

from .aligners import CORAL as CORAL
from .aligners import OptimalTransport as OptimalTransport
from .aligners import SubspaceAlignment as SubspaceAlignment
from .classifier import TransferClassifier as TransferClassifier
from .features import Features as Features
from .importance import ImportanceWeights as ImportanceWeights
from .importance import WeightsReport as WeightsReport
from .importance import WeightsWarning as WeightsWarning
from .regressor import TransferRegressor as TransferRegressor
from .tradaboost import TrAdaBoost as TrAdaBoost

__all__ = [
    "CORAL",
    "Features",
    "ImportanceWeights",
    "OptimalTransport",
    "SubspaceAlignment",
    "TrAdaBoost",
    "TransferClassifier",
    "TransferRegressor",
    "WeightsReport",
    "WeightsWarning",
]


def __dir__() -> list[str]:
    return __all__
