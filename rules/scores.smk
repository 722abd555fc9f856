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
    log:
        PATHS.log("scores"),
    localrule: True
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        predictions=subpath(output.csv, parent=True),
        arms=canonical_json(ARMS),
    shell:
        "xstilts scores --predictions {params.predictions:q}/predictions --arms {params.arms:q} --csv {output.csv:q}"
        " --parquet {output.parquet:q} 2>&1 | tee {log:q}"
