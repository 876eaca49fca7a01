"""Settings: where they come from, what is refused and how, and that secrets do not show."""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path

import jsonschema
import msgspec
import pytest

from penstock.errors import ConfigError
from penstock.settings import Secret, Settings, from_world, load, markdown, schema

DOCS = Path(__file__).parent.parent / "docs"

SAMPLE = """
model = "openai/gpt-5-mini"
instructions = "You answer questions about our handbook."
knowledge = ["handbook", "/srv/faq.md"]
port = 9000
overlap = "enqueue"
turn_max_s = 120
retention_days = 30
openai_api_key = "sk-sample"
"""


@pytest.fixture
def toml(tmp_path: Path) -> Path:
    return tmp_path / "penstock.toml"


def problems(
    toml: Path | None = None, environ: Mapping[str, str] | None = None, **given: object
) -> list[str]:
    """The lines of the ConfigError, the file's folder cut off."""
    with pytest.raises(ConfigError) as caught:
        load(toml, environ or {}, given)
    folder = f"{toml.parent}{os.sep}" if toml else ""
    return str(caught.value).replace(folder, "").splitlines()


# --- Where they come from -----------------------------------------------------


def test_nothing_has_to_be_set() -> None:
    settings = load(None, {})

    assert settings == Settings()
    assert (settings.host, settings.port, settings.model) == ("127.0.0.1", 8000, "")


def test_the_later_source_wins(toml: Path) -> None:
    toml.write_text('model = "file"\ntitle = "file"\nhost = "file"')

    settings = load(toml, {"PENSTOCK_TITLE": "environment", "PENSTOCK_HOST": "environment"}, {"host": "flag"})

    assert (settings.model, settings.title, settings.host) == ("file", "environment", "flag")


def test_a_flag_that_was_not_given_changes_nothing() -> None:
    assert load(None, {"PENSTOCK_PORT": "9000"}, {"port": None, "model": None}).port == 9000


def test_a_program_may_give_ready_values() -> None:
    given = {
        "data": Path("/x"),
        "knowledge": (Path("a"), "b"),
        "openai_api_key": Secret("sk-1"),
        "turn_max_s": 5,
    }

    settings = load(None, {}, given)

    assert (settings.data, settings.knowledge) == (Path("/x"), (Path("a"), Path("b")))
    assert (settings.openai_api_key, settings.turn_max_s) == (Secret("sk-1"), 5.0)


def test_an_empty_variable_counts_as_not_set() -> None:
    assert load(None, {"PENSTOCK_PORT": "", "PENSTOCK_ANYTHING": "", "OPENAI_API_KEY": ""}) == Settings()


def test_the_environment_knows_only_text_and_every_kind_can_be_said_in_it() -> None:
    settings = load(
        None,
        {
            "PENSTOCK_PORT": "9000",
            "PENSTOCK_TURN_MAX_S": "1.5",
            "PENSTOCK_KNOWLEDGE": "docs, /srv/more",
            "PENSTOCK_LOG": "json",
            "PENSTOCK_OPENAI_API_KEY": "sk-1",
        },
    )

    assert settings == Settings(
        port=9000,
        turn_max_s=1.5,
        knowledge=(Path("docs"), Path("/srv/more")),
        log="json",
        openai_api_key=Secret("sk-1"),
    )


def test_a_list_in_the_environment_is_json_where_its_items_have_commas() -> None:
    said = {"PENSTOCK_SUGGESTIONS": '["Who, and when?", "Why?"]', "PENSTOCK_KNOWLEDGE": "[a], b"}

    settings = load(None, said)

    assert settings.suggestions == ("Who, and when?", "Why?")
    assert settings.knowledge == (Path("[a]"), Path("b"))


def test_the_names_that_other_programs_use_are_read_and_ours_win() -> None:
    others = {"OPENAI_API_KEY": "sk-1", "OPENAI_BASE_URL": "http://localhost:1/v1", "OLLAMA_HOST": "0.0.0.0"}
    others |= {"ANTHROPIC_API_KEY": "sk-ant-1", "ANTHROPIC_BASE_URL": "http://localhost:2"}

    settings = load(None, {**others, "PENSTOCK_OPENAI_API_KEY": "sk-2"})

    assert settings.openai_api_key == Secret("sk-2")
    assert settings.openai_base_url == "http://localhost:1/v1"
    assert settings.ollama_host == "0.0.0.0"
    assert settings.anthropic_api_key == Secret("sk-ant-1")
    assert settings.anthropic_base_url == "http://localhost:2"


