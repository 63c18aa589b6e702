"""What a running stack of four programs tells: one trace across all of them, logs without secrets, measurements.

    python tests/telemetry STACK-FOLDER LOG SPANS METRICS-PORT
"""

import json
import re
import secrets
import sys
import time
import tomllib
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

PROGRAMS = ["tenfold-gateway", "tenfold-tenants", "tenfold-budgets", "tenfold-governance"]
SERVICES = [program.removeprefix("tenfold-") for program in PROGRAMS]
# What is sent in a body, and must be in no log and no trace.
CANARY = "Quince Marmalade Partnership"
EMAIL = "canary@quince.example"
ROOT = Path(__file__).parents[2]


def call(url, body=None, headers=None, form=None):
    """Asks, and returns status, headers and text."""
    data = urllib.parse.urlencode(form).encode() if form else json.dumps(body).encode() if body else None
    kind = "application/x-www-form-urlencoded" if form else "application/json"
    request = urllib.request.Request(url, data=data, headers={"content-type": kind, **(headers or {})})
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=30) as answer:
            return answer.status, answer.headers, answer.read().decode()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.headers, refused.read().decode()


def until(found, what, seconds=30):
    """Waits for what is told behind the requests."""
    for _ in range(seconds * 5):
        if one := found():
            return one
        time.sleep(0.2)
    raise SystemExit(f"telemetry: {what} was not told in {seconds} seconds")


def tree(spans):
    """A trace as lines: who, what, when it began after the first, how long it took."""
    begin = min(span["start"] for span in spans)
    known = {span["id"] for span in spans}

    def below(parent, depth):
        mine = [span for span in spans if span["parent"] == parent or (depth == 0 and span["parent"] not in known)]
        for span in sorted(mine, key=lambda span: span["start"]):
            at, took = (span["start"] - begin) / 1e6, (span["end"] - span["start"]) / 1e6
            yield f"{at:8.1f} ms {took:7.1f} ms  {span['program'].removeprefix('tenfold-'):<11} {'  ' * depth}{span['name']}"
            yield from below(span["id"], depth + 1)

    return list(below(None, 0))


def check(condition, sentence):
    if not condition:
        raise SystemExit(f"telemetry: {sentence}")


def token_of(url, client):
    form = {"grant_type": "client_credentials", "client_id": client["client_id"], "client_secret": client["client_secret"]}
    status, _, text = call(f"{url}/oauth2/token", form=form)
    check(status == 200, f"no token: {text}")
    return json.loads(text)["access_token"]


def record(url, token, path, body, trace, request_id):
    """Records something, as part of a trace of ours."""
    headers = {
        "authorization": f"Bearer {token}",
        "idempotency-key": secrets.token_hex(16),
        "traceparent": f"00-{trace}-{secrets.token_hex(8)}-01",
        "x-request-id": request_id,
    }
    status, answered, text = call(f"{url}{path}", body, headers)
    check(status == 201, f"{path} was not recorded: {status} {text}")
    check(answered["x-request-id"] == request_id, "the answer has another request's id")


def spans_of(trace, programs, spans_file):
    """The spans of a trace, once it has come to all of these programs."""

    def whole():
        spans = [json.loads(line) for line in Path(spans_file).read_text(encoding="utf-8").splitlines()]
        mine = [span for span in spans if span["trace"] == trace]
        return mine if {span["program"] for span in mine} >= set(programs) else None

    return until(whole, f"a trace across {', '.join(programs)}")


def one_trace(url, officer, spans_file):
    """A borough is added at the tenants service; budgets and governance are told by an event, and make ready for it."""
    trace = secrets.token_hex(16)
    body = {"slug": "sefton", "gss": "E08000014", "name": "Sefton", "region": "greater-manchester",
            "expected_from": "2016-04-01"}
    record(url, token_of(url, officer), "/v1/boroughs", body, trace, f"canary-{secrets.token_hex(4)}")
    spans = spans_of(trace, PROGRAMS, spans_file)
    names = {(span["program"], span["kind"], span["name"]) for span in spans}
    for wanted in [
        ("tenfold-gateway", "server", "POST /v1/boroughs"),
        ("tenfold-gateway", "client", "ask tenants"),
        ("tenfold-tenants", "server", "POST /v1/boroughs"),
        ("tenfold-tenants", "client", "insert tenants.borough"),
        ("tenfold-tenants", "client", "insert platform.outbox"),
        ("tenfold-budgets", "consumer", "take in borough-placed.v1"),
        ("tenfold-governance", "consumer", "take in borough-placed.v1"),
    ]:
        check(wanted in names, f"the trace has no {wanted}: {sorted(names)}")
    statements = [span for span in spans if span["about"].get("db.system.name") == "postgresql"]
    check({span["program"] for span in statements} == set(PROGRAMS[1:]), "statements are not in every service's part")
    print("One trace, four programs:")
    for line in tree(spans):
        print(line)
    return spans


