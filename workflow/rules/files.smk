"""The files that jobs read: of a data set as it came, and its arrays, in one piece or in shards.

Requires: rules/common.smk.
Provides: input functions, and what rules on files and arrays ask about a data set.
"""

from snakemake.iocontainers import Wildcards


def receipts_of_all(wildcards: Wildcards) -> list[str]:
    """Return the receipts of every file of every data set."""
    return [
        f"results/{name}/download/{file}.json"
        for name, spec in config["specs"].items()
        for file in spec["files"]
    ]


def dataset_receipts(wildcards: Wildcards) -> list:
    """Return the receipts of one data set; a new receipt for the same file changes nothing."""
    files = config["specs"][wildcards.dataset]["files"]
    return [ancient(f"results/{wildcards.dataset}/download/{file}.json") for file in files]


def dataset_files(wildcards: Wildcards) -> list:
    """Return the files of one data set.

    Where the content is pinned the age of a file says nothing, so a fresh checkout or a second
    download of the same content does not decode and train again.
    """
    spec = config["specs"][wildcards.dataset]
    folder = with_prefix(f"resources/{wildcards.dataset}/")
    paths = [local(f"{folder}{file}") for file in spec["files"]]
    return [ancient(path) for path in paths] if spec["content"] else paths


def file_pins(wildcards: Wildcards) -> list[str]:
    """Return the digests that one file may have."""
    files = config["specs"][wildcards.dataset]["files"]
    return files.get(wildcards.file, {}).get("sha256", [])


def dataset_content(wildcards: Wildcards) -> dict:
    """Return what the arrays depend on in a data set's file."""
    spec = config["specs"][wildcards.dataset]
    keys = ("format", "image", "classes", spec["format"], "content", "split")
    return {key: spec[key] for key in keys if key in spec}


def one_of(datasets: list[str]) -> str:
    """Return a pattern for a wildcard that is one of these data sets, of which there may be none."""
    return "|".join(datasets) or "(?!)"


def shards_of(dataset: str, pattern: str = SHARD) -> list[str]:
    """Return a file of every shard of a data set, in their order."""
    return getattr(gather, f"{SHARDED[dataset]} shards")(pattern, dataset=dataset)


def arrays_of(dataset: str, *files: str) -> list[str]:
    """Return the arrays of one data set, of which a rule may need only some.

    What a sharded one has for an array of images is all of its shards; labels are in its index.
    """
    if dataset in WHOLE:
        names = [f"results/{{dataset}}/arrays/{file}" for file in files] or ARRAYS
        return expand(names, dataset=dataset)
    have_images = not files or any(file.startswith("x_") for file in files)
    return expand(SHARDED_ARRAYS, dataset=dataset) + (shards_of(dataset) if have_images else [])


def arrays(*files: str):
    """Make an input function for the arrays of one data set; see `arrays_of`."""

    def inputs(wildcards: Wildcards) -> list[str]:
        return arrays_of(wildcards.dataset, *files)

    return inputs
