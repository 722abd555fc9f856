rule questions:
    input:
        scores=rules.scores.output.csv,
        predictions=predictions("parquet"),
        alignment=tables_asked("alignment"),
        difficulty=tables_asked("difficulty"),
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
        mem_mb=growing(4000),
        runtime=growing(60),
    params:
        context=CONTEXT,
        predictions=f"{PATHS.root}/predictions",
        tables=lambda w, input: [
            f"--{name}={path}"
            for name in ("alignment", "difficulty")
            for path in input.get(name) or []
        ],
    shell:
        "xstilts answer --context {params.context:q} --scores {input.scores:q} --predictions {params.predictions:q}"
        " {params.tables:q} --output {output:q} 2>&1 | tee {log:q}"
