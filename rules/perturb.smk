rule perturb:
    input:
        f"{PATHS.data('{task}', CLEAN)}/manifest.json",
        per(perturbation_inputs),
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
        clean=subpath(input[0], parent=True),
        folder=subpath(output[0], parent=True),
    shell:
        "xstilts perturb --recipe {params.recipe:q} --data {params.clean:q}"
        " --resources {params.resources:q} --output {params.folder:q} 2>&1 | tee {log:q}"
