"""Try: a page that runs the best model of a data set in a browser.

Requires: results/<dataset>/best/ with its ONNX file, results/<dataset>/arrays/, and npm for what runs
the model.
Provides: results/<dataset>/best/try.html, one file that needs no server and no network; beside it the
licences of what it holds. Nothing else depends on them.
"""

WEB_RUNTIME = with_prefix(f"resources/{web_runtime.PACKAGE}/{web_runtime.FILE}")


rule bring_web_runtime:
    """Bring what runs a model in a browser, or verify the file that is in place."""
    output:
        # As of a data set's files: one that is there is kept, and on this machine.
        local(update(WEB_RUNTIME)),
    log:
        "logs/bring_web_runtime.log",
    localrule: True
    conda:
        "../envs/swatchbook.yaml"
    resources:
        mem_mb=growing(1000),
        runtime=growing(30),
    script:
        "../scripts/bring_web_runtime.py"


rule write_try_page:
    """Write the page on which one tries the best model of one data set."""
    input:
        arrays(),
        EXPORTED,
        "results/{dataset}/best/model.onnx",
        sheet="results/{dataset}/best/model.json",
        # Pinned by digest, so its age says nothing.
        runtime=ancient(local(WEB_RUNTIME)),
    output:
        page=TRY_PAGE,
        licences="results/{dataset}/best/try.licences.txt",
    log:
        "logs/{dataset}/write_try_page.log",
    # Seconds, without TensorFlow, and beside what it reads of this machine.
    localrule: True
    conda:
        "../envs/swatchbook.yaml"
    resources:
        mem_mb=growing(2000),
        runtime=growing(10),
    params:
        page=provenance.files_digest([*sorted((WORKFLOW / "try").glob("*.*")), PAGE / "base.css"]),
        code=code_digest("write_try_page"),
    script:
        "../scripts/write_try_page.py"
