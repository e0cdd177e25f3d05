"""A configuration is completed with its defaults, or refused by key, value and what is allowed."""

import copy
from collections import Counter
from copy import deepcopy
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import yaml

from paths import ROOT
from swatchbook.data.limits import Limits
from swatchbook.errors import ConfigurationError
from swatchbook.startup import config_files, configuration
from training_inputs import SGD

SCHEMA = ROOT / "workflow/schemas/config.schema.json"
DATASET_SCHEMA = ROOT / "workflow/schemas/dataset.schema.json"
SHIPPED = [ROOT / "config", ROOT / "demo" / "config"]
SHIPPED_DATASETS = [file for folder in SHIPPED for file in (folder / "datasets").glob("*.yaml")]

LEAST: dict[str, Any] = {"datasets": ["a"], "models": {"plain": {"layers": [{"flatten": {}}]}}}
DEFAULTS: dict[str, Any] = {
    "mirror": None,
    "container": None,
    "local_disk": None,
    "seeds": {"from": 3, "to": 8, "until": "decided"},
    "training": {
        "epochs": 10,
        "batch_size": 128,
        "optimizer": {"adam": {"beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-07}},
        "learning_rate": 0.001,
        "clip_norm": None,
        "label_smoothing": 0,
        "class_weights": None,
        "start_from": None,
        "averaging": None,
        "early_stopping": None,
        "keep": "last",
        "monitor": "val_loss",
        "augmentation": [],
        "shuffle": True,
        "drop_last_batch": False,
        "initializer": "glorot_uniform",
        "bias_initializer": "zeros",
        "watch_test": False,
        "precision": "auto",
        "device": "auto",
        "threads": 1,
        "gpus": 1,
    },
    "ablation": None,
    "search": None,
    "evaluation": {"views": None},
    "analysis": {
        "corruptions": None,
        "prediction_sets": None,
        "label_errors": None,
        "look_inside": None,
    },
    "comparison": {"reference": "plain", "confidence": 0.95, "margin": 3.5},
    "export": {
        "formats": ["onnx", "savedmodel", "litert", "litert_int8"],
        "calibration_images": 500,
        "false_alarms": 0.05,
    },
    "report": {"title": "Swatchbook", "notice": None, "exports": False},
}
WHOLE: dict[str, Any] = DEFAULTS | {
    "models": {"plain": LEAST["models"]["plain"] | {"training": DEFAULTS["training"]}}
}


def checked(value: Any) -> dict[str, Any]:
    return configuration.checked_config(value, SCHEMA, "config.yaml")


def refusal(value: Any) -> str:
    with pytest.raises(ConfigurationError) as caught:
        checked(value)
    text = str(caught.value)
    assert text.startswith("config.yaml: ")
    assert "\n" not in text
    return text


def layers(*kinds: Any) -> dict[str, Any]:
    return {"models": {"plain": {"layers": list(kinds)}}}


def test_every_default_is_filled_in() -> None:
    assert checked(LEAST) == LEAST | WHOLE


@pytest.mark.parametrize("section", ["training", "analysis", "comparison", "export", "report"])
def test_defaults_complete_a_section_that_is_begun(section: str) -> None:
    assert checked(LEAST | {section: {}}) == LEAST | WHOLE
    key = next(iter(DEFAULTS[section]))
    begun = {section: {key: DEFAULTS[section][key]}}
    assert checked(LEAST | begun) == LEAST | WHOLE


def test_a_key_that_is_gone_is_told_with_what_to_do() -> None:
    said = refusal(LEAST | {"comparison": {"resamples": 2000}})
    assert "key 'comparison.resamples' is no longer known; " in said
    assert said.endswith(": remove the key")


def test_layers_have_defaults_too() -> None:
    found = checked(
        LEAST
        | layers({"conv": {"filters": 4}}, {"pool": {}}, {"flatten": {}}, {"dense": {"units": 2}})
    )
    weighted = {"bias": True, "initializer": "training", "weight_decay": 0.0}
    conv = {"filters": 4, "kernel": 3, "activation": "relu", "stride": 1, "padding": "same"}
    assert found["models"]["plain"]["layers"] == [
        {"conv": conv | weighted},
        {"pool": {"size": 2, "padding": "same", "kind": "max"}},
        {"flatten": {}},
        {"dense": {"units": 2, "activation": "relu"} | weighted},
    ]


def test_what_is_given_stays_and_the_callers_value_is_not_changed() -> None:
    given = LEAST | {"seeds": [7], "training": {"epochs": 1}}
    before = deepcopy(given)
    found = checked(given)
    assert given == before
    assert (found["seeds"], found["training"]["epochs"]) == ([7], 1)


def test_defaults_are_not_shared_between_two_configurations() -> None:
    checked(LEAST)["seeds"]["to"] = 9
    assert checked(LEAST)["seeds"]["to"] == 8


def test_the_reference_is_the_first_model_unless_it_is_named() -> None:
    models = {name: LEAST["models"]["plain"] for name in ("b", "a")}
    assert checked(LEAST | {"models": models})["comparison"]["reference"] == "b"
    named = LEAST | {"models": models, "comparison": {"reference": "a"}}
    assert checked(named)["comparison"]["reference"] == "a"


REFUSED: dict[str, tuple[Any, str]] = {
    "an unknown key": ({"seed": [1]}, "unknown key 'seed'; did you mean 'seeds'?"),
    "an unknown key below": (
        {"training": {"epoch": 3}},
        "unknown key 'training.epoch'; did you mean 'epochs'?",
    ),
    "an unknown key like none": (
        {"report": {"xyzzy": 3}},
        "unknown key 'report.xyzzy'; allowed here: exports, notice, title",
    ),
    "a key that YAML takes for true": ({True: 3}, "unknown key 'True'; allowed here:"),
    "an unknown layer": (
        layers({"convolution": {}}),
        "unknown key 'models.plain.layers[0].convolution'",
    ),
    "a text for a number": (
        {"training": {"epochs": "ten"}},
        "key 'training.epochs' is \"ten\"; allowed: a number, more than 0",
    ),
    "a YAML 1.1 text": ({"training": {"learning_rate": "1e-3"}}, 'is "1e-3"; allowed: a number'),
    "several GPUs on a CPU": (
        {"training": {"gpus": 2, "device": "cpu"}},
        "key 'training.gpus' is 2; allowed where training.device is cpu: 1",
    ),
    "several GPUs in float16": (
        {"training": {"gpus": 2, "precision": "mixed_float16"}},
        "key 'training.gpus' is 2; allowed where training.precision is mixed_float16: 1",
    ),
    "no GPU": ({"training": {"gpus": 0}}, "'training.gpus' is 0; allowed"),
    "true for a number": ({"training": {"threads": True}}, "'training.threads' is true; allowed"),
    "a fraction": ({"training": {"threads": 1.5}}, "'training.threads' is 1.5; allowed: a whole"),
    "a whole fraction": ({"seeds": [1.0]}, "'seeds[0]' is 1.0; allowed: a whole number"),
    "not a number": ({"training": {"learning_rate": float("nan")}}, "is NaN; allowed: a number"),
    "infinite": ({"training": {"learning_rate": float("inf")}}, "is Infinity; allowed: a number"),
    "zero": ({"training": {"learning_rate": 0}}, "is 0; allowed: a number, more than 0"),
    "too large": (
        {"comparison": {"confidence": 1}},
        "key 'comparison.confidence' is 1; allowed: a number, more than 0.5, less than 1",
    ),
    "another word": (
        {"training": {"device": "tpu"}},
        'key \'training.device\' is "tpu"; allowed: "auto", "cpu", "gpu"',
    ),
    "null": ({"training": None}, "key 'training' is null; allowed: keys and values"),
    "an empty text": ({"report": {"title": ""}}, 'is ""; allowed: a text, not empty'),
    "an empty list": ({"seeds": []}, "key 'seeds' is []; allowed: a list of whole numbers"),
    "a word for seeds": ({"seeds": "many"}, "each once, or from, to and until"),
    "seeds without an end": ({"seeds": {"from": 3, "until": "decided"}}, "'seeds.to' is missing"),
    "seeds until something else": (
        {"seeds": {"from": 3, "to": 8, "until": "tired"}},
        'key \'seeds.until\' is "tired"; allowed: "decided"',
    ),
    "seeds without until": ({"seeds": {"from": 3, "to": 8}}, "key 'seeds.until' is missing"),
    "too few seeds to begin with": (
        {"seeds": {"from": 2, "to": 8, "until": "decided"}},
        "key 'seeds.from' is 2; allowed: a whole number, at least 3",
    ),
    "seeds from more than to": (
        {"seeds": {"from": 8, "to": 5, "until": "decided"}},
        "key 'seeds.to' is 5; allowed where seeds.from is 8: at least 9 (for a fixed number of "
        "seeds give a list",
    ),
    "as many seeds from as to": (
        {"seeds": {"from": 5, "to": 5, "until": "decided"}},
        "key 'seeds.to' is 5; allowed where seeds.from is 5: at least 6",
    ),
    "an analysis that there is not": (
        {"analysis": {"corruption": {"images": 5}}},
        "unknown key 'analysis.corruption'; did you mean 'corruptions'?",
    ),
    "corruptions of no image": (
        {"analysis": {"corruptions": {"images": 0}}},
        "key 'analysis.corruptions.images' is 0; allowed: a whole number, at least 1",
    ),
    "corruptions that are true": (
        {"analysis": {"corruptions": True}},
        "key 'analysis.corruptions' is true; allowed: null, or images and seeds",
    ),
    "sets that are always right": (
        {"analysis": {"prediction_sets": {"coverage": 1}}},
        "key 'analysis.prediction_sets.coverage' is 1; allowed: a number, more than 0, less than 1",
    ),
    "label errors in words": (
        {"analysis": {"label_errors": "cleanlab"}},
        "key 'analysis.label_errors' is \"cleanlab\"; allowed: true or false or null",
    ),
    "an unknown key of seeds": (
        {"seeds": {"from": 3, "to": 8, "untill": "decided"}},
        "unknown key 'seeds.untill'; did you mean 'until'?",
    ),
    "no margin": (
        {"comparison": {"margin": 0}},
        "key 'comparison.margin' is 0; allowed: points, more than 0, or null to call no",
    ),
    "a negative margin": (
        {"comparison": {"margin": -1.5}},
        "key 'comparison.margin' is -1.5; allowed: points, more than 0",
    ),
    "a seed twice": ({"seeds": [1, 1]}, "key 'seeds' is [1, 1]; allowed: a list"),
    "a seed too large": ({"seeds": [2**32]}, "'seeds[0]' is 4294967296; allowed: a whole number"),
    "no models": ({"models": {}}, "key 'models' is {}; allowed: keys and values, at least 1"),
    "a model's name": (
        {"models": {"a/b": LEAST["models"]["plain"]}},
        "key 'models' has the key \"a/b\"; allowed: a name of letters, digits, '-' and '_'",
    ),
    "a data set's name": ({"datasets": ["../a"]}, "'datasets[0]' is \"../a\"; allowed: a name of"),
    "a missing key": (layers({"conv": {}}), "'models.plain.layers[0].conv.filters' is missing"),
    "two layers in one": (
        layers({"flatten": {}, "pool": {}}),
        "allowed: keys and values, with one key of whiten, conv, pool, ",
    ),
    "a layer without settings": (layers("flatten"), "'models.plain.layers[0]' is \"flatten\""),
    "a rate of 1": (layers({"dropout": {"rate": 1}}), "rate' is 1; allowed: a number, more than 0"),
    "no flatten": (
        layers({"pool": {}}),
        "key 'models.plain.layers' ends with images; allowed: vectors (add flatten or global_pool)",
    ),
    "two flattens": (
        layers({"flatten": {}}, {"flatten": {}}),
        "[1]': flatten stands after flatten; allowed: before it",
    ),
    "a convolution after flatten": (
        layers({"flatten": {}}, {"conv": {"filters": 2}}),
        "key 'models.plain.layers[1]': conv stands after flatten",
    ),
    "dense before flatten": (
        layers({"dense": {"units": 2}}, {"flatten": {}}),
        "key 'models.plain.layers[0]': dense stands before flatten",
    ),
    "a convolution after global pooling": (
        layers({"global_pool": {}}, {"conv": {"filters": 2}}),
        "key 'models.plain.layers[1]': conv stands after global_pool; allowed: before it",
    ),
    "vectors in a residual block": (
        layers({"residual": {"layers": [{"flatten": {}}]}}, {"flatten": {}}),
        "key 'models.plain.layers[0].residual.layers' ends with vectors; allowed: images",
    ),
    "an unknown layer in a residual block": (
        layers({"residual": {"layers": [{"covn": {"filters": 2}}]}}, {"flatten": {}}),
        "unknown key 'models.plain.layers[0].residual.layers[0].covn'; did you mean 'conv'?",
    ),
    "a layer that Keras has not": (
        layers({"LayerNormalisation": {}}, {"flatten": {}}),
        "key 'models.plain.layers[0]': LayerNormalisation is no layer of Keras that a model here "
        "can have (did you mean 'LayerNormalization'?)",
    ),
    "an argument that a layer of Keras does not take": (
        layers({"LayerNormalization": {"epsilom": 1}}, {"flatten": {}}),
        "[0]': LayerNormalization takes no 'epsilom' (did you mean 'epsilon'?)",
    ),
    "an object for an argument of a layer of Keras": (
        layers({"Dense": {"units": 2, "kernel_initializer": {"class_name": "Zeros"}}}),
        "[0]': Dense takes numbers, texts and lists of them for 'kernel_initializer'",
    ),
    "a layer of Keras that is made of a function": (
        layers({"Lambda": {"function": "print"}}, {"flatten": {}}),
        "key 'models.plain.layers[0]': Lambda is no layer of Keras",
    ),
    "an argument that a layer of Keras needs": (
        layers({"GaussianNoise": {}}, {"flatten": {}}),
        "key 'models.plain.layers[0]': GaussianNoise needs 'stddev'",
    ),
    "an initialiser that there is not": (
        {"training": {"initializer": "he"}},
        'key \'training.initializer\' is "he"; allowed: "glorot_uniform"',
    ),
    "a reference that is no model": (
        {"comparison": {"reference": "plane"}},
        "key 'comparison.reference' is \"plane\"; allowed: plain (did you mean 'plain'?)",
    ),
}


@pytest.mark.parametrize(("change", "text"), REFUSED.values(), ids=REFUSED)
def test_a_wrong_configuration_is_told_by_key_value_and_what_is_allowed(
    change: dict[Any, Any], text: str
) -> None:
    assert text in refusal(LEAST | change)


@pytest.mark.parametrize("key", ["datasets", "models"])
def test_a_missing_key_is_named(key: str) -> None:
    assert f"key '{key}' is missing" in refusal({k: v for k, v in LEAST.items() if k != key})


@pytest.mark.parametrize("value", [None, [], "datasets"])
def test_a_file_without_keys_is_refused(value: Any) -> None:
    assert "the file holds" in refusal(value)


SPEC: dict[str, Any] = {
    "title": "Some",
    "format": "archive",
    "image": {"height": 2, "width": 2, "channels": 3},
    "classes": ["cat", "dog"],
    "files": {"some.7z": {}, "labels.csv": {}},
    "archive": {"images": "some.7z", "labels": "labels.csv"},
    "split": {"test_share": 0.2},
}
DRAWN = {
    "test_share": None,
    "validation_share": 0.1,
    "random_state": 42,
    "stratified": False,
    "keep_together": None,
    "folds": None,
}
AS_IT_IS = {"resize": "error", "colour": "error", "background": None}
PAIR = {"images": "x.gz", "labels": "y.gz"}
IDX: dict[str, Any] = {
    "title": "Some",
    "format": "idx",
    "image": {"height": 2, "width": 2, "channels": 1},
    "classes": ["cat", "dog"],
    "files": {"x.gz": {}, "y.gz": {}},
    "idx": {"train": PAIR, "test": PAIR},
    "split": {"validation_first": 0},
}


def load(folder: Path, spec: Any) -> dict[str, Any]:
    (folder / "some.yaml").write_text(yaml.safe_dump(spec), encoding="utf-8")
    return configuration.load_dataset("some", [folder], DATASET_SCHEMA)


def test_limits_that_are_begun_are_completed(tmp_path: Path) -> None:
    found = load(tmp_path, SPEC | {"limits": {"ratio": 7}})
    assert found["limits"] == asdict(Limits(ratio=7))


def test_a_data_set_is_completed(tmp_path: Path) -> None:
    found = load(tmp_path, SPEC)
    assert found["files"] == {"some.7z": {"sha256": []}, "labels.csv": {"sha256": []}}
    assert found["split"] == DRAWN | {"test_share": 0.2}
    assert found["image"] == SPEC["image"] | AS_IT_IS
    assert found["archive"] == SPEC["archive"] | {
        "table": {},
        "table_in_archive": None,
        "root": "",
        "folders": [],
        "ids": "stem",
        "leave_out": [],
    }
    completed = {key: found[key] for key in found if key not in SPEC}
    assert completed.pop("limits") == asdict(Limits())
    assert completed == {
        "description": "",
        "homepage": None,
        "licence": None,
        "mirror": None,
        "sources": [],
        "content": {},
        "shards": None,
    }


def test_an_idx_data_set_needs_only_its_own_split(tmp_path: Path) -> None:
    assert load(tmp_path, IDX)["split"] == {"validation_first": 0}


REFUSED_SPECS: dict[str, tuple[Any, str]] = {
    "a class that YAML takes for true": (
        SPEC | {"classes": ["cat", True]},
        "key 'classes[1]' is true; allowed: a text (put names such as yes, no and 1 in quotes)",
    ),
    "one class": (SPEC | {"classes": ["cat"]}, "key 'classes' is [\"cat\"]; allowed: a list, at"),
    "a class twice": (SPEC | {"classes": ["cat", "cat"]}, "allowed: a list, at least 2 of them"),
    "too many classes": (SPEC | {"classes": [f"c{i}" for i in range(1001)]}, "at most 1000 of"),
    "a size that is met somehow": (
        SPEC | {"image": SPEC["image"] | {"resize": "squeeze"}},
        'key \'image.resize\' is "squeeze"; allowed: "error", "fit", "crop", "stretch"',
    ),
    "a background without a hash": (
        SPEC | {"image": SPEC["image"] | {"background": "ffffff"}},
        "is \"ffffff\"; allowed: a colour like '#ffffff', in quotes",
    ),
    "a column of nothing": (
        SPEC | {"archive": SPEC["archive"] | {"table": {"lable": "kind"}}},
        "unknown key 'archive.table.lable'; did you mean 'label'?",
    ),
    "a folder that says nothing": (
        SPEC | {"archive": SPEC["archive"] | {"folders": ["species"]}},
        'key \'archive.folders[0]\' is "species"; allowed: "class", "split", "group", "any"',
    ),
    "a short digest": (
        SPEC | {"files": SPEC["files"] | {"some.7z": {"sha256": ["abc"]}}},
        "key 'files.some.7z.sha256[0]' is \"abc\"; allowed: a SHA-256 of 64 hexadecimal digits",
    ),
    "a file name with a folder": (
        SPEC | {"files": {"a/some.7z": {}}},
        "key 'files' has the key \"a/some.7z\"; allowed: file names of letters",
    ),
    "the other format's split": (
        IDX | {"split": {"validation_first": 0, "test_share": 0.2}},
        "unknown key 'split.test_share'; allowed here: validation_first",
    ),
    "no split": ({k: v for k, v in SPEC.items() if k != "split"}, "key 'split' is missing"),
    "no archive": ({k: v for k, v in SPEC.items() if k != "archive"}, "key 'archive' is missing"),
    "another format": (SPEC | {"format": "zip"}, 'is "zip"; allowed: "idx", "archive"'),
    "two channels": (SPEC | {"image": {"height": 2, "width": 2, "channels": 2}}, "allowed: 1, 3"),
    "a source without its place": (SPEC | {"sources": [{"kind": "url"}]}, "sources[0].base"),
    "an archive that is no file": (
        SPEC | {"archive": {"images": "sone.7z", "labels": "labels.csv"}},
        "key 'archive': sone.7z does not stand under 'files'",
    ),
    "an IDX file that is no file": (
        IDX | {"idx": {"train": PAIR, "test": PAIR | {"labels": "z.gz"}}},
        "key 'idx': z.gz does not stand under 'files'",
    ),
    "shards of what is no archive": (
        IDX | {"shards": 4},
        "key 'shards' is 4; allowed only where format is archive or parquet, not idx",
    ),
    "no shard at all": (SPEC | {"shards": 0}, "key 'shards' is 0; allowed: "),
    "shards of folds": (
        SPEC | {"shards": 2, "split": {"folds": 5}},
        "key 'shards' is 2; allowed only where split.folds is null",
    ),
    "shards whose copies are to stay together": (
        SPEC | {"shards": 2, "split": {"test_share": 0.2, "keep_together": "near_copies"}},
        "key 'shards' is 2; allowed only where split.keep_together is null",
    ),
    "an empty file": (None, "the file holds null; allowed: keys and values"),
}


@pytest.mark.parametrize(("spec", "text"), REFUSED_SPECS.values(), ids=REFUSED_SPECS)
def test_a_wrong_data_set_is_told_by_file_and_key(tmp_path: Path, spec: Any, text: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load(tmp_path, spec)
    assert str(caught.value).startswith(f"{tmp_path / 'some.yaml'}: ")
    assert text in str(caught.value)


def test_a_local_disk_is_an_absolute_path_or_a_variable() -> None:
    for good in ("/scratch", "$TMPDIR/some", "${SCRATCH}"):
        assert checked(LEAST | {"local_disk": good})["local_disk"] == good
    told = refusal(LEAST | {"local_disk": "scratch"})
    assert "key 'local_disk'" in told and "such as $TMPDIR" in told


@pytest.mark.parametrize("mirror", ["https://me:hush@a.example/x", "HTTP://me:hu@sh@a.example"])
def test_a_mirror_with_a_password_is_for_the_environment_only(mirror: str) -> None:
    told = refusal(LEAST | {"mirror": mirror})
    assert "SWATCHBOOK_MIRROR" in told and "me" not in told.partition("allowed")[0]
    for good in ("https://a.example/x@y", "/data/@mirror", "relative/folder@2"):
        assert checked(LEAST | {"mirror": good})["mirror"] == good


@pytest.mark.parametrize(
    "address", ["https://me:hush@a.example/", "//a.example/", "ftp://a.example/", "https://me@b"]
)
def test_a_source_is_an_address_without_a_password_which_is_not_told(
    tmp_path: Path, address: str
) -> None:
    spec = config_files.read(ROOT / "config/datasets/fashion-mnist.yaml")
    spec["sources"] = [{"kind": "url", "base": address}]
    (tmp_path / "some.yaml").write_text(yaml.safe_dump(spec))
    with pytest.raises(ConfigurationError, match="without user and password") as caught:
        configuration.load_dataset("some", [tmp_path], DATASET_SCHEMA)
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("cifar-10", "did you mean 'cifar10'?"),
        ("xyzzy", "data sets with a file: cifar10, cifar10-batches, cifar10-official, fash"),
    ],
)
def test_an_unknown_data_set_suggests_those_there_are(name: str, hint: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        configuration.load_dataset(name, [ROOT / "config/datasets"], DATASET_SCHEMA)
    assert f"there is no {ROOT / 'config/datasets' / name}.yaml" in str(caught.value)
    assert hint in str(caught.value)


@pytest.mark.parametrize("folder", SHIPPED, ids=["config", "demo"])
def test_the_shipped_configurations_are_valid_with_their_data_sets(folder: Path) -> None:
    path = folder / "config.yaml"
    config = configuration.checked_config(config_files.read(path), SCHEMA, path)
    for name in config["datasets"]:
        configuration.load_dataset(name, [folder / "datasets"], DATASET_SCHEMA)


def test_the_tutorials_protocol_is_the_tutorials() -> None:
    path = ROOT / "config" / "tutorial.yaml"
    config = configuration.checked_config(config_files.read(path), SCHEMA, path)
    default = configuration.checked_config(
        config_files.read(ROOT / "config" / "config.yaml"), SCHEMA, "config.yaml"
    )
    (model,) = config["models"].items()
    assert model == ("baseline", default["models"]["baseline"] | {"training": config["training"]})
    assert config["datasets"] == ["fashion-mnist"]
    assert len(config["seeds"]) == 5
    assert config["training"] == default["training"] | {
        "shuffle": False,
        "drop_last_batch": True,
        "bias_initializer": "glorot_uniform",
        "watch_test": True,
        "precision": "float32",
    }


def test_the_exercises_are_the_default_baseline_with_one_change_each() -> None:
    path = ROOT / "config" / "exercises.yaml"
    config = configuration.checked_config(config_files.read(path), SCHEMA, path)
    default = configuration.checked_config(
        config_files.read(ROOT / "config" / "config.yaml"), SCHEMA, "config.yaml"
    )
    base = config["models"]["baseline"]
    shorter = {"training": default["training"] | {"epochs": 6}}
    assert base == default["models"]["baseline"] | shorter
    assert config["seeds"] == [0, 1, 2]
    variants = config["ablation"]["variants"]
    assert len(variants) == len(config["models"]) - 1 == 23
    for name, variant in variants.items():
        model = config["models"][name]
        assert model != base
        kept = "training" if variant["path"] == "layers" else "layers"
        assert model[kept] == base[kept]
    by_change = Counter(variant["change"] for variant in variants.values())
    assert set(by_change) >= {"depth", "optimizer", "schedule", "initial", "batch", "dropout"}
    convolutions = [
        sum("conv" in layer for layer in config["models"][name]["layers"])
        for name, variant in variants.items()
        if variant["change"] == "depth"
    ]
    assert convolutions == [1, 2, 4, 5]


@pytest.mark.parametrize(
    ("training", "told"),
    [
        ({"early_stopping": {}}, "key 'training.early_stopping.patience' is missing"),
        ({"early_stopping": 3}, "is 3; allowed: null, or patience (epochs) and min_delta"),
        ({"early_stopping": {"patience": 0}}, "is 0; allowed: a whole number, at least 1"),
        ({"early_stopping": {"patience": 1, "min_delta": -1}}, "is -1; allowed: a number, at le"),
        ({"keep": "first"}, 'key \'training.keep\' is "first"; allowed: "last", "best"'),
        ({"monitor": "loss"}, 'is "loss"; allowed: "val_loss", "val_accuracy"'),
    ],
)
def test_what_no_training_can_end_by_is_refused(training: Any, told: str) -> None:
    assert told in refusal(LEAST | {"training": training})


START = {"file": "a.keras", "sha256": "0" * 64}
FROZEN = START | {"frozen": {"epochs": 3}}


@pytest.mark.parametrize(
    ("training", "told"),
    [
        ({"start_from": START | {"frozen": 3}}, "is 3; allowed: true, false, or epochs (those"),
        ({"start_from": START | {"frozen": {"epochs": 0}}}, "is 0; allowed: a whole number, at"),
        ({"start_from": FROZEN}, "'training.start_from.then' is missing (the learning rate after"),
        (
            {"start_from": START | {"then": {"learning_rate": 0.1}}},
            "key 'training.start_from.then' is for what is frozen at first (give frozen: {epochs:",
        ),
        ({"start_from": FROZEN | {"then": {}}}, "start_from.then.learning_rate' is missing"),
        (
            {"start_from": FROZEN | {"then": {"learning_rate": {"peak": -1}}}},
            "'training.start_from.then.learning_rate.peak' is -1; allowed: a number, more than 0",
        ),
        (
            {"start_from": FROZEN | {"then": {"learning_rate": 0.1}}, "epochs": 3},
            "'training.start_from.frozen.epochs' is 3; allowed where epochs is 3: less than that",
        ),
        ({"sampling": "even"}, 'key \'training.sampling\' is "even"; allowed: null, "balanced"'),
        (
            {"sampling": "balanced", "class_weights": "balanced"},
            "'training.sampling' is \"balanced\"; allowed where training.class_weights is "
            '"balanced": null (both would count small classes twice over)',
        ),
        (
            {"sampling": "balanced", "shuffle": False},
            "allowed where training.shuffle is false: null (it draws images by chance)",
        ),
    ],
)
def test_keys_of_a_training_that_do_not_go_together_are_refused(training: Any, told: str) -> None:
    assert told in refusal(LEAST | {"training": training})
    model = LEAST["models"]["plain"] | {"training": training}
    assert told.replace("training.", "models.plain.training.") in refusal(
        LEAST | {"models": {"plain": model}}
    )


def test_what_is_not_asked_for_does_not_stand_in_the_settings() -> None:
    """Trainings of before go on as they are."""
    assert "sampling" not in checked(LEAST)["training"]
    start = checked(LEAST | {"training": {"start_from": START}})["training"]["start_from"]
    assert start == START | {"frozen": False}


def test_images_too_small_for_an_application_are_told_before_anything_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config").mkdir()
    config = {"datasets": ["fashion-mnist"], **layers({"MobileNetV2": {}}, {"global_pool": {}})}
    with pytest.raises(ConfigurationError) as caught:
        configuration.complete(config, ROOT / "workflow")
    assert (
        "MobileNetV2 needs images of at least 32 × 32 pixels; those of fashion-mnist have"
        in str(caught.value)
    )
    config |= layers(
        {"Resizing": {"height": 32, "width": 32}}, {"MobileNetV2": {}}, {"flatten": {}}
    )
    configuration.complete(config, ROOT / "workflow")


@pytest.mark.parametrize(
    ("own", "told"),
    [
        ({"keep": "best"}, "key 'training.keep' of the model plain is \"best\"; allowed where a"),
        ({"early_stopping": {"patience": 1}}, "(split.validation_share is 0): null"),
        ({}, None),
    ],
)
def test_a_data_set_without_validation_images_can_decide_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, own: dict[str, Any], told: str | None
) -> None:
    monkeypatch.chdir(tmp_path)
    spec = config_files.read(ROOT / "demo/config/datasets/own-images.yaml")
    spec["split"]["validation_share"] = 0
    Path("config/datasets").mkdir(parents=True)
    Path("config/datasets/a.yaml").write_text(yaml.safe_dump(spec))
    given = LEAST | {"training": own}
    if told is None:
        configuration.complete(given, ROOT / "workflow")
        return
    with pytest.raises(ConfigurationError) as caught:
        configuration.complete(given, ROOT / "workflow")
    assert told in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"seeds": [0, 1, 2, 3, 4]}, None),
        ({"seeds": [9, 5, 6, 7, 8]}, None),
        ({"seeds": list(range(50))}, None),
        ({}, "key 'seeds' is from 3 to 8 until decided; allowed where a has split.folds 5: a list"),
        ({"seeds": [0, 1, 2]}, "key 'seeds' is [0, 1, 2]; allowed where a has split.folds 5"),
        ({"seeds": [3, 4, 5, 6, 7]}, "whole repetitions, 5 seeds each from 0 to 49"),
        ({"seeds": list(range(55))}, "from 0 to 49 (seeds: [0, 1, 2, 3, 4])"),
        (
            {"seeds": [0, 1, 2, 3, 4], "training": {"start_from": "../results/a/m/model.keras"}},
            "'training.start_from' of the model plain is a model of a; allowed where that has",
        ),
        ({"seeds": [0, 1, 2, 3, 4], "training": {"start_from": "results/b/m/model.keras"}}, None),
        (
            {
                "seeds": [0, 1, 2, 3, 4],
                "search": {
                    "base": "plain",
                    "space": {"rate": {"path": "training.learning_rate", "low": 0.01, "high": 0.1}},
                    "trials": 4,
                },
            },
            "key 'search' is given; allowed where a has split.folds: null",
        ),
    ],
)
def test_seeds_are_whole_repetitions_of_a_data_sets_folds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any], told: str | None
) -> None:
    monkeypatch.chdir(tmp_path)
    spec = config_files.read(ROOT / "demo/config/datasets/own-images.yaml")
    spec["split"] = {"folds": 5}
    Path("config/datasets").mkdir(parents=True)
    Path("config/datasets/a.yaml").write_text(yaml.safe_dump(spec))
    given = copy.deepcopy(LEAST | changes)
    if "training" in given:
        given["training"]["start_from"] = {
            "file": given["training"]["start_from"],
            "sha256": "0" * 64,
        }
    if told is None:
        configuration.complete(given, ROOT / "workflow")
        return
    with pytest.raises(ConfigurationError) as caught:
        configuration.complete(given, ROOT / "workflow")
    assert told in str(caught.value) and "\n" not in str(caught.value)


