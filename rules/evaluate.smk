rule evaluate:
    input:
        unpack(lambda w: whole(scored_checkpoint(w))),
        data=lambda w: f"{PATHS.data(STUDY.targets[w.target].task, w.condition)}/manifest.json",
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
    threads: threads_of
    resources:
        gpu=resource("gpus"),
        mem_mb=resource("mem_mb"),
        runtime=resource("runtime"),
    params:
        recipe=lambda w: canonical_json(
            recipes.evaluation_recipe(STUDY, w.target, w.condition)
        ),
        run=lambda w: canonical_json(
            recipes.run_name(STUDY, w.encoder, w.intermediate, w.target, w.seed)
        ),
        checkpoint=scored_checkpoint,
        data=lambda w: PATHS.data(STUDY.targets[w.target].task, w.condition),
    shell:
        "xstilts evaluate --gpus {resources.gpu} --recipe {params.recipe:q} --run {params.run:q} --checkpoint {params.checkpoint:q}"
        " --data {params.data:q} --predictions {output.predictions:q} --scores {output.scores:q} 2>&1 | tee {log:q}"
