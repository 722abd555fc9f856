rule evaluate:
    input:
        unpack(
            per(
                lambda encoder, intermediate, target: all_whole(
                    scored_checkpoints(encoder, intermediate, target)
                )
            )
        ),
        data=per(evaluated_data),
    output:
        PATHS.evaluation("{encoder}", "{intermediate}", "{target}"),
    log:
        PATHS.log("evaluate/{encoder}/{intermediate}/{target}"),
    threads: resource("threads")
    resources:
        gpu=resource("gpus"),
        mem_mb=growing("mem_mb"),
        runtime=growing("runtime"),
    params:
        recipe=per(
            lambda target: canonical_json(recipes.evaluation_recipe(STUDY, target))
        ),
        arm=per(
            lambda encoder, intermediate, target: canonical_json(
                recipes.arm_words(STUDY, encoder, intermediate, target)
            )
        ),
        seeds=per(lambda intermediate, target: STUDY.seed_dirs(intermediate, target)),
    shell:
        "xstilts evaluate --gpus {resources.gpu} --recipe {params.recipe:q} --arm {params.arm:q} --seeds {params.seeds:q}"
        " --checkpoints {input.manifests:q} --data {input.data:q} --output {output:q} 2>&1 | tee -i {log:q}"
