rule report:
    input:
        scores=rules.scores.output.csv,
        answers=rules.questions.output,
        figures=rules.figures.output,
    output:
        f"{PATHS.root}/report.html",
    params:
        context=CONTEXT,
        figures=f"{PATHS.root}/figures",
    log:
        PATHS.log("report"),
    resources:
        mem_mb=2000,
        runtime=10,
    localrule: True
    shell:
        "xstilts report --context {params.context:q} --scores {input.scores:q} --answers {input.answers:q}"
        " --figures {params.figures:q} --output {output:q} 2>&1 | tee {log:q}"
