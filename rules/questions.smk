rule questions:
    input:
        scores=rules.scores.output.csv,
        # It differs where any prediction does: Snakemake need not look at all of them again.
        predictions=rules.scores.output.parquet,
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
        context=per(lambda: CONTEXT),
        folder=subpath(output[0], parent=True),
    shell:
        "xstilts answer --context - --scores {input.scores:q} --predictions {params.folder:q}/predictions"
        " --alignment {input.alignment:q} --difficulty {input.difficulty:q} --output {output:q}"
        " <<< {params.context:q} 2>&1 | tee -i {log:q}"
