// Which filters of the URL the numbers of each page have. Others are kept for the pages that have them, and not sent.

const TRAFFIC = ["service", "env", "protocol", "method", "endpoint", "key", "tenant", "owner", "team"];
const LABELS = ["service", "env"];

/** By the page's name; null for all that there are. */
const APPLIED = {
  overview: TRAFFIC,
  endpoints: TRAFFIC,
  endpoint: TRAFFIC,
  unmatched: LABELS,
  changes: TRAFFIC,
  dependencies: ["service", "env", "key", "tenant", "owner", "team"],
  consumers: TRAFFIC,
  consumer: TRAFFIC,
  requests: null,
  heatmap: TRAFFIC,
  limits: [],
  keys: [],
  account: [],
  alerts: [],
  objectives: [],
  releases: LABELS,
  coverage: TRAFFIC,
  jobs: [],
  incident: [],
  ingest: LABELS,
  billing: [],
  bill: [],
  status: [],
} as const satisfies Readonly<Record<string, readonly string[] | null>>;

export type PageId = keyof typeof APPLIED;

const isPage = (id: string): id is PageId => Object.hasOwn(APPLIED, id);

/** The page of a path, whose first part names it. */
export const pageIdOf = (path: string): PageId => {
  const id = path.split("/")[0] ?? "";
  return isPage(id) ? id : "overview";
};

/** The filters that the numbers of a page have; null for all that there are. */
export const appliedOn = (path: string): readonly string[] | null => APPLIED[pageIdOf(path)];
