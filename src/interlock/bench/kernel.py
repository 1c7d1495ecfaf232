"""`python -m interlock.bench.kernel`: whether the kernel says what replay says.

A policy is written for the firewall and put in force in network namespaces. Every conversation of a recording is made
anew between the machines' addresses, through a router and through a bridge, beside others that nobody had, and replay's
answer by layers 2 to 4 (ends, transport, port) is held against what passed. First all pass without rules, so that a
silence is the rules' doing. What replay knows beyond (protocol, verb, unit, object) is counted apart: there the kernel
lets pass what the policy denies.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from random import Random  # noqa: TID251 (seeded)
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

import click

from interlock.bench.kernel_network import LAYOUTS, Around, is_mac, why_not
from interlock.bench.kernel_talk import Flow, passed
from interlock.bench.random_policies import ODD_MACHINES, drawn_flows, drawn_site
from interlock.bootstrap.zone_exporting import build_plan, build_target
from interlock.bootstrap.zoning import (
    PolicyText,
    build_policy,
    build_zone_run,
    known_ports,
    propose,
    run_captures,
)
from interlock.pipeline.zone_run import finder
from interlock.records.conduit import Conduit
from interlock.records.site import Zone
from interlock.segment.model.groups import is_group, is_link, is_nobody
from interlock.segment.model.policy import Ask

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from interlock.pipeline.zone_run import Observed
    from interlock.records.asset import Asset
    from interlock.records.site import Site
    from interlock.segment.model.policy import Policy

__all__ = ["ENFORCERS", "Agreement", "Enforcer", "flows_of", "held_against", "recorded", "replayed"]

REALM: Final = "default"


@dataclass(frozen=True, slots=True)
class Enforcer:
    """program: must be there. commands: each takes the target's text. layouts: where it can stand."""

    target: str
    program: str
    layouts: tuple[str, ...]
    commands: tuple[tuple[str, ...], ...]


ENFORCERS: Final = {
    "nftables": Enforcer("nftables", "nft", LAYOUTS, (("nft", "-f", "-"),)),
    "iptables": Enforcer(
        "iptables",
        "iptables-restore",
        ("router",),
        (("iptables-restore", "--noflush"), ("ip6tables-restore", "--noflush")),
    ),
}


@dataclass(slots=True)
class Agreement:
    """One policy on one enforcer. kinds: flows by transport. differ: those of which the kernel said otherwise."""

    policy: str
    layout: str
    flows: int = 0
    allowed: int = 0
    denied: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    differ: list[tuple[Flow, bool, bool]] = field(default_factory=list)

    def line(self) -> str:
        """For people."""
        kinds = ", ".join(f"{many} {kind}" for kind, many in sorted(self.kinds.items()))
        return (
            f"{self.policy} ({self.layout}): {self.flows} flows ({kinds}), replay allows {self.allowed} and"
            f" denies {self.denied}; the kernel says otherwise of {len(self.differ)}"
        )


def replayed(policy: Policy, flow: Flow) -> bool:
    """What replay says by layers 2 to 4: who, with whom, at which port; nothing of what is said."""

    def judge(client: str, server: str) -> bool:
        return policy.judge(Ask(REALM, client, server, None, port=(flow.transport, flow.port))).allowed

    if is_mac(flow.client) and not is_group(flow.server):
        # Frames know no sessions: the answering side may begin, too, as a lack of the target's says.
        return judge(flow.client, flow.server) or judge(flow.server, flow.client)
    return judge(flow.client, flow.server)


def held_against(
    name: str, enforcer: Enforcer, layout: str, policy: Policy, assets: Sequence[Asset], flows: Sequence[Flow]
) -> Agreement:
    """Put a policy in force and try all flows. Raises RuntimeError where not all pass without rules."""
    target = f"{enforcer.target}-bridge" if layout == "bridge" else enforcer.target
    text = build_target(target).write(build_plan(policy, REALM, (), assets)).text
    with Around([end for flow in flows for end in flow[:2]], layout) as around:
        open_ones = passed(around, list(dict.fromkeys(flows)))
        if not all(open_ones):
            stuck = [f for f, there in zip(dict.fromkeys(flows), open_ones, strict=True) if not there]
            raise RuntimeError(f"without rules {len(stuck)} flows did not pass, the first {stuck[0]}")
        for command in enforcer.commands:
            around.put_in_force(text, *command)
        said = passed(around, flows)
    made = Agreement(name, layout, len(flows))
    for flow, kernel in zip(flows, said, strict=True):
        ours = replayed(policy, flow)
        made.kinds["frames" if is_mac(flow.client) else flow.transport] += 1
        made.allowed += ours
        made.denied += not ours
        if ours != kernel:
            made.differ.append((flow, ours, kernel))
    return made


def flows_of(
    seen: Observed, policy: Policy, layout: str
) -> tuple[list[tuple[Flow, str | None]], Counter[str]]:
    """Every conversation that can be made anew, with its protocol; and why the others cannot, counted."""
    found, left = [], Counter[str]()
    for kind in seen.traffic.kinds(policy):
        if kind.what != "flow" or kind.ask.port is None:
            continue
        ask = kind.ask
        transport, port = ask.port or ("", 0)
        why = _why_left(ask, transport, port, layout)
        if why:
            left[why] += kind.seen.count
        else:
            found += [(Flow(ask.client, ask.server, transport, port), ask.protocol)] * kind.seen.count
    return found, left


