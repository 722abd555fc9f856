rule figures:
    input:
        rules.scores.output.csv,
    output:
        f"{PATHS.root}/figures/figures.json",
    params:
        context=CONTEXT,
        style=canonical_json(dict(STUDY.figures)),
        folder=f"{PATHS.root}/figures",
    log:
        PATHS.log("figures"),
    resources:
        mem_mb=2000,
        runtime=10,
    localrule: True
    shell:
        "xstilts figures --context {params.context:q} --style {params.style:q} --scores {input:q}"
        " --output {params.folder:q} 2>&1 | tee {log:q}"
