rule target:
    input:
        unpack(
            per(
                lambda encoder, intermediate, seed: whole(
                    parent_of(encoder, intermediate, seed)
                )
            )
        ),
        data=per(lambda target: training_data(STUDY.targets[target].train)),
        text=per(lambda target: text_manifest(STUDY.targets[target])),
    output:
        manifest=f"{PATHS.target('{encoder}', '{intermediate}', '{target}', '{seed}')}/manifest.json",
        weights=f"{PATHS.target('{encoder}', '{intermediate}', '{target}', '{seed}')}/model.safetensors",
    log:
        PATHS.log("target/{encoder}/{intermediate}/{target}/{seed}"),
    threads: resource("threads")
    resources:
        gpu=resource("gpus"),
        mem_mb=growing("mem_mb"),
        runtime=growing("runtime"),
    params:
        recipe=per(
            lambda encoder, target, seed: canonical_json(
                recipes.target_recipe(STUDY, encoder, target, seed_number(seed))
            )
        ),
        state=PATHS.state("{encoder}", "{intermediate}", "{target}", "{seed}"),
        curves=f"{PATHS.root}/logs/curves/{{encoder}}/{{intermediate}}/{{target}}/{{seed}}",
    shell:
        "xstilts train --label {wildcards.intermediate:q}/{wildcards.target:q}/{wildcards.seed:q}"
        " --recipe {params.recipe:q} --parent {input.manifest:q} --data {input.data:q} --text {input.text:q} --curves {params.curves:q}"
        " --state {params.state:q} --processes {resources.gpu} --gpus {resources.gpu}"
        " --output {output.manifest:q} 2>&1 | tee -i {log:q}"
