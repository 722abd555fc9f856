"""Validation of a study file against its JSON Schema, with one line per error."""

import copy
import difflib
import functools
import json
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from xstilts.errors import ConfigError

# Numbers to everyone but YAML 1.1.
_EXPONENT = re.compile(r"[-+]?\d+(\.\d*)?[eE][-+]?\d+")
SCHEMA = Path(__file__).parents[2] / "schemas" / "config.schema.json"


@functools.cache
def schema() -> dict[str, Any]:
    """The study schema."""
    parsed: dict[str, Any] = json.loads(SCHEMA.read_text(encoding="utf-8"))
    return parsed


def validate(config: dict[str, Any], origin: str) -> dict[str, Any]:
    """Check a configuration and fill in the schema's defaults.

    Args:
        config: the parsed study file.
        origin: what to call it in messages.

    Returns:
        A completed copy; the argument is left alone.

    Raises:
        ConfigError: on the first violation, naming the key, what was found and what is allowed.
    """
    from jsonschema import Draft202012Validator

    errors = sorted(Draft202012Validator(schema()).iter_errors(config), key=lambda error: list(map(str, error.path)))
    if errors:
        raise ConfigError(f"{origin}: {_describe(_narrow(errors[0]))}")
    for where, value in _numbers(config):
        if not math.isfinite(value):
            raise ConfigError(f"{origin}: {where}: found {value}; write a finite number")
    completed: dict[str, Any] = _fill(copy.deepcopy(config), schema())
    return completed


def _narrow(error: Any) -> Any:
    """Of a failed alternative, the branch that the user most likely meant: the one whose constants all hold."""
    while error.context:
        branches: dict[int, list[Any]] = {}
        for inner in error.context:
            branches.setdefault(inner.schema_path[0], []).append(inner)
        likely = min(branches.values(), key=lambda found: (any(e.validator == "const" for e in found), len(found)))
        if any(e.validator in ("const", "type") for e in likely):
            return error
        error = likely[0]
    return error


def _describe(error: Any) -> str:
    where = ".".join(str(part) for part in error.absolute_path) or "top level"
    if error.validator == "additionalProperties" and "properties" in error.schema:
        allowed = sorted(error.schema["properties"])
        unknown = next(key for key in error.instance if key not in error.schema["properties"])
        near = difflib.get_close_matches(str(unknown), allowed, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"allowed: {', '.join(allowed)}"
        return f"{where}: unknown key {unknown!r}; {hint}"
    if error.validator == "required":
        missing = next(key for key in error.validator_value if key not in error.instance)
        return f"{where}: key {missing!r} is missing; add it"
    if error.validator == "oneOf":
        return _wrong(where, error.instance, [_alternative(option) for option in error.validator_value])
    if error.validator == "type":
        wanted = [error.validator_value] if isinstance(error.validator_value, str) else error.validator_value
        return _wrong(where, error.instance, wanted)
    if error.validator == "enum":
        return f"{where}: found {_short(error.instance)}; allowed: {', '.join(map(str, error.validator_value))}"
    return f"{where}: {error.message}"


def _wrong(where: str, found: Any, wanted: list[str]) -> str:
    return f"{where}: found {_short(found)}; allowed: {' or '.join(wanted)}{_pitfall(found, wanted)}"


def _pitfall(found: Any, wanted: list[str]) -> str:
    """What YAML has made of a value that looks right."""
    if isinstance(found, bool) and "string" in wanted:
        return "; YAML reads yes, no, on and off as truth values: quote it"
    if isinstance(found, str) and {"number", "integer"} & set(wanted) and _EXPONENT.fullmatch(found):
        return f"; YAML takes {found} for text: write it with a point and a signed exponent, as in 1.0e-5"
    return ""


def _numbers(value: Any, where: str = "") -> Iterator[tuple[str, float]]:
    """Every floating-point number of a configuration, with its key."""
    if isinstance(value, float):
        yield where, value
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from _numbers(inner, f"{where}.{key}".removeprefix("."))


def _alternative(option: dict[str, Any]) -> str:
    option = _resolve(option)
    if "const" in option:
        return repr(option["const"])
    kind = option.get("properties", {}).get("kind", {}).get("const")
    if kind:
        return f"a mapping with kind: {kind} and keys {', '.join(sorted(option['properties']))}"
    return f"list of {option['items'].get('type', 'values')}s" if option.get("type") == "array" else str(option["type"])


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else text[:57] + "..."


def _resolve(node: dict[str, Any]) -> dict[str, Any]:
    reference = node.get("$ref")
    if reference is None:
        return node
    resolved: dict[str, Any] = schema()["$defs"][reference.removeprefix("#/$defs/")]
    return {**resolved, **{key: value for key, value in node.items() if key != "$ref"}}


def _fill(value: Any, node: dict[str, Any]) -> Any:
    """Complete a valid value with the defaults of its schema, in place, and return it."""
    node = _resolve(node)
    if "oneOf" in node and isinstance(value, dict):
        options = map(_resolve, node["oneOf"])
        node = next(option for option in options if option["properties"]["kind"]["const"] == value["kind"])
    if not isinstance(value, dict):
        return value
    # A recipe overrides the study's `training`, so its own blanks stay blank until they are merged.
    overrides = node is not schema() and "training" in node.get("properties", {})
    for key, child in node.get("properties", {}).items():
        if overrides and key == "training":
            value.setdefault(key, {})
            continue
        if key not in value and "default" in child:
            value[key] = copy.deepcopy(child["default"])
        if key in value:
            value[key] = _fill(value[key], child)
    extra = node.get("additionalProperties")
    if isinstance(extra, dict):
        for key in value:
            if key not in node.get("properties", {}):
                value[key] = _fill(value[key], extra)
    return value
