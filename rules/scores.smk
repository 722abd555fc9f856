rule scores:
    input:
        per(evaluations),
    output:
        csv=report(
            f"{PATHS.root}/scores.csv",
            caption="../workflow/report/scores.rst",
            category="Scores",
        ),
        parquet=f"{PATHS.root}/scores.parquet",
        # From the manifests of the checkpoints behind the evaluations.
        training=report(
            f"{PATHS.root}/training.csv",
            caption="../workflow/report/training.rst",
            category="Training",
        ),
        curves=f"{PATHS.root}/curves.csv",
    log:
        PATHS.log("scores"),
    localrule: True
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        predictions=subpath(output.csv, parent=True),
        arms=per(lambda: canonical_json(ARMS)),
    shell:
        "xstilts scores --predictions {params.predictions:q}/predictions --arms - --csv {output.csv:q}"
        " --parquet {output.parquet:q} --training {output.training:q} --curves {output.curves:q} <<< {params.arms:q} 2>&1 | tee -i {log:q}"
