rule questions:
    input:
        rules.scores.output.csv,
    output:
        report(
            f"{PATHS.root}/answers.csv",
            caption="../workflow/report/answers.rst",
            category="Answers",
        ),
    log:
        PATHS.log("questions"),
    localrule: True
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        context=CONTEXT,
    shell:
        "xstilts answer --context {params.context:q} --scores {input:q} --output {output:q} 2>&1 | tee {log:q}"
