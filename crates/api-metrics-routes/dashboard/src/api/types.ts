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
