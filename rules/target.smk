rule target:
    input:
        unpack(lambda w: whole(parent_of(w))),
        data=lambda w: [
            f"{PATHS.data(task, 'train')}/manifest.json"
            for task in STUDY.targets[w.target].train
        ],
        text=lambda w: text_manifest(STUDY.targets[w.target]),
    output:
        manifest=f"{PATHS.target('{encoder}', '{intermediate}', '{target}', '{seed}')}/manifest.json",
        weights=f"{PATHS.target('{encoder}', '{intermediate}', '{target}', '{seed}')}/model.safetensors",
    log:
        PATHS.log("target/{encoder}/{intermediate}/{target}/{seed}"),
    threads: threads_of
    resources:
        gpu=resource("gpus"),
        mem_mb=resource("mem_mb"),
        runtime=resource("runtime"),
    params:
        recipe=lambda w: canonical_json(
            recipes.target_recipe(STUDY, w.encoder, w.target, seed_of(w))
        ),
        parent=parent_of,
        data=lambda w: [
            PATHS.data(task, "train") for task in STUDY.targets[w.target].train
        ],
        text=lambda w: text_folder(STUDY.targets[w.target]),
        folder=subpath(output.manifest, parent=True),
        state=lambda w: PATHS.state(w.encoder, w.intermediate, w.target, w.seed),
        processes=lambda w: max(1, STUDY.encoders[w.encoder].resources["gpus"]),
        curves=f"{PATHS.root}/logs/curves/{{encoder}}/{{intermediate}}/{{target}}/{{seed}}",
    shell:
        "xstilts train --label {wildcards.intermediate:q}/{wildcards.target:q}/{wildcards.seed:q}"
        " --recipe {params.recipe:q} --parent {params.parent:q} --data {params.data:q} --text {params.text:q} --curves {params.curves:q}"
        " --state {params.state:q} --processes {params.processes:q} --gpus {resources.gpu}"
        " --output {params.folder:q} 2>&1 | tee {log:q}"
