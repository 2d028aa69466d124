"""Faults of the floor without torch; see tests/faults.py."""

from tests.faults import Fault

FAULTS = (
    Fault(
        "data/new_arrays.py",
        "for one in pictures]).transpose(0, 3, 1, 2)",
        "for one in pictures])[..., ::-1].transpose(0, 3, 1, 2)",
        "red and blue of new pictures change places",
        "runtime/test_onnx_predictor.py every_pixel",
    ),
    Fault(
        "runtime/onnx_predictor.py",
        "        outputs[order] = found\n",
        "        outputs[:] = found\n",
        "texts that were sorted by length have each other's answers",
        "runtime/test_onnx_predictor.py as_torch_does",
    ),
    Fault(
        "runtime/onnx_predictor.py",
        "metadata.get(BESIDE) != digest:",
        "BESIDE not in metadata:",
        "a file answers for other weights than those beside it",
        "runtime/test_onnx_predictor.py other_weights",
    ),
    Fault(
        "runtime/onnx_predictor.py",
        "OnnxPredictor(session, metadata, Decision.of(config))",
        "OnnxPredictor(session, metadata)",
        "a threshold that was changed in the config is that of the export",
        "runtime/test_onnx_predictor.py changed_later",
    ),
    Fault(
        "runtime/metadata.py",
        '            yield numbers.sum(0, dtype="<u8").tobytes()\n',
        "",
        "a file answers for weights of which some have changed places",
        "runtime/test_metadata.py digest",
    ),
    Fault(
        "runtime/metadata.py",
        "if name not in DECISION}",
        "if name}",
        "a file is refused as soon as a threshold is changed",
        "runtime/test_onnx_predictor.py changed_later",
    ),
    Fault(
        "runtime/metadata.py",
        'tuple(told["passed"])',
        "()",
        "rows with the column of labels in them are refused",
        "runtime/test_onnx_predictor.py gaps_and_new_names",
    ),
    Fault(
        "runtime/predicts.py",
        "            refuse_unseen(unseen)\n",
        "            pass\n",
        "rows whose names are all new are predicted",
        "runtime/test_onnx_predictor.py gaps_and_new_names",
    ),
    Fault(
        "cli/engines.py",
        '(f"Torch answers, which takes longer to start. {reason}",)',
        "()",
        "torch answers in place of the file without a word",
        "cli/test_engines.py says_so",
    ),
    Fault(
        "studies/adapt/settings.py",
        "return self.onnx and all(",
        "return all(",
        "--no-onnx is read and forgotten",
        "study/test_onnx_file.py on_request",
    ),
)
