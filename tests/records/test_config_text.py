from __future__ import annotations

import dataclasses
import re
from contextlib import nullcontext
from importlib import resources
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlock.errors import ConfigError
from interlock.records import config_text
from interlock.records.config import Config, FileConfig, StdoutConfig, SyslogConfig, WebhookConfig
from interlock.records.config_text import is_loopback, load_config, split_address, split_url

EXAMPLE = resources.files("interlock.records").joinpath("interlock.example.toml").read_text("utf-8")
# Every key of the example in force: `# key = value` and `# [table]`, without the comment behind it.
WHOLE = re.sub(r"(?m)^# (?=[a-z_]+ = |\[)", "", EXAMPLE)


def test_the_example_as_it_ships_says_nothing_yet() -> None:
    assert load_config(EXAMPLE) == Config()
    assert load_config("") == Config()


def test_the_example_names_every_key_that_there_is_and_each_is_read() -> None:
    config = load_config(WHOLE, file="/etc/interlock/interlock.toml")
    assert config.sensor.store == Path("/var/lib/interlock")
    assert config.sensor.site == Path("/etc/interlock/site.toml")
    assert config.sensor.interfaces[0].name == "eth1"
    assert (config.sensor.retention.age_days, config.sensor.retention.size_gib) == (30, 10.0)
    assert config.sensor.memory_mib == 512
    assert [type(one) for one in config.outlets] == [StdoutConfig, FileConfig, SyslogConfig, WebhookConfig]
    assert config.outlets[2] == SyslogConfig(
        name="siem", host="siem.example", port=6514, transport="tls", format="cef",
        ca_file=Path("/etc/interlock/siem-ca.pem"), server_name="siem.example",
        certificate=Path("/etc/interlock/sensor.pem"), key_file=Path("/etc/interlock/sensor.key"),
    )  # fmt: skip
    assert config.metrics is not None
    assert config.metrics.token_file == Path("/etc/interlock/metrics.token")
    for kind in (*config_text.OUTLET_KINDS.values(), type(config.sensor), type(config.metrics)):
        for field in dataclasses.fields(kind):
            assert re.search(rf"\b{field.name}\b", EXAMPLE), (kind, field.name)


WRONG = [
    ("[sensr]\nname='a'", 1, 2, "found 'sensr'; did you mean 'sensor'?"),
    ("[sensor]\nname=3", 2, 6, "a text that is not empty"),
    ("[sensor]\nname='a b'", 2, 6, "letters, digits"),
    ("[sensor]\ninterfaces='eth0'", 2, 12, "written [[sensor.interfaces]]"),
    ("[[sensor.interfaces]]\nname='a-name-too-long-for-it'", 2, 6, "at most 15 octets"),
    ("[[sensor.interfaces]]\nname='../x'", 2, 6, "an interface's name"),
    ("[[sensor.interfaces]]\nname='a'\n[[sensor.interfaces]]\nname='a'", 4, 6, "stands twice"),
    ("[[sensor.interfaces]]\nname='a'\nworkers=0", 3, 9, "from 1 to 64; found 0"),
    ("[[sensor.interfaces]]\nname='a'\nworkers=true", 3, 9, "an integer"),
    ("[[sensor.interfaces]]\nworkers=1", 1, 1, "`name`"),
    ("[sensor.retention]\nage_day=3", 2, 1, "did you mean 'age_days'?"),
    ("[sensor.retention]\nprograms_mib=-1", 2, 14, "0 to"),
    ("[sensor.retention]\nsize_gib=0", 2, 10, "above 0"),
    ("[sensor]\nmemory_mib=3", 2, 12, "from 256 to 1048576; found 3"),
    ("[sensor.memory_mib]\nflows=3", 1, 1, "an integer"),
    ("[sensor]\nshed='read'", 2, 6, "did you mean 'reads'?"),
    ("[sensor]\nshed=['values']", 2, 6, "a text that is not empty; found an array"),
    ("outlet=3", 1, 8, "written [[outlet]]"),
    ("[[outlet]]\nname='x'", 1, 1, "`kind` in this [[outlet]]"),
    ("[[outlet]]\nkind='stdot'", 2, 6, "did you mean 'stdout'?"),
    ("[[outlet]]\nkind='file'", 1, 1, "`path` in this [outlet]"),
    ("[[outlet]]\nkind='stdout'\nleast_severity='grave'", 3, 16, "one of info, low"),
    ("[[outlet]]\nkind='stdout'\n[[outlet]]\nkind='stdout'", 3, 1, "stands twice"),
    ("[[outlet]]\nkind='webhook'\nurl='https://a/'\ntoken='s3cret'", 4, 1, "no secret in this file"),
    ("[[outlet]]\nkind='webhook'\nurl='https://user:pass@a/'", 3, 5, "no user or password"),
    ("[[outlet]]\nkind='webhook'\nurl='http://10.0.0.1/'", 3, 5, "expected https"),
    ("[[outlet]]\nkind='webhook'\nurl='ftp://a/'", 3, 5, "an address such as"),
    ("[[outlet]]\nkind='webhook'\nurl='https://a/'\nkey_file='k'", 4, 10, "certificate and key_file together"),
    ("[[outlet]]\nkind='syslog'\nhost='a'\nport=0\ntransport='udp'", 4, 6, "from 1 to 65535"),
    ("[[outlet]]\nkind='syslog'\nhost='a'\nport=1\ntransport='tls'", 5, 11, "`ca_file`"),
    ("[[outlet]]\nkind='syslog'\nhost='a'\nport=1\ntransport='tcp'\nca_file='x'", 6, 9, "no ca_file without"),
    ("[[outlet]]\nkind='file'\npath='~/x'", 3, 6, "a path from / on"),
    ("[metrics]\nlisten='0.0.0.0:9464'", 2, 8, "any other needs certificate, key_file and token_file"),
    ("[metrics]\nlisten='0.0.0.0:9464'\ncertificate='a'\nkey_file='b'", 2, 8, "token_file"),
    ("[metrics]\nlisten='9464'", 2, 8, "an address and a port"),
    ("[metrics]\ncertificate='a'", 1, 1, "`listen`"),
    ("[sensor\n", 1, 8, "expected TOML"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "line", "column", "expected"), WRONG)
