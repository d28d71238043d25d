"""Surveys: what a specification may say, and which answers it takes at a launch."""

from __future__ import annotations

from typing import Any

from local_cloud.awx.errors import ApiError

Object = dict[str, Any]

ENCRYPTED = "$encrypted$"
_TYPES: dict[str, type | tuple[type, ...]] = {
    "text": str,
    "textarea": str,
    "password": str,
    "multiplechoice": str,
    "multiselect": str,
    "integer": int,
    "float": float,
}
_PARTS = (("name", str, "string"), ("description", str, "string"), ("spec", list, "list of items"))
_QUESTION = (("type", str), ("question_name", str), ("variable", str), ("required", bool))


class _Refusal(Exception):
    """One sentence."""


def checked(spec: Object, before: Object) -> Object:
    """The specification as AWX keeps it. Raises ApiError with `{"error": …}`."""
    known = {question["variable"]: question for question in before.get("spec", [])}
    try:
        _check_parts(spec)
        variables: set[str] = set()
        for index, question in enumerate(spec["spec"]):
            _check_question(index, question, variables)
            variables.add(question["variable"])
            _check_type(index, question)
            _check_default(index, question)
            if question["type"] in ("multiplechoice", "multiselect"):
                _check_choices(index, question)
            _check_secret(index, question, known.get(question["variable"], {}))
    except _Refusal as refusal:
        raise ApiError(400, {"error": str(refusal)}) from None
    return spec


def shown(spec: Object) -> Object:
    """Without the defaults of passwords."""
    if not spec:
        return {}
    questions = [
        {**item, "default": ENCRYPTED} if item["type"] == "password" and item.get("default") else item
        for item in spec["spec"]
    ]
    return {**spec, "spec": questions}


def defaults(spec: Object) -> Object:
    """Those that are valid answers themselves."""
    found = {item["variable"]: item.get("default") for item in spec.get("spec", [])}
    return {
        item["variable"]: found[item["variable"]]
        for item in spec.get("spec", [])
        if found[item["variable"]] is not None and not errors_of(item, found)
    }


def secrets_of(spec: Object) -> list[str]:
    return [item["variable"] for item in spec.get("spec", []) if item["type"] == "password"]


def required_of(spec: Object) -> list[str]:
    return [item["variable"] for item in spec.get("spec", []) if item["required"]]


def errors_of(question: Object, answers: Object, *, required: bool = True) -> list[str]:
    """Sentences about the answer to one question; none means that it is taken."""
    name = question["variable"]
    if question["type"] == "password" and answers.get(name) == ENCRYPTED:
        missing = question.get("default") is None and question["required"] and required
        return [f"'{name}' value missing"] if missing else []
    if name not in answers:
        return [f"'{name}' value missing"] if question["required"] and required else []
    value = answers[name]
    if question["type"] in ("text", "textarea", "password"):
        return _text_errors(question, value)
    if question["type"] in ("integer", "float"):
        return _number_errors(question, value)
    return _choice_errors(question, value)


def _text_errors(question: Object, value: Any) -> list[str]:
    name = question["variable"]
    if not isinstance(value, str):
        return [f"Value {value} for '{name}' expected to be a string."]
    lowest, highest = _limits(question)
    errors = []
    if lowest is not None and len(value) < lowest:
        errors.append(f"'{name}' value {value} is too small (length is {len(value)} must be at least {lowest}).")
    if highest is not None and len(value) > highest:
        errors.append(f"'{name}' value {value} is too large (must be no more than {highest}).")
    return errors


def _number_errors(question: Object, value: Any) -> list[str]:
    name = question["variable"]
    whole = question["type"] == "integer"
    if type(value) is not int and (whole or type(value) is not float):
        return [f"Value {value} for '{name}' expected to be {'an integer' if whole else 'a numeric type'}."]
    lowest, highest = _limits(question)
    errors = []
    if lowest is not None and value < lowest:
        errors.append(f"'{name}' value {value} is too small (must be at least {lowest}).")
    if highest is not None and value > highest:
        errors.append(f"'{name}' value {value} is too large (must be no more than {highest}).")
    return errors


