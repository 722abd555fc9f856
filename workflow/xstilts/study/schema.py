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
_BOUNDS = {"minimum": "of at least", "exclusiveMinimum": "above", "maximum": "at most"}
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
    errors = sorted(_validator().iter_errors(config), key=lambda error: list(map(str, error.path)))
    if errors:
        raise ConfigError(f"{origin}: {_describe(_narrow(errors[0]))}")
    for where, value in _numbers(config):
        if not math.isfinite(value):
            raise ConfigError(f"{origin}: {where}: found {value}; write a finite number")
    completed: dict[str, Any] = _fill(copy.deepcopy(config), schema())
    return completed


@functools.cache
def _validator() -> Any:
    from jsonschema import Draft202012Validator, validators

    # JSON Schema counts 1.0 among the integers; a seed of 1.0 would name other files than one of 1.
    whole = Draft202012Validator.TYPE_CHECKER.redefine("integer", lambda _, value: type(value) is int)
    return validators.extend(Draft202012Validator, type_checker=whole)(schema())


def _narrow(error: Any) -> Any:
    """Of a failed choice, the violation in the only branch that takes what was found: of that kind, or of that type."""
    while error.validator == "oneOf":
        branches: dict[int, list[Any]] = {}
        for inner in error.context:
            branches.setdefault(inner.schema_path[0], []).append(inner)
        if "discriminator" in error.schema:
            kinds = _kinds(error.validator_value)
            kind = error.instance.get("kind") if isinstance(error.instance, dict) else None
            taken = [branches[kinds.index(kind)]] if kind in kinds else []
        else:
            taken = [found for found in branches.values() if not any(map(_of_another_type, found))]
        if len(taken) != 1:
            return error
        error = taken[0][0]
    return error


def _of_another_type(error: Any) -> bool:
    return not error.relative_path and error.validator in ("const", "type")


def _kinds(options: list[dict[str, Any]]) -> list[str]:
    return [_resolve(option)["properties"]["kind"]["const"] for option in options]


def _describe(error: Any) -> str:
    where = ".".join(str(part) for part in error.absolute_path) or "top level"
    found, value, node = error.instance, error.validator_value, error.schema
    if "propertyNames" in error.absolute_schema_path:
        return f"{where}: found the key {_short(found)}; allowed: {_alternative(node)}{_pitfall(found, ['string'])}"
    if error.validator == "additionalProperties" and "properties" in node:
        return f"{where}: {_unknown(found, sorted(node['properties']))}"
    if error.validator == "required":
        return f"{where}: key {next(key for key in value if key not in found)!r} is missing; add it"
    if error.validator == "uniqueItems":
        twice = next(item for index, item in enumerate(found) if item in found[:index])
        return f"{where}: {_word(twice)} stands twice in {_short(found)}; remove one"
    if error.validator == "oneOf" and "discriminator" in node:
        if not isinstance(found, dict) or "kind" not in found:
            return f"{where}: found {_short(found)}; allowed: a mapping with kind: {' or '.join(_kinds(value))}"
        return f"{where}.kind: {_not_among(found['kind'], _kinds(value))}"
    if error.validator == "enum":
        return f"{where}: {_not_among(found, value)}"
    options = value if error.validator == "oneOf" else [node]
    wanted = [kind for option in options for kind in _types(option)]
    words = [option["const"] for option in options if "const" in option]
    mend = _did_you_mean(str(found), words) or _pitfall(found, wanted)
    allowed = " or ".join(map(_alternative, options))
    return f"{where}: found {_short(found)}; allowed: {allowed}{mend}"


def _unknown(found: dict[str, Any], allowed: list[str]) -> str:
    unknown = str(next(key for key in found if key not in allowed))
    outer, dot, inner = unknown.partition(".")
    if dot and outer in allowed:
        return f"unknown key {unknown!r}; write {outer}: {{{inner}: ...}}"
    return f"unknown key {unknown!r}" + (_did_you_mean(unknown, allowed) or f"; allowed: {', '.join(allowed)}")


def _not_among(found: Any, values: list[Any]) -> str:
    words = list(map(_word, values))
    return f"found {_short(found)}; allowed: {', '.join(words)}{_did_you_mean(str(found), words)}"


def _did_you_mean(found: str, among: list[str]) -> str:
    near = difflib.get_close_matches(found, among, n=1, cutoff=0.7)
    return f"; did you mean {near[0]!r}?" if near else ""


def _pitfall(found: Any, wanted: list[str]) -> str:
    """What YAML has made of a value that looks right, or what it lacks."""
    if found is None:
        mend = "write {} or its keys" if "object" in wanted else "give it a value or remove it"
        return f"; nothing stands after the key: {mend}"
    if isinstance(found, bool) and "string" in wanted:
        return "; YAML reads yes, no, on and off as truth values: quote it"
    if isinstance(found, str) and {"number", "integer"} & set(wanted) and _EXPONENT.fullmatch(found):
        return f"; YAML takes {found} for text: write it with a point and a signed exponent, as in 1.0e-5"
    if isinstance(found, dict | list):
        return ""
    if "array" in wanted:
        return f"; a list has brackets: [{found}]"
    return "; quote it" if "string" in wanted and not isinstance(found, str) else ""


def _numbers(value: Any, where: str = "") -> Iterator[tuple[str, float]]:
    """Every floating-point number of a configuration, with its key."""
    if isinstance(value, float):
        yield where, value
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from _numbers(inner, f"{where}.{key}".removeprefix("."))


def _types(option: dict[str, Any]) -> list[str]:
    kinds = option.get("type", [])
    return [kinds] if isinstance(kinds, str) else kinds


def _alternative(option: dict[str, Any]) -> str:
    """What a schema takes, in words; ``allowed`` of a schema says what its pattern means."""
    if "const" in option:
        return repr(option["const"])
    if "allowed" in option:
        return str(option["allowed"])
    if "enum" in option:
        return ", ".join(map(_word, option["enum"]))
    return " or ".join(_type(kind, option) for kind in _types(option))


def _type(kind: str, option: dict[str, Any]) -> str:
    if kind in ("number", "integer"):
        bounds = [f"{word} {option[key]:g}" for key, word in _BOUNDS.items() if key in option]
        return " ".join(["a number" if kind == "number" else "a whole number", " and ".join(bounds)]).strip()
    if kind == "array":
        node = _resolve(option["items"])
        items = f"one of {_alternative(node)}" if "enum" in node else _alternative(node)
        return "a list" + _entries(option.get("minItems"), "" if items == "text" else f"each {items}")
    if kind == "object":
        keys = ", ".join(sorted(option.get("properties", {})))
        return "a mapping" + _entries(option.get("minProperties"), keys and f"keys: {keys}")
    if kind == "string":
        return "text that is not empty" if "minLength" in option else "text"
    return {"boolean": "true or false", "null": "null"}[kind]


def _entries(least: int | None, what: str) -> str:
    said = [f"at least {least} {'entry' if least == 1 else 'entries'}"] * (least is not None) + [what] * bool(what)
    return f" ({', '.join(said)})" if said else ""


def _word(value: Any) -> str:
    return "null" if value is None else str(value)


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
