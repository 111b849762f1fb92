// What has changed: endpoints and consumers, ranked by how surely they differ from the same hours of last week, or of
// another range.
import { useMemo } from "react";
import { useEndpoints, useKeys } from "../api/queries";
import type { EndpointRow, KeyRow } from "../api/types";
import { consumerName } from "../format/consumer";
import * as number from "../format/number";
import { moment } from "../format/time";
import { type Changed, type Counted, KINDS, type Kind, ranked } from "../traffic/changes";
import { type Covered, isApproximate, scaleOf } from "../traffic/lengths";
import { movedTo, useCompared } from "../traffic/useCompared";
import { AddChip } from "../ui/AddChip";
import { Deferred } from "../ui/Deferred";
import { Route } from "../ui/Route";
import { SegmentedControl } from "../ui/SegmentedControl";
import { type Column, Table } from "../ui/Table";
import { href, patch, useLocation } from "../view/location";
import { useView } from "../view/view";

const ALL = "all";
const CHOICES = [[ALL, "All"], ...(Object.entries(KINDS) as [Kind, string][])] as const satisfies readonly (readonly [
  Kind | typeof ALL,
  string,
])[];

const LEVELS: Readonly<Record<Kind, string>> = {
  silent: "bad",
  errors: "bad",
  slower: "some",
  new: "good",
  more: "none",
  fewer: "none",
};

/** The figure that a kind of change is about. */
const figure = (kind: Kind, row: Counted | undefined): string => {
  if (kind === "errors") return number.percent(row?.errorRate);
  if (kind === "slower") return number.ms(row?.p95Ms);
  return number.count(row?.requestCount ?? 0);
};

const timesOf = ({ kind, now, before }: Changed<Counted>): number | null => {
  const of = (row: Counted | undefined) =>
    kind === "errors" ? row?.errorRate : kind === "slower" ? row?.p95Ms : row?.requestCount;
  const [a, b] = [of(now), of(before)];
  return a == null || !b ? null : a / b;
};

const columnsOf = <Row extends Counted>(
  head: string,
  name: (row: Row) => string,
  cell: (row: Row) => React.ReactNode,
): Column<Changed<Row>>[] => [
  {
    id: "kind",
    head: "Change",
    by: (row) => KINDS[row.kind],
    cell: (row) => (
      <span className="badge" data-level={LEVELS[row.kind]}>
        {KINDS[row.kind]}
      </span>
    ),
  },
  {
    id: "name",
    head,
    by: (row) => name((row.now ?? row.before) as Row),
    cell: (row) => cell((row.now ?? row.before) as Row),
  },
  {
    id: "then",
    head: "Then",
    number: true,
    plain: (row) => figure(row.kind, row.before),
    cell: (row) => <span className="muted">{figure(row.kind, row.before)}</span>,
  },
  {
    id: "now",
    head: "Now",
    number: true,
    plain: (row) => figure(row.kind, row.now),
    cell: (row) => figure(row.kind, row.now),
  },
  {
    id: "times",
    head: "Times",
    number: true,
    wide: 1,
    by: timesOf,
    cell: (row) => {
      const times = timesOf(row);
      return times === null ? number.NONE : `${number.fixed(times, times < 9.95 ? 1 : 0)}×`;
    },
  },
  {
    id: "requests",
    head: "Requests",
    number: true,
    wide: 2,
    by: (row) => row.now?.requestCount ?? 0,
    cell: (row) => number.count(row.now?.requestCount ?? 0),
  },
  {
    id: "score",
    head: "Significance",
    number: true,
    wide: 1,
    title: "Standard deviations, about: the higher, the less it is by chance",
    by: (row) => row.score,
    plain: (row) => number.fixed(row.score, 1),
    cell: (row) => number.fixed(row.score, 1),
  },
];

const endpointName = (row: EndpointRow): string => `${row.method} ${row.endpoint}`;
const endpointOf = ({ service, method, endpoint }: EndpointRow) => ({ service, method, endpoint });

const ENDPOINT = columnsOf<EndpointRow>("Endpoint", endpointName, (row) => (
  <span className="with-chip">
    <a href={href("endpoint", endpointOf(row))}>
      <Route method={row.method} endpoint={row.endpoint} />
    </a>
    <AddChip filter={endpointOf(row)} name={endpointName(row)} />
  </span>
));

