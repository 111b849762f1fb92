// Short names for the generated types.
import type { components } from "./schema";

type Schemas = components["schemas"];
export type Summary = Schemas["Summary"];
export type EndpointRow = Schemas["EndpointRow"];
export type EndpointPage = Schemas["EndpointPage"];
export type KeyPage = Schemas["KeyPage"];
export type KeyRow = Schemas["KeyRow"];
export type MetricRow = Schemas["MetricRow"];
export type SeriesPage = Schemas["SeriesPage"];
export type Heatmap = Schemas["Heatmap"];
export type Status = Schemas["Status"];
export type Snapshot = Schemas["Snapshot"];
export type Alert = Schemas["Alert"];
export type AlertBody = Schemas["AlertBody"];
export type AlertPage = Schemas["AlertPage"];
export type AlertEvent = Schemas["AlertEvent"];
export type AlertEventPage = Schemas["AlertEventPage"];
export type Delivery = Schemas["Delivery"];
export type DeliveryPage = Schemas["DeliveryPage"];
export type DryRunAnswer = Schemas["DryRunAnswer"];
export type RateLimit = Schemas["RateLimit"];
export type RateLimitPage = Schemas["RateLimitPage"];
export type Utilization = Schemas["Utilization"];
export type UtilizationPage = Schemas["UtilizationPage"];
export type Quota = Schemas["Quota"];
export type QuotaPage = Schemas["QuotaPage"];
export type ApiKey = Schemas["ApiKey"];
export type ApiKeyPage = Schemas["ApiKeyPage"];
export type KeyUsage = Schemas["KeyUsage"];
export type BillingPage = Schemas["BillingPage"];
export type InvoiceAnswer = Schemas["InvoiceAnswer"];
export type ReconciliationAnswer = Schemas["ReconciliationAnswer"];

/** What belongs to an event outside of a request, and to log lines; absent where a service has none of them. */
interface Logged {
  kind?: "request" | "event";
  source?: string | null;
  level?: string | null;
  lines?: LogLine[];
  linesLeftOut?: number;
}
interface LogLine {
  at: string;
  level: string;
  source: string;
  message: string;
}
export type LoggedRequest = Schemas["LoggedRequest"] & Logged;
export type RequestPage = Omit<Schemas["RequestList"], "data"> & { data: LoggedRequest[] };
export type RequestGroup = Schemas["RequestGroup"];
export type GroupPage = Schemas["GroupList"];
export type RequestHit = Schemas["RequestHit"] & { request: LoggedRequest };
export type SearchAnswer = Omit<Schemas["RequestHits"], "data"> & { data: RequestHit[] };
export type CurlCommand = Schemas["CurlCommand"];
