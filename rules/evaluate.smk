rule evaluate:
    input:
        unpack(
            per(
                lambda encoder, intermediate, target, seed: whole(
                    scored_checkpoint(encoder, intermediate, target, seed)
                )
            )
        ),
        data=per(
            lambda target: [
                f"{folder}/manifest.json" for folder in evaluated_data(target)
            ]
        ),
    output:
        PATHS.evaluation("{encoder}", "{intermediate}", "{target}", "{seed}"),
    log:
        PATHS.log("evaluate/{encoder}/{intermediate}/{target}/{seed}"),
    threads: resource("threads")
    resources:
        gpu=resource("gpus"),
        mem_mb=growing("mem_mb"),
        runtime=growing("runtime"),
    params:
        recipe=per(
            lambda target: canonical_json(recipes.evaluation_recipe(STUDY, target))
        ),
        run=per(
            lambda encoder, intermediate, target, seed: canonical_json(
                recipes.run_name(STUDY, encoder, intermediate, target, seed)
            )
        ),
        checkpoint=per(scored_checkpoint),
        data=per(evaluated_data),
        folder=subpath(output[0], parent=True),
    shell:
        "xstilts evaluate --gpus {resources.gpu} --recipe {params.recipe:q} --run {params.run:q} --checkpoint {params.checkpoint:q}"
        " --data {params.data:q} --output {params.folder:q} 2>&1 | tee {log:q}"
