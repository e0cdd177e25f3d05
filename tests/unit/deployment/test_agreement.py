"""What is allowed between an export and the trained model, and what is not."""

import numpy as np
import pytest

from swatchbook.deployment import agreement
from swatchbook.errors import ExportError

LABELS = np.array([0, 1] * 50)
EXPECTED = np.where(LABELS[:, None] == [0, 1], 0.9, 0.1).astype(np.float32)


def check(found: np.ndarray, numbers: str = "float32", expected: np.ndarray = EXPECTED) -> None:
    agreement.check("onnx", numbers, found, expected, LABELS, "model.onnx")


def shifted(by: float) -> np.ndarray:
    found = EXPECTED.copy()
    found[0] += np.array([-by, by], np.float32)
    return found


def flipped(images: int) -> np.ndarray:
    found = EXPECTED.copy()
    found[:images] = found[:images, ::-1]
    return found


def test_as_far_as_the_tolerance_is_allowed_and_no_further() -> None:
    check(EXPECTED)
    check(shifted(9e-4))
    check(shifted(0.019), "float16")
    with pytest.raises(ExportError, match=r"a probability is 0\.0011 off, and 0\.001 is allowed"):
        check(shifted(1.1e-3))
    with pytest.raises(ExportError, match="off"):
        check(shifted(0.021), "float16")


def test_another_class_is_allowed_only_where_both_are_as_good() -> None:
    tie = EXPECTED.copy()
    tie[0] = [0.5002, 0.4998]
    other = tie.copy()
    other[0] = [0.4998, 0.5002]
    agreement.check("onnx", "float32", other, tie, np.zeros(100, int), "model.onnx")
    tie[0], other[0] = [0.50051, 0.49949], [0.49969, 0.50031]
    with pytest.raises(ExportError, match="1 images get another class"):
        agreement.check("onnx", "float32", other, tie, np.zeros(100, int), "model.onnx")


def test_eight_bits_may_cost_two_points_of_accuracy_and_no_more() -> None:
    check(flipped(2), "int8")
    with pytest.raises(ExportError, match=r"accuracy is 3\.00 points lower, and 2 are allowed"):
        check(flipped(3), "int8")


def test_one_image_may_always_fall() -> None:
    few = slice(10)
    found = flipped(1)[few]
    agreement.check("litert_int8", "int8", found, EXPECTED[few], LABELS[few], "model.tflite")


@pytest.mark.parametrize("numbers", list(agreement.TOLERANCES))
def test_what_are_no_probabilities_is_refused(numbers: str) -> None:
    broken = EXPECTED.copy()
    broken[3, 1] = np.nan
    with pytest.raises(ExportError, match="not all of its probabilities are numbers"):
        check(broken, numbers)
    with pytest.raises(ExportError, match=r"shape \(100, 3\) instead of \(100, 2\)"):
        check(np.zeros((100, 3)), numbers)


def test_the_evaluation_may_differ_by_what_its_precision_rounds_off() -> None:
    agreement.check_evaluation(EXPECTED, flipped(5), "mixed_bfloat16", "run")
    with pytest.raises(ExportError, match=r"only 94\.0% .* mixed_bfloat16 .* 95\.0% must"):
        agreement.check_evaluation(EXPECTED, flipped(6), "mixed_bfloat16", "run")
    with pytest.raises(ExportError, match=r"only 99\.0%"):
        agreement.check_evaluation(EXPECTED, flipped(1), "float32", "run")


def test_where_the_evaluation_wavers_either_class_will_do() -> None:
    wavering = np.full((100, 2), [0.505, 0.495], np.float32)
    agreement.check_evaluation(wavering[:, ::-1], wavering, "mixed_bfloat16", "run")
    with pytest.raises(ExportError, match=r"only 0\.0%"):
        agreement.check_evaluation(wavering[:, ::-1], wavering, "float32", "run")
