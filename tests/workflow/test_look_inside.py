"""A look into the networks of a finished run: one job a data set, which trains nothing."""

import json

from project import CONFIG, Project

ON = {"analysis": {"look_inside": {"images": 40, "neighbours": 2}}}
FILES = ("inside.json", "map.csv", "map.svg", "nearest.csv", "filters.png", "maps.webp")


def test_a_finished_run_is_looked_into_without_training(done: Project) -> None:
    done.configure(**ON)
    planned = done.planned()
    assert planned == {"look_inside": 1, "write_report": 1}
    done.run()
    folder = done.work / "results/own-images/inside"
    assert all((folder / name).stat().st_size for name in FILES)
    found = json.loads((folder / "inside.json").read_text())
    assert found["models"] == list(CONFIG["models"]) and found["map"]["images"] == 40
    for model in found["models"]:
        run = json.loads((done.work / f"results/own-images/{model}/seed-0/run.json").read_text())
        assert found["networks"][model]["parameters"] == run["parameters"]
    page = (done.work / "results/report.html").read_text()
    assert 'id="own-images/inside"' in page
    assert done.planned() == {}
    done.configure()
    assert done.planned() == {"write_report": 1}
