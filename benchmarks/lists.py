"""20,000 deployments of one project over loopback HTTP where every request takes 20 ms."""

from __future__ import annotations

import asyncio
import multiprocessing
import time
from multiprocessing.connection import Connection
from urllib.parse import parse_qs, urlsplit

from benchmarks.frames import PAGE, bodies
from benchmarks.measure import Figure, at_most, faster
from createos_nb.client.client import Client

ROWS, DELAY, CONCURRENCY = 20_000, 0.020, 16
PROJECT = "5f0c2f3e-7a1b-4c2d-8e3f-0a1b2c3d4e5f"


def serve(ready: Connection) -> None:
    """Answers pages made beforehand, each after the delay; in a process of its own."""
    pages = bodies(ROWS)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await _head(reader):
            query = parse_qs(urlsplit(head.split(b" ", 2)[1].decode()).query)
            body = pages[int(query.get("offset", ["0"])[0]) // PAGE]
            await asyncio.sleep(DELAY)
            length = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
            writer.write(length.encode() + body)
        writer.close()

    async def main() -> None:
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        ready.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(main())


async def _head(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionResetError):
        return b""


def figures() -> list[Figure]:
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=serve, args=(there,), daemon=True)
    process.start()
    try:
        port = here.recv()
        with Client(api_key="key", base_url=f"http://127.0.0.1:{port}", concurrency=CONCURRENCY) as client:
            client.deployments.list(PROJECT, limit=PAGE)
            times = []
            for _ in range(3):
                began = time.perf_counter()
                frame = client.deployments.list(PROJECT)
                times.append(time.perf_counter() - began)
                assert len(frame) == ROWS
                assert frame.attrs["complete"]
            pages, sample = ROWS // PAGE, 50
            began = time.perf_counter()
            for i in range(sample):
                client.call("ListDeployments", project_id=PROJECT, limit=PAGE, offset=i * PAGE)
            single = (time.perf_counter() - began) / sample * pages
    finally:
        process.terminate()
    mine = sorted(times)[1]
    return [
        at_most(
            "20,000 deployments, 20 ms a request", mine, "pages × delay / concurrency", pages * DELAY / CONCURRENCY, 1.6
        ),
        faster("20,000 deployments, 20 ms a request", mine, "single requests (50 of 1,000 timed)", single, 10),
    ]


if __name__ == "__main__":
    print(figures())
