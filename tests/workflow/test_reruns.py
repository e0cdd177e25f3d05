"""What runs again after a change, and what does not."""

import html
import os
import re
import shutil
from pathlib import Path

from project import MODELS, ROOT, Project

LIBRARY = "workflow/scripts/swatchbook"


def append(project: Project, file: str, text: str) -> None:
    path = project.folder / file
    path.write_text(path.read_text() + text)


def test_a_second_run_does_nothing(done: Project) -> None:
    assert done.planned() == {}


def test_a_new_seed_trains_only_that_seed(done: Project) -> None:
    done.configure(seeds=[0, 7])
    assert done.planned_cells() == {"plain/7", "dropped/7"}
    assert "decode_dataset" not in done.planned()


def test_a_new_model_trains_only_that_model(done: Project) -> None:
    done.configure(models={**MODELS, "wide": {"layers": [{"flatten": {}}]}})
    assert done.planned_cells() == {"wide/0"}


def test_a_changed_model_is_trained_and_no_other(done: Project) -> None:
    changed = {"layers": [{"conv": {"filters": 5}}, *MODELS["dropped"]["layers"][1:]]}
    done.configure(models={**MODELS, "dropped": changed})
    assert done.planned_cells() == {"dropped/0"}


def test_changed_training_settings_train_everything(done: Project) -> None:
    done.configure(training={"epochs": 2})
    assert done.planned_cells() == {"plain/0", "dropped/0"}


def test_a_changed_page_only_writes_the_report(done: Project) -> None:
    append(done, "workflow/report/style.css", "h1 { color: teal; }\n")
    append(done, "workflow/report/report.html.j2", "<!-- changed -->\n")
    assert done.planned() == {"write_report": 1}


def test_a_changed_title_only_writes_the_report(done: Project) -> None:
    done.configure(report={"title": "Another"})
    assert done.planned() == {"write_report": 1}


def test_changed_figures_train_nothing(done: Project) -> None:
    append(done, f"{LIBRARY}/figures/side_by_side.py", "\n# changed\n")
    assert done.planned() == {"draw_figures": 1, "write_report": 1}


def test_changed_checks_train_nothing(done: Project) -> None:
    append(done, f"{LIBRARY}/inspection/data_checks.py", "\n# changed\n")
    later = {"check_predictions": 1, "choose_images": 1, "write_report": 1}
    assert done.planned() == {"check_data": 1} | later


def test_changed_training_code_trains_again(done: Project) -> None:
    append(done, f"{LIBRARY}/training/models.py", "\n# changed\n")
    assert done.planned_cells() == {"plain/0", "dropped/0"}
    assert "decode_dataset" not in done.planned()


def test_changed_decoding_code_decodes_again(done: Project) -> None:
    append(done, f"{LIBRARY}/data/image_stream.py", "\n# changed\n")
    assert done.planned()["decode_dataset"] == 1


def test_a_changed_message_runs_nothing(done: Project) -> None:
    append(done, f"{LIBRARY}/errors.py", "\n# changed\n")
    assert done.planned() == {}


def test_another_mirror_runs_nothing(done: Project) -> None:
    assert done.planned("--config", "mirror=/nowhere") == {}


def test_other_limits_decode_and_train_nothing(done: Project) -> None:
    path = done.work / "config/datasets/own-images.yaml"
    assert "member_bytes: 67108864" in path.read_text()
    path.write_text(path.read_text().replace("member_bytes: 67108864", "member_bytes: 12345678"))
    assert done.planned() == {"write_report": 1}


def test_a_fresh_checkout_beside_existing_results_runs_nothing(done: Project) -> None:
    """Every file that comes from the repository is new; results and Snakemake's notes are kept."""
    shutil.rmtree(done.folder / "workflow")
    shutil.copytree(ROOT / "workflow", done.folder / "workflow", copy_function=shutil.copy)
    for path in [*(done.work / "resources").rglob("*"), *(done.work / "config").rglob("*")]:
        os.utime(path)
    newest_result = max(path.stat().st_mtime for path in Path(done.work, "results").rglob("*"))
    assert (done.folder / "workflow/scripts/train.py").stat().st_mtime > newest_result
    assert done.planned() == {}


def test_forcing_a_stage_by_name_runs_all_its_jobs_again(done: Project) -> None:
    assert done.planned_cells("--forcerun", "train") == {"plain/0", "dropped/0"}
    planned = done.planned("--forcerun", "evaluate")
    assert planned["evaluate_model"] == 2
    assert "train_model" not in planned


def test_the_commands_on_the_page_make_their_figures_again(done: Project) -> None:
    page = html.unescape((done.work / "results/report.html").read_text(encoding="utf-8"))
    commands = set(re.findall(r"snakemake --cores 1 --forcerun (\w+) -- ([^<\s]+)", page))
    of_figures = {"draw_figures", "explore_dataset", "check_data", "check_predictions"}
    assert {rule for rule, _ in commands} == {*of_figures, "choose_images"}
    for rule, target in commands:
        assert done.planned("--forcerun", rule, "--", target) == {rule: 1}


def test_a_changed_training_of_one_model_trains_that_model_alone(done: Project) -> None:
    plain = MODELS["plain"] | {"training": {"optimizer": {"sgd": {"momentum": 0.9}}}}
    done.configure(models={**MODELS, "plain": plain})
    assert done.planned_cells() == {"plain/0"}
