rule prepare:
    input:
        per(
            lambda task, part: PATHS.source(
                task, "train" if part == "train" else "test"
            )
        ),
    output:
        f"{PATHS.data('{task}', '{part}')}/manifest.json",
    log:
        PATHS.log("prepare/{task}/{part}"),
    wildcard_constraints:
        part=f"train|{CLEAN}",
    resources:
        mem_mb=growing(2000),
        runtime=growing(30),
    params:
        splits=per(splits),
        limit=per(limit_of),
    shell:
        "xstilts prepare --task {wildcards.task:q} --source {input:q} --splits {params.splits:q} {params.limit:q}"
        " --data-dir={DATA_DIR:q} --raw={RAW:q} --output {output:q} 2>&1 | tee -i {log:q}"
