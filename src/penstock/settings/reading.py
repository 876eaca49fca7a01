"""From what a file, the environment and a program say to Settings, or to all that is wrong with it."""

from __future__ import annotations

import difflib
import math
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, NamedTuple, get_args, get_origin

import msgspec
from msgspec import inspect

from penstock.errors import ConfigError
from penstock.settings.fields import NAMES_OF_OTHERS, PREFIX, Secret, Settings

# Kubernetes tells every container about a service called "penstock" in variables of these names.
# https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables
_OF_KUBERNETES = re.compile(
    r"PENSTOCK_SERVICE_(HOST|PORT(_\w+)?)=.*|PENSTOCK_PORT_\d+_(TCP|UDP|SCTP)(_\w+)?=.*|PENSTOCK_PORT=\w+://.*"
)

_HINT_TWICE = " A table such as [tokens] stands there once, with all its lines below it."


def load(
    toml_path: Path | None, environ: Mapping[str, str], given: Mapping[str, object] | None = None
) -> Settings:
    """The later source wins: the file, the environment, `given` (what a flag or a program says).

    Relative paths in the file start at the file's folder, others at the current one. An empty
    variable and a None in `given` count as not set. Raises ConfigError with all problems, a line each.
    """
    settings, problems = read(toml_path, environ, given)
    if problems:
        raise ConfigError("\n".join(problems))
    return settings


def read(
    toml_path: Path | None, environ: Mapping[str, str], given: Mapping[str, object] | None = None
) -> tuple[Settings, list[str]]:
    """What is right about the settings, and a sentence for everything that is wrong with them."""
    problems: list[str] = []
    values: dict[str, object] = {"data": (toml_path.parent if toml_path else Path()) / ".penstock"}
    for said in (*_in_file(toml_path, problems), *_in_environment(environ), *_in_hand(given or {})):
        try:
            name = _known(said)
            values[name] = _value(said)
        except ConfigError as problem:
            problems += str(problem).splitlines()
    return msgspec.structs.replace(Settings(), **values), problems


def origins(
    toml_path: Path | None, environ: Mapping[str, str], given: Mapping[str, Mapping[str, object]]
) -> dict[str, str]:
    """Where each setting is said that anybody says: in the file of this name, the variable, or one of `given`
    by what that is called. The later source wins, as in `load`."""
    said = [(one.name, toml_path.name if toml_path else "") for one in _in_file(toml_path, [])]
    said += [(one.name, one.called) for one in _in_environment(environ)]
    said += [(one.name, source) for source, values in given.items() for one in _in_hand(values)]
    return {name: origin for name, origin in said if name in _FIELDS}


# --- What the sources say -----------------------------------------------------


class _Said(NamedTuple):
    """One value as it was found. `called` is the setting's name in the words of that source, `folder` where
    relative paths start; `is_text` when the source knows nothing but text."""

    name: str
    value: object
    called: str
    place: str = ""
    folder: Path = Path()
    is_text: bool = False


def _in_file(path: Path | None, problems: list[str]) -> Iterator[_Said]:
    if path is None:
        return
    try:
        table = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        problems.append(f"{path} could not be read: {error.strerror}.")
    except UnicodeDecodeError:
        problems.append(f"{path} is not UTF-8 text.")
    except tomllib.TOMLDecodeError as error:
        problems.append(f"{path} is not TOML: {error}.{_HINT_TWICE if ' twice' in str(error) else ''}")
    else:
        for name, value in table.items():
            yield _Said(name, value, name, f"{path}: ", path.parent)


def _in_environment(environ: Mapping[str, str]) -> Iterator[_Said]:
    """Other programs' names first, so that our own win."""
    for called, name in NAMES_OF_OTHERS.items():
        if environ.get(called):
            yield _Said(name, environ[called], called, is_text=True)
    for called, text in sorted(environ.items()):
        if called.startswith(PREFIX) and text and not _OF_KUBERNETES.fullmatch(f"{called}={text}"):
            yield _Said(called.removeprefix(PREFIX).lower(), text, called, is_text=True)


def _in_hand(given: Mapping[str, object]) -> Iterator[_Said]:
    return (_Said(name, value, name) for name, value in given.items() if value is not None)


# --- From what was said to a value --------------------------------------------


def _known(said: _Said) -> str:
    if said.name in _FIELDS:
        return said.name
    near = difflib.get_close_matches(said.name, _FIELDS, n=1)
    hint = f" Did you mean {PREFIX + near[0].upper() if said.is_text else near[0]}?" if near else ""
    if isinstance(said.value, dict):
        hint = " Settings stand at the top of the file, without tables."
    raise ConfigError(f"{said.place}{said.called} is not a setting.{hint}")


def _value(said: _Said) -> object:
    """The value as its field wants it. Raises ConfigError, which says what was expected."""
    field, value = _FIELDS[said.name], said.value
    kind = inspect.type_info(field.type)
    if said.is_text and _is_list(kind):
        value = _parts(str(value))
    if said.is_text and isinstance(_bare(kind), inspect.DictType):
        value = _json(str(value))
    if "several" in _extra(kind):
        value = _names(value)
    if isinstance(value, str):
        value = _extra(kind).get("aliases", {}).get(value, value)
    try:
        found = msgspec.convert(value, field.type, strict=not said.is_text, dec_hook=_decode)
        if isinstance(found, float) and not math.isfinite(found):
            raise msgspec.ValidationError("not finite")
        if isinstance(found, dict) and "holds" in _extra(kind):
            _check_held(said, found, _extra(kind)["holds"])
    except msgspec.ValidationError as error:
        raise ConfigError("\n".join(_complaints(said._replace(value=value), kind, str(error)))) from None
    return _placed(found, said.folder)


