"""What of Snakemake's own messages is shown, and in what length."""

import re

from snakemake_logger_plugin_swatchbook.words import cropped, printable

# What Snakemake says of itself without an event. It stands in its log file; any other message is
# shown, since nobody here knows what it is.
CHATTER = re.compile(
    r"Activating conda env|Assuming unrestricted shared filesystem|Building DAG of jobs"
    r"|Complete log|Conda environments: ignored|DAG of jobs will be updated|Elapsed time:"
    r"|Execute \d+ jobs|Exiting because a job execution failed|Group jobs: inactive"
    r"|Job \d+ has been submitted|Job rate limit reached|None$|Processed \d+ potential jobs"
    r"|Removing local copy of storage file|Removing output files of failed job"
    r"|Select jobs to execute|Shutting down, this might take|Singularity containers: ignored"
    r"|SLURM run ID:|Storing output in storage|Touching output file|Updating checkpoint dep"
    r"|Updating jobs with queue input|Using shell:|Write-protecting output file"
)
# What a job that has failed is said to have run; the terminal gets the rest.
COMMAND = re.compile(r"Command '.*' (returned non-zero exit status \d+|died with .+?)\.?$")
SIGNAL = re.compile(r"<Signals\.(\w+): \d+>")

LONGEST = 500  # characters of a line that nobody here has written: file lists, mostly


def shortened(text: str) -> str:
    """Return text in lines that can be read; file lists end where no one reads on."""
    return "\n".join(cropped(printable(line), LONGEST) for line in text.strip("\n").splitlines())


def of_process(text: str) -> str:
    """Return how the process of a job has ended, without its command."""
    last = text.strip().splitlines()[-1]
    found = COMMAND.match(last)
    return SIGNAL.sub(r"\1", f"its process {found[1]}") if found else last
