rule fetch:
    output:
        PATHS.source("{task}", "{part}"),
    log:
        PATHS.log("fetch/{task}/{part}"),
    wildcard_constraints:
        part="train|test|vocabulary|lexicon",
    retries: 3
    localrule: True
    params:
        splits=per(splits),
        version=per(lambda task: tasks.get(task).version),
        raw=per(raw_fingerprint),
        options=per(fetch_options),
    shell:
        "xstilts fetch --task {wildcards.task:q} --splits {params.splits:q}"
        " {params.options:q} --data-dir={DATA_DIR:q} --raw={RAW:q} --output {output:q} 2>&1 | tee -i {log:q}"
