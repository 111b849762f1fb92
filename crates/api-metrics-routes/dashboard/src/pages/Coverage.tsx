// Coverage of the APIs: operations that nobody calls, calls that nobody has documented, and who still calls what is
// deprecated.
import { isForbidden } from "../api/control";
import { useCoverage } from "../api/coverage";
import { isMissing } from "../api/requests";
import type { Coverage as Answer } from "../api/types";
import * as number from "../format/number";
import { Rate, Route } from "../ui/Route";
import { SegmentedControl } from "../ui/SegmentedControl";
import { Empty } from "../ui/states";
import { type Column, Table } from "../ui/Table";
import { href, patch, useLocation } from "../view/location";
import { useView } from "../view/view";

type Operation = Answer["operations"][number];
type Undocumented = Answer["undocumented"][number];
type Caller = Operation["callers"][number];

const SHOWS = [
  ["operations", "Operations"],
  ["uncalled", "Never called"],
  ["deprecated", "Deprecated"],
  ["undocumented", "Undocumented"],
] as const;
type Shown = (typeof SHOWS)[number][0];

const STATES = {
  deprecated: ["Still called", "bad"],
  unused: ["Deprecated", "none"],
  called: ["Called", "good"],
  never: ["Never called", "some"],
} as const;

const stateOf = ({ deprecated, requestCount }: Operation): keyof typeof STATES =>
  deprecated ? (requestCount > 0 ? "deprecated" : "unused") : requestCount > 0 ? "called" : "never";

const nameOf = ({ name, externalId, apiKeyId }: Caller): string =>
  name ?? externalId ?? (apiKeyId === 0 ? "Anonymous" : "New key");

const COLUMNS: Column<Operation>[] = [
  {
    id: "operation",
    head: "Operation",
    by: (row) => row.path,
    plain: (row) => `${row.method} ${row.path}`,
    cell: (row) =>
      row.endpoint == null ? (
        <Route method={row.method} endpoint={row.path} />
      ) : (
        <a href={href("endpoint", { service: row.service, method: row.method, endpoint: row.endpoint })}>
          <Route method={row.method} endpoint={row.path} />
        </a>
      ),
  },
  {
    id: "state",
    head: "State",
    by: (row) => STATES[stateOf(row)][0],
    cell: (row) => {
      const [text, level] = STATES[stateOf(row)];
      return (
        <span className="badge" data-level={level}>
          {text}
        </span>
      );
    },
  },
  {
    id: "summary",
    head: "Summary",
    wide: 2,
    by: (row) => row.summary ?? row.operationId ?? "",
    cell: (row) => row.summary ?? row.operationId ?? number.NONE,
  },
  { id: "service", head: "Service", wide: 1, by: (row) => row.service, cell: (row) => row.service },
  {
    id: "requests",
    head: "Requests",
    number: true,
    by: (row) => row.requestCount,
    cell: (row) => number.count(row.requestCount),
  },
  {
    id: "errors",
    head: "Errors",
    number: true,
    wide: 1,
    by: (row) => row.errorRate ?? -1,
    cell: (row) => <Rate value={row.errorRate} text={number.percent(row.errorRate)} />,
  },
];

const LACKING: Column<Undocumented>[] = [
  {
    id: "endpoint",
    head: "Endpoint",
    by: (row) => row.endpoint,
    plain: (row) => `${row.method} ${row.endpoint}`,
    cell: (row) => (
      <a href={href("endpoint", { service: row.service, method: row.method, endpoint: row.endpoint })}>
        <Route method={row.method} endpoint={row.endpoint} />
      </a>
    ),
  },
  { id: "service", head: "Service", wide: 1, by: (row) => row.service, cell: (row) => row.service },
  {
    id: "requests",
    head: "Requests",
    number: true,
    by: (row) => row.requestCount,
    cell: (row) => number.count(row.requestCount),
  },
  {
    id: "errors",
    head: "Errors",
    number: true,
    wide: 1,
    by: (row) => row.errorRate ?? -1,
    cell: (row) => <Rate value={row.errorRate} text={number.percent(row.errorRate)} />,
  },
];

/** Who still calls a deprecated operation. */
const Callers = ({ of }: { of: Operation }) =>
  of.callers.length === 0 ? null : (
    <p className="muted cover">
      Called by{" "}
      {of.callers.map((caller, at) => (
        <span key={caller.apiKeyId ?? `new ${at}`}>
          {at > 0 && ", "}
          {caller.apiKeyId == null ? (
            nameOf(caller)
          ) : (
            <a href={href("consumer", { key: String(caller.apiKeyId) })}>{nameOf(caller)}</a>
          )}{" "}
          ({number.count(caller.requestCount)})
        </span>
      ))}
      {of.moreCallers && " and others"}
    </p>
  );

const summaryOf = (answer: Answer): string =>
  answer.documents
    .map(
      (each) =>
        `${each.title ?? each.service}: ${number.count(each.calledCount)} of ${number.count(each.operationCount)} ` +
        `operations called, ${number.count(each.deprecatedCalledCount)} of them deprecated; ` +
        `${number.count(each.undocumentedCount)} endpoints undocumented`,
    )
    .join(". ");

const Coverage = () => {
  const view = useView();
  const { params } = useLocation();
  const coverage = useCoverage(view);
  if (isMissing(coverage.error))
    return (
      <Empty>No OpenAPI document of this service. Hand one over by AdminBuilder::openapi, or serve --openapi.</Empty>
    );
  if (isForbidden(coverage.error)) return <Empty>Coverage is for admins.</Empty>;
  const shown: Shown = SHOWS.find(([id]) => id === params.show)?.[0] ?? "operations";
  const answer = coverage.data;
  const operations = answer?.operations.filter(
    (row) =>
      shown === "operations" || (shown === "deprecated" ? row.deprecated : !row.deprecated && row.requestCount === 0),
  );
  const shared = {
    error: coverage.error,
    retry: () => void coverage.refetch(),
    stale: coverage.isPlaceholderData,
    file: "coverage",
    lead: answer && <p className="muted lead cover">{summaryOf(answer)}.</p>,
  };
  return (
    <>
      <header className="page-head">
        <h1 className="sr">Coverage</h1>
        <SegmentedControl
          label="Rows"
          value={shown}
          options={SHOWS}
          onChange={(next) => patch({ show: next === "operations" ? undefined : next, sort: undefined })}
        />
      </header>
      {shown === "undocumented" ? (
        <Table
          {...shared}
          caption="Undocumented endpoints"
          columns={LACKING}
          rows={answer?.undocumented}
          idOf={(row) => `${row.service} ${row.method} ${row.endpoint}`}
          text={(row) => `${row.method} ${row.endpoint} ${row.service}`}
          start={{ id: "requests", down: true }}
          empty="Everything that was called is documented."
        />
      ) : (
        <Table
          {...shared}
          caption="Operations"
          columns={COLUMNS}
          rows={operations}
          idOf={(row) => `${row.service} ${row.method} ${row.path}`}
          text={(row) => `${row.method} ${row.path} ${row.summary ?? ""} ${row.operationId ?? ""} ${row.service}`}
          start={{ id: "operation", down: false }}
          below={(row) => (row.deprecated ? <Callers of={row} /> : null)}
          empty="No such operations."
        />
      )}
    </>
  );
};

export default Coverage;
