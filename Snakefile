"""Swatchbook from the project's root: `snakemake --cores 4 results/report.html`."""


include: "workflow/Snakefile"


# Snakemake ignores a default target that stands in an included file.
rule default:
    default_target: True
    input:
        rules.all.input,
