// "Alert on this": the address of the form for a new rule about what a chart shows.
import { href, type Params } from "./location";

/** What a chart shows, as far as its page's filters don't say it. */
interface Subject {
  metric: "error_rate" | "response_time" | "rate_limit" | "request_volume" | "bandwidth" | "unit";
  /** The name of the unit that is summed. */
  unit?: string;
  method?: string | null;
  endpoint?: string | null;
  key?: string | null;
}

/** Parameters of the page Alerts that only a new rule has. */
export const SEED = ["metric", "unit", "target", "consumer"] as const;

/** Takes them out of the address again, and closes the form. */
export const NO_SEED: Params = { edit: undefined, ...Object.fromEntries(SEED.map((name) => [name, undefined])) };

/** A method and an endpoint as rules have them; undefined for all. */
export const targetOf = (
  method: string | null | undefined,
  endpoint: string | null | undefined,
): string | undefined => (method || endpoint ? [method, endpoint || "*"].filter(Boolean).join(" ") : undefined);

/** The form for a new rule about what a chart shows. The page's filters come along in the address. */
export const alertHref = ({ metric, unit, method, endpoint, key }: Subject): string =>
  href("alerts", {
    edit: "new",
    metric,
    unit,
    target: targetOf(method, endpoint),
    consumer: key ?? undefined,
  });