def test_where_ollamas_clients_are_sent_goes_before_where_its_server_listens() -> None:
    assert (
        load(None, {"OLLAMA_BASE_URL": "http://gpu:1", "OLLAMA_HOST": "0.0.0.0"}).ollama_host
        == "http://gpu:1"
    )


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("", "http://127.0.0.1:11434"),
        ("gpu", "http://gpu:11434"),
        ("0.0.0.0:1234", "http://127.0.0.1:1234"),
        (":1234", "http://127.0.0.1:1234"),
        ("[::1]", "http://[::1]:11434"),
        ("http://gpu", "http://gpu:80"),
        ("https://gpu.example/ollama/", "https://gpu.example:443/ollama"),
    ],
)
def test_an_ollama_host_is_filled_up_as_ollama_does_it(host: str, url: str) -> None:
    assert load(None, {"OLLAMA_HOST": host}).ollama_url == url


def test_paths_in_the_file_start_at_its_folder_and_others_at_the_current_one(toml: Path) -> None:
    toml.write_text('knowledge = ["handbook", "/srv/faq.md"]')

    assert load(toml, {}).knowledge == (toml.parent / "handbook", Path("/srv/faq.md"))
    assert load(toml, {"PENSTOCK_KNOWLEDGE": "handbook"}).knowledge == (Path("handbook"),)


def test_a_path_may_start_at_home(toml: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/you")
    toml.write_text('knowledge = ["~/handbook", "~nobody-of-that-name/x"]\ndata = "~/kept"\n')

    found = load(toml, {})

    assert found.knowledge == (Path("/home/you/handbook"), toml.parent / "~nobody-of-that-name/x")
    assert found.data == Path("/home/you/kept")


def test_data_lies_beside_the_file_or_in_the_current_folder(toml: Path) -> None:
    toml.write_text("")

    assert load(toml, {}).data == toml.parent / ".penstock"
    assert load(None, {}).data == Path(".penstock")
    assert load(toml, {"PENSTOCK_DATA": "elsewhere"}).data == Path("elsewhere")


def test_overlap_understands_the_words_of_other_systems(toml: Path) -> None:
    toml.write_text('overlap = "enqueue"')

    assert load(toml, {}).overlap == "queue"
    assert load(toml, {"PENSTOCK_OVERLAP": "collect"}).overlap == "burst"


def test_the_file_in_the_current_folder_and_the_environment_are_the_world(
    toml: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    toml.write_text('title = "file"\nport = 1')
    monkeypatch.chdir(toml.parent)
    monkeypatch.setenv("PENSTOCK_PORT", "2")

    settings = from_world()

    assert (settings.title, settings.port) == ("file", 2)


# --- What is refused, and how -------------------------------------------------


def test_all_problems_are_reported_together(toml: Path) -> None:
    toml.write_text('modle = "demo"\nport = "eighty"\nknowledge = ["docs", 3]')

    assert problems(toml, {"PENSTOCK_RETRIES": "two", "PENSTOCK_HSOT": "x"}, log="xml") == [
        "penstock.toml: modle is not a setting. Did you mean model?",
        "penstock.toml: port is 'eighty', but it must be a whole number from 0 to 65535.",
        "penstock.toml: knowledge[1] is 3, but it must be a path.",
        "PENSTOCK_HSOT is not a setting. Did you mean PENSTOCK_HOST?",
        "PENSTOCK_RETRIES is 'two', but it must be a whole number from 0 on.",
        "log is 'xml', but it must be one of json, text.",
    ]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("port = true", "port is True, but it must be a whole number from 0 to 65535"),
        ("port = 70000", "port is 70000, but it must be a whole number from 0 to 65535"),
        ("max_running = 0", "max_running is 0, but it must be a whole number from 1 on"),
        ("max_running = 1.5", "max_running is 1.5, but it must be a whole number from 1 on"),
        ("lease_s = 0", "lease_s is 0, but it must be a number above 0"),
        ("turn_max_s = nan", "turn_max_s is nan, but it must be a number above 0"),
        ("turn_max_s = inf", "turn_max_s is inf, but it must be a number above 0"),
        ("grace_s = -1", "grace_s is -1, but it must be a number from 0 on"),
        ("model = 3", "model is 3, but it must be a name such as openai/gpt-4.1-mini, or a list of names"),
        ("data = 3", "data is 3, but it must be a path"),
        ('knowledge = ["docs", ""]', "knowledge[1] is '', but it must be a path"),
        ('knowledge = "docs"', "knowledge is 'docs', but it must be a list of paths"),
        ('overlap = "quue"', "overlap is 'quue', but it must be one of burst, interrupt, queue, reject"),
        (
            'openai_base_url = "api.example"',
            "openai_base_url is 'api.example', but it must be an address that begins with http:// or https://",
        ),
        ('ollama_host = "a b"', "ollama_host is 'a b', but it must be an address such as 127.0.0.1:11434"),
        (
            "[server]\nport = 1",
            "server is not a setting. Settings stand at the top of the file, without tables",
        ),
        ("qqqqqq = 1", "qqqqqq is not a setting"),
    ],
)
def test_a_wrong_line_is_named_with_what_is_expected(toml: Path, line: str, expected: str) -> None:
    toml.write_text(line)

    assert problems(toml) == [f"penstock.toml: {expected}."]


