"""The scikit-learn face: a transformer, a classifier and a regressor for pipelines and searches.

scikit-learn is imported in this folder and nowhere else.
"""

from headstart.core import MissingPackage

try:
    import sklearn.base  # noqa: F401
except ImportError as error:
    raise MissingPackage("scikit-learn", "headstart.sklearn", "sklearn") from error

from .classifier import TransferClassifier as TransferClassifier
from .features import Features as Features
from .regressor import TransferRegressor as TransferRegressor
