// Who calls what, and how it fares beside everybody else at the same endpoint.
import { useMemo } from "react";
import { type Filter, usePairs } from "../api/queries";
import type { EndpointConsumer } from "../api/types";
import { consumerName } from "../format/consumer";
import * as number from "../format/number";
import { AddChip } from "../ui/AddChip";
import { Rate, Route } from "../ui/Route";
import { type Column, Table } from "../ui/Table";
import { href } from "../view/location";
import { groupsHref, requestsHref } from "../view/requests";
import { useView } from "../view/view";
import { timesSlower } from "./pairs";

const NO_FILTER: Filter = {};

const idOf = (row: EndpointConsumer): string =>
  `${row.service} ${row.method} ${row.endpoint} ${row.apiKeyId ?? "new"}`;

const pairOf = (row: EndpointConsumer) => ({
  service: row.service,
  method: row.method,
  endpoint: row.endpoint,
  ...(row.apiKeyId == null ? {} : { key: String(row.apiKeyId) }),
});

interface Props {
  caption: string;
  /** Tells this table from others of the page in the URL. */
  name?: string;
  /** As parameters of the API, beside the view's. */
  filter?: Filter;
  /** Which of the two sides the page is about, and so the same in all rows. */
  without?: "endpoint" | "consumer";
  shown?: number;
}

export const Pairs = ({ caption, name = "", filter = NO_FILTER, without, shown }: Props) => {
  const view = useView();
  const pairs = usePairs(view, filter);
  const rows = pairs.data?.data;
  const columns = useMemo((): Column<EndpointConsumer>[] => {
    const consumer: Column<EndpointConsumer> = {
      id: "consumer",
      head: "Consumer",
      by: consumerName,
      cell: (row) =>
        row.apiKeyId == null ? (
          consumerName(row)
        ) : (
          <>
            <a href={href("consumer", { key: String(row.apiKeyId) })}>{consumerName(row)}</a>
            <AddChip filter={{ key: String(row.apiKeyId) }} name={consumerName(row)} />
          </>
        ),
    };
    const endpoint: Column<EndpointConsumer> = {
      id: "endpoint",
      head: "Endpoint",
      by: (row) => row.endpoint,
      plain: (row) => `${row.method} ${row.endpoint}`,
      cell: (row) => (
        <span className="with-chip">
          <a href={href("endpoint", { service: row.service, method: row.method, endpoint: row.endpoint })}>
            <Route method={row.method} endpoint={row.endpoint} />
          </a>
          <AddChip
            filter={{ service: row.service, method: row.method, endpoint: row.endpoint }}
            name={`${row.method} ${row.endpoint}`}
          />
        </span>
      ),
    };
    return [
      ...(without === "consumer" ? [] : [consumer]),
      ...(without === "endpoint" ? [] : [endpoint]),
      {
        id: "requests",
        head: "Requests",
        number: true,
        by: (row) => row.requestCount,
        cell: (row) => <a href={requestsHref(pairOf(row))}>{number.count(row.requestCount)}</a>,
      },
      {
        id: "errors",
        head: "Errors",
        number: true,
        by: (row) => row.errorRate,
        cell: (row) => (
          <a href={groupsHref(pairOf(row))}>
            <Rate
              value={row.endpoint === "<unmatched>" ? null : row.errorRate}
              text={number.percent(row.errorRate)}
            />
          </a>
        ),
      },
      {
        id: "othersErrors",
        head: "Others’ errors",
        number: true,
        wide: 2,
        title: "Errors of everybody else at this endpoint",
        by: (row) => row.othersErrorRate,
        cell: (row) => <span className="muted">{number.percent(row.othersErrorRate)}</span>,
      },
      {
        id: "p95",
        head: "p95",
        number: true,
        by: (row) => row.p95Ms,
        cell: (row) => (
          <a href={requestsHref({ ...pairOf(row), min: String(Math.floor(row.p95Ms ?? 0)) })}>
            {number.ms(row.p95Ms)}
          </a>
        ),
      },
      {
        id: "othersP95",
        head: "Others’ p95",
        number: true,
        title: "p95 of everybody else at this endpoint",
        by: (row) => row.othersP95Ms,
        cell: (row) => <span className="muted">{number.ms(row.othersP95Ms)}</span>,
      },
      {
        id: "slower",
        head: "Slower",
        number: true,
        wide: 1,
        title:
          "How many times slower than everybody else at this endpoint; below 20 requests of either it is not said",
        by: timesSlower,
        cell: (row) => {
          const times = timesSlower(row);
          if (times === null) return number.NONE;
          return (
            <span className="rate" data-level={times < 1.5 ? "fine" : times < 3 ? "some" : "bad"}>
              {`${number.fixed(times, times < 9.95 ? 1 : 0)}×`}
            </span>
          );
        },
      },
    ];
  }, [without]);
  return (
    <Table
      caption={caption}
      name={name}
      columns={columns}
      rows={rows}
      idOf={idOf}
      text={(row) => `${consumerName(row)} ${row.externalId ?? ""} ${row.service} ${row.method} ${row.endpoint}`}
      error={pairs.error}
      retry={() => void pairs.refetch()}
      stale={pairs.isPlaceholderData}
      start={{ id: "requests", down: true }}
      empty="No requests in this range."
      {...(shown === undefined ? {} : { shown })}
      lead={
        pairs.data?.complete === false && (
          <p className="card-note muted">
            The {number.count(pairs.data.data.length)} pairs with the most requests. Filter by a consumer or an
            endpoint to see others.
          </p>
        )
      }
      file="endpoint-consumers"
    />
  );
};
