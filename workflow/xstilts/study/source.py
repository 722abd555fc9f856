"""The text of a study file as YAML, with what a parser would let pass."""

from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml

from xstilts.errors import ConfigError


class _Loader(yaml.SafeLoader):
    """PyYAML's safe loader, which keeps the last of several equal keys, but for that."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen = set()
        for key, _ in node.value:
            # Merged mappings (`<<`) may repeat keys: what stands beside them counts.
            if isinstance(key, yaml.ScalarNode) and key.tag != "tag:yaml.org,2002:merge":
                if key.value in seen:
                    raise yaml.constructor.ConstructorError(
                        problem=f"key {key.value!r} stands twice in one mapping; rename or remove one",
                        problem_mark=key.start_mark,
                    )
                seen.add(key.value)
        return super().construct_mapping(node, deep)


def yaml_problem(error: yaml.YAMLError) -> str:
    """What a YAML parser found and where, in one line."""
    if not isinstance(error, yaml.MarkedYAMLError) or error.problem_mark is None:
        return " ".join(str(error).split())
    mark = error.problem_mark
    said = " ".join(filter(None, (error.context, error.problem)))
    return f"{said} (line {mark.line + 1}, column {mark.column + 1})"


def read_study(path: Path) -> dict[str, Any]:
    """What a study file says.

    Raises:
        ConfigError: the file is missing, is no text, is not YAML, repeats a key, or is no mapping.
    """
    try:
        config = yaml.load(path.read_text(encoding="utf-8"), _Loader)
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such study file") from None
    except IsADirectoryError:
        raise ConfigError(f"{path}: a folder; name the study file in it") from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not UTF-8 (byte {error.start + 1}); save it as UTF-8") from None
    except yaml.YAMLError as error:
        raise ConfigError(f"{path}: not valid YAML: {yaml_problem(error)}") from None
    if not isinstance(config, dict):
        raise ConfigError(f"{path}: a study file is a mapping of keys; see config.yaml")
    return config
