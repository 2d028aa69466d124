"""Faults of pre-training as a study, for tests/test_faults.py."""

from tests.faults import Fault

PRETRAIN = (
    Fault(
        "studies/pretrain/run.py",
        "        fitted = session.fit(plain, parts.train, long,",
        "        fitted = session.fit(plain, parts.data.labels.argsort(), long,",
        "the encoder learns from the held-out rows",
        "study/test_pretrain.py training_part_alone",
    ),
    Fault(
        "studies/pretrain/watching.py",
        "    last = losses[-max(1, len(losses) // 4) :]\n",
        "    last = losses\n",
        "a loss is called stuck by its beginning",
        "study/test_pretrain_collapse.py stuck_by_its_rule",
    ),
    Fault(
        "metrics/representations.py",
        "    share = values / total\n",
        "    share = values.square() / values.square().sum()\n",
        "the effective rank is of variances, not of singular values",
        "metrics/test_representations.py effective_rank_by_hand",
    ),
    Fault(
        "metrics/neighbours.py",
        "        weight = torch.softmax(cosine / temperature, 1)\n",
        "        weight = torch.full_like(cosine, 1 / cosine.shape[1])\n",
        "near neighbours count as much as far ones",
        "metrics/test_representations.py votes_by_hand",
    ),
    Fault(
        "core/tensor_file.py",
        'dict(sorted(header.get("__metadata__", {}).items()))',
        'dict(reversed(header.get("__metadata__", {}).items()))',
        "the same encoder has other bytes each time",
        "study/test_pretrain.py ends_with_the_same_bytes",
    ),
    Fault(
        "predictor/fit.py",
        "        session.unlabelled = replace(session, data=beside)\n",
        "        pass\n",
        "rows beside the labelled ones are not learned from",
        "predictor/test_pretrained_encoder.py probe_comes_after",
    ),
    Fault(
        "studies/pretrain/plan.py",
        "    _require_time(settings, budget, over, evaluation, each)\n",
        "",
        "a budget without time for a step trains for none, or overruns it",
        "study/test_pretrain_budget.py what_would_be_enough",
    ),
    Fault(
        "studies/pretrain/inputs.py",
        "    side = size or (int(np.median(sides))",
        "    side = (int(np.median(sides))",
        "pictures that are enlarged are read by the network for small ones",
        "study/test_pretrain_default.py small_pictures",
    ),
    Fault(
        "cli/devices.py",
        "            if os.getppid() != parent:\n",
        "            if False:\n",
        "each of several processes tells the same error",
        "cli/test_devices.py silent_if_the_first",
    ),
    Fault(
        "studies/_processes.py",
        "    if engine.world == 1 or not norms:\n",
        "    if not norms:\n",
        "one process is said to be several",
        "study/test_pretrain_two.py told_where_several",
    ),
    Fault(
        "studies/pretrain/page_map.py",
        'f"{place % ACROSS} {place // ACROSS} 1 1"',
        'f"{place // ACROSS} {place % ACROSS} 1 1"',
        "a dot shows the picture of another row",
        "study/test_pretrain_map.py picture_of_its_row",
    ),
    Fault(
        "studies/pretrain/watching.py",
        "(rows >= RANKED and found",
        "(rows >= 1 and found",
        "every encoder has collapsed by two held-out rows",
        "study/test_pretrain_collapse.py by_its_rules",
    ),
)