def _why_left(ask: Ask, transport: str, port: int, layout: str) -> str:
    ends = (ask.client, ask.server)
    if is_link(ask.protocol, transport, ask.server) or any(map(is_nobody, ends)):
        return "between neighbours of a link"
    one_link = any("%" in end or end.startswith(("fe80:", "169.254.", "127.", "0.")) for end in ends)
    told = is_mac(ask.client) or (transport == "udp" and port and not one_link)
    if layout == "bridge" and told and is_group(ask.client) != is_group(ask.server):
        return ""
    if any(map(is_group, ends)):
        return "to groups: heard on the sender's own link"
    if one_link:
        return "addresses of one link"
    if ask.client == ask.server:
        return "a machine with itself"
    if transport in {"tcp", "udp"} and not port:
        return "no port"
    if transport.startswith("eth/") and layout == "router":
        return "frames without IP: no router passes them on"
    return ""


def beyond(policy: Policy, seen: Observed) -> Counter[tuple[str, str, str]]:
    """What the kernel cannot know of what was seen, counted: (what happens, why, who asks whom for what)."""
    found: Counter[tuple[str, str, str]] = Counter()
    for kind in seen.traffic.kinds(policy):
        ask = kind.ask
        if ask.port is None or _why_left(ask, *ask.port, "bridge"):
            continue
        whole = policy.judge(ask)
        low = replayed(policy, Flow(ask.client, ask.server, *ask.port))
        if low != whole.allowed:
            what = f"{kind.what}s that the policy {'allows' if whole.allowed else 'denies'}, and the kernel does not"
            why = (
                whole.reason
                or f"{ask.protocol} at {'/'.join(map(str, ask.port))}, which is not its usual port"
            )
            said = " ".join(filter(None, (ask.protocol, ask.verb, ask.object)))
            found[what, why, f"{ask.client} asks {ask.server}: {said}"] += kind.seen.count
    return found


def recorded(*paths: str) -> Observed:
    """What captures show."""
    from interlock.capture.run import open_sources  # noqa: PLC0415 (slow to load)
    from interlock.capture.specs import specify  # noqa: PLC0415
    from interlock.records.site import Site  # noqa: PLC0415

    zone_run = build_zone_run(Site())
    with open_sources(specify(paths, ()), stdin=sys.stdin.buffer) as run:
        run_captures(run, zone_run, gsdml=(), watch={}, progress=lambda *_: None, stop=lambda: False)
    return zone_run.finish()


def practice(folder: Path, minutes: int) -> tuple[str, str, str]:
    """Record the practice plant twice, without and with attacks; both captures, and its site file."""
    from interlock.plant.attacks.table import NAMES  # noqa: PLC0415
    from interlock.plant.site import site_text  # noqa: PLC0415
    from interlock.plant.twin.recording import Twin  # noqa: PLC0415

    for name, seed in (("quiet", 31), ("attacked", 32)):
        with (folder / f"{name}.pcap").open("wb") as target:
            twin = Twin(target, seed)
            for number, attack in enumerate(NAMES if name == "attacked" else ()):
                twin.attack(attack, 1 + number * (minutes - 2) / len(NAMES))
            for _ in twin.run(minutes):
                pass
    return str(folder / "quiet.pcap"), str(folder / "attacked.pcap"), site_text(())


def proposed(seen: Observed, text: str, today: date) -> Site:
    """The policy that `zone propose` makes of what was seen. text: the site file before."""
    from interlock.records.site_text import load_site  # noqa: PLC0415

    before = PolicyText("site.toml", text, load_site(text, file="site.toml"))
    return load_site(propose(before, seen, None, today).site_text, file="proposed")


def designed(text: str) -> Site:
    """What the practice plant's design grants: each right a conduit, nothing without one even inside a zone."""
    from interlock.plant.machines import BY_NAME  # noqa: PLC0415
    from interlock.plant.rights import RIGHTS  # noqa: PLC0415
    from interlock.records.site_text import load_site  # noqa: PLC0415

    site = load_site(text, file="site.toml")
    zones = [replace(zone, inside="conduits") for zone in site.zones]
    home = {member: zone.name for zone in zones for member in zone.members}
    conduits = []
    for number, right in enumerate(RIGHTS):
        if right.server == "everybody":
            continue
        client, server = BY_NAME[right.client].ip, BY_NAME[right.server].ip
        for machine in (client, server):
            if machine not in home:
                home[machine] = machine
                zones.append(Zone(name=machine, members=(machine,), inside="conduits"))
        conduits.append(Conduit(
            name=f"right {number}", from_=(home[client],), to=(home[server],), clients=(client,), servers=(server,),
            protocols=(right.protocol,), verbs=right.verbs, reason=right.why,
        ))  # fmt: skip
    return replace(site, zones=tuple(zones), conduits=tuple(conduits))


