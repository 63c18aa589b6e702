"""A small balancer of HTTP/1.1: a request at a time, round robin over the processes that say they are ready.

It keeps its callers' connections, and takes a new one to a process for each request, as many balancers do. Where a process
does not take the connection, nothing was sent, and the next one is asked.
"""

import asyncio
import collections


class Balancer:
    def __init__(self, service):
        self.service = service
        # (label, port) of each process in rotation, and of those that are to be looked at.
        self.known = {}
        self.ready = []
        self.turn = 0
        self.answered = collections.Counter()
        self.failed = []

    async def start(self, port=0):
        self.server = await asyncio.start_server(self.serve, "127.0.0.1", port, limit=1 << 20)
        self.port = self.server.sockets[0].getsockname()[1]
        asyncio.ensure_future(self.watch())
        return self

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    async def watch(self):
        while True:
            for name, (_, port) in list(self.known.items()):
                status = await health(port)
                if status == 200 and name in self.known and name not in self.ready:
                    self.ready.append(name)
                elif status != 200 and name in self.ready:
                    self.ready.remove(name)
            await asyncio.sleep(0.25)

    def take_out(self, name):
        self.known.pop(name, None)
        if name in self.ready:
            self.ready.remove(name)

    def next(self):
        if not self.ready:
            return None
        self.turn += 1
        return self.ready[self.turn % len(self.ready)]

    async def serve(self, reader, writer):
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                body = await read_body(reader, head)
                if not await self.forward(head, body, writer):
                    break
        except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
            # The caller is gone, or the test is over.
            pass
        finally:
            writer.close()

    async def forward(self, head, body, writer):
        line = head.split(b"\r\n", 1)[0].decode()
        for _ in range(20):
            name = self.next()
            label, port = self.known.get(name, (None, None)) if name else (None, None)
            if port is None:
                await asyncio.sleep(0.05)
                continue
            try:
                there, out = await asyncio.open_connection("127.0.0.1", port, limit=1 << 20)
                break
            except OSError:
                # It was never sent anything.
                if name in self.ready:
                    self.ready.remove(name)
        else:
            return await self.broke(writer, f"nobody takes {line}")
        try:
            out.write(without_connection(head) + body)
            await out.drain()
            answer = await there.readuntil(b"\r\n\r\n")
            status = int(answer.split(b" ", 2)[1])
            rest = b"" if line.startswith("HEAD ") or status in (204, 304) else await read_answer(there, answer)
        except (OSError, asyncio.IncompleteReadError) as error:
            return await self.broke(writer, f"{name} ({label}) dropped {line}: {error!r}")
        finally:
            out.close()
        if "/health/" not in line:
            self.answered[(label, status)] += 1
        keep = [one for one in without_connection(answer, closes=False).split(b"\r\n\r\n")[0].split(b"\r\n") if not one.lower().startswith((b"transfer-encoding:", b"content-length:"))]
        length = content_length(answer) if not rest and line.startswith("HEAD ") else len(rest)
        if status not in (204, 304):
            keep.append(b"content-length: %d" % length)
        writer.write(b"\r\n".join(keep) + b"\r\n\r\n" + rest)
        await writer.drain()
        return True

    async def broke(self, writer, why):
        self.failed.append(why)
        writer.write(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
        return False


async def health(port):
    try:
        async with asyncio.timeout(2):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"GET /health/ready HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            line = await reader.readline()
            writer.close()
            return int(line.split(b" ")[1])
    except (OSError, TimeoutError, IndexError):
        return None


def header(head, name):
    for line in head.split(b"\r\n")[1:]:
        if line.lower().startswith(name + b":"):
            return line.split(b":", 1)[1].strip()
    return None


def content_length(head):
    return int(header(head, b"content-length") or 0)


async def read_chunks(reader):
    body = b""
    while size := int((await reader.readline()).split(b";")[0], 16):
        body += await reader.readexactly(size)
        await reader.readexactly(2)
    while (await reader.readline()).strip():
        pass
    return body


async def read_body(reader, head):
    """The body as it goes on: a chunked one is put together, and sent with its length."""
    if header(head, b"transfer-encoding"):
        body = await read_chunks(reader)
        return b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body) if body else b"0\r\n\r\n"
    return await reader.readexactly(content_length(head))


async def read_answer(reader, head):
    if header(head, b"transfer-encoding"):
        return await read_chunks(reader)
    if header(head, b"content-length") is not None:
        return await reader.readexactly(content_length(head))
    return await reader.read()


def without_connection(head, closes=True):
    lines = [line for line in head.split(b"\r\n\r\n")[0].split(b"\r\n") if not line.lower().startswith(b"connection:")]
    return b"\r\n".join(lines) + (b"\r\nConnection: close" if closes else b"") + b"\r\n\r\n"
