"""A model is known by its colour."""

from swatchbook.figures.colours import model_colours


def test_a_model_keeps_its_colour_and_no_two_of_the_first_six_share_one() -> None:
    models = [f"model-{number}" for number in range(6)]
    colours = model_colours(models)
    assert len(set(colours.values())) == 6
    assert model_colours([*models, "one-more"]).items() >= colours.items()