def test_a_long_wrong_value_is_shortened(toml: Path) -> None:
    toml.write_text(f'port = "{"x" * 10_000}"')

    assert len(problems(toml)[0]) < 200


def test_a_file_that_cannot_be_read_is_one_problem_among_others(toml: Path) -> None:
    said = problems(toml, {"PENSTOCK_PORT": "x"})

    assert said[0] == "penstock.toml could not be read: No such file or directory."
    assert len(said) == 2


def test_a_file_that_is_not_toml_is_named_with_the_line(toml: Path) -> None:
    toml.write_text('model = "demo"\nport = eighty\n')

    assert problems(toml)[0].startswith("penstock.toml is not TOML: ")
    assert "line 2" in problems(toml)[0]


def test_a_file_that_is_not_text_is_said_to_be_so(toml: Path) -> None:
    toml.write_bytes(b'title = "Gr\xfc\xdfe"')

    assert problems(toml) == ["penstock.toml is not UTF-8 text."]


def test_what_kubernetes_says_about_a_service_called_penstock_is_not_for_us() -> None:
    environ = {
        "PENSTOCK_PORT": "tcp://10.0.0.7:8000",
        "PENSTOCK_PORT_8000_TCP": "tcp://10.0.0.7:8000",
        "PENSTOCK_PORT_8000_TCP_ADDR": "10.0.0.7",
        "PENSTOCK_SERVICE_HOST": "10.0.0.7",
        "PENSTOCK_SERVICE_PORT": "8000",
        "PENSTOCK_SERVICE_PORT_HTTP": "8000",
    }

    assert load(None, environ) == Settings()


# --- Secrets ------------------------------------------------------------------


def test_a_secret_does_not_show() -> None:
    settings = load(None, {"OPENAI_API_KEY": "sk-very-secret"})
    key = settings.openai_api_key

    assert "•••" in repr(settings)
    assert all(
        "very" not in shown for shown in (repr(settings), str(key), f"{key}", f"{key!r:>9}", f"{[key]}")
    )
    assert key.reveal() == "sk-very-secret"
    with pytest.raises(TypeError):
        msgspec.json.encode(settings)


def test_a_secret_given_as_something_else_is_not_repeated_either() -> None:
    assert problems(openai_api_key=b"sk-very-secret") == ["openai_api_key must be text."]


def test_a_secret_of_the_wrong_type_is_not_repeated_in_the_error(toml: Path) -> None:
    toml.write_text('openai_api_key = ["sk-very-secret"]')

    assert problems(toml) == ["penstock.toml: openai_api_key must be text."]


# --- What is printed from the fields ------------------------------------------


def test_the_page_about_the_settings_is_current() -> None:
    page = (DOCS / "settings.md").read_text("utf-8")

    assert page == markdown(), "python -m penstock.settings > docs/settings.md"


def test_every_setting_stands_on_the_page_and_in_the_schema_with_its_help() -> None:
    for name in Settings.__struct_fields__:
        assert f"| `{name}` |" in markdown()
        assert schema()["properties"][name]["description"]


def test_the_schema_is_one_and_accepts_what_we_accept(toml: Path) -> None:
    toml.write_text(SAMPLE)
    checker = jsonschema.Draft202012Validator(schema())

    checker.check_schema(schema())
    checker.validate(tomllib.loads(SAMPLE))

    assert load(toml, {}).port == 9000
    json.dumps(schema())


def test_every_wrong_entry_of_a_list_is_told(toml: Path) -> None:
    toml.write_text('embed_origins = ["a.example", "https://b.example", "https://*.com"]\nport = "x"')

    assert [line.partition(",")[0] for line in problems(toml)] == [
        "penstock.toml: embed_origins[0] is 'a.example'",
        "penstock.toml: embed_origins[2] is 'https://*.com'",
        "penstock.toml: port is 'x'",
    ]


def test_what_stands_below_the_tokens_by_mistake_is_named(toml: Path) -> None:
    toml.write_text(f'[tokens]\nann = "sha256:{"0" * 64}"\nauth = "token"\n')

    assert problems(toml)[0].endswith("What stands below [tokens] belongs to it: move auth above it.")


