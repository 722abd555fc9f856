rule lexicon:
    input:
        PATHS.source("{task}", LEXICON),
    output:
        PATHS.lexicon("{task}", "{language}"),
    log:
        PATHS.log("lexicon/{task}/{language}"),
    wildcard_constraints:
        language="[a-z]+",
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        version=recipes.LEXICON_VERSION,
    shell:
        "xstilts lexicon --task {wildcards.task:q} --source {input:q} --language {wildcards.language:q}"
        " --data-dir={DATA_DIR:q} --raw={RAW:q} --output {output:q} 2>&1 | tee -i {log:q}"
