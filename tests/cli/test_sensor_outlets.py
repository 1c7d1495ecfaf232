"""The sensor with a configuration: outlets that each get every finding, figures over HTTP, deaths of the herald."""

from __future__ import annotations

import json
import os
import signal
import socket
import time
import urllib.request
from pathlib import Path
from typing import Any

from tests.cli.terminal import DEMO, one_sentence, run, start

from interlock.export.prometheus import exposition
from interlock.pipeline.sensor.figures import read_figures
from interlock.report.schema import check
from interlock.store.plain.reader import PlainReader

CAPTURE = DEMO / "incident.pcap.gz"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def config(folder: Path, *parts: str) -> Path:
    path = folder / "interlock.toml"
    path.write_text("\n".join([f'[sensor]\nname = "hall-3"\nstore = "{folder / "store"}"', *parts]))
    return path


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def children(pid: int) -> list[int]:
    return [int(p) for p in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_a_file_outlet_has_every_finding_that_the_store_has(tmp_path: Path) -> None:
    told = tmp_path / "findings.jsonl"
    path = config(tmp_path, f'[[outlet]]\nkind = "file"\npath = "{told}"')
    ended = run("sensor", "replay", CAPTURE, "--config", path)
    assert ended.code == 0, ended.err
    assert not ended.out  # only what was configured is told
    stored = {finding.id: finding for _, finding in PlainReader(tmp_path / "store").findings()}
    assert stored
    assert {line["finding"]["id"] for line in lines(told)} == set(stored)
    again = run("sensor", "replay", CAPTURE, "--config", path)
    assert again.code == 0, again.err


def test_incidents_are_told_once_and_stand_in_status_and_metrics_too(tmp_path: Path) -> None:
    told = tmp_path / "told.jsonl"
    path = config(tmp_path, f'[[outlet]]\nkind = "file"\ntells = "incidents"\npath = "{told}"')
    for _ in range(2):  # the second time nothing has got worse
        ended = run("sensor", "replay", CAPTURE, "--config", path)
        assert ended.code == 0, ended.err
    stories = json.loads((tmp_path / "store" / "incidents.json").read_text("utf-8"))["incidents"]
    assert stories
    by_id = {line["incident"]["id"]: line for line in lines(told)}
    assert {story["id"] for story in stories} <= set(by_id)
    for line in lines(told):
        check(line, "incident-delivery")
    news = [line["incident"]["id"] for line in lines(told) if line["why"] == "new"]
    assert len(news) == len(set(news))
    document = json.loads(run("sensor", "status", "--json", "--store", tmp_path / "store").out)
    check(document, "status")
    assert [one["id"] for one in document["incidents"]] == [story["id"] for story in stories]
    figures = document["figures"]
    assert sum(row["count"] for row in figures["incidents"]) == len(stories)
    metrics = exposition(read_figures(figures), 0)
    assert "interlock_incidents{" in metrics


def test_without_a_configuration_findings_and_incidents_are_printed(tmp_path: Path) -> None:
    ended = run("sensor", "replay", CAPTURE, "--out", tmp_path / "store")
    assert ended.code == 0, ended.err
    told = [line for line in ended.out.decode().splitlines() if "  INCIDENT " in line]
    (story,) = json.loads((tmp_path / "store" / "incidents.json").read_text("utf-8"))["incidents"]
    # on a busy machine it is told while it grows: by a part that became part of it, or again for what got worse
    assert {line.rstrip("]").rsplit(", incident ", 1)[1] for line in told} <= {story["id"], *story["merged"]}
    assert told
    assert "; new)" in told[0]
    assert len(set(told)) == len(told)


def test_figures_are_answered_over_http_while_it_runs(tmp_path: Path) -> None:
    port = free_port()
    path = config(tmp_path, f'[metrics]\nlisten = "127.0.0.1:{port}"')
    started = start("sensor", "replay", CAPTURE, "--speed", 4, "--config", path)
    try:
        text = ""
        for _ in range(200):
            time.sleep(0.1)
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
                    text = answer.read().decode()
            except OSError:
                continue
            if "interlock_packets_total" in text and "interlock_packets_total 0" not in text:
                break
        assert "interlock_packets_total" in text, text
    finally:
        started.send_signal(signal.SIGTERM)
        started.communicate(timeout=60)
    assert started.returncode == 4  # stopped before the capture's end


def test_whoever_is_killed_what_is_committed_is_told(tmp_path: Path) -> None:
    told = tmp_path / "findings.jsonl"
    path = config(tmp_path, f'[[outlet]]\nkind = "file"\npath = "{told}"')
    started = start("sensor", "replay", CAPTURE, "--speed", 8, "--config", path)
    killed = 0
    for _ in range(2500):  # it ends by itself; a busy machine takes its time
        time.sleep(0.02)
        if started.poll() is not None:
            break
        found = children(started.pid)
        if len(found) == 4 and killed < 3 and told.exists():
            os.kill(found[-1] if killed else max(found), signal.SIGKILL)
            killed += 1
            time.sleep(0.5)
    _, err = started.communicate(timeout=60)
    assert started.returncode == 0, err
    assert killed == 3
    stored = {finding.id for _, finding in PlainReader(tmp_path / "store").findings()}
    assert {line["finding"]["id"] for line in lines(told)} == stored
    assert [e.event for e in PlainReader(tmp_path / "store").diary()].count("worker-lost") >= 3


def test_a_secret_that_others_can_read_is_refused_before_anything_begins(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("x")
    token.chmod(0o644)
    path = config(
        tmp_path, f'[[outlet]]\nkind = "webhook"\nurl = "https://tickets.example/x"\ntoken_file = "{token}"'
    )
    ended = run("sensor", "replay", CAPTURE, "--config", path)
    assert ended.code == 2
    assert str(token) in one_sentence(ended)
    assert not (tmp_path / "store").exists()


def test_without_a_place_for_records_nothing_begins() -> None:
    ended = run("sensor", "replay", CAPTURE)
    assert ended.code == 2
    assert "--out DIR" in ended.err
