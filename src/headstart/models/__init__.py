"""Floor 2: backbones from names or modules, model surgery, encoder files, and fast frozen inference."""

from .backbone import AnyBackbone as AnyBackbone
from .backbone import backbone as backbone
from .backbone import rebuild as rebuild
from .classifier import classifier as classifier
from .cloze import calibrated as calibrated
from .cloze import cloze as cloze
from .depth import DepthMap as DepthMap
from .depth import describe as describe
from .encoders import fingerprint as fingerprint
from .encoders import load_encoder as load_encoder
from .encoders import save_encoder as save_encoder
from .fast import fast as fast
from .operations.channels import new_channels as new_channels
from .operations.columns import new_columns as new_columns
from .operations.fewer import smaller as smaller
from .operations.front import Luminance as Luminance
from .operations.front import translated as translated
from .operations.last import new_last as new_last
from .operations.middle import keep_only as keep_only
from .operations.middle import middle as middle
from .operations.report import Change as Change
from .operations.report import Report as Report
from .operations.size import new_size as new_size
from .operations.vocabulary import new_vocabulary as new_vocabulary
from .pairs import Pair as Pair
from .pairs import pair as pair
from .readout import FeatureSource as FeatureSource
from .readout import Readout as Readout
from .selecting import select as select
from .tables import TableEncoder as TableEncoder

__all__ = [
    "AnyBackbone",
    "Change",
    "DepthMap",
    "FeatureSource",
    "Luminance",
    "Pair",
    "Readout",
    "Report",
    "TableEncoder",
    "backbone",
    "calibrated",
    "classifier",
    "cloze",
    "describe",
    "fast",
    "fingerprint",
    "keep_only",
    "load_encoder",
    "middle",
    "new_channels",
    "new_columns",
    "new_last",
    "new_size",
    "new_vocabulary",
    "pair",
    "rebuild",
    "save_encoder",
    "select",
    "smaller",
    "translated",
]


def __dir__() -> list[str]:
    return __all__
