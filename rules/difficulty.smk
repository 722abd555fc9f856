# A model of the same recipe that sees no content, for V-usable information.
rule null:
    input:
        unpack(per(lambda encoder: whole(PATHS.encoder(encoder)))),
        data=per(
            lambda intermediate: training_data(STUDY.intermediate[intermediate].tasks)
        ),
        text=per(lambda intermediate: text_manifest(STUDY.intermediate[intermediate])),
    output:
        manifest=f"{PATHS.null('{encoder}', '{intermediate}', '{seed}')}/manifest.json",
        weights=f"{PATHS.null('{encoder}', '{intermediate}', '{seed}')}/model.safetensors",
    log:
        PATHS.log("null/{encoder}/{intermediate}/{seed}"),
    threads: resource("threads")
    resources:
        gpu=resource("gpus"),
        mem_mb=growing("mem_mb"),
        runtime=growing("runtime"),
    params:
        recipe=per(
            lambda encoder, intermediate, seed: canonical_json(
                recipes.null_recipe(STUDY, encoder, intermediate, seed_number(seed))
            )
        ),
        state=PATHS.state("null", "{encoder}", "{intermediate}", "{seed}"),
    shell:
        "xstilts train --label {wildcards.intermediate:q}/null/{wildcards.seed:q} --recipe {params.recipe:q}"
        " --parent {input.manifest:q} --data {input.data:q} --text {input.text:q} --state {params.state:q}"
        " --processes {resources.gpu} --gpus {resources.gpu} --output {output.manifest:q} 2>&1 | tee -i {log:q}"


rule difficulty:
    input:
        unpack(
            per(
                lambda encoder, intermediate, seed: whole(
                    PATHS.intermediate(encoder, intermediate, seed)
                )
            )
        ),
        unpack(per(null_model)),
        data=per(
            lambda intermediate: training_data(STUDY.intermediate[intermediate].tasks)
        ),
    output:
        PATHS.difficulty("{encoder}", "{intermediate}", "{seed}"),
    log:
        PATHS.log("difficulty/{encoder}/{intermediate}/{seed}"),
    threads: resource("threads")
    resources:
        gpu=resource("gpus"),
        mem_mb=growing("mem_mb"),
        runtime=growing("runtime"),
    params:
        recipe=per(
            lambda intermediate: canonical_json(
                recipes.difficulty_recipe(STUDY, intermediate)
            )
        ),
        run=per(
            lambda encoder, intermediate, seed: canonical_json(
                recipes.difficulty_words(
                    STUDY, encoder, intermediate, seed_number(seed)
                )
            )
        ),
    shell:
        "xstilts difficulty --gpus {resources.gpu} --recipe {params.recipe:q} --run {params.run:q}"
        " --checkpoint {input.manifest:q} --null {input.null:q} --data {input.data:q} --output {output:q}"
        " 2>&1 | tee -i {log:q}"


rule difficulty_table:
    input:
        [
            PATHS.difficulty(encoder, name, f"seed{seed}")
            for encoder in STUDY.encoders
            for name, recipe in STUDY.intermediate.items()
            for seed in STUDY.seeds
            if STUDY.difficulty and not recipe.direct
        ],
    output:
        csv=report(
            f"{PATHS.root}/difficulty.csv",
            caption="../workflow/report/difficulty.rst",
            category="Difficulty",
        ),
        parquet=f"{PATHS.root}/difficulty.parquet",
    log:
        PATHS.log("difficulty"),
    localrule: True
    resources:
        mem_mb=2000,
        runtime=10,
    shell:
        "xstilts difficulties --files {input:q} --csv {output.csv:q} --parquet {output.parquet:q} 2>&1 | tee -i {log:q}"
