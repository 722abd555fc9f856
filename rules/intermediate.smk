rule intermediate:
    input:
        unpack(per(lambda encoder: whole(PATHS.encoder(encoder)))),
        data=per(
            lambda intermediate: training_data(STUDY.intermediate[intermediate].tasks)
        ),
        text=per(lambda intermediate: text_manifest(STUDY.intermediate[intermediate])),
    output:
        manifest=f"{PATHS.intermediate('{encoder}', '{intermediate}', '{seed}')}/manifest.json",
        weights=f"{PATHS.intermediate('{encoder}', '{intermediate}', '{seed}')}/model.safetensors",
    log:
        PATHS.log("intermediate/{encoder}/{intermediate}/{seed}"),
    threads: resource("threads")
    resources:
        gpu=resource("gpus"),
        mem_mb=growing("mem_mb"),
        runtime=growing("runtime"),
    params:
        recipe=per(
            lambda encoder, intermediate, seed: canonical_json(
                recipes.intermediate_recipe(
                    STUDY, encoder, intermediate, seed_number(seed)
                )
            )
        ),
        state=PATHS.state("{encoder}", "{intermediate}", "{seed}"),
        curves=f"{PATHS.root}/logs/curves/{{encoder}}/{{intermediate}}/{{seed}}",
    shell:
        "xstilts train --label {wildcards.intermediate:q}/{wildcards.seed:q} --recipe {params.recipe:q}"
        " --parent {input.manifest:q} --data {input.data:q} --text {input.text:q} --curves {params.curves:q}"
        " --state {params.state:q} --processes {resources.gpu} --gpus {resources.gpu} --output {output.manifest:q}"
        " 2>&1 | tee -i {log:q}"
