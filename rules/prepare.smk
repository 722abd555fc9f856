rule prepare:
    input:
        lambda w: PATHS.source(w.task, "train" if w.part == "train" else "test"),
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
        splits=lambda w: splits(w.task, w.part),
        limit=lambda w: limit_of(w.task, w.part),
        folder=subpath(output[0], parent=True),
    shell:
        "xstilts prepare --task {wildcards.task:q} --source {input:q} --splits {params.splits:q} {params.limit:q}"
        " --data-dir={DATA_DIR:q} --raw={RAW:q} --output {params.folder:q} 2>&1 | tee {log:q}"
