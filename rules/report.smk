rule report:
    input:
        scores=rules.scores.output.csv,
        training=rules.scores.output.training,
        answers=rules.questions.output[0],
        figures=rules.figures.output.index,
    output:
        report(
            f"{PATHS.root}/report.html",
            caption="../workflow/report/report.rst",
            category="Report",
        ),
    log:
        PATHS.log("report"),
    localrule: True
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        context=per(lambda: CONTEXT),
        command=per(lambda: COMMAND),
        arms=per(lambda: canonical_json(ARMS)),
        published=per(lambda: canonical_json(STUDY.published)),
        figures=subpath(input.figures, parent=True),
    shell:
        "xstilts report --context - --arms - --published -"
        " --command {params.command:q} --scores {input.scores:q} --training {input.training:q}"
        " --answers {input.answers:q} --figures {params.figures:q} --output {output:q}"
        " <<< {params.context:q}$'\\n'{params.arms:q}$'\\n'{params.published:q} 2>&1 | tee -i {log:q}"