def of_a_borough(url, client, spans_file):
    """What a borough records, with things in it that are to be told nowhere."""
    trace, request_id = secrets.token_hex(16), f"canary-{secrets.token_hex(4)}"
    token = token_of(url, client)
    body = {"kind": "provider", "name": CANARY, "ods": "R0A99", "valid_from": "2020-04-01", "source": "A test"}
    record(url, token, "/v1/boroughs/salford/organisations", body, trace, request_id)
    contact = {"office": "Security desk", "email": EMAIL}
    record(url, token, "/v1/boroughs/salford/security-contacts", contact, trace, request_id)
    spans = spans_of(trace, PROGRAMS[:3], spans_file)
    servers = [span for span in spans if span["kind"] == "server"]
    check({span["about"].get("borough") for span in servers} == {"salford"}, "the trace does not say which borough asked")
    return spans, trace, request_id, token


def logs(log, trace, request_id, hidden):
    """A line of the log says whose request it was; none says what was sent."""

    def lines():
        text = Path(log).read_text(encoding="utf-8", errors="replace")
        told = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
        mine = [line for line in told if line.get("span", {}).get("request.id") == request_id]
        return mine if {line["span"].get("service") for line in mine} >= {"gateway", "tenants"} else None

    mine = until(lines, "the request in the log")
    answers = [line for line in mine if line["target"] == "answered"]
    check(len(answers) == 4, f"each of two requests is answered in one line at the gateway and one at the service: {answers}")
    for line in answers:
        span = line["span"]
        check(span.get("trace") == trace, f"the trace is not in the log: {line}")
        check(span.get("borough") == "salford", f"the borough is not in the log: {line}")
        check(span.get("client", "").startswith("borough.salford."), f"the client is not in the log: {line}")
    text = Path(log).read_text(encoding="utf-8", errors="replace")
    for what, secret in hidden.items():
        check(secret not in text, f"{what} is in the log")
    print(f"{len(text.splitlines())} lines of log, none with {', '.join(hidden)}.")


def measurements(port):
    """Each program tells at its own port what the catalogue says, and labels have few values."""
    catalogue = (ROOT / "libs/web/src/telemetry/measures.rs").read_text(encoding="utf-8")
    known = set(re.findall(r'(?:Counter|Gauge|Histogram) "(tenfold_[a-z_]+)"', catalogue))
    seen = {}

    def told(offset):
        status, headers, text = call(f"http://127.0.0.1:{port + offset}/metrics")
        check(status == 200 and headers["content-type"].startswith("text/plain"), "measurements cannot be read")
        return text

    # What waits is counted every ten seconds.
    until(lambda: all("tenfold_waiting{" in told(n) for n in (1, 2, 3)), "what waits")
    for offset, service in enumerate(SERVICES):
        text = told(offset)
        names = set(re.findall(r"^# TYPE (tenfold_[a-z_]+) ", text, re.MULTILINE))
        check(names <= known, f"{service} tells what the catalogue does not know: {names - known}")
        for name in names:
            seen.setdefault(name, []).append(service)
        check("process_resident_memory_bytes" in text, f"{service} does not tell its memory")
        check(f'tenfold_http_requests_total{{service="{service}"' in text, f"{service} counts no requests")
        for borough in ("salford", "wigan", "E08000006"):
            check(borough not in text, f"{service} has a label with a borough: it would grow with their number")
        series = sum(1 for line in text.splitlines() if line and not line.startswith("#"))
        print(f"{service}: {series} series of {len(names)} measurements at port {port + offset}.")
    # Nothing failed in this run: what counts failures is told when there is one.
    check(known - set(seen) <= {"tenfold_db_open_failures_total", "tenfold_redis_up"}, f"nobody tells {known - set(seen)}")


def main(folder, log, spans_file, port):
    folder = Path(folder)
    url = tomllib.loads((folder / "running.toml").read_text(encoding="utf-8"))["url"]
    personas = tomllib.loads((folder / "personas.toml").read_text(encoding="utf-8"))["personas"]
    spans = one_trace(url, personas["platform-officer"], spans_file)
    client = personas["salford-admin"]
    more, trace, request_id, token = of_a_borough(url, client, spans_file)
    hidden = {
        "a secret": client["client_secret"],
        "a token": token,
        "a signature": token.rsplit(".", 1)[1],
        "a name in a body": CANARY,
        "an address of a person": EMAIL,
    }
    for what, secret in hidden.items():
        check(all(secret not in json.dumps(span) for span in spans + more), f"{what} is in a trace")
    logs(log, trace, request_id, hidden)
    measurements(int(port))


if __name__ == "__main__":
    main(*sys.argv[1:])
