rule intermediate:
    input:
        unpack(lambda w: whole(PATHS.encoder(w.encoder))),
        data=lambda w: [
            f"{PATHS.data(task, 'train')}/manifest.json"
            for task in STUDY.intermediate[w.intermediate].tasks
        ],
        text=lambda w: text_manifest(STUDY.intermediate[w.intermediate]),
    output:
        manifest=f"{PATHS.intermediate('{encoder}', '{intermediate}', '{seed}')}/manifest.json",
        weights=f"{PATHS.intermediate('{encoder}', '{intermediate}', '{seed}')}/model.safetensors",
    log:
        PATHS.log("intermediate/{encoder}/{intermediate}/{seed}"),
    threads: threads_of
    resources:
        gpu=resource("gpus"),
        mem_mb=resource("mem_mb"),
        runtime=resource("runtime"),
    params:
        recipe=lambda w: canonical_json(
            recipes.intermediate_recipe(STUDY, w.encoder, w.intermediate, seed_of(w))
        ),
        parent=lambda w: PATHS.encoder(w.encoder),
        data=lambda w: [
            PATHS.data(task, "train")
            for task in STUDY.intermediate[w.intermediate].tasks
        ],
        text=lambda w: text_folder(STUDY.intermediate[w.intermediate]),
        folder=subpath(output.manifest, parent=True),
        state=lambda w: PATHS.state(w.encoder, w.intermediate, w.seed),
        processes=lambda w: max(1, STUDY.encoders[w.encoder].resources["gpus"]),
        curves=f"{PATHS.root}/logs/curves/{{encoder}}/{{intermediate}}/{{seed}}",
    shell:
        "xstilts train --label {wildcards.intermediate:q}/{wildcards.seed:q} --recipe {params.recipe:q}"
        " --parent {params.parent:q} --data {params.data:q} --text {params.text:q} --curves {params.curves:q}"
        " --state {params.state:q} --processes {params.processes:q} --gpus {resources.gpu} --output {params.folder:q}"
        " 2>&1 | tee {log:q}"