def test_the_first_folder_that_has_a_data_set_is_taken(tmp_path: Path) -> None:
    own, shipped = tmp_path / "own", ROOT / "config" / "datasets"
    own.mkdir()
    folders = [own, shipped]
    title = configuration.load_dataset("cifar10", folders, DATASET_SCHEMA)["title"]
    text = (shipped / "cifar10.yaml").read_text()
    (own / "cifar10.yaml").write_text(text.replace(f"title: {title}", "title: Mine"))
    assert configuration.load_dataset("cifar10", folders, DATASET_SCHEMA)["title"] == "Mine"
    with pytest.raises(ConfigurationError, match="did you mean 'cifar10'"):
        configuration.load_dataset("cifar", folders, DATASET_SCHEMA)


@pytest.mark.parametrize("file", SHIPPED_DATASETS, ids=lambda file: file.stem)
def test_every_shipped_data_set_is_valid(file: Path) -> None:
    spec = configuration.load_dataset(file.stem, [file.parent], DATASET_SCHEMA)
    assert spec["title"]


@pytest.mark.parametrize("section", DEFAULTS)
def test_the_shipped_configuration_states_the_defaults(section: str) -> None:
    shipped = config_files.read(ROOT / "config/config.yaml")[section]
    default = checked(LEAST)[section]
    if section == "comparison":  # spelt out there; the default is the first model, which it is
        first = next(iter(config_files.read(ROOT / "config/config.yaml")["models"]))
        default = default | {"reference": first}
    if section == "training":  # its own settings are left at their defaults
        assert shipped["optimizer"] == {name: {} for name in default["optimizer"]}
        default = default | {"optimizer": shipped["optimizer"]}
    if section == "analysis":  # all of it is on there, each part with its defaults
        begun = {key: {} if isinstance(value, dict) else value for key, value in shipped.items()}
        default = checked(LEAST | {"analysis": begun})[section]
        assert all(shipped.values())
    assert shipped == default


