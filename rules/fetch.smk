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
        splits=lambda w: splits(w.task, w.part),
        version=lambda w: tasks.get(w.task).version,
        raw=lambda w: raw_fingerprint(w.task, w.part),
        options=lambda w: fetch_options(w.task),
    shell:
        "xstilts fetch --task {wildcards.task:q} --splits {params.splits:q}"
        " {params.options:q} --data-dir={DATA_DIR:q} --raw={RAW:q} --output {output:q} 2>&1 | tee {log:q}"
