"""Faults of methods that compare views, for tests/test_faults.py."""

from tests.faults import Fault

PRETRAINING = "methods/mapping/pretraining/"
VIEWS = (
    Fault(
        "nn/key_queue.py",
        "places = (self.next + torch.arange(count, device=self.keys.device)) % size",
        "places = torch.arange(count, device=self.keys.device)",
        "only the last batch is in the queue",
        "methods/test_moco.py last_keys",
    ),
    Fault(
        "nn/key_queue.py",
        'self.register_buffer("next", torch.zeros((), dtype=torch.int64))',
        'self.register_buffer("next", torch.zeros((), dtype=torch.int64), persistent=False)',
        "a resumed queue overwrites its newest keys",
        "methods/test_moco.py where_it_was_saved",
    ),
    Fault(
        PRETRAINING + "moco.py",
        "        queue.stage(new)\n",
        "        queue.stage(new)\n        queue.commit()\n",
        "a key is its own negative: the loss is log 2 at least",
        "methods/test_moco.py own_key_twice",
    ),
    Fault(
        PRETRAINING + "moco.py",
        "copy.deepcopy(parts[name])",
        "copy.deepcopy(parts[name]).apply(lambda m: getattr(m, 'reset_parameters', int)())",
        "the projection of the keys is another than that of the queries",
        "methods/test_moco.py what_they_copy",
    ),
    Fault(
        PRETRAINING + "moco.py",
        "queue.content))",
        "queue.keys))",
        "empty places are negatives at right angles",
        "methods/test_moco.py own_key_twice",
    ),
    Fault(
        PRETRAINING + "supervised_contrastive.py",
        "y, weight = ctx.gather(batch.y),",
        "y, weight = 0 * ctx.gather(batch.y),",
        "all classes are the same",
        "methods/test_supervised_contrastive.py for_each_row",
    ),
    Fault(
        PRETRAINING + "byol.py",
        "torch.cat([slow_second, slow_first])",
        "torch.cat([slow_first, slow_second])",
        "each view predicts itself",
        "methods/test_byol.py by_hand",
    ),
    Fault(
        "nn/moving_average.py",
        "torch._foreach_lerp_(list(slow.parameters()), list(fast.parameters()), 1 - momentum)",
        "torch._foreach_lerp_(list(slow.parameters()), list(fast.parameters()), momentum)",
        "the slow copy is nearly the encoder itself",
        "methods/test_byol.py quarter",
    ),
    Fault(
        PRETRAINING + "simsiam.py",
        "z.roll(len(first), 0)",
        "z",
        "each view predicts itself",
        "methods/test_simsiam.py by_hand",
    ),
    Fault(
        PRETRAINING + "vicreg.py",
        '*parts["projection"](torch.cat(views)).chunk(2)',
        '*map(parts["projection"], views)',
        "each view is normalised by itself",
        "methods/test_vicreg.py share_their_statistics",
    ),
    Fault(
        PRETRAINING + "dino.py",
        "centre.stage(ctx.gather(torch.cat(taught).detach().float()).mean(0))",
        "centre.stage(torch.zeros_like(centre.mean))",
        "nothing keeps one prototype from having all samples",
        "methods/test_dino.py moves_a_tenth",
    ),
    Fault(
        PRETRAINING + "dino.py",
        "reseeded(batch.seed, 2 + n)",
        "reseeded(batch.seed, 2)",
        "all small crops are the same",
        "methods/test_dino.py large_views_alone",
    ),
    Fault(
        "nn/moving_average.py",
        "        module.train()",
        "        module.eval()",
        "keys are normalised by statistics of other weights, and nothing is learned",
        "methods/test_moco.py by_the_batch",
    ),
    Fault(
        "session/session.py",
        "    require_batch(session, method, rows, recipe)\n",
        "",
        "a batch of one row is refused in the first step, after the caches and the data",
        "predictor/test_pretrained_encoder.py before_anything_is_read",
    ),
    Fault(
        "session/input_pipeline.py",
        "many = len(rows) + sum(len(each.data) for each in _beside(session, method))",
        "many = len(rows)",
        "rows beside the labelled ones do not count in a batch",
        "predictor/test_pretrained_encoder.py queue_smaller_than_a_batch",
    ),
    Fault(
        PRETRAINING + "dino.py",
        "return size if fine else None",
        "return None",
        "small crops have the size of the pictures, and cost as much",
        "methods/test_dino.py small_where",
    ),
)
