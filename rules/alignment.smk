rule alignment:
    input:
        unpack(lambda w: whole(PATHS.trained(w.encoder, w.arm, w.seed))),
        pretrained=lambda w: list(whole(PATHS.encoder(w.encoder)).values()),
        clean=lambda w: f"{PATHS.data(STUDY.alignment.task, CLEAN)}/manifest.json",
        data=lambda w: f"{PATHS.data(STUDY.alignment.task, w.condition)}/manifest.json",
    output:
        PATHS.alignment("{encoder}", "{arm}", "{seed}", "{condition}"),
    log:
        PATHS.log("alignment/{encoder}/{arm}/{seed}/{condition}"),
    wildcard_constraints:
        arm="[^/]+(/[^/]+)?",
    threads: threads_of
    resources:
        gpu=resource("gpus"),
        mem_mb=resource("mem_mb"),
        runtime=resource("runtime"),
    params:
        recipe=lambda w: canonical_json(recipes.alignment_recipe(STUDY, w.condition)),
        run=lambda w: canonical_json(run_words(STUDY, w.encoder, w.arm, w.seed)),
        checkpoint=lambda w: PATHS.trained(w.encoder, w.arm, w.seed),
        pretrained=lambda w: PATHS.encoder(w.encoder),
        clean=lambda w: PATHS.data(STUDY.alignment.task, CLEAN),
        data=lambda w: PATHS.data(STUDY.alignment.task, w.condition),
    shell:
        "xstilts align --gpus {resources.gpu} --recipe {params.recipe:q} --run {params.run:q}"
        " --checkpoint {params.checkpoint:q} --pretrained {params.pretrained:q} --clean {params.clean:q}"
        " --data {params.data:q} --output {output:q} 2>&1 | tee {log:q}"


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
