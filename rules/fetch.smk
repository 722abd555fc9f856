rule fetch:
    output:
        PATHS.source("{task}", "{part}"),
    params:
        splits=lambda w: splits(w.task, w.part),
        version=lambda w: tasks.get(w.task).version,
        data_dir=lambda w: ["--data-dir", STUDY.data_dir] if tasks.get(w.task).source == "data_dir" else [],
    wildcard_constraints:
        part="train|test|vocabulary",
    log:
        PATHS.log("fetch/{task}/{part}"),
    retries: 3
    localrule: True
    shell:
        "xstilts fetch --task {wildcards.task:q} --splits {params.splits:q} {params.data_dir:q}"
        " --output {output:q} 2>&1 | tee {log:q}"
