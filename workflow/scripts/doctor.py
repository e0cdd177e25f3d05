"""Print what this machine has and what a training here would choose: `make doctor`.

Called with a configuration file, config/config.yaml if none is named. No rule's entry point.
"""

import sys
from pathlib import Path

from swatchbook import provenance
from swatchbook.job_log import reporting_to
from swatchbook.startup import checked_config, read
from swatchbook.training import doctor

SCHEMA = Path(__file__).parents[1] / "schemas" / "config.schema.json"
PACKAGES = ("snakemake", "tensorflow", "keras", "numpy")
LOG = "logs/doctor.log"


def show(found: dict[str, str]) -> None:
    for name, value in found.items():
        print(f"{name:<22}{value}", flush=True)


file = sys.argv[1] if len(sys.argv) > 1 else "config/config.yaml"
with reporting_to(LOG):
    settings = checked_config(read(file), SCHEMA, file)["training"]
    show(provenance.versions(PACKAGES))
    show(doctor.machine())
    print(f"\nA training with {file} would choose:", flush=True)
    show(doctor.choice(settings))
    print(f"\nWhat TensorFlow itself says while it looks for devices is in {LOG}")
