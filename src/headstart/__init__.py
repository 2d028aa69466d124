"""headstart: a model that knows something and a little data of yours become your model.

Everything is imported when it is first used, so that importing headstart costs next to nothing.
"""

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0.dev0"

if TYPE_CHECKING:
    from headstart import data as data
    from headstart import learners as learners
    from headstart import methods as methods
    from headstart import models as models
    from headstart import sklearn as sklearn
    from headstart import tasks as tasks
    from headstart.core.guides import Guides as Guides
    from headstart.core.guides import open_guides as open_guides
    from headstart.generators.generator import Generator as Generator
    from headstart.generators.generator import open_generator as open_generator
    from headstart.learners.evaluation import compare_learners as compare_learners
    from headstart.learners.trained import TrainedLearner as TrainedLearner
    from headstart.learners.trained import open_learner as open_learner
    from headstart.learners.training import meta_train as meta_train
    from headstart.nn import adapters as adapters
    from headstart.nn import prompts as prompts
    from headstart.nn.adapters.side_car import Adapters as Adapters
    from headstart.predictor.fit import fit as fit
    from headstart.predictor.predictor import Predictor as Predictor
    from headstart.predictor.predictor import open_model as open  # noqa: A004
    from headstart.predictor.prompt_search import expand_prompts as expand_prompts
    from headstart.predictor.prompt_search import search_prompts as search_prompts
    from headstart.run.guided import guide as guide
    from headstart.run.recipe import Recipe as Recipe
    from headstart.runtime.onnx_predictor import OnnxPredictor as OnnxPredictor
    from headstart.runtime.onnx_predictor import open_onnx as open_onnx
    from headstart.runtime.predictions import PredictedClass, PredictedNumbers, PredictedTags
    from headstart.session.class_samples import class_samples as class_samples
    from headstart.streaming import guards as guards
    from headstart.streaming.stream_model import Stream as Stream
    from headstart.streaming.stream_model import stream as stream
    from headstart.studies import build_page as build_page
    from headstart.studies.adapt.adapted import Adapted as Adapted
    from headstart.studies.align.run import Aligned as Aligned
    from headstart.studies.generate.generated import Generated as Generated
    from headstart.studies.stream.prequential import prequential as prequential
    from headstart.studies.translate.translator import Translated as Translated
    from headstart.studies.translate.translator import Translator as Translator
    from headstart.teaching.session import TeachingSession as TeachingSession

_FOUND = {
    "data": ("headstart.data", ""),
    "methods": ("headstart.methods", ""),
    "models": ("headstart.models", ""),
    "sklearn": ("headstart.sklearn", ""),
    "tasks": ("headstart.tasks", ""),
    "learners": ("headstart.learners", ""),
    "compare_learners": ("headstart.learners.evaluation", "compare_learners"),
    "meta_train": ("headstart.learners.training", "meta_train"),
    "open_learner": ("headstart.learners.trained", "open_learner"),
    "TrainedLearner": ("headstart.learners.trained", "TrainedLearner"),
    "Recipe": ("headstart.run.recipe", "Recipe"),
    "Adapted": ("headstart.studies.adapt.adapted", "Adapted"),
    "Adapters": ("headstart.nn.adapters.side_car", "Adapters"),
    "adapters": ("headstart.nn.adapters", ""),
    "Aligned": ("headstart.studies.align.run", "Aligned"),
    "build_page": ("headstart.studies", "build_page"),
    "class_samples": ("headstart.session.class_samples", "class_samples"),
    "fit": ("headstart.predictor.fit", "fit"),
    "guide": ("headstart.run.guided", "guide"),
    "Guides": ("headstart.core.guides", "Guides"),
    "open_guides": ("headstart.core.guides", "open_guides"),
    "Generated": ("headstart.studies.generate.generated", "Generated"),
    "Generator": ("headstart.generators.generator", "Generator"),
    "open_generator": ("headstart.generators.generator", "open_generator"),
    "open": ("headstart.predictor.predictor", "open_model"),
    "open_onnx": ("headstart.runtime.onnx_predictor", "open_onnx"),
    "OnnxPredictor": ("headstart.runtime.onnx_predictor", "OnnxPredictor"),
    "PredictedNumbers": ("headstart.runtime.predictions", "PredictedNumbers"),
    "PredictedClass": ("headstart.runtime.predictions", "PredictedClass"),
    "PredictedTags": ("headstart.runtime.predictions", "PredictedTags"),
    "Predictor": ("headstart.predictor.predictor", "Predictor"),
    "prompts": ("headstart.nn.prompts", ""),
    "expand_prompts": ("headstart.predictor.prompt_search", "expand_prompts"),
    "search_prompts": ("headstart.predictor.prompt_search", "search_prompts"),
    "Translated": ("headstart.studies.translate.translator", "Translated"),
    "TeachingSession": ("headstart.teaching.session", "TeachingSession"),
    "Translator": ("headstart.studies.translate.translator", "Translator"),
    "guards": ("headstart.streaming.guards", ""),
    "prequential": ("headstart.studies.stream.prequential", "prequential"),
    "stream": ("headstart.streaming.stream_model", "stream"),
    "Stream": ("headstart.streaming.stream_model", "Stream"),
}

__all__ = ["Adapted", "PredictedClass", "PredictedNumbers", "PredictedTags", "Predictor"]
__all__ += ["Recipe", "build_page", "data", "fit"]
__all__ += ["methods", "models", "open"]
__all__ += ["Aligned", "Guides", "guide", "open_guides"]
__all__ += ["Stream", "guards", "prequential", "stream"]
__all__ += ["Adapters", "adapters", "prompts", "sklearn"]
__all__ += ["Translated", "Translator"]
__all__ += ["OnnxPredictor", "open_onnx"]
__all__ += ["TeachingSession", "expand_prompts", "search_prompts"]
__all__ += ["TrainedLearner", "compare_learners", "learners", "meta_train", "open_learner", "tasks"]
__all__ += ["Generated", "Generator", "class_samples", "open_generator"]


def __getattr__(name: str) -> Any:
    if name in _FOUND:
        module, attribute = _FOUND[name]
        value = importlib.import_module(module)
        return getattr(value, attribute) if attribute else value
    if not name.startswith("_"):
        from headstart.studies import find_public, public_names

        if name in public_names():
            return find_public(name)
    raise AttributeError(f"headstart has no {name!r}; it has {', '.join(__dir__())}")


def __dir__() -> list[str]:
    from headstart.studies import public_names

    return sorted([*_FOUND, *public_names(), "__version__"])
