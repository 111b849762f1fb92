"""A Flask service whose requests OpenTelemetry counts. Prints its port; ends when its input does."""

import logging
import sys
import threading

from flask import Flask
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.flask import FlaskInstrumentor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from werkzeug.serving import WSGIRequestHandler, make_server

reader = PeriodicExportingMetricReader(OTLPMetricExporter(), export_interval_millis=500)
provider = MeterProvider(metric_readers=[reader])
tracers = TracerProvider()
# Room for all, so that none is left out before it is sent.
tracers.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(), max_queue_size=20_000))
app = Flask(__name__)
FlaskInstrumentor().instrument_app(app, meter_provider=provider, tracer_provider=tracers)
logging.getLogger("werkzeug").setLevel(logging.ERROR)
# A connection for many requests.
WSGIRequestHandler.protocol_version = "HTTP/1.1"


@app.get("/items/<int:item>")
def items(item):
    return {"item": item}


@app.get("/missing")
def missing():
    return {"error": "no such item"}, 404


@app.get("/fail")
def fail():
    return {"error": "broken"}, 500


server = make_server("127.0.0.1", 0, app, threaded=True)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(server.server_port, flush=True)
sys.stdin.read()
server.shutdown()
provider.shutdown()
tracers.shutdown()
