"""A model is known by its colour."""

from swatchbook.figures.colours import model_colours, model_turns


def test_a_model_keeps_its_colour_and_no_two_of_the_first_six_share_one() -> None:
    models = [f"model-{number}" for number in range(6)]
    colours = model_colours(models)
    assert len(set(colours.values())) == 6
    assert model_colours([*models, "one-more"]).items() >= colours.items()


def test_no_two_of_24_models_share_both_colour_and_turn() -> None:
    models = [f"model-{number}" for number in range(24)]
    colours, turns = model_colours(models), model_turns(models)
    assert len({(colours[model], turns[model]) for model in models}) == 24
    assert set(turns.values()) == {0, 1, 2, 3}
