// An Express service whose requests OpenTelemetry counts. Prints its port; ends when its input does.

const { context } = require("@opentelemetry/api");
const { AsyncLocalStorageContextManager } = require("@opentelemetry/context-async-hooks");
const { OTLPMetricExporter } = require("@opentelemetry/exporter-metrics-otlp-proto");
const { registerInstrumentations } = require("@opentelemetry/instrumentation");
const { ExpressInstrumentation } = require("@opentelemetry/instrumentation-express");
const { HttpInstrumentation } = require("@opentelemetry/instrumentation-http");
const { MeterProvider, PeriodicExportingMetricReader } = require("@opentelemetry/sdk-metrics");

// Without it, no request knows its route.
context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
const reader = new PeriodicExportingMetricReader({
  exporter: new OTLPMetricExporter(),
  exportIntervalMillis: 500,
  exportTimeoutMillis: 400,
});
const meterProvider = new MeterProvider({ readers: [reader] });
registerInstrumentations({
  instrumentations: [
    new HttpInstrumentation({ disableOutgoingRequestInstrumentation: true }),
    new ExpressInstrumentation(),
  ],
  meterProvider,
});

// After the instrumentations, which change it while it is loaded.
const express = require("express");

const app = express();
app.get("/items/:id", (request, response) => response.json({ item: request.params.id }));
app.get("/missing", (_, response) => response.status(404).json({ error: "no such item" }));
app.get("/fail", (_, response) => response.status(500).json({ error: "broken" }));
const server = app.listen(0, "127.0.0.1", () => console.log(server.address().port));
process.stdin.resume();
process.stdin.on("end", async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await meterProvider.shutdown();
});
