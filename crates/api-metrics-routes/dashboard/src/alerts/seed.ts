// A new rule for what a chart shows, from the address.
import { SEED, targetOf } from "../view/alert";
import { type Params, SHARED_FILTERS } from "../view/location";
import { isType, TYPES } from "./describe";
import { type Draft, fresh } from "./draft";

/** A text that differs where the address asks for another rule; empty where it asks for none in particular. */
export const seededBy = (params: Params): string =>
  params.metric === undefined ? "" : JSON.stringify([...SEED, ...SHARED_FILTERS].map((name) => params[name] ?? ""));

/** Filters of the page that a rule can't have. */
export const notTaken = (params: Params): string[] =>
  params.metric === undefined ? [] : ["version", "status", "owner", "team"].filter((name) => params[name]);

/** The rule that the address asks for. */
export const draftFrom = (params: Params): Draft => {
  const { metric } = params;
  if (metric === undefined || !isType(metric)) return fresh();
  return {
    ...fresh(),
    alertType: metric,
    comparison: metric === "request_volume" ? "lt" : "gt",
    thresholdValue: String(TYPES[metric].start),
    unit: params.unit ?? fresh().unit,
    serviceFilter: params.service ?? "",
    environmentFilter: params.env ?? "",
    protocolFilter: params.protocol ?? "",
    endpointFilter: params.target ?? targetOf(params.method, params.endpoint) ?? "",
    apiKeyFilter: params.consumer ?? params.key ?? "",
    tenantId: params.tenant ?? "",
  };
};
