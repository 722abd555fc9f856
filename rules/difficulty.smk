# A model of the same recipe that sees no content, for V-usable information.
rule null:
    input:
        unpack(lambda w: whole(PATHS.encoder(w.encoder))),
        data=lambda w: [
            f"{PATHS.data(task, 'train')}/manifest.json"
            for task in STUDY.intermediate[w.intermediate].tasks
        ],
        text=lambda w: text_manifest(STUDY.intermediate[w.intermediate]),
    output:
        manifest=f"{PATHS.null('{encoder}', '{intermediate}', '{seed}')}/manifest.json",
        weights=f"{PATHS.null('{encoder}', '{intermediate}', '{seed}')}/model.safetensors",
    log:
        PATHS.log("null/{encoder}/{intermediate}/{seed}"),
    threads: threads_of
    resources:
        gpu=resource("gpus"),
        mem_mb=resource("mem_mb"),
        runtime=resource("runtime"),
    params:
        recipe=lambda w: canonical_json(
            recipes.null_recipe(STUDY, w.encoder, w.intermediate, seed_of(w))
        ),
        parent=lambda w: PATHS.encoder(w.encoder),
        data=lambda w: [
            PATHS.data(task, "train")
            for task in STUDY.intermediate[w.intermediate].tasks
        ],
        text=lambda w: text_folder(STUDY.intermediate[w.intermediate]),
        folder=subpath(output.manifest, parent=True),
        state=lambda w: PATHS.state("null", w.encoder, w.intermediate, w.seed),
        processes=lambda w: max(1, STUDY.encoders[w.encoder].resources["gpus"]),
    shell:
        "xstilts train --label {wildcards.intermediate:q}/null/{wildcards.seed:q} --recipe {params.recipe:q}"
        " --parent {params.parent:q} --data {params.data:q} --text {params.text:q} --state {params.state:q}"
        " --processes {params.processes:q} --gpus {resources.gpu} --output {params.folder:q} 2>&1 | tee {log:q}"


rule difficulty:
    input:
        unpack(lambda w: whole(PATHS.intermediate(w.encoder, w.intermediate, w.seed))),
        null=lambda w: null_files(w),
        data=lambda w: [
            f"{PATHS.data(task, 'train')}/manifest.json"
            for task in STUDY.intermediate[w.intermediate].tasks
        ],
    output:
        PATHS.difficulty("{encoder}", "{intermediate}", "{seed}"),
    log:
        PATHS.log("difficulty/{encoder}/{intermediate}/{seed}"),
    threads: threads_of
    resources:
        gpu=resource("gpus"),
        mem_mb=resource("mem_mb"),
        runtime=resource("runtime"),
    params:
        recipe=lambda w: canonical_json(
            recipes.difficulty_recipe(STUDY, w.intermediate)
        ),
        run=lambda w: canonical_json(
            recipes.difficulty_words(STUDY, w.encoder, w.intermediate, seed_of(w))
        ),
        checkpoint=lambda w: PATHS.intermediate(w.encoder, w.intermediate, w.seed),
        null=lambda w, input: [
            PATHS.null(w.encoder, w.intermediate, w.seed) for _ in input.null[:1]
        ],
        data=lambda w: [
            PATHS.data(task, "train")
            for task in STUDY.intermediate[w.intermediate].tasks
        ],
    shell:
        "xstilts difficulty --gpus {resources.gpu} --recipe {params.recipe:q} --run {params.run:q}"
        " --checkpoint {params.checkpoint:q} --null {params.null:q} --data {params.data:q} --output {output:q}"
        " 2>&1 | tee {log:q}"


rule difficulty_table:
    input:
        [
            PATHS.difficulty(encoder, name, f"seed{seed}")
            for encoder in STUDY.encoders
            for name, recipe in STUDY.intermediate.items()
            for seed in STUDY.seeds
            if STUDY.difficulty and not recipe.direct
        ],
    output:
        csv=report(
            f"{PATHS.root}/difficulty.csv",
            caption="../workflow/report/difficulty.rst",
            category="Difficulty",
        ),
        parquet=f"{PATHS.root}/difficulty.parquet",
    log:
        PATHS.log("difficulty"),
    localrule: True
    resources:
        mem_mb=2000,
        runtime=10,
    shell:
        "xstilts difficulties --files {input:q} --csv {output.csv:q} --parquet {output.parquet:q} 2>&1 | tee {log:q}"
