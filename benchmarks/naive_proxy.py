"""What anybody would write in ten minutes: two tasks that copy, over asyncio's streams (`tap_overhead.py` runs it).

`naive_proxy.py PORT PRINTER_PORT [PEM]` serves until it is killed; with a file of key and certificate it speaks TLS to
both sides, which is the least memory that a tap with TLS can have (`tap_memory.py`).
"""

from __future__ import annotations

import asyncio
import ssl
import sys

HOST = "127.0.0.1"
PIECE_BYTES = 65536


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Copy one direction to its end."""
    while data := await reader.read(PIECE_BYTES):
        writer.write(data)
        await writer.drain()
    if writer.can_write_eof():  # TLS cannot
        writer.write_eof()


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Join one register to a printer connection of its own."""
    up, down = await asyncio.open_connection(HOST, int(sys.argv[2]), ssl=tls(ssl.PROTOCOL_TLS_CLIENT))
    await asyncio.gather(pump(reader, down), pump(up, writer))
    down.close()
    writer.close()


def tls(protocol: int) -> ssl.SSLContext | None:
    """Return what speaks TLS to one side, if a certificate is named."""
    if not sys.argv[3:]:
        return None
    context = ssl.SSLContext(protocol)
    if protocol == ssl.PROTOCOL_TLS_CLIENT:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    else:
        context.load_cert_chain(sys.argv[3])
    return context


async def main() -> None:
    """Listen until killed."""
    server = await asyncio.start_server(serve, HOST, int(sys.argv[1]), ssl=tls(ssl.PROTOCOL_TLS_SERVER))
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
