rule perturb:
    input:
        per(perturbation_inputs),
        data=f"{PATHS.data('{task}', CLEAN)}/manifest.json",
    output:
        f"{PATHS.data('{task}', '{condition}')}/manifest.json",
    log:
        PATHS.log("perturb/{task}/{condition}"),
    wildcard_constraints:
        condition=one_of(set(STUDY.conditions) - {CLEAN} - ATTACKS),
    resources:
        mem_mb=growing(2000),
        runtime=growing(30),
    params:
        recipe=per(
            lambda task, condition: canonical_json(
                recipes.perturbation_recipe(STUDY, task, condition)
            )
        ),
        resources=per(lambda condition: canonical_json(perturbation_paths(condition))),
    shell:
        "xstilts perturb --recipe {params.recipe:q} --data {input.data:q}"
        " --resources {params.resources:q} --output {output:q} 2>&1 | tee -i {log:q}"
