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
    from headstart.study.adapting.adapt import Adapted as Adapted
    from headstart.study.adapting.adapt import adapt as adapt
    from headstart.study.adapting.fit import fit as fit
    from headstart.study.aligning.align import Aligned as Aligned
    from headstart.study.aligning.align import align as align
    from headstart.study.aligning.record import Alignment as Alignment
    from headstart.study.confounding.record import Shortcuts as Shortcuts
    from headstart.study.confounding.shortcuts import shortcuts as shortcuts
    from headstart.study.experiments.curve import curve as curve
    from headstart.study.experiments.curve_record import SizeCurve as SizeCurve
    from headstart.study.experiments.yosinski import yosinski as yosinski
    from headstart.study.experiments.yosinski_record import Transfer as Transfer
    from headstart.study.probing.probe import probe as probe
    from headstart.study.probing.record import Probing as Probing
    from headstart.study.ranking.rank import rank as rank
    from headstart.study.ranking.record import Ranking as Ranking
    from headstart.study.searching.record import Search as Search
    from headstart.study.searching.search import search as search
    from headstart.study.settings import AdaptSettings as AdaptSettings
    from headstart.study.shifting.record import Shift as Shift
    from headstart.study.shifting.shift import shift as shift
    from headstart.study.streaming import guards as guards
    from headstart.study.streaming.prequential import prequential as prequential
    from headstart.study.streaming.record import Prequential as Prequential
    from headstart.study.streaming.stream import Stream as Stream
    from headstart.study.streaming.stream import stream as stream
    from headstart.study.translating.translate import translate as translate
    from headstart.study.translating.translated import Translated as Translated
    from headstart.study.translating.translated import Translator as Translator
    from headstart.study.using.answers import Numbers as Numbers
    from headstart.study.using.answers import Prediction as Prediction
    from headstart.study.using.answers import Tagged as Tagged
    from headstart.study.using.predictor import Predictor as Predictor
    from headstart.study.using.predictor import open_model as open  # noqa: A004

_FOUND = {
    "shortcuts": ("headstart.study.confounding.shortcuts", "shortcuts"),
    "Shortcuts": ("headstart.study.confounding.record", "Shortcuts"),
    "data": ("headstart.data", ""),
    "methods": ("headstart.methods", ""),
    "models": ("headstart.models", ""),
    "sklearn": ("headstart.sklearn", ""),
    "Recipe": ("headstart.run.recipe", "Recipe"),
    "adapt": ("headstart.study.adapting.adapt", "adapt"),
    "Adapted": ("headstart.study.adapting.adapt", "Adapted"),
    "align": ("headstart.study.aligning.align", "align"),
    "Aligned": ("headstart.study.aligning.align", "Aligned"),
    "Alignment": ("headstart.study.aligning.record", "Alignment"),
    "fit": ("headstart.study.adapting.fit", "fit"),
    "open": ("headstart.study.using.predictor", "open_model"),
    "Numbers": ("headstart.study.using.answers", "Numbers"),
    "Prediction": ("headstart.study.using.answers", "Prediction"),
    "Tagged": ("headstart.study.using.answers", "Tagged"),
    "Predictor": ("headstart.study.using.predictor", "Predictor"),
    "translate": ("headstart.study.translating.translate", "translate"),
    "Translated": ("headstart.study.translating.translated", "Translated"),
    "Translator": ("headstart.study.translating.translated", "Translator"),
    "probe": ("headstart.study.probing.probe", "probe"),
    "Probing": ("headstart.study.probing.record", "Probing"),
    "Ranking": ("headstart.study.ranking.record", "Ranking"),
    "rank": ("headstart.study.ranking.rank", "rank"),
    "AdaptSettings": ("headstart.study.settings", "AdaptSettings"),
    "shift": ("headstart.study.shifting.shift", "shift"),
    "Shift": ("headstart.study.shifting.record", "Shift"),
    "guards": ("headstart.study.streaming.guards", ""),
    "prequential": ("headstart.study.streaming.prequential", "prequential"),
    "Prequential": ("headstart.study.streaming.record", "Prequential"),
    "stream": ("headstart.study.streaming.stream", "stream"),
    "Stream": ("headstart.study.streaming.stream", "Stream"),
    "search": ("headstart.study.searching.search", "search"),
    "Search": ("headstart.study.searching.record", "Search"),
    "curve": ("headstart.study.experiments.curve", "curve"),
    "SizeCurve": ("headstart.study.experiments.curve_record", "SizeCurve"),
    "yosinski": ("headstart.study.experiments.yosinski", "yosinski"),
    "Transfer": ("headstart.study.experiments.yosinski_record", "Transfer"),
}

__all__ = ["AdaptSettings", "Adapted", "Prediction", "Predictor", "Ranking", "Recipe", "adapt", "data", "fit"]
__all__ += ["Search", "SizeCurve", "Transfer", "curve", "methods", "models", "open", "rank", "search"]
__all__ += ["Shortcuts", "shortcuts"]
__all__ += ["Aligned", "Alignment", "Shift", "align", "shift"]
__all__ += ["Prequential", "Stream", "guards", "prequential", "stream"]
__all__ += ["Numbers", "Probing", "Tagged", "probe", "sklearn", "yosinski"]
__all__ += ["Translated", "Translator", "translate"]


def __getattr__(name: str) -> Any:
    if name not in _FOUND:
        raise AttributeError(f"headstart has no {name!r}; it has {', '.join(sorted(_FOUND))}")
    module, attribute = _FOUND[name]
    found = importlib.import_module(module)
    return getattr(found, attribute) if attribute else found


def __dir__() -> list[str]:
    return sorted([*_FOUND, "__version__"])