def test_a_model_has_a_training_of_its_own_over_that_of_all() -> None:
    models = {
        "plain": LEAST["models"]["plain"],
        "other": LEAST["models"]["plain"] | {"training": {"epochs": 2, "optimizer": {"sgd": {}}}},
    }
    found = checked(LEAST | {"models": models, "training": {"epochs": 5, "batch_size": 7}})
    assert found["models"]["plain"]["training"] == found["training"]
    own = {
        "epochs": 2,
        "optimizer": {"sgd": SGD},
    }
    assert found["models"]["other"]["training"] == found["training"] | own


@pytest.mark.parametrize(
    ("training", "told"),
    [
        ({"epoch": 1}, "unknown key 'models.plain.training.epoch'; did you mean 'epochs'?"),
        ({"epochs": 0}, "key 'models.plain.training.epochs' is 0; allowed: a number, more than 0"),
        (5, "key 'models.plain.training' is 5; allowed: keys and values"),
        ({"gpus": 2, "device": "cpu"}, "key 'models.plain.training.gpus' is 2; allowed where "),
    ],
)
def test_a_wrong_training_of_a_model_is_told_by_its_own_key(training: Any, told: str) -> None:
    model = LEAST["models"]["plain"] | {"training": training}
    assert told in refusal(LEAST | {"models": {"plain": model}})


def test_a_wrong_training_of_all_is_told_once_and_by_its_own_key() -> None:
    assert "key 'training.epochs' is 0" in refusal(LEAST | {"training": {"epochs": 0}})


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (layers({1: {}}), "key 'models.plain.layers[0]' has the key 1; allowed: a text"),
        (layers({True: {}}), "has the key true; allowed: a text (put names such as yes"),
        (layers({"Dense": {1: 2}}), "key 'models.plain.layers[0].Dense' has the key 1"),
        (layers({"Dense": {"units": 3}, "convv": {}}), "layers[0].convv'; did you mean 'conv'?"),
    ],
)
def test_odd_keys_are_told_in_one_line(change: dict[str, Any], told: str) -> None:
    assert told in refusal(LEAST | change)


def test_what_stands_within_itself_is_refused() -> None:
    block: dict[str, Any] = {"residual": {"layers": []}}
    block["residual"]["layers"].append(block)
    told = "key 'models.plain.layers[0].residual.layers[0]' stands within itself"
    assert told in refusal(LEAST | layers(block))