def _choice_errors(question: Object, value: Any) -> list[str]:
    name, choices = question["variable"], _choices(question)
    if question["type"] == "multiselect" and not isinstance(value, list):
        return [f"'{name}' value is expected to be a list."]
    values = value if question["type"] == "multiselect" else [value]
    return [f"Value {item} for '{name}' expected to be one of {choices}." for item in values if item not in choices]


def _limits(question: Object) -> tuple[int | None, int | None]:
    lowest, highest = question.get("min"), question.get("max")
    return (None if lowest in ("", None) else int(lowest), None if highest in ("", None) else int(highest))


def _choices(question: Object) -> list[str]:
    choices = question["choices"]
    return _lines(choices) if isinstance(choices, str) else list(choices)


def _lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.strip()]


def _check_parts(spec: Object) -> None:
    finding = ""
    for part, kind, label in _PARTS:
        if part not in spec:
            finding = f"Field '{part}' is missing from survey spec."
        elif not isinstance(spec[part], kind):
            finding = f"Expected {label} for field '{part}', received {type(spec[part]).__name__} type."
    if spec.get("spec") == []:
        finding = "'spec' doesn't contain any items."
    if finding:
        raise _Refusal(finding)


def _check_question(index: int, question: Any, variables: set[str]) -> None:
    if not isinstance(question, dict):
        raise _Refusal(f"Survey question {index} is not a json object.")
    for part, kind in _QUESTION:
        if part not in question:
            raise _Refusal(f"'{part}' missing from survey question {index}")
        if not isinstance(question[part], kind):
            label = "boolean" if kind is bool else "string"
            raise _Refusal(f"'{part}' in survey question {index} expected to be {label}.")
    if question["variable"] in variables:
        raise _Refusal(f"'variable' '{question['variable']}' duplicated in survey question {index}.")


def _check_type(index: int, question: Object) -> None:
    kind = question["type"]
    if kind not in _TYPES:
        allowed = ", ".join(_TYPES)
        raise _Refusal(f"'{kind}' in survey question {index} is not one of '{allowed}' allowed question types.")
    for limit in ("min", "max"):
        if question.get(limit) is not None and not isinstance(question[limit], int):
            raise _Refusal(f"The {limit} limit in survey question {index} expected to be integer.")


def _check_default(index: int, question: Object) -> None:
    default = question.get("default", "")
    if default != "" and not isinstance(default, _TYPES[question["type"]]):
        label = question["type"] if question["type"] in ("integer", "float") else "string"
        raise _Refusal(f"Default value {default} in survey question {index} expected to be {label}.")


def _check_choices(index: int, question: Object) -> None:
    if "choices" not in question:
        raise _Refusal(f"Survey question {index} of type {question['type']} must specify choices.")
    if isinstance(question["choices"], str):
        question["choices"] = "\n".join(_lines(question["choices"]))
    if "default" not in question:
        return
    chosen = _lines(question["default"])
    question["default"] = "\n".join(chosen)
    if question["type"] == "multiplechoice" and len(chosen) > 1:
        raise _Refusal("Multiple Choice (Single Select) can only have one default value.")
    if any(item not in question["choices"] for item in chosen):
        raise _Refusal("Default choice must be answered from the choices listed.")


def _check_secret(index: int, question: Object, before: Object) -> None:
    """`$encrypted$` as a default stands for the one that is kept."""
    default = question.get("default")
    if not isinstance(default, str) or not default.startswith(ENCRYPTED):
        return
    if question["type"] != "password":
        raise _Refusal(
            "$encrypted$ is a reserved keyword for password question defaults, "
            f"survey question {index} is type {question['type']}."
        )
    if not isinstance(before.get("default"), str):
        raise _Refusal(f"$encrypted$ is a reserved keyword, may not be used for new default in position {index}.")
    question["default"] = before["default"]
