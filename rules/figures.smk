rule figures:
    input:
        scores=rules.scores.output.csv,
        alignment=alignment_table(),
    output:
        index=f"{PATHS.root}/figures/figures.json",
        svg=[
            report(
                f"{PATHS.root}/figures/{name}.svg",
                caption=f"../workflow/report/{name}.rst",
                category="Figures",
            )
            for name in figure_names()
        ],
        png=[f"{PATHS.root}/figures/{name}.png" for name in figure_names()],
    log:
        PATHS.log("figures"),
    localrule: True
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        context=CONTEXT,
        style=canonical_json(dict(STUDY.figures)),
        folder=subpath(output.index, parent=True),
    shell:
        "xstilts figures --context {params.context:q} --style {params.style:q} --scores {input.scores:q}"
        " --alignment {input.alignment:q} --output {params.folder:q} 2>&1 | tee {log:q}"
