"""The one table of detectors: what is not here does not run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from interlock.detect.clear_credentials import ClearCredentials
from interlock.detect.controller_change import ControllerChange
from interlock.detect.credentials.default_login import DefaultLogin
from interlock.detect.credentials.password_guessing import PasswordGuessing
from interlock.detect.credentials.shared_secret import SharedSecret
from interlock.detect.credentials.weak_login import WeakLogin
from interlock.detect.dcp_change import DcpChange
from interlock.detect.default_community import DefaultCommunity
from interlock.detect.duplicate_address import DuplicateAddress
from interlock.detect.forged_senders import ForgedSenders
from interlock.detect.learned.connection_flood import ConnectionFlood
from interlock.detect.learned.doubled_cycle import DoubledCycle
from interlock.detect.learned.fallen_silent import FallenSilent
from interlock.detect.learned.late_answers import LateAnswers
from interlock.detect.learned.new_conversation import NewConversation
from interlock.detect.learned.new_deed import NewDeed
from interlock.detect.learned.new_network_service import NewNetworkService
from interlock.detect.learned.new_oddity import NewOddity
from interlock.detect.learned.repeated_values import RepeatedValues
from interlock.detect.learned.setpoint_drift import SetpointDrift
from interlock.detect.learned.twin_values import TwinValues
from interlock.detect.learned.unusual_rate import UnusualRate
from interlock.detect.learned.unusual_step import UnusualStep
from interlock.detect.learned.unusual_value import UnusualValue
from interlock.detect.malformed_control import MalformedControl
from interlock.detect.name_tunnel import NameTunnel
from interlock.detect.opcua_security import OpcuaSecurity
from interlock.detect.programs.program_compare import ProgramCompare
from interlock.detect.public_address import PublicAddress
from interlock.detect.publisher_sequence import PublisherSequence
from interlock.detect.publisher_silence import PublisherSilence
from interlock.detect.publisher_state import PublisherState
from interlock.detect.refusals import Refusals
from interlock.detect.reports_off import ReportsOff
from interlock.detect.routed_control import RoutedControl
from interlock.detect.safety.replayed_writes import ReplayedWrites
from interlock.detect.safety.safety_interlock import SafetyInterlock
from interlock.detect.safety.safety_refused import SafetyRefused
from interlock.detect.safety.safety_system import SafetySystemTouched
from interlock.detect.safety.safety_value import SafetyValue
from interlock.detect.safety.safety_write import SafetyWrite
from interlock.detect.sweep import Sweep
from interlock.detect.weak_tls import WeakTls
from interlock.detect.work_order import WorkOrderBreach
from interlock.detect.zones.conduit_violation import ConduitViolation

if TYPE_CHECKING:
    from collections.abc import Callable

    from interlock.detect.interface import Detector

__all__ = ["DETECTORS", "all_detectors"]

DETECTORS: Final[dict[str, Callable[[], Detector]]] = {
    "clear-credentials": ClearCredentials,
    "conduit-violation": ConduitViolation,
    "connection-flood": ConnectionFlood,
    "controller-change": ControllerChange,
    "dcp-change": DcpChange,
    "default-community": DefaultCommunity,
    "default-login": DefaultLogin,
    "doubled-cycle": DoubledCycle,
    "duplicate-address": DuplicateAddress,
    "fallen-silent": FallenSilent,
    "forged-senders": ForgedSenders,
    "late-answers": LateAnswers,
    "malformed-control": MalformedControl,
    "name-tunnel": NameTunnel,
    "new-conversation": NewConversation,
    "new-deed": NewDeed,
    "new-network-service": NewNetworkService,
    "new-oddity": NewOddity,
    "opcua-security": OpcuaSecurity,
    "password-guessing": PasswordGuessing,
    "program-compare": ProgramCompare,
    "public-address": PublicAddress,
    "publisher-sequence": PublisherSequence,
    "publisher-silence": PublisherSilence,
    "publisher-state": PublisherState,
    "refusals": Refusals,
    "repeated-values": RepeatedValues,
    "replayed-writes": ReplayedWrites,
    "reports-off": ReportsOff,
    "routed-control": RoutedControl,
    "safety-interlock": SafetyInterlock,
    "safety-refused": SafetyRefused,
    "safety-system": SafetySystemTouched,
    "safety-value": SafetyValue,
    "safety-write": SafetyWrite,
    "setpoint-drift": SetpointDrift,
    "shared-secret": SharedSecret,
    "sweep": Sweep,
    "twin-values": TwinValues,
    "unusual-rate": UnusualRate,
    "unusual-step": UnusualStep,
    "unusual-value": UnusualValue,
    "weak-login": WeakLogin,
    "weak-tls": WeakTls,
    "work-order": WorkOrderBreach,
}
"""Name → how a fresh one is made, in the names' order."""


def all_detectors() -> tuple[Detector, ...]:
    """Make a fresh detector of every kind."""
    return tuple(make() for make in DETECTORS.values())
