"""What the rules of Swatchbook are called on a terminal, and what jobs of any rule are called."""

from collections.abc import Collection, Mapping

from snakemake_logger_plugin_swatchbook.words import printable

# A rule's stage, and what a job of it does. A rule that is not here is called by its own name.
STAGES = {
    "download_file": ("download", "download"),
    "extract_images": ("extract", "extract"),
    "decode_dataset": ("decode", "decode"),
    "explore_dataset": ("explore", "explore"),
    "show_resizing": ("explore", "show the resizing of"),
    "check_data": ("check", "check data of"),
    "check_predictions": ("check", "check predictions of"),
    "show_augmentation": ("augment", "augment"),
    "ask_trials": ("search", "ask for trials of"),
    "train_trial": ("search", "train"),
    "search_result": ("search", "sum up the search of"),
    "train_model": ("train", "train"),
    "evaluate_model": ("evaluate", "evaluate"),
    "look_at_runs": ("decide", "decide"),
    "compare_models": ("compare", "compare"),
    "draw_figures": ("compare", "draw figures of"),
    "choose_images": ("compare", "choose images of"),
    "predict_corrupted": ("analyse", "predict corrupted images of"),
    "sum_up_corruptions": ("analyse", "sum up the corruptions of"),
    "make_prediction_sets": ("analyse", "make prediction sets of"),
    "compare_label_errors": ("analyse", "compare label errors of"),
    "look_inside": ("analyse", "look inside the networks of"),
    "choose_best": ("export", "choose the best of"),
    "export_best": ("export", "export the best of"),
    "export_run": ("export", "export"),
    "write_card": ("export", "write the card of"),
    "bring_web_runtime": ("try", "bring the web runtime"),
    "write_try_page": ("try", "write the page of"),
    "write_report": ("report", "write the report"),
}
REPORT = "write_report"
TRAININGS = {"train_model", "train_trial"}
EVALUATION, METRICS = "evaluate_model", "metrics.json"
# Rules that make what one uses, and the output that is used.
MODEL, TRY_PAGE = "model.onnx", "try.html"
PRODUCTS = {"export_best": MODEL, "export_run": MODEL, "write_try_page": TRY_PAGE}
# Rules that do nothing but ask for files; those of a stage's name are targets of this workflow.
TARGETS = {"all", "default"}


def known(rule: str) -> str | None:
    """Return which rule of Swatchbook this is; another workflow may put a name before it."""
    return next((name for name in STAGES if rule == name or rule.endswith(f"_{name}")), None)


def stage(rule: str) -> str:
    """Return the stage that a rule belongs to."""
    name = known(rule)
    return STAGES[name][0] if name else rule.replace("_", " ")


def is_target(rule: str, planned: Collection[str]) -> bool:
    """Whether a rule only asks for what others make, of the rules that are planned."""
    if rule in TARGETS:
        return True
    stages = {STAGES[name][0] for name in map(known, planned) if name}
    return any(rule == one or rule.endswith(f"_{one}") for one in stages) and not known(rule)


def job_name(rule: str, wildcards: Mapping[str, str]) -> str:
    """Return what a job is called: ``train cifar10 dropout seed 2``."""
    name = known(rule)
    does = STAGES[name][1] if name else rule.replace("_", " ")
    return " ".join([does, of_wildcards(wildcards)]).strip()


def of_wildcards(wildcards: Mapping[str, str]) -> str:
    """Return values as words; a number says of what it is one."""
    values = (
        f"{key} {value}" if str(value).isdigit() else str(value) for key, value in wildcards.items()
    )
    return printable(" ".join(values))
