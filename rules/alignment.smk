rule alignment:
    input:
        unpack(per(lambda encoder, arm, seed: whole(PATHS.trained(encoder, arm, seed)))),
        pretrained=per(lambda encoder: list(whole(PATHS.encoder(encoder)).values())),
        data=per(lambda: [f"{folder}/manifest.json" for folder in alignment_data()]),
    output:
        PATHS.alignment("{encoder}", "{arm}", "{seed}"),
    log:
        PATHS.log("alignment/{encoder}/{arm}/{seed}"),
    wildcard_constraints:
        arm="[^/]+(/[^/]+)?",
    threads: resource("threads")
    resources:
        gpu=resource("gpus"),
        mem_mb=growing("mem_mb"),
        runtime=growing("runtime"),
    params:
        recipe=per(lambda: canonical_json(recipes.alignment_recipe(STUDY))),
        run=per(
            lambda encoder, arm, seed: canonical_json(
                run_words(STUDY, encoder, arm, seed)
            )
        ),
        checkpoint=per(PATHS.trained),
        pretrained=per(PATHS.encoder),
        data=per(alignment_data),
    shell:
        "xstilts align --gpus {resources.gpu} --recipe {params.recipe:q} --run {params.run:q}"
        " --checkpoint {params.checkpoint:q} --pretrained {params.pretrained:q} --data {params.data:q}"
        " --output {output:q} 2>&1 | tee {log:q}"


rule alignment_table:
    input:
        per(alignment_files),
    output:
        csv=report(
            f"{PATHS.root}/alignment.csv",
            caption="../workflow/report/alignment.rst",
            category="Alignment",
        ),
        parquet=f"{PATHS.root}/alignment.parquet",
    log:
        PATHS.log("alignment"),
    localrule: True
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        root=subpath(output.csv, parent=True),
        runs=canonical_json(list(alignment_runs(STUDY))),
    shell:
        "xstilts alignment --root {params.root:q} --runs {params.runs:q} --csv {output.csv:q}"
        " --parquet {output.parquet:q} 2>&1 | tee {log:q}"
