rule alignment:
    input:
        unpack(per(lambda encoder, arm: all_whole(aligned_checkpoints(encoder, arm)))),
        pretrained=per(lambda encoder: list(whole(PATHS.encoder(encoder)).values())),
        data=per(alignment_data),
    output:
        PATHS.alignment("{encoder}", "{arm}"),
    log:
        PATHS.log("alignment/{encoder}/{arm}"),
    wildcard_constraints:
        arm="[^/]+(/[^/]+)?",
    threads: resource("threads")
    resources:
        gpu=resource("gpus"),
        mem_mb=growing("mem_mb"),
        runtime=growing("runtime"),
    params:
        recipe=per(lambda: canonical_json(recipes.alignment_recipe(STUDY))),
        arm=per(lambda encoder, arm: canonical_json(aligned_words(STUDY, encoder, arm))),
        seeds=per(lambda encoder, arm: ALIGNED[encoder, arm]),
    shell:
        "xstilts align --gpus {resources.gpu} --recipe {params.recipe:q} --arm {params.arm:q} --seeds {params.seeds:q}"
        " --checkpoints {input.manifests:q} --pretrained {input.pretrained[0]:q} --data {input.data:q}"
        " --output {output:q} 2>&1 | tee -i {log:q}"


rule alignment_table:
    input:
        [PATHS.alignment(*names) for names in ALIGNED],
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
        runs=per(lambda: canonical_json(list(alignment_runs(STUDY)))),
    shell:
        "xstilts alignment --root {params.root:q} --runs - --csv {output.csv:q}"
        " --parquet {output.parquet:q} <<< {params.runs:q} 2>&1 | tee -i {log:q}"
