rule questions:
    input:
        rules.scores.output.csv,
    output:
        f"{PATHS.root}/answers.csv",
    params:
        context=CONTEXT,
    log:
        PATHS.log("questions"),
    resources:
        mem_mb=2000,
        runtime=30,
    localrule: True
    shell:
        "xstilts answer --context {params.context:q} --scores {input:q} --output {output:q} 2>&1 | tee {log:q}"
