"""What is seen, and which ATT&CK for ICS technique that is: the one table from which detectors name their findings.

A name here is what was seen (a verb, an object, an outcome, a role), its ids the techniques whose definition that
meets, the likeliest first, and `why` says by what of the definition. At most MOST_NAMED of them are given: whoever
names everything is always right. The rules of the pack carry their own, as Sigma tags.
Source: MITRE ATT&CK for ICS 18.1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["MOST_NAMED", "SEEN", "Seen", "at_safety_system", "named"]

MOST_NAMED: Final = 3


@dataclass(frozen=True, slots=True)
class Seen:
    """ids: the likeliest first, at most MOST_NAMED. why: what of the definitions is met."""

    ids: tuple[str, ...]
    why: str


SEEN: Final[Mapping[str, Seen]] = {
    # Verbs, as what was done
    "write": Seen(
        ("T0855", "T0836", "T0831"),
        "a command outside of its function; it changes a parameter, by which control is manipulated",
    ),
    "operate": Seen(("T0855", "T0831"), "a command outside of its function moves an actuator"),
    "force": Seen(("T0835", "T0855", "T0831"), "the I/O image no longer follows the process"),
    "configure": Seen(("T0836", "T0855"), "a parameter that tells a device how to behave is changed"),
    "time-set": Seen(("T0836", "T0855"), "the clock is a parameter of the device; no technique is about clocks alone"),
    "start": Seen(("T0858", "T0855"), "run is one of a controller's operating modes"),
    "stop": Seen(
        ("T0858", "T0816", "T0881"),
        "stop is one of a controller's operating modes; a device or service that is shut down by it comes second",
    ),
    "mode-set": Seen(("T0858",), "program, run, remote, stop, test are its operating modes"),
    "reset": Seen(("T0816", "T0814"), "a device is restarted; meanwhile it serves nobody"),
    "program-write": Seen(
        ("T0843", "T0889", "T0821"),
        "a program download; the program is modified, and with it what is run when",
    ),
    "program-read": Seen(("T0845", "T0882"), "a program upload; operational information is stolen with it"),
    "firmware-write": Seen(("T0857", "T0839"), "system firmware, or that of a module, is replaced"),
    "file-write": Seen(("T0867", "T0886"), "a tool is transferred, over a remote service"),
    "file-read": Seen(("T0811", "T0882", "T0893"), "data from an information repository or a local system"),
    "alarm-suppress": Seen(("T0878", "T0838"), "alarms no longer reach people; a setting of theirs is changed"),
    "authenticate": Seen(("T0859", "T0812"), "an account is used, perhaps one that came with the device"),
    "explore": Seen(("T0846", "T0888"), "other systems are listed by address, name or kind"),
    "explore-one": Seen(("T0888", "T0846"), "what a remote system is: make, model, role, configuration"),
    "watch": Seen(("T0801", "T0861", "T0802"), "values of the process are read, by their points' names or tags"),
    "watch-much": Seen(
        ("T0802", "T0801", "T0861"),
        "many values at once, by the protocol's own means, are automated collection",
    ),
    "walk-points": Seen(
        ("T0861", "T0802", "T0888"),
        "one point after another is read once: which there are is wanted, not how the process runs",
    ),
    "watch-or-tell": Seen(("T0801", "T0856", "T0832"), "reports come; whether they are asked for is not seen"),
    "tell-or-watch": Seen(
        ("T0856", "T0801", "T0832"),
        "a station's reports come to who asked it for none, in a protocol in which they are asked for",
    ),
    "watch-units": Seen(
        ("T0846", "T0888", "T0801"),
        "reading one after another the devices behind a gateway lists them",
    ),
    "tell": Seen(("T0856", "T0832"), "a report in a name that never sent it"),
    "connect": Seen(("T0846", "T0885"), "to connect is to learn that somebody is there"),
    "owns-outputs": Seen(
        ("T0848", "T0846", "T0855"), "who was no master here asks to be the one whose outputs a device takes"
    ),
    "call": Seen(("T0869", "T0885"), "command and control over everyday application protocols or ports"),
    "unknown": Seen(("T0869", "T0885"), "what cannot be read, over a standard protocol or port"),
    # What circumstances add
    "stranger-write": Seen(
        ("T0855", "T0848", "T0836"),
        "the same by a machine that was no master here and acts as one",
    ),
    "stranger-operate": Seen(("T0855", "T0848", "T0831"), "the same by a machine that was no master here"),
    "stranger-force": Seen(("T0835", "T0848", "T0855"), "the same by a machine that was no master here"),
    "stranger-configure": Seen(("T0836", "T0848", "T0855"), "the same by a machine that was no master here"),
    "stranger-time-set": Seen(("T0836", "T0855", "T0848"), "the same by a machine that was no master here"),
    "stranger-start": Seen(("T0858", "T0848", "T0855"), "the same by a machine that was no master here"),
    "stranger-tell": Seen(("T0856", "T0848", "T0832"), "the same by a machine that was nobody here"),
    "flood-of-switching": Seen(("T0806", "T0855", "T0831"), "I/O points are changed again and again"),
    "flood-of-writes": Seen(
        ("T0855", "T0806", "T0836"),
        "parameters are written again and again, which are no I/O points",
    ),
    "remote-work": Seen(("T0886", "T0859"), "a remote service, entered with an account"),
    "mass-file-write": Seen(("T0809", "T0829", "T0826"), "data are destroyed or enciphered all over a machine"),
    "stranger-appears": Seen(("T0864", "T0848"), "a transient asset comes to the network"),
    # Searches
    "search-machines": Seen(("T0846", "T0888"), "systems on the network are looked for by their doors"),
    "search-doors": Seen(("T0846", "T0888"), "a system is looked at by its doors (T0840 is about a machine's own)"),
    "control-port-called": Seen(("T0848", "T0885", "T0846"), "somebody who is no master calls a control port"),
    "port-called": Seen(("T0885", "T0869", "T0846"), "a commonly used port that the two never used"),
    "names-that-carry": Seen(("T0869", "T0885", "T0884"), "command and control within questions for names"),
    "gives-addresses": Seen(("T0830", "T0849", "T0836"), "who gives addresses can lead traffic past itself"),
    "gives-time": Seen(("T0856", "T0830", "T0849"), "a false report of the time, in another's name"),
    "directs-traffic": Seen(("T0830", "T0849"), "who tells others which way to send can have their traffic come by"),
    "answers-for-names": Seen(("T0830", "T0849", "T0859"), "who answers for others' names is given their logons"),
    "registers-server": Seen(
        ("T0830", "T0849"), "who looks for a server by name is led to the one that has registered itself"
    ),
    "false-neighbour": Seen(("T0849", "T0830", "T0864"), "a device poses as a neighbour"),
    "takes-part-in-tree": Seen(("T0830", "T0814", "T0849"), "who leads the tree of switches has its traffic come by"),
    # Credentials
    "guessed-login": Seen(("T0859", "T0812"), "an account is taken by trying"),
    "tried-logins": Seen(("T0859",), "accounts are tried"),
    "default-login": Seen(("T0812", "T0859"), "the password that the device came with opens it"),
    "default-tried": Seen(("T0812",), "the password that the device came with is tried"),
    "default-community": Seen(("T0812", "T0888", "T0859"), "the community that came with the device tells what it is"),
    "anonymous-login": Seen(("T0859",), "an account of nobody is used"),
    "tried-communities": Seen(
        ("T0812", "T0859", "T0888"),
        "words that came with devices are tried until one is taken, which is an account's use and tells what it is",
    ),
    "weak-login": Seen(("T0859", "T0812"), "an account that whoever tries can use"),
    "shared-secret": Seen(("T0859",), "one account opens several machines"),
    "shared-default": Seen(
        ("T0859", "T0812"),
        "one account opens several machines, with the password that they came with",
    ),
    "clear-secret": Seen(("T0842", "T0859"), "whoever listens has the account"),
    "clear-default": Seen(("T0842", "T0859", "T0812"), "whoever listens has the account, and it came with the device"),
    "weak-tls": Seen(("T0830", "T0842"), "whoever is in between can read and change"),
    "no-security": Seen(("T0830", "T0855", "T0861"), "whoever is in between can read, change and command"),
    "weak-security": Seen(("T0855", "T0861"), "whoever comes can command, and read which points there are"),
    # Names, addresses, streams
    "address-claimed": Seen(
        ("T0830", "T0849"),
        "two claim one address: the way of an adversary in the middle, in another's name",
    ),
    "renamed-device": Seen(("T0836", "T0855", "T0849"), "a device's name or address is a parameter of it"),
    "swapped-stream": Seen(
        ("T0830", "T0856", "T0855"),
        "octets of a stream come twice, not at all or otherwise: somebody is in between",
    ),
    "malformed": Seen(("T0814", "T0866"), "requests no decoder takes stop or exploit it"),
    "malformed-to-all": Seen(
        ("T0846", "T0814", "T0866"), "who sends everybody what none of them understands looks for one who does"
    ),
    "routed-control": Seen(("T0855", "T0869", "T0886"), "commands come from behind a router"),
    "asked-from-outside": Seen(("T0883", "T0822", "T0885"), "a device that the internet can reach"),
    "known-bad-place": Seen(("T0869", "T0885"), "command and control from where attackers were seen, over usual ports"),
    "known-bad-file": Seen(("T0867", "T0863"), "a tool is transferred; somebody is meant to run it"),
    "calls-outside": Seen(("T0885", "T0869"), "a commonly used port towards outside"),
    # Values and reports
    "false-goose": Seen(
        ("T0856", "T0855", "T0830"),
        "a second publisher in the first one's name tells switches what to do",
    ),
    "changed-goose": Seen(("T0856", "T0830", "T0855"), "on its way a report is made to say something else"),
    "false-samples": Seen(("T0856", "T0832", "T0830"), "a second publisher in the first one's name tells values"),
    "second-sender": Seen(
        ("T0856", "T0830", "T0832"),
        "cyclic values come from a second sender in the first one's name",
    ),
    "strange-value-written": Seen(("T0836", "T0831", "T0855"), "a parameter is set far from what it ever was"),
    "strange-value-told": Seen(
        ("T0856", "T0832", "T0831"),
        "what is told was never so: a false report, or a process out of hand",
    ),
    "unsafe-setpoint": Seen(("T0836", "T0831", "T0855"), "a parameter is set beyond what is safe"),
    "unsafe-command": Seen(("T0855", "T0836", "T0831"), "an actuator is commanded beyond what is safe"),
    "setpoint-at-edge": Seen(("T0836",), "a parameter leaves no room"),
    "setpoint-creep": Seen(("T0836", "T0831"), "a parameter is changed little by little"),
    "hammering": Seen(("T0806", "T0855", "T0879"), "an I/O point is changed again and again until something breaks"),
    "second-master": Seen(("T0855", "T0831", "T0848"), "two command one point, and one of them took it"),
    "process-out-of-limits": Seen(("T0831", "T0879"), "the process is where its control should not let it be"),
    "false-report": Seen(("T0856", "T0832"), "one value is told twice, differently"),
    "protection-tried": Seen(("T0855", "T0837", "T0836"), "a command that would take protection away is tried"),
    "replayed-writes": Seen(("T0831", "T0855", "T0836"), "old commands are given again: control is manipulated"),
    "leaping-value": Seen(("T0856", "T0832", "T0830"), "what is told leaps as nothing physical does"),
    "repeated-values": Seen(("T0856", "T0832", "T0830"), "old values are told in the place of true ones"),
    "twins-apart": Seen(("T0856", "T0830", "T0832"), "what one tells is changed on its way, or is a lie"),
    "twins-apart-written": Seen(("T0831", "T0830", "T0855"), "commands are changed on their way"),
    "two-reporters": Seen(("T0856", "T0832", "T0830"), "two tell one value"),
    "frozen-value": Seen(("T0832", "T0856", "T0878"), "what is shown no longer is what is"),
    "stale-value": Seen(("T0815", "T0829"), "nothing is shown any more"),
    "interlock-broken": Seen(("T0837", "T0880", "T0831"), "a protection does not act"),
    # Rates and silence
    "silencing": Seen(("T0804", "T0814", "T0803"), "a device is told to report, answer or obey no more"),
    "clearing": Seen(
        ("T0872", "T0836", "T0855"),
        "counters, faults or logs are cleared, which are indicators of what was done",
    ),
    "pouring": Seen(("T0814",), "so much is asked that a device may be kept from its work"),
    "late-answers": Seen(("T0814", "T0804", "T0830"), "reports come late or not: a service is denied, or held back"),
    "flood-of-connections": Seen(("T0814", "T0846", "T0813"), "connections keep a device busy, or are a search"),
    "flood-of-packets": Seen(("T0814", "T0813"), "a device or its line is kept busy"),
    "forged-senders": Seen(
        ("T0814", "T0830", "T0842"),
        "devices are kept busy; a switch whose table is full lets one machine hear, and stand between, others",
    ),
    "campaign": Seen(("T0836", "T0855", "T0831"), "parameters are changed far more often than ever"),
    "second-clock": Seen(("T0856", "T0830", "T0814"), "reports come faster than their sender's clock"),
    "flood-of-acts": Seen(("T0806", "T0855", "T0814"), "I/O points are changed again and again"),
    "flood-of-logins": Seen(("T0814", "T0812", "T0859"), "a service is kept busy by logins, or one is guessed"),
    "flood-of-questions": Seen(("T0814", "T0802"), "a device is kept busy by questions"),
    "search-points": Seen(("T0861", "T0888", "T0802"), "which points there are is found out by asking for any"),
    "tried-write": Seen(("T0855", "T0806", "T0836"), "one point after another is told what it does not take"),
    "tried-operate": Seen(("T0855", "T0806", "T0831"), "one point after another is told what it does not take"),
    "tried-force": Seen(("T0835", "T0806", "T0855"), "one point after another is told what it does not take"),
    "refuses-view": Seen(("T0814", "T0815", "T0830"), "a device no longer tells what it always told"),
    "refuses-control": Seen(("T0814", "T0813", "T0830"), "a device no longer does what it is commanded"),
    "no-answers": Seen(("T0814", "T0804", "T0816"), "a device answers no more: denial of service, or a restart"),
    "silent-server": Seen(("T0814", "T0815", "T0829"), "a device answers no more, and what it showed is lost"),
    "goose-kept-away": Seen(("T0804", "T0815", "T0814"), "reports of a device that lives do not arrive"),
    "silent-client": Seen(("T0815", "T0813", "T0826"), "nobody asks any more: view and control are lost"),
    # Files, programs, orders
    "settings-written": Seen(("T0836", "T0831"), "parameters come as a file"),
    "file-put": Seen(("T0867",), "a tool is transferred"),
    "operational-file-read": Seen(("T0882",), "operational information is stolen"),
    "order-unused": Seen(("T0859",), "an open door for whoever has the account"),
    "order-exceeded": Seen(("T0859", "T0855"), "an account does more than it was given for"),
    "order-exceeded-by-program": Seen(("T0843", "T0859"), "a program download that nobody ordered"),
}  # fmt: skip
"""What is seen → its names."""


def named(*seen: str, beside: str = "") -> tuple[str, ...]:
    """Ids of what was seen, the likeliest first: of several, the first's own come first. Raises KeyError.

    beside: what is seen in the same breath; its ids stand behind the very first one.
    """
    ids = [technique for one in seen for technique in SEEN[one].ids]
    ids[1:1] = SEEN[beside].ids if beside else ()
    return tuple(dict.fromkeys(ids))[:MOST_NAMED]


def at_safety_system(seen: str) -> tuple[str, ...]:
    """The same at a safety system: the deed, then that protection and safety are lost (T0837, T0880)."""
    return (SEEN[seen].ids[0], "T0880", "T0837")
