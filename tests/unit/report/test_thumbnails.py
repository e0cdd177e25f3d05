"""Thumbnails are placed and described as the gallery says."""

from swatchbook.report.thumbnails import Thumbnails

GALLERY = {
    "models": ["a", "b"],
    "seeds": [0, 1],
    "classes": ["cat", "dog"],
    "columns": 4,
    "rows": 3,
    "images": [
        {
            "id": "007",
            "label": 0,
            "models": [
                {"right": 2, "likeliest": [[0, 0.97], [1, 0.03]]},
                {"right": 0, "likeliest": [[1, 0.6], [0, 0.4]]},
            ],
        }
    ],
}


def test_a_thumbnail_is_placed_told_and_captioned() -> None:
    thumbnails = Thumbnails(GALLERY, b"RIFF")
    assert thumbnails.url == "data:image/webp;base64,UklGRg=="
    assert thumbnails.position(0) == "0.0000% 0.0000%"
    assert thumbnails.position(6) == "66.6667% 50.0000%"
    assert thumbnails.position(11) == "100.0000% 100.0000%"
    only = {"kind": "only", "model": "a", "other": "b", "images": [0], "of": 1}
    assert thumbnails.told(0, only) == (
        "cat, id 007; a: cat 97 %, right in 2 of 2 seeds; b: dog 60 %, right in 0 of 2 seeds"
    )
    assert thumbnails.called(only, 0) == "60 % dog"
    assert thumbnails.title(only) == "Only a is right, not b"
    assert thumbnails.explained(only).endswith("1 in all.")
    wrong = {"kind": "wrong", "model": "b", "other": None, "images": [0], "of": 30}
    assert thumbnails.called(wrong, 0) == "60 % dog"
    assert "30 in all, the first 1 are shown" in thumbnails.explained(wrong)
    assert thumbnails.title(wrong) == "Surest mistakes: b"
    assert "surest in the mean; 30 in all" in thumbnails.explained(wrong)
    assert thumbnails.classes_of(0) == [0, 1]


def test_of_many_models_a_thumbnail_tells_those_that_its_list_is_about() -> None:
    models = [f"model {number}" for number in range(8)]
    known = [{"right": 1, "likeliest": [[0, 0.9], [1, 0.1]]} for _ in models]
    image = {"id": "007", "label": 0, "models": known}
    thumbnails = Thumbnails(GALLERY | {"models": models, "images": [image]}, b"RIFF")
    only = {"kind": "only", "model": "model 7", "other": "model 0", "images": [0], "of": 1}
    assert thumbnails.told(0, only) == (
        "cat, id 007; model 0: cat 90 %, right in 1 of 2 seeds; model 7: cat 90 %, right in 1 of 2 "
        "seeds"
    )
    suspect = {"kind": "suspect", "model": None, "other": None, "images": [0], "of": 1}
    assert thumbnails.told(0, suspect) == "cat, id 007"
