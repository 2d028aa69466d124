"""headstart: a model that knows something and a little data of yours become your model.

Everything is imported when it is first used, so that importing headstart costs next to nothing.
"""

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0.dev0"

if TYPE_CHECKING:
    from headstart import data as data
    from headstart import methods as methods
    from headstart import models as models
    from headstart import sklearn as sklearn
    from headstart.run.recipe import Recipe as Recipe
    from headstart.study.adapt import Adapted as Adapted
    from headstart.study.adapt import adapt as adapt
    from headstart.study.answers import Numbers as Numbers
    from headstart.study.answers import Prediction as Prediction
    from headstart.study.answers import Tagged as Tagged
    from headstart.study.curve import curve as curve
    from headstart.study.curve_record import SizeCurve as SizeCurve
    from headstart.study.fit import fit as fit
    from headstart.study.predictor import Predictor as Predictor
    from headstart.study.predictor import open_model as open  # noqa: A004
    from headstart.study.probe import probe as probe
    from headstart.study.probing_record import Probing as Probing
    from headstart.study.rank import rank as rank
    from headstart.study.ranking import Ranking as Ranking
    from headstart.study.search import search as search
    from headstart.study.search_record import Search as Search
    from headstart.study.settings import Settings as Settings
    from headstart.study.yosinski import yosinski as yosinski
    from headstart.study.yosinski_record import Transfer as Transfer

_FOUND = {
    "data": ("headstart.data", ""),
    "methods": ("headstart.methods", ""),
    "models": ("headstart.models", ""),
    "sklearn": ("headstart.sklearn", ""),
    "Recipe": ("headstart.run.recipe", "Recipe"),
    "adapt": ("headstart.study.adapt", "adapt"),
    "Adapted": ("headstart.study.adapt", "Adapted"),
    "fit": ("headstart.study.fit", "fit"),
    "open": ("headstart.study.predictor", "open_model"),
    "Numbers": ("headstart.study.answers", "Numbers"),
    "Prediction": ("headstart.study.answers", "Prediction"),
    "Tagged": ("headstart.study.answers", "Tagged"),
    "Predictor": ("headstart.study.predictor", "Predictor"),
    "probe": ("headstart.study.probe", "probe"),
    "Probing": ("headstart.study.probing_record", "Probing"),
    "Ranking": ("headstart.study.ranking", "Ranking"),
    "rank": ("headstart.study.rank", "rank"),
    "Settings": ("headstart.study.settings", "Settings"),
    "search": ("headstart.study.search", "search"),
    "Search": ("headstart.study.search_record", "Search"),
    "curve": ("headstart.study.curve", "curve"),
    "SizeCurve": ("headstart.study.curve_record", "SizeCurve"),
    "yosinski": ("headstart.study.yosinski", "yosinski"),
    "Transfer": ("headstart.study.yosinski_record", "Transfer"),
}

__all__ = ["Adapted", "Prediction", "Predictor", "Ranking", "Recipe", "Settings", "adapt", "data", "fit"]
__all__ += ["Search", "SizeCurve", "Transfer", "curve", "methods", "models", "open", "rank", "search"]
__all__ += ["Numbers", "Probing", "Tagged", "probe", "sklearn", "yosinski"]


def __getattr__(name: str) -> Any:
    if name not in _FOUND:
        raise AttributeError(f"headstart has no {name!r}; it has {', '.join(sorted(_FOUND))}")
    module, attribute = _FOUND[name]
    found = importlib.import_module(module)
    return getattr(found, attribute) if attribute else found


def __dir__() -> list[str]:
    return sorted([*_FOUND, "__version__"])
