rule mini_encoder:
    input:
        sources=per(vocabulary_sources),
    output:
        manifest=f"{PATHS.encoder('{encoder}')}/manifest.json",
        weights=f"{PATHS.encoder('{encoder}')}/model.safetensors",
    log:
        PATHS.log("encoder/{encoder}"),
    wildcard_constraints:
        encoder=one_of(
            name for name, encoder in STUDY.encoders.items() if encoder.kind == "mini"
        ),
    resources:
        mem_mb=growing(3000),
        runtime=growing(30),
    params:
        recipe=per(
            lambda encoder: canonical_json(recipes.encoder_recipe(STUDY, encoder))
        ),
    shell:
        "xstilts encoder --recipe {params.recipe:q} --sources {input.sources:q} --data-dir={DATA_DIR:q} --raw={RAW:q}"
        " --output {output.manifest:q}"
        " 2>&1 | tee -i {log:q}"


# The only encoder rule that reaches the network, so it runs where Snakemake was called.
rule hub_encoder:
    input:
        sources=per(vocabulary_sources),
    output:
        manifest=f"{PATHS.encoder('{encoder}')}/manifest.json",
        weights=f"{PATHS.encoder('{encoder}')}/model.safetensors",
    log:
        PATHS.log("encoder/{encoder}"),
    wildcard_constraints:
        encoder=one_of(
            name for name, encoder in STUDY.encoders.items() if encoder.kind == "hub"
        ),
    retries: 3
    localrule: True
    params:
        recipe=per(
            lambda encoder: canonical_json(recipes.encoder_recipe(STUDY, encoder))
        ),
    shell:
        "xstilts encoder --recipe {params.recipe:q} --sources {input.sources:q} --data-dir={DATA_DIR:q} --raw={RAW:q}"
        " --output {output.manifest:q}"
        " 2>&1 | tee -i {log:q}"
