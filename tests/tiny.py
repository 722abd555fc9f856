"""A very small encoder and toy rows that it can learn, for tests of the loop rather than of transfer."""

from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

from xstilts.artifacts import MANIFEST, atomic_directory, file_table, write_json
from xstilts.seeds import derive_seed, rng

WORDS = [f"w{number}" for number in range(40)] + ["red", "blue", "left", "right", "where", "?", "the"]


def tiny_encoder(path, seed=0, dropout=0.1, layers=2):
    import torch
    from transformers import PreTrainedTokenizerFast, XLMRobertaConfig, XLMRobertaModel

    vocabulary = {word: number for number, word in enumerate(["<s>", "<pad>", "</s>", "<unk>", "<mask>", *WORDS])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.decoder = decoders.WordPiece()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>",
        pair="<s> $A </s> </s> $B:1 </s>:1",
        special_tokens=[("<s>", 0), ("</s>", 2)],
    )
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token="<s>",
        eos_token="</s>",
        cls_token="<s>",
        sep_token="</s>",
        pad_token="<pad>",
        unk_token="<unk>",
        mask_token="<mask>",
        model_input_names=["input_ids", "attention_mask"],
    )
    config = XLMRobertaConfig(
        vocab_size=len(vocabulary),
        hidden_size=32,
        num_hidden_layers=layers,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=130,
        pad_token_id=1,
        type_vocab_size=1,
        hidden_dropout_prob=dropout,
        attention_probs_dropout_prob=dropout,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive_seed("tiny", seed))
        model = XLMRobertaModel(config)
    with atomic_directory(path) as temporary:
        model.save_pretrained(temporary)
        fast.save_pretrained(temporary)
        write_json(temporary / MANIFEST, {"recipe": {"kind": "tiny"}, "files": file_table(temporary)})
    return path


def rows_of(task_type, count, part="train"):
    """Rows that a tiny model learns at once: colours decide classes, tags, choices and answers."""
    rows = []
    for number in range(count):
        random = rng("toy", task_type, part, number)
        words = [random.choice(WORDS[:40]) for _ in range(random.randint(2, 9))]
        colour = random.choice(["red", "blue"])
        place = random.randrange(len(words) + 1)
        tokens = [*words[:place], colour, *words[place:]]
        row = {"id": f"{part}-{number}", "language": "en"}
        if task_type == "classification":
            row |= {"text_a": " ".join(tokens), "text_b": "", "label": "1" if colour == "red" else "0"}
        elif task_type == "multiple_choice":
            label = random.randrange(3)
            choices = ["blue w1", "blue w2 w3", "blue w4"]
            choices[label] = "red w5"
            row |= {"prompt": " ".join(words), "choices": choices, "label": label}
        elif task_type == "tagging":
            row |= {"tokens": tokens, "tags": ["ADJ" if token in ("red", "blue") else "NOUN" for token in tokens]}
        elif task_type == "mlm":
            row |= {"text": " ".join(sorted(tokens))}
        elif task_type == "span_qa":
            context = " ".join(tokens)
            row |= {
                "question": "where ?",
                "context": context,
                "answer_texts": [colour],
                "answer_starts": [context.index(colour)],
            }
        rows.append(row)
    return rows


LABELS = {"classification": ("0", "1"), "multiple_choice": (), "tagging": ("NOUN", "ADJ"), "span_qa": (), "mlm": ()}
LABELLED = [task_type for task_type in LABELS if task_type != "mlm"]
METRIC = {"span_qa": "exact_match"}
SIZES = {"train": 192, "dev": 48}


def toy_task(task_type):
    """A task of a type, called by its type's name."""
    from xstilts.tasks.base import Task

    return Task(
        name=task_type,
        type=task_type,
        languages={"train": ("en",), "dev": ("en",)},
        files=lambda split, language: (),
        read=lambda root, split, language: iter(rows_of(task_type, 10)),
        metrics=(METRIC.get(task_type, "accuracy"),),
        licence="",
        citation="",
        labels=LABELS[task_type],
        n_choices=3 if task_type == "multiple_choice" else None,
    )


def pretend_task(monkeypatch, task_type):
    """Make ``toy`` a task whose prepared data are toy rows."""
    pretend_tasks(monkeypatch, toy=task_type)


def pretend_tasks(monkeypatch, **types):
    """Make these names tasks of these types; their prepared data, in folders of those names, are toy rows."""
    from xstilts import tasks
    from xstilts.training import data

    folders = {"data": types.get("toy")} | types
    monkeypatch.setattr(tasks, "get", lambda name: toy_task(types[name]))
    monkeypatch.setattr(data, "languages", lambda path, split: ["en"])
    monkeypatch.setattr(
        data, "load_rows", lambda path, split, language: rows_of(folders[path.name], SIZES[split], f"{split}{language}")
    )


RECIPE = {
    "version": 1,
    "phase": "target",
    "method": "standard",
    "methods": [],
    "sampling": None,
    "text_languages": [],
    "text": None,
    "gradient_checkpointing": False,
    "compile": False,
    "seed": 1,
    "tasks": ["toy"],
    "examples": None,
    "epochs": 3,
    "batch_size": 16,
    "learning_rate": [5e-3],
    "weight_decay": 0.01,
    "warmup": 0.1,
    "adam_epsilon": 1e-8,
    "max_grad_norm": 1.0,
    "max_length": 64,
    "doc_stride": 16,
    "max_question_length": 16,
    "max_answer_length": 4,
    "word_label": "first",
    "micro_batch_tokens": None,
    "evaluations": 3,
    "selection": "best",
    "freeze_embeddings": False,
    "precision": "fp32",
}
