// The filters of the page Requests: how the URL names them, how the API does, and what each takes.
import { href, type Params, withoutUnapplied } from "./location";
import { labelParams, type View } from "./view";

const HEX = /^[0-9a-f]+$/i;
const LONGEST_MS = 86_400_000;

/** Why a text is no value of a filter; null where it is one. */
type Check = (value: string) => string | null;

const matches =
  (pattern: RegExp, otherwise: string): Check =>
  (value) =>
    pattern.test(value) ? null : otherwise;

const digits =
  (length: number): Check =>
  (value) =>
    value.length === length && HEX.test(value) ? null : `Enter ${length} hexadecimal digits.`;

const bytesUpTo =
  (most: number): Check =>
  (value) =>
    new TextEncoder().encode(value).length <= most ? null : `Enter at most ${most} bytes.`;

export interface RequestFilter {
  /** The name in the URL. */
  id: string;
  /** The API's parameter. A status class is another one than a status. */
  param: (value: string) => string;
  label: string;
  check: Check;
  hint: string;
  /** All values that there are. */
  options?: readonly string[];
}

const filter = (
  id: string,
  param: string,
  label: string,
  hint = "",
  check: Check = bytesUpTo(512),
  options?: readonly string[],
): RequestFilter => ({
  id,
  param: () => param,
  label,
  hint,
  check: (value) => (value === "" ? "Enter a value." : check(value)),
  ...(options === undefined ? {} : { options }),
});

/** Stands for requests from a country that is not known. */
export const UNKNOWN_COUNTRY = "unknown";

const isClass = (value: string): boolean => /^[1-5]xx$/.test(value);

/** Service and environment are the toolbar's and have chips too. */
export const FILTERS: readonly RequestFilter[] = [
  filter("service", "service", "Service"),
  filter("env", "environment", "Environment"),
  filter(
    "protocol",
    "protocol",
    "Protocol",
    "http, agent or any",
    matches(/^[a-z][a-z0-9-]{0,31}$/, "Enter http, grpc, any or a kind of events, such as agent."),
  ),
  filter("method", "method", "Method", "POST"),
  filter("endpoint", "endpoint", "Endpoint", "/orders/{id}", bytesUpTo(4_096)),
  {
    ...filter("status", "", "Status", "503 or 5xx", (value) =>
      isClass(value) || /^[1-9]\d\d$/.test(value) ? null : "Enter a status such as 503, or a class such as 5xx.",
    ),
    param: (value) => (isClass(value) ? "statusClass" : "status"),
  },
  filter("outcome", "outcome", "Outcome", "", () => null, ["completed", "aborted", "failed", "panicked"]),
  filter("key", "apiKeyId", "Consumer", "Number of its API key", matches(/^\d{1,18}$/, "Enter the key's number.")),
  filter("tenant", "tenantId", "Tenant", "acme", bytesUpTo(200)),
  filter("owner", "userId", "Key of user", "u-17", bytesUpTo(200)),
  filter("team", "teamId", "Key of team", "platform", bytesUpTo(200)),
  filter("user", "user", "User", "u-17"),
  filter("version", "version", "Version", "1.9.1"),
  filter("min", "minLatencyMs", "Slower than", "Milliseconds", (value) =>
    /^\d+$/.test(value) && Number(value) <= LONGEST_MS ? null : "Enter milliseconds, up to a day.",
  ),
  filter("trace", "traceId", "Trace", "32 hexadecimal digits", digits(32)),
  filter("group", "group", "Group of errors", "16 hexadecimal digits", digits(16)),
  filter("kind", "kind", "Kind", "", () => null, ["request", "event"]),
  filter("level", "level", "Log level", "", () => null, ["error", "warn", "info", "debug", "trace"]),
  filter("source", "source", "Log source", "shop::ledger", bytesUpTo(128)),
  filter("country", "country", "Country", "DE or unknown", (value) =>
    value === UNKNOWN_COUNTRY || /^[a-z]{2}$/i.test(value) ? null : "Enter the two letters of a country, or unknown.",
  ),
  filter("text", "text", "Words", "In path, error, agent and log lines", bytesUpTo(200)),
];

/** The filters that a URL has, with their values. A value that can't be one is kept: the API says what is wrong. */
export const chosen = (params: Params): [RequestFilter, string][] =>
  FILTERS.flatMap((each) => {
    const value = params[each.id];
    return value ? [[each, value] as [RequestFilter, string]] : [];
  });

/** The filters as query parameters of the API. */
export const filterParams = (params: Params): Record<string, string> =>
  Object.fromEntries(chosen(params).map(([each, value]) => [each.param(value), value]));

/** The range of the view and the filters as query parameters of the API. */
export const requestParams = (view: View, params: Params): Record<string, string> => ({
  ...labelParams(view),
  ...filterParams(params),
});

/** A filter of the other pages, which has the API's names, as the URL has it here. */
export const named = ({ apiKeyId, ...rest }: Readonly<Record<string, string>>): Params => ({
  ...rest,
  ...(apiKeyId === undefined ? {} : { key: apiKeyId }),
});

/** The page Requests in the range of the view, with these filters, named as in the URL, and those of the numbers
 * here. */
export const requestsHref = (filters: Params): string => href("requests", { ...withoutUnapplied(), ...filters });

/** The same, but the groups of the errors among them. */
export const groupsHref = (filters: Params): string => requestsHref({ ...filters, show: "groups" });

/** A period as the URL has it, instead of the view's range. */
export const between = (from: number, to: number): Params => ({
  period: undefined,
  from: new Date(from).toISOString(),
  to: new Date(to).toISOString(),
});
