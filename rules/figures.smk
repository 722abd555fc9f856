rule figures:
    input:
        rules.scores.output.csv,
    output:
        f"{PATHS.root}/figures/figures.json",
    log:
        PATHS.log("figures"),
    localrule: True
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        context=CONTEXT,
        style=canonical_json(dict(STUDY.figures)),
        folder=subpath(output[0], parent=True),
    shell:
        "xstilts figures --context {params.context:q} --style {params.style:q} --scores {input:q}"
        " --output {params.folder:q} 2>&1 | tee {log:q}"
