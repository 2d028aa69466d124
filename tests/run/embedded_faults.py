"""Faults of batches that are embedded in parts, for tests/test_faults.py."""

from tests.faults import Fault

EMBEDDED = (
    Fault(
        "run/embedded.py",
        "    restore()\n    z = ",
        "    z = ",
        "running statistics are updated twice for each part",
        "run/test_embedded.py once_for_each_part",
    ),
    Fault(
        "run/embedded.py",
        "with seeded(seed), run.engine",
        "with run.engine",
        "dropout differs between the two forwards",
        "run/test_embedded.py drawn_again",
    ),
    Fault(
        "run/embedded.py",
        "(one * gradient).sum()",
        "(one * gradient / len(parts)).sum()",
        "the gradient is the mean over the parts",
        "run/test_embedded.py any_number",
    ),
    Fault(
        "run/descent.py",
        "            _require_alone(run, move, len(batch), error)\n",
        "",
        "a process gathers once more than the others, which wait for ever",
        "run/test_embedded.py several_processes",
    ),
    Fault(
        "methods/mapping/pretraining/byol.py",
        'slow = ctx.once(lambda: parts["slow_backbone"](views))',
        'slow = parts["slow_backbone"](views)',
        "the slow copy is computed twice for each part",
        "methods/test_slow_copies.py computes_each_part_once",
    ),
    Fault(
        "methods/mapping/pretraining/moco.py",
        """        queries = parts["projection"](parts["backbone"](first))
        with torch.no_grad():
            keys = ctx.once(lambda: parts["key_projection"](parts["key_backbone"](second)))
        return queries, keys
""",
        """        with torch.no_grad():
            keys = ctx.once(lambda: parts["key_projection"](parts["key_backbone"](second)))
        return parts["projection"](parts["backbone"](first)), keys
""",
        "random numbers of the slow copy are those of the encoder where it is computed again",
        "methods/test_slow_copies.py dropout_of_the_encoder",
    ),
)
