"""Faults about what a model says of unlabelled rows, and about frozen features that are moved."""

from tests.faults import Fault

DOMAINS = "methods/inputs/domains/"

SELFLABEL_FAULTS = (
    Fault(
        DOMAINS + "mcc.py",
        "class_confusion(outputs.target_logits",
        "class_confusion(outputs.source_logits",
        "confusion is that of the source's rows",
        "methods/test_mcc.py by_hand",
    ),
    Fault(
        DOMAINS + "entropy_minimisation.py",
        "(outputs.target_logits, self.balance)",
        "(outputs.target_logits, 0.0)",
        "the mean answer may be one class for all, whatever the balance",
        "methods/test_entropy_minimisation.py by_hand",
    ),
    Fault(
        DOMAINS + "self_training.py",
        "min(1.0, best_scale(*confidence.known))",
        "1.0",
        "a teacher is taken by its word, calibrated or not",
        "methods/test_self_training.py less_sure",
    ),
    Fault(
        DOMAINS + "self_training.py",
        "min(1.0, best_scale(*confidence.known))",
        "best_scale(*confidence.known)",
        "rows that were learned from make a teacher ever surer",
        "methods/test_self_training.py by_its_word",
    ),
    Fault(
        DOMAINS + "self_training.py",
        "value.lerp_(student[name], 1 - decay)",
        "value.lerp_(student[name], decay)",
        "the teacher is the student of now",
        "methods/test_self_training.py average",
    ),
    Fault(
        "nn/confidence.py",
        "return reached / (2 - reached)",
        "return reached",
        "flexible thresholds fall too slowly",
        "methods/test_self_training.py flexible",
    ),
    Fault(
        "nn/confidence.py",
        ")[-len(old) :]",
        ")[: len(old)]",
        "the first answers are remembered for ever",
        "methods/test_self_training.py last_rows",
    ),
    Fault(
        "nn/domain_norm.py",
        "self.source(x[:cut]), self.target(x[cut:])",
        "self.target(x[:cut]), self.target(x[cut:])",
        "both domains share statistics",
        "methods/test_domain_norm.py own_rows",
    ),
    Fault(
        "nn/domain_norm.py",
        "setattr(owner, name, child.target)",
        "setattr(owner, name, child.source)",
        "the shipped network has the source's normalisations",
        "methods/test_domain_norm.py replaced_once or elsewhere",
    ),
    Fault(
        "nn/domain_norm.py",
        "    finally:\n        for norm in norms:\n            norm.rows = None\n",
        "    finally:\n        pass\n",
        "rows of the target are taken for the source's after training",
        "methods/test_domain_norm.py outside",
    ),
    Fault(
        "nn/centroids.py",
        "    return cosines.masked_fill((sums == 0).all(1), -torch.inf).argmax(1)",
        "    return cosines.argmax(1)",
        "a class that no row is of is the nearest one",
        "methods/test_shot.py nearest",
    ),
    Fault(
        "nn/centroids.py",
        "nearest(unit(features), self.hard)",
        "nearest(unit(features), self.soft)",
        "labels are those of the first round",
        "methods/test_shot.py authors",
    ),
    Fault(
        DOMAINS + "shot.py",
        "Descend(self.loss, on=(tuned_on(self)[1],))",
        "Descend(self.loss, on=tuned_on(self))",
        "the head that is to stay learns",
        "methods/test_shot.py stays",
    ),
    Fault(
        DOMAINS + "_banks.py",
        "        features, labels = features[new], labels[new]\n",
        "",
        "labelled target rows count once for each batch",
        "methods/test_coral.py count_once",
    ),
    Fault(
        DOMAINS + "_mapping.py",
        "self.move(source, labels, target), self.weight)",
        "self.move(source, labels, target), 1.0)",
        "rows are moved all the way, whatever the weight",
        "methods/test_coral.py without_weight or halfway",
    ),
    Fault(
        DOMAINS + "subspace_alignment.py",
        " + target.mean(0)",
        " + source.mean(0)",
        "moved rows lie where the source does",
        "methods/test_subspace_alignment.py projection or by_hand",
    ),
    Fault(
        DOMAINS + "optimal_transport.py",
        "return source + (moved - few)[nearest]",
        "return moved[nearest]",
        "rows that were not planned for fall together",
        "methods/test_optimal_transport.py too_many",
    ),
    Fault(
        "solvers/class_transport.py",
        "(sent * cost.shape[1] + floor)",
        "(sent + floor)",
        "the price on classes vanishes where there are many rows",
        "solvers/test_class_transport.py pots",
    ),
)