def test_a_table_that_stands_there_twice_is_to_be_one(toml: Path) -> None:
    toml.write_text('[tokens]\nann = ""\n[tokens]\nbob = ""\n')

    assert "stands there once, with all its lines below it" in problems(toml)[0]


def test_several_models_are_a_list_or_names_with_commas(toml: Path) -> None:
    checker = jsonschema.Draft202012Validator(schema())
    for line in ('model = ["openai/o3", "demo"]', 'model = "openai/o3, demo"'):
        toml.write_text(line)

        checker.validate(tomllib.loads(line))
        assert load(toml, {}).model == "openai/o3, demo"
    assert load(None, {"PENSTOCK_MODEL": "openai/o3,demo"}).model == "openai/o3,demo"


def test_a_list_with_something_else_in_it_names_no_models(toml: Path) -> None:
    toml.write_text('model = ["demo", 3]')

    (problem,) = problems(toml)
    assert problem.startswith("penstock.toml: model is ['demo', 3], but it must be a name such as")


@pytest.mark.parametrize("names", ["[]", '["demo", ""]', '["demo", " "]', '","', '" "'])
def test_names_that_name_nothing_are_no_model(toml: Path, names: str) -> None:
    toml.write_text(f"model = {names}")

    (problem,) = problems(toml)
    assert problem.endswith("must be a name such as openai/gpt-4.1-mini, or a list of names.")


@pytest.mark.parametrize(
    "line",
    [
        'modle = "demo"',
        'port = "eighty"',
        "lease_s = 0",
        'overlap = "quue"',
        "knowledge = [3]",
        "model = []",
        'model_options = { temperature = "hot" }',
        "model_options = { stop = [1] }",
    ],
)
def test_the_schema_refuses_what_we_refuse(toml: Path, line: str) -> None:
    toml.write_text(line)
    checker = jsonschema.Draft202012Validator(schema())

    assert not checker.is_valid(tomllib.loads(line))
    assert problems(toml)


# --- Tables -------------------------------------------------------------------


def test_what_else_is_asked_of_a_model_is_a_table_in_the_file(toml: Path) -> None:
    toml.write_text('[model_options]\ntemperature = 0.2\nstop = ["END"]\nthinking = { type = "adaptive" }\n')

    settings = load(toml, {})

    assert settings.model_options == {"temperature": 0.2, "stop": ["END"], "thinking": {"type": "adaptive"}}


def test_a_table_is_json_in_the_environment() -> None:
    assert load(None, {"PENSTOCK_MODEL_OPTIONS": '{"top_p": 0.9}'}).model_options == {"top_p": 0.9}


@pytest.mark.parametrize("text", ["0.2", "temperature=0.2", "[1]", "[" * 2_000])
def test_what_is_no_table_is_told_what_one_looks_like(text: str) -> None:
    (problem,) = problems(None, {"PENSTOCK_MODEL_OPTIONS": text})

    assert problem.endswith("must be a table, such as { temperature = 0.2 }, or in the environment JSON.")


@pytest.mark.parametrize(
    ("option", "expected"),
    [
        ('temperature = "hot"', "temperature is 'hot', but it must be a number from 0 on"),
        ("temperature = true", "temperature is True, but it must be a number from 0 on"),
        ("temperature = nan", "temperature is nan, but it must be a number from 0 on"),
        ("top_p = 2", "top_p is 2, but it must be a number from 0 to 1"),
        ("top_k = 0.5", "top_k is 0.5, but it must be a whole number"),
        ("max_tokens = 0", "max_tokens is 0, but it must be a whole number from 1 on"),
        ("stop = [1]", "stop is [1], but it must be text, or a list of texts"),
    ],
)
def test_what_nearly_all_models_know_is_checked(toml: Path, option: str, expected: str) -> None:
    toml.write_text(f"[model_options]\n{option}\nseed = 7")

    assert problems(toml) == [f"penstock.toml: model_options.{expected}."]


def test_what_only_some_models_know_is_theirs_to_check() -> None:
    options = {"temperature": 1, "top_k": -1, "stop": "END", "max_tokens": None, "top_a": "?"}

    assert load(None, {}, {"model_options": options}).model_options == options


def test_a_switch_is_true_or_false() -> None:
    assert load(None, {"PENSTOCK_PROMPT_CACHING": "true"}).prompt_caching is True
    assert problems(None, {"PENSTOCK_PROMPT_CACHING": "maybe"}) == [
        "PENSTOCK_PROMPT_CACHING is 'maybe', but it must be true or false."
    ]
