"""A collector of traces, as small as one can be: OTLP over HTTP in, a line of JSON a span out."""

import http.server
import json
import sys
from pathlib import Path

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

KINDS = {1: "internal", 2: "server", 3: "client", 4: "producer", 5: "consumer"}


def value_of(value):
    """A value of an attribute, whatever its type is."""
    which = value.WhichOneof("value")
    return getattr(value, which) if which else None


def spans_of(request):
    """The spans of one message, each with the name of the program that sent it."""
    for of_program in request.resource_spans:
        about = {one.key: value_of(one.value) for one in of_program.resource.attributes}
        for of_scope in of_program.scope_spans:
            for span in of_scope.spans:
                yield {
                    "program": about.get("service.name", "?"),
                    "trace": span.trace_id.hex(),
                    "id": span.span_id.hex(),
                    "parent": span.parent_span_id.hex(),
                    "name": span.name,
                    "kind": KINDS.get(span.kind, "?"),
                    "start": span.start_time_unix_nano,
                    "end": span.end_time_unix_nano,
                    "failed": span.status.code == 2,
                    "about": {one.key: value_of(one.value) for one in span.attributes},
                }


def serve(address_file, spans_file):
    """Listens on a free port of this machine, writes down which, and then every span that comes."""
    kept = Path(spans_file).open("a", encoding="utf-8")

    class Collector(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            message = ExportTraceServiceRequest()
            message.ParseFromString(self.rfile.read(int(self.headers["content-length"])))
            for span in spans_of(message):
                kept.write(json.dumps(span) + "\n")
            kept.flush()
            self.send_response(200)
            self.send_header("content-type", "application/x-protobuf")
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Collector)
    Path(address_file).write_text(f"http://127.0.0.1:{server.server_port}\n", encoding="utf-8")
    server.serve_forever()


if __name__ == "__main__":
    serve(*sys.argv[1:])
