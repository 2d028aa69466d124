"""Faults of losses that compare embeddings, for tests/test_faults.py."""

from tests.faults import Fault

CONTRASTIVE = (
    Fault(
        "losses/contrastive/logsumexp.py",
        "e.fill_diagonal_(0)",
        "pass",
        "a view is its own negative",
        "losses/contrastive/test_nt_xent.py by_hand",
    ),
    Fault(
        "losses/contrastive/logsumexp.py",
        'slope = (dq * q).sum() / (2 if which == "self" else 1)',
        "slope = (dq * q).sum()",
        "a learned temperature has twice its gradient",
        "losses/contrastive/test_logsumexp.py all_others",
    ),
    Fault(
        "losses/contrastive/logsumexp.py",
        "kind = torch.float32 if scale.item() <= FLOAT else torch.float64",
        "kind = torch.float32",
        "exponentials overflow at a low temperature",
        "losses/contrastive/test_logsumexp.py overflows",
    ),
    Fault(
        "losses/contrastive/nt_xent.py",
        "row_logsumexp(z[mine], z, scale, mine, chunk)",
        "row_logsumexp(z[mine], z[mine], scale, None, chunk)",
        "each process compares its own rows alone",
        "losses/contrastive/test_nt_xent.py add_up",
    ),
    Fault(
        "losses/contrastive/supervised.py",
        "positives = (sums[classes] - own_share) / others[:, None]",
        "positives = sums[classes] / counts[classes][:, None]",
        "a view is its own positive",
        "losses/contrastive/test_supervised.py pair_by_pair",
    ),
    Fault(
        "losses/contrastive/supervised.py",
        "own_share = counted[:, None] * z",
        "own_share = z",
        "rows that count nothing are positives",
        "losses/contrastive/test_supervised.py counts_nothing",
    ),
    Fault(
        "losses/contrastive/dino.py",
        "if other != place",
        "if True",
        "a view is compared with itself",
        "losses/contrastive/test_without_negatives.py dino",
    ),
    Fault(
        "losses/contrastive/negative_cosine.py",
        "target.detach().float()",
        "target.float()",
        "the target moves towards the prediction, and both collapse",
        "losses/contrastive/test_without_negatives.py cosine",
    ),
)
