"""Callers that read and write through the public address, and note every answer they were given."""

import asyncio
import base64
import collections
import json
import random
import urllib.parse


class Caller:
    """One connection of HTTP/1.1, kept as long as it is let."""

    def __init__(self, url):
        self.address = urllib.parse.urlsplit(url)
        self.streams = None

    async def ask(self, method, path, body=None, headers=()):
        for attempt in (1, 2):
            fresh = self.streams is None
            if fresh:
                self.streams = await asyncio.open_connection(self.address.hostname, self.address.port, limit=1 << 22)
            reader, writer = self.streams
            content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
            lines = [f"{method} {path} HTTP/1.1", f"Host: {self.address.netloc}", f"Content-Length: {len(content)}", *(f"{name}: {value}" for name, value in headers)]
            if content and not isinstance(body, bytes):
                lines.append("Content-Type: application/json")
            try:
                writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + content)
                head = await reader.readuntil(b"\r\n\r\n")
            except (asyncio.IncompleteReadError, ConnectionError) as error:
                self.close()
                # A kept connection may be closed while nothing is under way; then it was not heard.
                if not fresh and attempt == 1 and not getattr(error, "partial", b""):
                    continue
                raise
            status = int(head.split(b" ", 2)[1])
            fields = dict(line.split(b": ", 1) for line in head.lower().split(b"\r\n")[1:] if b": " in line)
            content = await reader.readexactly(int(fields.get(b"content-length", 0)))
            if fields.get(b"connection") == b"close":
                self.close()
            try:
                return status, json.loads(content) if content else None, fields
            except ValueError:
                return status, None, fields

    def close(self):
        if self.streams:
            self.streams[1].close()
        self.streams = None


class Client:
    """An API client: gets a token and uses it."""

    def __init__(self, url, credentials):
        self.caller, self.credentials, self.token = Caller(url), credentials, None

    async def authorise(self):
        basic = base64.b64encode(":".join(urllib.parse.quote(part, safe="") for part in self.credentials).encode()).decode()
        form = b"grant_type=client_credentials"
        status, body, _ = await self.caller.ask("POST", "/oauth2/token", form, [("Authorization", f"Basic {basic}"), ("Content-Type", "application/x-www-form-urlencoded")])
        assert status == 200, (status, body)
        self.token = body["access_token"]

    async def ask(self, method, path, body=None, key=None):
        if self.token is None:
            await self.authorise()
        headers = [("Authorization", f"Bearer {self.token}")]
        if key:
            headers.append(("Idempotency-Key", key))
        return await self.caller.ask(method, path, body, headers)

    async def done(self, path, body, key):
        status, answer, _ = await self.ask("POST", path, body, key)
        assert status in (200, 201), (path, status, answer)
        return answer


class Load:
    """So many callers at once; every answer is counted, and every write that was acknowledged is kept by its key."""

    def __init__(self, url, world, callers):
        self.url, self.world, self.callers = url, world, callers
        self.statuses, self.errors = collections.Counter(), []
        self.acknowledged, self.differing, self.phase = {}, [], "before"
        self.stopped = asyncio.Event()

    def start(self):
        self.running = [asyncio.ensure_future(self.call(number)) for number in range(self.callers)]

    async def stop(self):
        self.stopped.set()
        await asyncio.gather(*self.running)

    async def call(self, number):
        world, fund = self.world, self.world["fund"]
        chosen = random.Random(number)
        who = {name: Client(self.url, world[name]) for name in ("finance", "clerk", "analyst")}
        journals = f"/v1/boroughs/wigan/funds/{fund}/journals"
        count, mine = 0, []
        while not self.stopped.is_set():
            count += 1
            # A token is asked for anew now and then, and lasts across versions in between.
            if count % 40 == 0:
                for one in who.values():
                    one.token = None
            turn = chosen.random()
            if turn < 0.35:
                key, amount = f"rolling-{number}-{count}", chosen.randrange(1, 100_000)
                await self.write(who, "finance", journals, key, journal(amount), mine)
            elif turn < 0.5 and mine:
                # The same again, perhaps answered by the other version: it must be the first answer.
                await self.write(who, *chosen.choice(mine), mine)
            elif turn < 0.55:
                key = f"committee-{number}-{count}"
                await self.write(who, "clerk", "/v1/boroughs/wigan/committees", key, {**world["committee"], "name": f"Committee {number} {count}"}, mine)
            else:
                person, path = chosen.choice(
                    [
                        ("finance", journals + "?limit=5"),
                        ("finance", f"/v1/boroughs/wigan/funds/{fund}"),
                        ("finance", "/v1/boroughs/wigan/budgets/changes?limit=5"),
                        ("clerk", "/v1/boroughs/wigan/governance/changes?limit=5"),
                        ("clerk", "/v1/boroughs/wigan/committees?limit=5"),
                        ("clerk", "/v1/boroughs/wigan/decisions?limit=5"),
                        ("analyst", "/v1/regions/north/positions?year=2026-27"),
                    ]
                )
                await self.asked(who[person], "GET", path)

    async def asked(self, client, method, path, body=None, key=None):
        try:
            status, answer, fields = await client.ask(method, path, body, key)
        except (AssertionError, OSError, asyncio.IncompleteReadError) as error:
            self.errors.append(f"{self.phase}: {method} {path}: {error!r}")
            return None, None
        self.statuses[(self.phase, method, status)] += 1
        if status == 429:
            await asyncio.sleep(float(fields.get(b"retry-after", 1)))
        elif status >= 400:
            self.errors.append(f"{self.phase}: {method} {path}: {status} {answer}")
        return status, answer

    async def write(self, who, person, path, key, body, mine):
        status, answer = await self.asked(who[person], "POST", path, body, key)
        if status in (200, 201):
            before = self.acknowledged.setdefault((path, key), answer["id"])
            if before != answer["id"]:
                self.differing.append((key, before, answer["id"]))
            if len(mine) < 500:
                mine.append((person, path, key, body))


def journal(pence):
    line = {"layer": "actual", "amount_pence": pence}
    postings = [{"account": "5100", "scheme": "ICES", **line}, {"account": "9000", **line, "amount_pence": -pence}]
    return {"effective_on": "2026-09-30", "period": 6, "narrative": "Rolling", "postings": postings}
