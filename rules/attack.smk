rule attack:
    input:
        unpack(
            per(
                lambda encoder, intermediate, target, seed: whole(
                    scored_checkpoint(encoder, intermediate, target, seed)
                )
            )
        ),
        per(
            lambda target, condition: perturbation_inputs(
                STUDY.targets[target].task, condition
            )
        ),
        data=per(
            lambda target: f"{PATHS.data(STUDY.targets[target].task, CLEAN)}/manifest.json"
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
        PATHS.log("attack/{encoder}/{intermediate}/{target}/{seed}/{condition}"),
    wildcard_constraints:
        condition=one_of(ATTACKS),
    threads: resource("threads")
    resources:
        gpu=resource("gpus"),
        mem_mb=growing("mem_mb"),
        runtime=growing("runtime"),
    params:
        recipe=per(
            lambda target, condition: canonical_json(
                recipes.attack_recipe(STUDY, target, condition)
            )
        ),
        run=per(
            lambda encoder, intermediate, target, seed: canonical_json(
                recipes.arm_words(STUDY, encoder, intermediate, target)
                | {"seed": seed_number(seed)}
            )
        ),
        resources=per(lambda condition: canonical_json(perturbation_paths(condition))),
        state=f"{PATHS.root}/state/attack/{{encoder}}/{{intermediate}}/{{target}}/{{seed}}/{{condition}}",
    shell:
        "xstilts attack --gpus {resources.gpu} --recipe {params.recipe:q} --run {params.run:q} --checkpoint {input.manifest:q}"
        " --data {input.data:q} --resources {params.resources:q} --state {params.state:q}"
        " --predictions {output.predictions:q} --scores {output.scores:q} 2>&1 | tee -i {log:q}"
