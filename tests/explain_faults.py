"""Faults of explanations: contributions that look well and are those of something else."""

from tests.faults import Fault

COALITIONS = "attribution/test_coalitions.py"
MAPS = "attribution/test_maps.py"
EXPLAIN = "study/test_explain.py"

EXPLAIN_FAULTS = (
    Fault(
        "attribution/coalitions.py",
        "mine = np.take_along_axis(np.diff(steps, axis=1), ranks, axis=1)",
        "mine = np.diff(steps, axis=1)",
        "what the first part to come changes is given to the first column",
        f"{COALITIONS} linear_model_by_hand or share",
    ),
    Fault(
        "attribution/coalitions.py",
        "masks = ranks[:, None, :] < np",
        "masks = both[:, None, :] < np",
        "an order is taken for the ranks in it",
        f"{COALITIONS} linear_model_by_hand or share",
    ),
    Fault(
        "attribution/coalitions.py",
        "return Attributed(whole - without.mean(axis=1), errors, whole, None)",
        "return Attributed(without.mean(axis=1) - whole, errors, whole, None)",
        "what speaks for a class seems to speak against it",
        f"{COALITIONS} columns_out",
    ),
    Fault(
        "attribution/maps.py",
        "one[:, top : top + side, left : left + side] = fill",
        "one[:, left : left + side, top : top + side] = fill",
        "rows and columns of the map are exchanged",
        f"{MAPS} peaks_there",
    ),
    Fault(
        "attribution/maps.py",
        "+ 0.5) / steps",
        "+ 0.0) / steps",
        "gradients are taken at the left end of each step",
        f"{MAPS} gradients_by_hand",
    ),
    Fault(
        "attribution/nearest.py",
        "    return torch.nn.functional.normalize(rows, dim=1)\n",
        "    return rows\n",
        "long features are near to all",
        f"{COALITIONS} nearest_examples",
    ),
    Fault(
        "attribution/permutation.py",
        "shuffled[:, numbers] = rows[torch.from_numpy(generator.permutation(len(rows)))][:, numbers]",
        "shuffled[:, numbers[0]] = rows[torch.from_numpy(generator.permutation(len(rows)))][:, numbers[0]]",
        "of a date or a text the other parts still tell what it was",
        f"{COALITIONS} not_read",
    ),
    Fault(
        "predictor/explaining.py",
        "return model.classes.index(name)\n",
        "return int(outputs.argmax())\n",
        "another class is asked for, and the predicted one explained",
        f"{EXPLAIN} lose_without",
    ),
    Fault(
        "attribution/log_odds.py",
        "        mine = mine - others.logsumexp(1)\n",
        "        mine = mine.exp() / outputs.exp().sum(1)\n",
        "where the model is sure nothing contributes",
        f"{EXPLAIN} probability_is_1",
    ),
    Fault(
        "predictor/importance.py",
        "sign = -1 if metric in LOWER_IS_BETTER else 1",
        "sign = 1",
        "columns that lower the log loss seem to harm",
        f"{EXPLAIN} permuted",
    ),
)
