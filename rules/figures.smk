rule figures:
    input:
        scores=rules.scores.output.csv,
        curves=rules.scores.output.curves,
        answers=rules.questions.output[0],
        alignment=alignment_table(),
        difficulty=difficulty_table(),
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
        context=per(lambda: CONTEXT),
        style=per(lambda: canonical_json(dict(STUDY.figures))),
        folder=subpath(output.index, parent=True),
    shell:
        "xstilts figures --context - --style {params.style:q} --scores {input.scores:q} --curves {input.curves:q}"
        " --answers {input.answers:q} --alignment {input.alignment:q} --difficulty {input.difficulty:q} --output {params.folder:q}"
        " <<< {params.context:q} 2>&1 | tee -i {log:q}"
