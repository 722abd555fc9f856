rule questions:
    input:
        # Its name, not the rule's output: that has Snakemake hash the whole list below once for each of its files.
        scores=f"{PATHS.root}/scores.csv",
        predictions=per(lambda: evaluations("parquet")),
        alignment=alignment_table(),
        difficulty=difficulty_table(),
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
        folder=subpath(output[0], parent=True),
    shell:
        "xstilts answer --context {params.context:q} --scores {input.scores:q} --predictions {params.folder:q}/predictions"
        " --alignment {input.alignment:q} --difficulty {input.difficulty:q} --output {output:q} 2>&1 | tee {log:q}"
