rule alignment:
    input:
        unpack(lambda w: whole(PATHS.trained(w.encoder, w.arm, w.seed))),
        pretrained=lambda w: list(whole(PATHS.encoder(w.encoder)).values()),
        data=lambda w: [f"{folder}/manifest.json" for folder in alignment_data()],
    output:
        PATHS.alignment("{encoder}", "{arm}", "{seed}"),
    log:
        PATHS.log("alignment/{encoder}/{arm}/{seed}"),
    wildcard_constraints:
        arm="[^/]+(/[^/]+)?",
    threads: threads_of
    resources:
        gpu=resource("gpus"),
        mem_mb=resource("mem_mb"),
        runtime=resource("runtime"),
    params:
        recipe=lambda w: canonical_json(recipes.alignment_recipe(STUDY)),
        run=lambda w: canonical_json(run_words(STUDY, w.encoder, w.arm, w.seed)),
        checkpoint=lambda w: PATHS.trained(w.encoder, w.arm, w.seed),
        pretrained=lambda w: PATHS.encoder(w.encoder),
        data=lambda w: alignment_data(),
    shell:
        "xstilts align --gpus {resources.gpu} --recipe {params.recipe:q} --run {params.run:q}"
        " --checkpoint {params.checkpoint:q} --pretrained {params.pretrained:q} --data {params.data:q}"
        " --output {output:q} 2>&1 | tee {log:q}"


rule alignment_table:
    input:
        alignment_files(),
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