const CONSUMER = columnsOf<KeyRow>("Consumer", consumerName, (row) =>
  row.apiKeyId == null ? (
    consumerName(row)
  ) : (
    <>
      <a href={href("consumer", { key: String(row.apiKeyId) })}>{consumerName(row)}</a>
      <AddChip filter={{ key: String(row.apiKeyId) }} name={consumerName(row)} />
    </>
  ),
);

const idOfEndpoint = (row: EndpointRow): string => `${row.service} ${row.method} ${row.endpoint}`;
const idOfKey = (row: KeyRow): string => String(row.apiKeyId ?? "new");

interface Answer<Row> extends Covered {
  data: readonly Row[];
}

const comparedRows = <Row extends Counted>(
  now: Answer<Row> | undefined,
  then: Answer<Row> | undefined,
  idOf: (row: Row) => string,
) => now && then && ranked(now.data, then.data, idOf, scaleOf(now, then));

const Changes = () => {
  const view = useView();
  const { params } = useLocation();
  const kind = CHOICES.find(([id]) => id === params.kind)?.[0] ?? ALL;
  const compared = useCompared("week");
  const then = compared ? movedTo(view, compared) : view;
  const ready = compared !== null;
  const [endpoints, keys] = [useEndpoints(view), useKeys(view)];
  const [before, keysBefore] = [useEndpoints(then, {}, ready), useKeys(then, {}, 5, ready)];
  const known = ready && !before.isPlaceholderData && !keysBefore.isPlaceholderData;
  const [ofEndpoints, ofKeys] = useMemo(
    () => [
      known ? comparedRows(endpoints.data, before.data, idOfEndpoint) : undefined,
      known ? comparedRows(keys.data, keysBefore.data, idOfKey) : undefined,
    ],
    [known, endpoints.data, before.data, keys.data, keysBefore.data],
  );
  const approximate =
    known && endpoints.data && before.data && isApproximate(scaleOf(endpoints.data, before.data))
      ? before.data
      : undefined;
  const chosen = <Row,>(rows: readonly Changed<Row>[] | undefined) =>
    kind === ALL ? rows : rows?.filter((row) => row.kind === kind);
  const against = compared ? `Nothing differs surely from ${compared.name}.` : "";
  const table = { start: { id: "score", down: true }, empty: against, shown: 50 };
  return (
    <>
      <header className="page-head">
        <h1 className="sr">Changes</h1>
        <SegmentedControl
          label="Kind of change"
          value={kind}
          options={CHOICES}
          onChange={(next) => patch({ kind: next === ALL ? undefined : next }, true)}
        />
      </header>
      {approximate && (
        <p className="form-hint muted">
          Approximate: the compared range is known as {moment(Date.parse(approximate.from), view.tz)} –{" "}
          {moment(Date.parse(approximate.to), view.tz)}, and its counts are scaled to the length of this one.
        </p>
      )}
      <Table
        {...table}
        caption="Changed endpoints"
        columns={ENDPOINT}
        rows={chosen(ofEndpoints)}
        idOf={(row) => row.id}
        text={(row) => `${KINDS[row.kind]} ${endpointName((row.now ?? row.before) as EndpointRow)}`}
        error={endpoints.error ?? before.error}
        retry={() => void before.refetch()}
        stale={endpoints.isPlaceholderData}
        file="changed-endpoints"
        exported="Endpoints"
      />
      {/* Below rows that are not there yet it would be pushed away by them. */}
      <Deferred ready={ofEndpoints !== undefined || before.error !== null}>
        <Table
          {...table}
          caption="Changed consumers"
          name="consumers."
          columns={CONSUMER}
          rows={chosen(ofKeys)}
          idOf={(row) => row.id}
          text={(row) => `${KINDS[row.kind]} ${consumerName((row.now ?? row.before) as KeyRow)}`}
          error={keys.error ?? keysBefore.error}
          retry={() => void keysBefore.refetch()}
          stale={keys.isPlaceholderData}
          file="changed-consumers"
          exported="Consumers"
        />
      </Deferred>
    </>
  );
};

export default Changes;
