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
            lambda target, condition: f"{PATHS.data(STUDY.targets[target].task, condition)}/manifest.json"
        ),
    output:
        predictions=PATHS.prediction(
            "{encoder}",
            "{intermediate}",
            "{target}",
            "{seed}",
            "{condition}",
            "parquet",
        ),
        scores=PATHS.prediction(
            "{encoder}", "{intermediate}", "{target}", "{seed}", "{condition}", "json"
        ),
    log:
        PATHS.log("evaluate/{encoder}/{intermediate}/{target}/{seed}/{condition}"),
    wildcard_constraints:
        condition=one_of(set(STUDY.conditions) - ATTACKS),
    threads: resource("threads")
    resources:
        gpu=resource("gpus"),
        mem_mb=growing("mem_mb"),
        runtime=growing("runtime"),
    params:
        recipe=per(
            lambda target, condition: canonical_json(
                recipes.evaluation_recipe(STUDY, target, condition)
            )
        ),
        run=per(
            lambda encoder, intermediate, target, seed: canonical_json(
                recipes.run_name(STUDY, encoder, intermediate, target, seed)
            )
        ),
        checkpoint=per(scored_checkpoint),
        data=per(
            lambda target, condition: PATHS.data(STUDY.targets[target].task, condition)
        ),
    shell:
        "xstilts evaluate --gpus {resources.gpu} --recipe {params.recipe:q} --run {params.run:q} --checkpoint {params.checkpoint:q}"
        " --data {params.data:q} --predictions {output.predictions:q} --scores {output.scores:q} 2>&1 | tee {log:q}"
