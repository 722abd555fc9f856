"""The smallest study, and changes of it."""

import copy

MINIMAL = {
    "study": "tiny",
    "encoders": {"mini": {"kind": "mini"}},
    "intermediate": {"none": {}, "nli": {"tasks": ["mini_nli"]}},
    "targets": {"nli": {"task": "mini_nli"}, "bitext": {"task": "mini_bitext"}},
}


def changed(*path_and_value, two=None):
    """The smallest study with a value changed; its recipe also under the name ``two``."""
    *path, value = path_and_value
    config = copy.deepcopy(MINIMAL)
    if two:
        config["intermediate"][two] = config["intermediate"]["nli"]
    node = config
    for key in path[:-1]:
        node = node.setdefault(key, {})
    node[path[-1]] = value
    return config


ATTACKED = {"outcome": "accuracy_under_attack"}


def condition(value, target="nli"):
    """A study with one condition and, beside the retrieval target, one of that task."""
    config = changed("conditions", "x", {"strength": 0.1} | value)
    config["targets"][target] = {"task": f"mini_{target}"}
    return config


def attack(value):
    """A study with an attack on its target that is fine-tuned."""
    return changed("conditions", "x", {"targets": ["nli"]} | value)


def covariate(measure, levels):
    """A study that asks of the difficulty of three recipes, ``nli``, ``two`` and one of several heads, ``both``."""
    asked = {"text": "?", "covariate": f"difficulty.{measure}", "levels": levels}
    config = changed("questions", "q", asked, two="two") | {"difficulty": {}}
    config["intermediate"]["both"] = {"tasks": ["mini_nli", "mini_qa"]}
    return config