def test_an_error_names_file_line_column_and_what_was_expected(text, line, column, expected) -> None:
    with pytest.raises(ConfigError) as caught:
        load_config(text, file="plant/interlock.toml")
    message = str(caught.value)
    assert expected in message
    assert message.startswith(f"plant/interlock.toml, line {line}, column {column}: ")
    assert "s3cret" not in message
    assert "pass@" not in message


def test_metrics_leave_this_machine_only_with_encryption_and_a_token() -> None:
    text = "[metrics]\nlisten='0.0.0.0:9464'\ncertificate='a'\nkey_file='b'\ntoken_file='c'"
    assert load_config(text).metrics is not None
    assert load_config("[metrics]\nlisten='[::1]:9464'").metrics is not None


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("https://a.b/c?d=e", ("https", "a.b", 443, "/c?d=e")),
        ("https://a:8443", ("https", "a", 8443, "/")),
        ("http://[::1]:80/x", ("http", "::1", 80, "/x")),
        ("https://[2001:db8::1]/x", ("https", "2001:db8::1", 443, "/x")),
        ("https://a?x", ("https", "a", 443, "/?x")),
    ],
)
def test_an_address_in_parts(text, parts) -> None:
    assert split_url(text) == parts


@pytest.mark.parametrize(
    "text",
    ["https://", "https://a:0/", "https://a:99999/", "https://[::zz]/", "https://a/\r\nX: y", "https://a@b/", "//a/",
     "https://a/\u00e9", "https://a#b", "https://a:b/", "https://a:1:2/"],
)  # fmt: skip
def test_what_is_no_address(text) -> None:
    with pytest.raises(ValueError):
        split_url(text)


def test_loopback_is_known_not_guessed() -> None:
    assert all(map(is_loopback, ("127.0.0.1", "127.9.9.9", "::1", "localhost")))
    assert not any(
        map(is_loopback, ("0.0.0.0", "::", "10.0.0.1", "localhost.evil.example", "", "127.0.0.1.nip.io"))
    )
    assert split_address("localhost:1") == ("localhost", 1)


def _is_config(text: str) -> bool:
    try:
        load_config(text)
    except ConfigError:
        return False
    return True


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_any_mutant_is_a_configuration_or_an_error(data: st.DataObject) -> None:
    begin = data.draw(st.integers(0, len(WHOLE)))
    end = data.draw(st.integers(begin, min(len(WHOLE), begin + 60)))
    more = data.draw(
        st.sampled_from(["", "=", "[", "\n[[outlet]]\n", "3", "'", '"', "true", "{}", "\x00", "-1"])
    )
    text = WHOLE[:begin] + more + WHOLE[end:]
    with (
        nullcontext() if _is_config(text) else pytest.raises(ConfigError, match=r"line .* column .*expected")
    ):
        assert isinstance(load_config(text), Config)