def policies(
    seen: Observed, sites: Mapping[str, Site], today: date, seeds: Iterable[int], drawn: int
) -> Iterator[tuple[str, str, Policy, Sequence[Asset], list[Flow]]]:
    """Name, layout, policy, inventory, flows of each trial: those given on both layouts, then drawn ones by turns."""
    for name, site in sites.items():
        own = build_policy(site, today, seen.find)
        for layout in LAYOUTS:
            yield name, layout, own, seen.assets, [flow for flow, _ in flows_of(seen, own, layout)[0]]
    for seed in seeds:
        chance, layout = Random(seed), LAYOUTS[seed % len(LAYOUTS)]  # noqa: S311 (drawn anew from its seed)
        pairs, _ = flows_of(seen, own, layout)
        ends = {end for flow, _ in pairs for end in flow[:2] if not is_group(end)}
        machines = sorted(ends | set(ODD_MACHINES))
        policy = build_policy(drawn_site(chance, machines, pairs, known_ports(), today), today, finder(()))
        flows = [flow for flow, _ in pairs] + drawn_flows(chance, machines, known_ports(), drawn)
        yield f"drawn policy {seed}", layout, policy, (), flows


@click.command()
@click.argument("captures", nargs=-1, metavar="[CAPTURE]...")
@click.option(
    "--policies", "many", default=8, show_default=True, type=click.IntRange(0, 1000), help="Drawn policies."
)
@click.option(
    "--minutes", default=40, show_default=True, type=click.IntRange(3, 1440), help="Of the practice plant."
)
@click.option(
    "--drawn", default=120, show_default=True, type=click.IntRange(0, 5000), help="Drawn flows a policy."
)
@click.option("--target", default="nftables", show_default=True, type=click.Choice(sorted(ENFORCERS)))
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def main(
    captures: tuple[str, ...], *, many: int, minutes: int, drawn: int, target: str, as_json: bool
) -> None:
    """Make recorded conversations anew through a kernel with the policy in force, and compare it with replay.

    Those of CAPTURE, whose own proposal is the first policy; without any those of the practice plant, recorded here.
    Exit codes: 0 they agree on every flow; 1 they do not; 2 no namespaces can be made here.
    """
    enforcer = ENFORCERS[target]
    if reason := why_not(enforcer.program):
        raise click.UsageError(reason)
    today = datetime.now(UTC).date()  # noqa: TID251 (rules end by the kernel's clock)
    if captures:
        seen = recorded(*captures)
        sites = {"the proposed policy": proposed(seen, "", today)}
    else:
        sites, seen = _practised(minutes, today)
    results = []
    for name, layout, policy, assets, flows in policies(seen, sites, today, range(many), drawn):
        if layout in enforcer.layouts:
            results.append(held_against(name, enforcer, layout, policy, assets, flows))
            click.echo(results[-1].line(), err=as_json)
    own = build_policy(sites["the proposed policy"], today, seen.find)
    left = flows_of(seen, own, "bridge")[1]
    click.echo(_told(results, left, beyond(own, seen), as_json=as_json))
    sys.exit(any(each.differ for each in results))


def _practised(minutes: int, today: date) -> tuple[dict[str, Site], Observed]:
    """The practice plant: policies of a quiet recording and of its design, and what a recording with attacks shows."""
    with TemporaryDirectory(prefix="interlock-kernel-") as folder:
        quiet, attacked, text = practice(Path(folder), minutes)
        sites = {
            "the proposed policy": proposed(recorded(quiet), text, today),
            "the plant's design": designed(text),
        }
        return sites, recorded(attacked)


def _told(
    results: Sequence[Agreement], left: Counter[str], unknown: Counter[tuple[str, str, str]], *, as_json: bool
) -> str:
    kinds = sum((each.kinds for each in results), Counter[str]())
    flows, differ = sum(kinds.values()), [d for each in results for d in each.differ]
    if as_json:
        document: dict[str, Any] = {
            "flows": flows, "kinds": dict(kinds), "allowed": sum(e.allowed for e in results),
            "denied": sum(e.denied for e in results), "differ": [[*f, ours, kernel] for f, ours, kernel in differ],
            "not_made": dict(left), "unknown_to_the_kernel": [[*what, n] for what, n in unknown.most_common()],
        }  # fmt: skip
        return json.dumps(document, indent=1)
    share = 100 * (1 - len(differ) / flows) if flows else 0.0
    lines = [
        f"together: {flows} flows ({', '.join(f'{n} {k}' for k, n in sorted(kinds.items()))})",
        f"replay and kernel agree on {flows - len(differ)} ({share:.2f} %)",
        f"replay allows {sum(e.allowed for e in results)} and denies {sum(e.denied for e in results)}",
        *(f"  differs: {flow}: replay {ours}, kernel {kernel}" for flow, ours, kernel in differ[:20]),
        "not made anew (of the recording):",
        *(f"  {many} {why}" for why, many in left.most_common()),
        "what the kernel cannot know (the proposed policy against the recording):",
        *(f"  {many} {what} ({why}): {said}" for (what, why, said), many in unknown.most_common()),
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
