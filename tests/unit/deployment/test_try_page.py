"""The parts of the page that runs a model in a browser; the page itself is tested in one."""

import base64
import gzip
import hashlib
import json
import re
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from exported import ABOUT
from parsed_page import Page
from swatchbook.data import arrays
from swatchbook.deployment import nearest, runtimes, try_page, web_runtime
from swatchbook.errors import DownloadError
from trying import runtime, write_page


def test_images_to_compare_with_are_of_all_classes_alike() -> None:
    labels = np.repeat([0, 1, 2], [1000, 100, 3])
    rows = nearest.chosen_rows(labels, classes=4, most=40)
    assert np.bincount(labels[rows]).tolist() == [10, 10, 3]
    assert (np.diff(rows) > 0).all()
    assert rows[0] == 0 and 999 in rows and rows[1] > 100, "evenly spaced"
    assert len(nearest.chosen_rows(np.arange(2000), classes=2000)) == nearest.MOST_IMAGES


def test_features_are_what_the_last_layer_takes(made: Path, run: Path) -> None:
    images = arrays.load(run.parents[1] / "arrays", "test")[0][:60]
    found = nearest.describe(made / "model.onnx", images)
    assert found.layer and found.features.shape == (60, 128) and found.features.dtype == np.int8
    weights = {
        one.name: numpy_helper.to_array(one)
        for one in onnx.load_from_string(found.onnx).graph.initializer
    }
    (kernel,) = (one for one in weights.values() if one.shape == (128, 3))
    (bias,) = (one for one in weights.values() if one.shape == (3,))
    (logits,) = runtimes.onnx_session(made / "model.onnx", 1).run(["logits"], {"images": images})
    # Of each image in proportion: the factor is the only unknown.
    shares = found.features @ kernel
    factors = ((logits - bias) * shares).sum(axis=1) / (shares * shares).sum(axis=1)
    np.testing.assert_allclose(shares * factors[:, None], logits - bias, atol=0.1)


def linear(features: int, op: str = "MatMul") -> bytes:
    """Make a model whose last layer takes so many numbers, or has an unknown kind of layer."""
    weights = numpy_helper.from_array(np.ones((features, 2), np.float32), "weights")
    shape = numpy_helper.from_array(np.array([-1, features], np.int64), "shape")
    nodes = [
        helper.make_node("Reshape", ["images", "shape"], ["flat"]),
        helper.make_node("MatMul", ["flat", "weights"], ["logits" if op == "MatMul" else "last"]),
        helper.make_node("Softmax", ["logits"], ["probabilities"]),
    ]
    if op != "MatMul":
        nodes.insert(2, helper.make_node(op, ["last"], ["logits"]))
    values = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, None)
        for name in ("images", "logits", "probabilities")
    ]
    graph = helper.make_graph(nodes, "linear", values[:1], values[1:], [weights, shape])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 15)], ir_version=8)
    return model.SerializeToString()


@pytest.mark.parametrize(
    ("content", "features", "layer"),
    [
        (linear(12), 12, True),
        (linear(nearest.MOST_FEATURES + 2), 2, False),
        (linear(12, "Tanh"), 2, False),
    ],
    ids=["a layer", "too many numbers", "no layer that is known"],
)
def test_logits_stand_in_where_there_is_no_such_layer(
    tmp_path: Path, content: bytes, features: int, layer: bool
) -> None:
    (tmp_path / "model.onnx").write_bytes(content)
    numbers = 12 if layer or b"Tanh" in content else nearest.MOST_FEATURES + 2
    images = np.random.default_rng(0).random((5, numbers, 1, 1), np.float32)
    found = nearest.describe(tmp_path / "model.onnx", images)
    assert (found.layer, found.features.shape) == (layer, (5, features))


def test_an_image_without_any_feature_is_alike_to_none() -> None:
    features = np.array([[0, 0], [2, -4]], np.float32)
    assert nearest.in_proportion(features).tolist() == [[0, 0], [64, -127]]


def test_another_package_than_the_pinned_one_is_refused(tmp_path: Path) -> None:
    file = tmp_path / web_runtime.FILE
    file.write_bytes(b"another")
    with pytest.raises(DownloadError) as caught:
        web_runtime.read(file)
    assert web_runtime.SHA256 in str(caught.value) and str(file) in str(caught.value)
    assert caught.value.hint == "delete it and run again"


@pytest.fixture(scope="module")
def page(made: Path, run: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The text of a page; what else is written stands beside it."""
    folder = tmp_path_factory.mktemp("page")
    for name in ("model.onnx", "model.json", "export.json"):
        (folder / name).write_bytes((made / name).read_bytes())
    written = write_page(run, folder, runtime(tmp_path_factory))
    first = written.read_bytes()
    assert write_page(run, folder, runtime(tmp_path_factory)).read_bytes() == first
    notices = (folder / "try.licences.txt").read_text()
    assert notices.startswith("MIT License") and "Eigen" in notices
    Page(written)  # which proves that all of its elements are closed
    return first.decode()


def test_only_its_own_script_may_run_and_nothing_is_fetched(page: str) -> None:
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', page)[1]
    script = re.search(r'<script type="module">(.*?)</script>', page, re.DOTALL)[1]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}' 'wasm-unsafe-eval';" in policy
    assert policy.startswith("default-src 'none';") and "connect-src" not in policy
    assert page.count("</script>") == 5, "the about, what is packed, the script"
    assert "<!--" not in script


def test_it_carries_the_runtime_with_its_licence(page: str) -> None:
    packed = re.search(r'id="binary">([^<]+)<', page)[1]
    assert gzip.decompress(base64.b64decode(packed)).startswith(b"\0asm")
    assert "Copyright (c) Microsoft Corporation" in page
    assert "const ort={InferenceSession:" in page and "\nexport{" not in page


def test_it_says_what_the_model_was_trained_on(page: str) -> None:
    assert "It was trained on 240 images of 3 classes" in page
    assert "White on black" in page
    about = json.loads(re.search(r'id="about">(.*?)</script>', page, re.DOTALL)[1])
    assert about["classes"] == ABOUT["classes"] and about["image"] == ABOUT["image"]
    assert len(about["labels"]) == 240


@pytest.mark.parametrize(
    ("error", "told"),
    [
        ({"before": 0.05, "after": 0.0124}, "differ by 1.2 points in the mean; without it, by 5.0"),
        ({"before": 0.02, "after": 0.04}, "which did not help: on the test images"),
        (None, "Not calibrated, for want of validation images"),
    ],
)
def test_it_claims_calibration_only_where_it_helped(
    made: Path,
    run: Path,
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    error: dict[str, float] | None,
    told: str,
) -> None:
    for name in ("model.onnx", "model.json"):
        (tmp_path / name).write_bytes((made / name).read_bytes())
    exported = json.loads((made / "export.json").read_text()) | {"calibration": error}
    (tmp_path / "export.json").write_text(json.dumps(exported))
    text = write_page(run, tmp_path, runtime(tmp_path_factory)).read_text()
    assert told in text
    claims = ("Calibrated on the validation images", "did not help", "Not calibrated")
    assert sum(claim in text for claim in claims) == 1


def test_the_pen_is_as_bright_as_the_training_images_are_dark() -> None:
    dark = np.zeros((3, 9, 9, 1), np.float32)
    dark[:, 2:7, 2:7] = 1
    assert try_page._border(dark) == 0
    assert try_page._border(1 - dark) == 1
