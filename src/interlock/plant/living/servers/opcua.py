"""asyncua in front of an image: nodes read what the controller holds; who may change the set point is the operator.

It offers Basic256Sha256, signed and enciphered, to this run's clients, and None to everybody, as too many servers do.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from asyncua import Server, ua
from asyncua.common.utils import ServiceError
from asyncua.crypto.permission_rules import User, UserRole
from asyncua.server.user_managers import UserManager
from cryptography.hazmat.primitives.serialization import Encoding

from interlock.plant.actors.pasteuriser import PASTEURISER_NODES, PASTEURISER_URL, PASTEURISER_WRITABLE
from interlock.plant.living.keyring import SERVER, certificate_file, key_file

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from interlock.plant.accounts import Named
    from interlock.plant.living.images import Image

__all__ = ["serve_opcua"]

_URN: Final = "urn:practice"


class _Users(UserManager):
    """Who gives no name may read, the operator may write; everybody else is refused."""

    def __init__(self, shift: Named) -> None:
        self._shift = shift

    def get_user(
        self, iserver: Any, username: str | None = None, password: str | None = None, certificate: Any = None
    ) -> User | None:
        """See asyncua, in which only administrators may write what is not writable for all."""
        del iserver, certificate  # who speaks securely is no user by that
        if not username:
            return User(role=UserRole.User)
        return User(role=UserRole.Admin, name=username) if (username, password) == self._shift.pair else None


class _Nodes:
    """What nodes read and write. clock: seconds since the epoch."""

    def __init__(self, image: Image, clock: Callable[[], float]) -> None:
        self._image = image
        self._clock = clock

    async def add(self, server: Server, index: int, name: str, tag: str) -> None:
        """One variable below the folder of objects."""
        node = ua.NodeId(name, index)
        await server.nodes.objects.add_variable(node, name, self._image[tag], ua.VariantType.Double)

        def read(_node: ua.NodeId, _attribute: ua.AttributeIds) -> ua.DataValue:
            stamp = datetime.fromtimestamp(self._clock(), UTC)
            return ua.DataValue(ua.Variant(self._image[tag], ua.VariantType.Double), SourceTimestamp=stamp)

        def write(_node: Any, _attribute: ua.AttributeIds, value: ua.DataValue) -> None:
            if name not in PASTEURISER_WRITABLE or value.Value is None:
                raise ua.UaStatusCodeError(ua.StatusCodes.BadNotWritable)
            self._image.write(tag, float(value.Value.Value))

        server.set_attribute_value_callback(node, read)
        server.set_attribute_value_setter(node, write)


async def _trust(server: Server, folder: Path, known: frozenset[bytes]) -> None:
    """Take the server's key, and let only known certificates in."""
    await server.load_certificate(certificate_file(folder, SERVER), "der")
    await server.load_private_key(key_file(folder, SERVER), format="der")

    async def judge(certificate: Any, _described: ua.ApplicationDescription) -> None:
        if certificate.public_bytes(Encoding.DER) not in known:
            raise ServiceError(ua.StatusCodes.BadCertificateUntrusted)

    server.set_certificate_validator(judge)


def serve_opcua(
    image: Image, address: tuple[str, int], clock: Callable[[], float], keys: Path, shift: Named
) -> None:
    """Serve until the process ends. keys: folder of this run's certificates. shift: the operator."""
    known = frozenset(path.read_bytes() for path in keys.glob("*.der"))

    async def run() -> None:
        server = Server(user_manager=_Users(shift))
        await server.init()
        server.set_endpoint(PASTEURISER_URL)
        server.socket_address = address
        server.set_server_name("Pasteuriser")
        await server.set_application_uri("urn:plc-pasteuriser")
        await _trust(server, keys, known)
        offered = [ua.SecurityPolicyType.Basic256Sha256_SignAndEncrypt, ua.SecurityPolicyType.NoSecurity]
        server.set_security_policy(offered)
        server.set_identity_tokens([ua.AnonymousIdentityToken, ua.UserNameIdentityToken])
        index = await server.register_namespace(_URN)
        nodes = _Nodes(image, clock)
        for name, tag in PASTEURISER_NODES.items():
            await nodes.add(server, index, name, tag)
        await server.start()
        image.ready()
        await asyncio.Event().wait()

    asyncio.run(run())
