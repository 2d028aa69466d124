"""The final model of a run in its folder, with its card and the ONNX file that answers without torch."""

from dataclasses import replace

from headstart.core import LabelKind
from headstart.predictor.onnx_beside import write_beside
from headstart.predictor.predictor import Predictor
from headstart.predictor.save import save_model
from headstart.runtime.predictions import Decision
from headstart.studies._runner import Job
from headstart.studies.adapt import AdaptSettings, Result
from headstart.studies.adapt.fixed_costs import MODEL, ONNX
from headstart.studies.adapt.model_card import model_card

LONG = 20.0  # seconds that the slower exporter may take


def ship_model(job: Job[AdaptSettings], record: Result) -> None:
    """Write the model, and its ONNX file unless that is not wanted or can't be made, which is said."""
    model, folder = job.artefacts["model"], job.folder.path / "model"
    decision, two = Decision(job.settings.abstain), record.two_classes
    if two is not None and two.rule:
        decision = replace(decision, positive=two.positive, threshold=two.threshold)
    kind: LabelKind = job.inputs["data"].label_kind
    classes, training = tuple(record.classes), job.artefacts["training"]
    with job.step(MODEL):
        save_model(model, folder, classes, decision, model_card(record), kind, training)
    if not job.settings.writes_onnx:
        return
    with job.step(ONNX):
        predictor = Predictor(model, classes, model.backbone.preprocess, 0.0, kind, training)
        predictor.decide(decision)
        left = (job.settings.limit or float("inf")) - job.progress.elapsed()
        try:
            write_beside(predictor, folder, job.progress.share, quick=left < LONG)
        except Exception as reason:  # of any kind: the model itself is saved
            why = (str(reason).strip().splitlines() or [type(reason).__name__])[0]
            job.progress.tell([("! onnx", f"There is no model.onnx, so that answers need torch: {why}")])