def _names(value: object) -> object:
    """A list of names as one text; a list without any names is left, and complained of as such."""
    if not isinstance(value, list) or not all(isinstance(one, str) and one.strip() for one in value):
        return value
    return ", ".join(value) or value


def _check_held(said: _Said, held: dict[str, object], kind: type[msgspec.Struct]) -> None:
    """Raises ConfigError for the first value of a table that is not what `kind` says of it."""
    for field in msgspec.structs.fields(kind):
        if (value := held.get(field.name)) is None:
            continue
        try:
            msgspec.convert(value, field.type)
        except msgspec.ValidationError as error:
            one = said._replace(name=field.name, value=value, called=f"{said.called}.{field.name}")
            raise ConfigError(_complaint(one, inspect.type_info(field.type), str(error))) from None


def _parts(text: str) -> object:
    """A list in an environment variable: as JSON where its items have commas of their own."""
    found = _json(text)
    return found if isinstance(found, list) else [part.strip() for part in text.split(",") if part.strip()]


def _json(text: str) -> object:
    """What is no JSON stays text, and is complained of as such."""
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return text


def _decode(kind: type, value: object) -> object:
    # An empty path would be the whole of the current folder.
    if isinstance(value, str) and (value or kind is not Path):
        return kind(value)
    if isinstance(value, kind):
        return value
    raise ValueError("not text")


def _placed(value: object, folder: Path) -> object:
    match value:
        case Path():
            return folder / _from_home(value)
        case tuple():
            return tuple(_placed(item, folder) for item in value)
        case _:
            return value


def _from_home(path: Path) -> Path:
    """`~/handbook`, as a shell would have read it."""
    try:
        return path.expanduser()
    except RuntimeError:
        # Nobody's home is known here.
        return path


# --- What is wrong with it ----------------------------------------------------


def _complaints(said: _Said, kind: inspect.Type, error: str) -> list[str]:
    """A line for each wrong item of a list, for msgspec names only the first; else the one there is."""
    bare = _bare(kind)
    if not isinstance(bare, inspect.VarTupleType) or not isinstance(said.value, list | tuple):
        return [_complaint(said, kind, error)]
    item = _annotated(_FIELDS[said.name].type)
    wrong = [at for at, value in enumerate(said.value) if not _is_one(value, item, said.is_text)]
    return [_complaint(said, kind, f"$[{at}]") for at in wrong] or [_complaint(said, kind, error)]


def _is_one(value: object, kind: Any, is_text: bool) -> bool:
    try:
        msgspec.convert(value, kind, strict=not is_text, dec_hook=_decode)
    except msgspec.ValidationError:
        return False
    return True


def _annotated(of_list: Any) -> Any:
    """What the items of `Annotated[tuple[item, ...], ...]` are."""
    plain = get_args(of_list)[0] if get_origin(of_list) is Annotated else of_list
    return get_args(plain)[0]


def _complaint(said: _Said, kind: inspect.Type, error: str) -> str:
    """Names the place, down to the item of a list. A secret's wrong value is not shown."""
    where, value = said.place + said.called, said.value
    bare = _bare(kind)
    item = re.search(r"\$\[(\d+)\]", error)
    if item and isinstance(bare, inspect.VarTupleType) and isinstance(value, list | tuple):
        where, value, kind = f"{where}[{item[1]}]", value[int(item[1])], bare.item_type
    shown = "" if _class(kind) is Secret or "hidden" in _extra(kind) else f" is {_brief(value)}, but it"
    return f"{where}{shown} must be {_expected(kind)}.{_swallowed(said)}"


def _swallowed(said: _Said) -> str:
    """A setting that was written below a table belongs to the table, in TOML."""
    if not said.place or said.name != "tokens" or not isinstance(said.value, dict):
        return ""
    names = [name for name, value in said.value.items() if name in _FIELDS and not _is_token(value)]
    return f" What stands below [tokens] belongs to it: move {', '.join(names)} above it." if names else ""


def _is_token(value: object) -> bool:
    return isinstance(value, dict) or str(value).startswith("sha256:")


def _brief(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:59]}…"


def _expected(kind: inspect.Type) -> str:
    """What a value of this kind looks like, in words."""
    if "expected" in _extra(kind):
        return str(_extra(kind)["expected"])
    match _bare(kind):
        case inspect.IntType(ge=least, le=most):
            return f"a whole number from {least} {'on' if most is None else f'to {most}'}"
        case inspect.FloatType(gt=None, ge=least):
            return f"a number from {least} on"
        case inspect.FloatType(gt=bound):
            return f"a number above {bound}"
        case inspect.LiteralType(values=values):
            return f"one of {', '.join(map(str, values))}"
        case inspect.VarTupleType():
            return "a list of paths"
        case inspect.BoolType():
            return "true or false"
        case inspect.DictType():
            return "a table, such as { temperature = 0.2 }, or in the environment JSON"
        case inspect.CustomType(cls=cls) if cls is Path:
            return "a path"
        case _:
            return "text"


# --- Kinds --------------------------------------------------------------------


def _bare(kind: inspect.Type) -> inspect.Type:
    return _bare(kind.type) if isinstance(kind, inspect.Metadata) else kind


def _is_list(kind: inspect.Type) -> bool:
    return isinstance(_bare(kind), inspect.VarTupleType)


def _class(kind: inspect.Type) -> type | None:
    bare = _bare(kind)
    return bare.cls if isinstance(bare, inspect.CustomType) else None


def _extra(kind: inspect.Type) -> dict[str, Any]:
    return (kind.extra if isinstance(kind, inspect.Metadata) else None) or {}


_FIELDS = {field.name: field for field in msgspec.structs.fields(Settings)}
