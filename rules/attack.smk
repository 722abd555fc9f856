rule attack:
    input:
        unpack(lambda w: whole(scored_checkpoint(w))),
        lambda w: perturbation_inputs(STUDY.targets[w.target].task, w.condition),
        data=lambda w: f"{PATHS.data(STUDY.targets[w.target].task, CLEAN)}/manifest.json",
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
    threads: threads_of
    resources:
        gpu=resource("gpus"),
        mem_mb=resource("mem_mb"),
        runtime=resource("runtime"),
    params:
        recipe=lambda w: canonical_json(
            recipes.attack_recipe(STUDY, w.target, w.condition)
        ),
        run=lambda w: canonical_json(
            recipes.run_name(STUDY, w.encoder, w.intermediate, w.target, w.seed)
        ),
        checkpoint=scored_checkpoint,
        data=lambda w: PATHS.data(STUDY.targets[w.target].task, CLEAN),
        resources=lambda w: canonical_json(perturbation_paths(w.condition)),
        state=f"{PATHS.root}/state/attack/{{encoder}}/{{intermediate}}/{{target}}/{{seed}}/{{condition}}",
    shell:
        "xstilts attack --recipe {params.recipe:q} --run {params.run:q} --checkpoint {params.checkpoint:q}"
        " --data {params.data:q} --resources {params.resources:q} --state {params.state:q}"
        " --predictions {output.predictions:q} --scores {output.scores:q} 2>&1 | tee {log:q}"
