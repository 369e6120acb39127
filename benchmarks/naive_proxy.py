"""What anybody would write in ten minutes: two tasks that copy, over asyncio's streams (`tap_overhead.py` runs it).

`naive_proxy.py PORT PRINTER_PORT` serves until it is killed.
"""

from __future__ import annotations

import asyncio
import sys

HOST = "127.0.0.1"
PIECE_BYTES = 65536


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Copy one direction to its end."""
    while data := await reader.read(PIECE_BYTES):
        writer.write(data)
        await writer.drain()
    writer.write_eof()


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Join one register to a printer connection of its own."""
    up, down = await asyncio.open_connection(HOST, int(sys.argv[2]))
    await asyncio.gather(pump(reader, down), pump(up, writer))
    down.close()
    writer.close()


async def main() -> None:
    """Listen until killed."""
    server = await asyncio.start_server(serve, HOST, int(sys.argv[1]))
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
