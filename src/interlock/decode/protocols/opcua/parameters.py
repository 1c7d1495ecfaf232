"""Parameters of OPC UA messages beside objects and values, service by service, in the specification's own spelling.

What only proves who somebody is (authentication tokens, nonces, signatures, certificates, passwords) is passed over:
credentials and opcua_sessions say of it what may be kept.
Source: OPC 10000-4, 5.4 to 5.14 (services), 7.32 and 7.33 (headers); OPC 10000-6, 6.7.2 (chunks), 7.1.2 (UA TCP).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from interlock.decode.cursor import Cursor
from interlock.decode.layouts import EndedError, Parameters, parameters_table
from interlock.decode.protocols.opcua.encoding import MAX_TEXT
from interlock.decode.protocols.opcua.variants import Variants, moment
from interlock.errors import DecodeError

if TYPE_CHECKING:
    from collections.abc import Callable

    from interlock.decode.layouts import Reader

__all__ = ["PARAMETERS", "Told"]

PARAMETERS: Final = parameters_table("opcua", "OPC UA", alone="Hello, Acknowledge, Error and ReverseHello")

_MAX_NUMBERS: Final = 64
"""Numbers kept of one array that is one value."""
_TOKENS: Final = {321: "anonymous", 324: "username", 327: "certificate", 940: "issued"}

_CHUNK: Final = "messageType:t3 isFinal:t1 messageSize:4 "
_SECURED: Final = _CHUNK + "secureChannelId:4 tokenId:4 "
_MESSAGE: Final = _SECURED + "sequenceNumber:4 requestId:4 "
_SEALED_OPENING: Final = (
    _CHUNK + "secureChannelId:4 securityPolicyUri:string senderCertificate:passed thumbprint:passed "
)
_OPENING: Final = _SEALED_OPENING + "sequenceNumber:4 requestId:4 typeId:passed-node "

_CONNECTION: Final = {
    b"HEL": _CHUNK + "protocolVersion:4 receiveBufferSize:4 sendBufferSize:4 maxMessageSize:4 maxChunkCount:4 "
            "endpointUrl:string",
    b"ACK": _CHUNK + "protocolVersion:4 receiveBufferSize:4 sendBufferSize:4 maxMessageSize:4 maxChunkCount:4",
    b"ERR": _CHUNK + "error:status reason:string",
    b"RHE": _CHUNK + "serverUri:string endpointUrl:string",
}  # fmt: skip

_ASKED: Final = (
    "authenticationToken:passed-node timestamp:time requestHandle:4 returnDiagnostics:4 auditEntryId:string "
    "timeoutHint:4 additionalHeader:structure "
)
_ANSWERED: Final = (
    "timestamp:time requestHandle:4 serviceResult:status serviceDiagnostics:diagnostic stringTable:strings "
    "additionalHeader:structure "
)
_MONITORED: Final = "clientHandle:4 samplingInterval:f64 filter:structure queueSize:4 discardOldest:flag"
_COUNTS: Final = "requestedLifetimeCount:4 requestedMaxKeepAliveCount:4 maxNotificationsPerPublish:4"
_REVISED: Final = "revisedPublishingInterval:f64 revisedLifetimeCount:4 revisedMaxKeepAliveCount:4"

_REQUESTS: Final = {
    422: "endpointUrl:string localeIds:strings serverUris:strings",
    428: "endpointUrl:string localeIds:strings profileUris:strings",
    446: "clientProtocolVersion:4 requestType:4 securityMode:4 clientNonce:passed requestedLifetime:4",
    461: "applicationUri:string productUri:string applicationName:text applicationType:4 gatewayServerUri:string "
         "discoveryProfileUri:string discoveryUrls:strings serverUri:string endpointUrl:string sessionName:string "
         "clientNonce:passed clientCertificate:passed requestedSessionTimeout:f64 maxResponseMessageSize:4",
    467: "signatureAlgorithm:string signature:passed clientSoftwareCertificates:count "
         "*clientSoftwareCertificates( certificateData:passed signature:passed ) localeIds:strings "
         "userIdentityToken:token ?userIdentityToken=username( policyId:string userName:string password:passed "
         "encryptionAlgorithm:string ) ?userIdentityToken=anonymous( policyId:string ) "
         "?userIdentityToken=certificate( policyId:string certificateData:passed ) "
         "?userIdentityToken=issued( policyId:string tokenData:passed encryptionAlgorithm:string )",
    473: "deleteSubscriptions:flag",
    527: "viewId:node viewTimestamp:time viewVersion:4 requestedMaxReferencesPerNode:4 nodesToBrowse:count "
         "*nodesToBrowse( nodeId:node browseDirection:4 referenceTypeId:node includeSubtypes:flag nodeClassMask:4 "
         "resultMask:4 )",
    533: "releaseContinuationPoints:flag continuationPoints:count",
    631: "maxAge:f64 timestampsToReturn:4 nodesToRead:count",
    664: "historyReadDetails:structure timestampsToReturn:4 releaseContinuationPoints:flag nodesToRead:count",
    751: "subscriptionId:4 timestampsToReturn:4 itemsToCreate:count *itemsToCreate( nodeId:passed-node attributeId:4 "
         f"indexRange:string 2 dataEncoding:string monitoringMode:4 {_MONITORED} )",
    763: f"subscriptionId:4 timestampsToReturn:4 itemsToModify:count *itemsToModify( monitoredItemId:4 {_MONITORED} )",
    769: "subscriptionId:4 monitoringMode:4",
    775: "subscriptionId:4 triggeringItemId:4 linksToAdd:numbers linksToRemove:numbers",
    787: f"requestedPublishingInterval:f64 {_COUNTS} publishingEnabled:flag priority:1",
    793: f"subscriptionId:4 requestedPublishingInterval:f64 {_COUNTS} priority:1",
    799: "publishingEnabled:flag",
    826: "subscriptionAcknowledgements:count *subscriptionAcknowledgements( subscriptionId:4 sequenceNumber:4 )",
    832: "subscriptionId:4 retransmitSequenceNumber:4",
    841: "subscriptionIds:numbers sendInitialValues:flag",
}  # fmt: skip
"""Type id of a request → its parameters; nodes that operations have as objects are not said again."""

_RESULTS: Final = "results:count *results( statusCode:status )"
_BROWSED: Final = (
    "results:count *results( statusCode:status continuationPoint:octets references:count *references( "
    "referenceTypeId:node isForward:flag nodeId:node browseName:name displayName:text nodeClass:4 "
    "typeDefinition:node ) )"
)
_ANSWERS: Final = {
    446: "serverProtocolVersion:4 channelId:4 tokenId:4 createdAt:time revisedLifetime:4",
    461: "sessionId:node authenticationToken:passed-node revisedSessionTimeout:f64 serverNonce:passed "
         "serverCertificate:passed serverEndpoints:count *serverEndpoints( endpoint:endpoint ) "
         "serverSoftwareCertificates:count *serverSoftwareCertificates( certificateData:passed signature:passed ) "
         "signatureAlgorithm:string signature:passed maxRequestMessageSize:4",
    467: f"serverNonce:passed {_RESULTS}",
    479: "cancelCount:4",
    488: "results:count *results( statusCode:status addedNodeId:node )",
    494: _RESULTS,
    500: _RESULTS,
    506: _RESULTS,
    527: _BROWSED,
    533: _BROWSED,
    554: "results:count *results( statusCode:status targets:count *targets( targetId:node remainingPathIndex:4 ) )",
    560: "registeredNodeIds:count *registeredNodeIds( registeredNodeId:node )",
    631: "results:count *results( statusCode:data-value )",
    664: "results:count *results( statusCode:status continuationPoint:octets historyData:structure )",
    673: _RESULTS,
    700: "results:count *results( statusCode:status operationResults:statuses diagnosticInfos:diagnostics )",
    712: "results:count *results( statusCode:status inputArgumentResults:statuses "
         "inputArgumentDiagnosticInfos:diagnostics outputArguments:variants )",
    751: "results:count *results( statusCode:status monitoredItemId:4 revisedSamplingInterval:f64 revisedQueueSize:4 "
         "filterResult:structure )",
    763: "results:count *results( statusCode:status revisedSamplingInterval:f64 revisedQueueSize:4 "
         "filterResult:structure )",
    769: _RESULTS,
    781: _RESULTS,
    787: f"subscriptionId:4 {_REVISED}",
    793: _REVISED,
    799: _RESULTS,
    826: "subscriptionId:4 availableSequenceNumbers:numbers moreNotifications:flag notificationSequenceNumber:4 "
         "publishTime:time",
    841: "results:count *results( statusCode:status availableSequenceNumbers:numbers )",
    847: _RESULTS,
}  # fmt: skip
"""Type id of the request → what its answer says."""


class Told:
    """Writes opcua_parameters, whose rows are many: made only where somebody asks for that table.

    The cursor of the decoder is left as it is: octets are taken from its buffer.
    """

    def __init__(self, cursor: Cursor, variants: Variants, functions: Any, facts: Any) -> None:
        """cursor: the decoder's. variants: whose pools a reader of its own shares."""
        self._from = cursor
        self._c = Cursor()
        v = Variants(self._c, variants.objects, functions, variants.names, variants.values, {})
        readers: dict[str, Callable[[], object]] = {
            "string": v.string,
            "name": v.qualified_name,
            "text": v.localized_text,
            "node": v.node_text,
            "passed": v.skip_string,
            "passed-node": v.skip_node,
            "diagnostic": v.skip_diagnostic,
            "diagnostics": v.skip_diagnostics,
            "strings": self._strings,
            "octets": lambda: _digits(v.octets()),
            "structure": self._structure,
            "token": self._token,
            "endpoint": self._endpoint,
            "data-value": self._data_value,
            "variants": self._variants,
        }
        kinds = {name: self._reading(read) for name, read in readers.items()} | _KINDS
        self._v = v
        self._parameters = Parameters(facts, PARAMETERS.name, kinds, big=False)

    def connection(self, m: Any, i: int, *, answer: bool) -> None:
        """Hello, Acknowledge, Error or ReverseHello: no operation's."""
        octets = m.bytes(i)
        self._parameters.tell(m, i, None, _CONNECTION.get(octets[:3], ""), octets, answer=answer)

    def opening(self, m: Any, i: int, operation: int, *, answer: bool, sealed: bool) -> None:
        """OpenSecureChannel or its answer; sealed: nothing behind the certificates can be read."""
        layout = _SEALED_OPENING
        if not sealed:
            layout = _OPENING + (_ANSWERED + _ANSWERS[446] if answer else _ASKED + _REQUESTS[446])
        self._parameters.tell(m, i, operation, layout, m.bytes(i), answer=answer)

    def sealed(self, m: Any, i: int, operation: int, *, answer: bool) -> None:
        """A message that cannot be read: its chunk's head."""
        self._parameters.tell(m, i, operation, _SECURED, m.bytes(i), answer=answer)

    def service(self, m: Any, i: int, operation: int, function: int, *, answer: bool) -> None:
        """A message whose header begins at the cursor. function: the request's type id."""
        tell = self._parameters.tell
        tell(m, i, operation, _MESSAGE, m.bytes(i), answer=answer)
        octets = bytes(self._from.octets[self._from.position : self._from.end])
        layout = _ANSWERED + _ANSWERS.get(function, "") if answer else _ASKED + _REQUESTS.get(function, "")
        tell(m, i, operation, layout, octets, answer=answer)

    def _reading(self, read: Callable[[], object]) -> Callable[[Reader], object]:
        """A kind of layouts that reads with the compiled reader of built-in types."""

        def kind(reader: Reader) -> object:
            c = self._c
            c.bind(reader.octets)
            c.begin(reader.at, len(reader.octets))
            try:
                value = read()
            except DecodeError:
                raise EndedError from None
            reader.at = c.position
            return value if isinstance(value, str) and value else None

        return kind

    def _strings(self) -> str:
        """An array of Strings, with commas between; as long as one text may be."""
        texts = [self._v.string() or "" for _ in range(self._v.length(4))]
        return ",".join(texts[:_MAX_NUMBERS])[:MAX_TEXT]

    def _structure(self) -> str | None:
        """Type of an ExtensionObject that has a body; the body is passed over."""
        size = self._v.extension()
        namespace, identifier = self._v.namespace, self._v.identifier
        self._c.skip(size)
        if not size:
            return None
        return f"ns={namespace};i={identifier}" if namespace else f"i={identifier}"

    def _token(self) -> str | None:
        """Which user identity token it is (OPC 10000-4, 7.36), the reader at its body; without a body anonymous."""
        size = self._v.extension()
        known = (
            _TOKENS.get(self._v.identifier) if self._v.namespace == 0 and self._v.identifier >= 0 else None
        )
        return known if size else None

    def _endpoint(self) -> None:
        """An EndpointDescription, which opcua_endpoints has."""
        v, c = self._v, self._c
        for _ in range(3):
            v.skip_string()
        v.localized_text()
        c.skip(4)
        v.skip_string()
        v.skip_string()
        v.skip_strings()
        v.skip_string()
        c.skip(4)
        v.skip_string()
        for _ in range(v.length(20)):
            v.skip_string()
            c.skip(4)
            for _ in range(3):
                v.skip_string()
        v.skip_string()
        c.skip(1)

    def _data_value(self) -> str | None:
        """StatusCode of a DataValue; None where it has none, which means Good."""
        c = self._c
        at = c.position
        mask = c.u8()
        if mask & 1:
            self._v.skip_variant(0)
        status = f"0x{c.u32le():08X}" if mask & 2 else None
        c.seek(at - c.start)
        self._v.skip_data_value(0)
        return status

    def _variants(self) -> None:
        for _ in range(self._v.length(1)):
            self._v.skip_variant(0)


def _count(reader: Reader) -> int:
    """Elements of an array; null is 0."""
    count = reader.number(4)
    return 0 if count >> 31 else count


def _numbers(reader: Reader, spelled: Callable[[int], str] = str) -> str | None:
    numbers = [reader.number(4) for _ in range(min(_count(reader), reader.left() // 4))]
    return ",".join(map(spelled, numbers[:_MAX_NUMBERS])) or None


def _status(number: int) -> str:
    return f"0x{number:08X}"


def _time(reader: Reader) -> str | None:
    at = moment(reader.number(8))
    return None if at is None else str(at.isoformat())


def _digits(octets: bytes | None) -> str | None:
    return None if not octets else f"0x{octets[:_MAX_NUMBERS].hex()}"


_KINDS: Final[dict[str, Callable[[Reader], object]]] = {
    "flag": lambda reader: bool(reader.number(1)),
    "status": lambda reader: _status(reader.number(4)),
    "time": _time,
    "count": _count,
    "numbers": _numbers,
    "statuses": lambda reader: _numbers(reader, _status),
}
