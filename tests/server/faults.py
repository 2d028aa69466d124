"""Faults of the servers: what is let in, limits that do not hold, answers of other requests."""

from tests.faults import Fault

SHIELD = (
    Fault(
        "server/access.py",
        "return same and scheme.lower()",
        "return bool(same or given) and scheme.lower()",
        "any token is accepted",
        "server/test_shield.py refusals_are_json",
    ),
    Fault(
        "server/access.py",
        "names = LOCAL | {host} if is_loopback(host) else None",
        "names = None",
        "a page may ask by a name that it lets point to this machine",
        "server/test_shield.py refusals_are_json",
    ),
    Fault(
        "server/access.py",
        "if origin is not None and _place(origin) != host:",
        "if origin is None and host == origin:",
        "a page of another site may ask",
        "server/test_shield.py refusals_are_json",
    ),
    Fault(
        "server/body.py",
        '        self._count += len(message.get("body", b""))\n',
        '        self._count = len(message.get("body", b""))\n',
        "a chunked body may be as long as it likes",
        "server/test_shield.py counted_together",
    ),
    Fault(
        "server/protocol.py",
        "if self.conn.their_state is h11.IDLE and not",
        "if self.conn.their_state is not h11.IDLE and not",
        "a client that never sends headers holds its connection for ever",
        "server/test_shield.py headers_that_do_not_end",
    ),
)

SERVING = (
    Fault(
        "server/torch_models.py",
        "if adapters == model.adapters and name in jobs[number].models",
        "if adapters == model.adapters",
        "a head answers rows of other tasks",
        "server/test_models.py kept_once_and_computed_once",
    ),
    Fault(
        "server/loading.py",
        "one.shape == theirs[name].shape and torch.equal(one, theirs[name])",
        "one.shape == theirs[name].shape",
        "backbones of other weights are taken for equal",
        "server/test_models.py another_weight",
    ),
    Fault(
        "server/batches.py",
        "zip(batch, outcomes, strict=True)",
        "zip(batch, outcomes[::-1], strict=True)",
        "requests get the answers of others",
        "server/test_predicting.py share_a_batch",
    ),
    Fault(
        "server/predicting.py",
        "            self.waiting -= count\n",
        "            self.waiting -= 1\n",
        "the queue stays full",
        "server/test_predicting.py full_queue",
    ),
    Fault(
        "server/safe_files.py",
        "    if width * height > most:\n",
        "    if max(width, height) > most:\n",
        "a decompression bomb is decoded",
        "server/test_models.py pictures_that_are_refused or claims_too_much",
    ),
    Fault(
        "server/reading.py",
        "set(value) != {name}",
        "name not in value",
        "fields that no model reads are passed over",
        "server/test_predicting.py bodies_that_are_refused",
    ),
    Fault(
        "server/counts.py",
        "bisect_left(self.bounds, value)",
        "bisect_left(self.bounds[1:], value)",
        "histograms count in the wrong buckets",
        "server/test_predicting.py format_of_prometheus",
    ),
)
