"""Faults of pairs of pictures and captions, for tests/test_faults.py."""

from tests.faults import Fault

CLIP = (
    Fault(
        "losses/contrastive/clip.py",
        "return ((rows + columns) / 2 - scale * cosines).mean()",
        "return (rows - scale * cosines).mean()",
        "texts are told by pictures, and pictures by no text",
        "losses/test_clip.py directions",
    ),
    Fault(
        "losses/contrastive/clip.py",
        "own = logits.diagonal(rows.start)",
        "own = logits.diagonal()",
        "the partners of a later block are taken for strangers",
        "losses/test_clip.py sigmoid",
    ),
    Fault(
        "losses/contrastive/clip.py",
        "gather(columns[None]).logsumexp(0)",
        "gather(columns[None]).mean(0)",
        "a picture is told by a text from those of its own process alone",
        "run/test_fabric.py whole_matrix",
    ),
    Fault(
        "methods/mapping/pretraining/clip.py",
        'On("logits", weight_decay=0.0)',
        'On("logits")',
        "the temperature decays to 1 with the weights",
        "methods/test_clip.py capped",
    ),
    Fault(
        "methods/mapping/pretraining/clip.py",
        "for side in SIDES if side != self.lock)",
        "for side in SIDES)",
        "a locked encoder learns",
        "methods/test_clip.py locked",
    ),
    Fault(
        "nn/logit_scale.py",
        "self.log_scale.clamp_(max=math.log(MOST))",
        "self.log_scale.clamp_(max=MOST)",
        "the scale is bounded by exp(100)",
        "methods/test_clip.py capped",
    ),
)
STUDIES = (
    Fault(
        "metrics/retrieval.py",
        "(row[~belongs] >= row[belongs].max())",
        "(row[~belongs] > row[belongs].max())",
        "encoders that give the same for all find everything first",
        "metrics/test_retrieval.py ranks",
    ),
    Fault(
        "metrics/retrieval.py",
        "gallery - mine - draws",
        "gallery - mine",
        "things are drawn again that were drawn",
        "metrics/test_retrieval.py chance",
    ),
    Fault(
        "studies/pretrain_pairs/rows.py",
        "holdout(everyone, groups, share",
        "holdout(everyone, None, share",
        "copies of a picture are trained on and tested",
        "study/test_pretrain_pairs.py copies",
    ),
    Fault(
        "data/pair_batches.py",
        "second.fetch(here,",
        "second.fetch(here[::-1],",
        "pictures learn the captions of others",
        "study/test_pretrain_pairs.py find",
    ),
    Fault(
        "session/pair_training.py",
        "table[torch.from_numpy(rows)] = found",
        "table[: len(found)] = found",
        "features of a locked side belong to other rows",
        "study/test_pretrain_pairs.py features_of_its_own",
    ),
    Fault(
        "models/pairs.py",
        "write_logits(Path(folder), Logits(self.scale))",
        "write_logits(Path(folder), Logits(1.0))",
        "the learned temperature is lost in the folder",
        "study/test_pretrain_pairs.py folder_is",
    ),
    Fault(
        "data/tar_members.py",
        "            _require_end(archive, opened.offset)\n",
        "",
        "what comes after a damaged header of a tar file is lost without a word",
        "data/test_image_text_pairs.py damaged",
    ),
)
