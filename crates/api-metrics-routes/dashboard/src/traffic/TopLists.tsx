// Short lists of a consumer's endpoints and of an endpoint's consumers.
import type { EndpointRow, KeyRow } from "../api/types";
import { consumerName } from "../format/consumer";
import * as number from "../format/number";
import { Rate, Route } from "../ui/Route";
import { Empty, SkeletonRows } from "../ui/states";
import { href, type Params } from "../view/location";
import { groupsHref, requestsHref } from "../view/requests";

const SHOWN = 12;

const endpointOf = (row: EndpointRow): Params => ({
  service: row.service,
  method: row.method,
  endpoint: row.endpoint,
});

interface Props<Row> {
  title: string;
  rows: readonly Row[] | undefined;
  /** Whose they are, as the page Requests names it. */
  filter: Params;
}

export const EndpointList = ({ title, rows, filter }: Props<EndpointRow>) => (
  <section className="card" aria-label={title}>
    <header className="card-head">
      <h2>{title}</h2>
      {rows && rows.length > SHOWN && (
        <span className="muted">
          {SHOWN} of {rows.length}
        </span>
      )}
    </header>
    <table className="table" data-waiting={!rows}>
      <thead>
        <tr>
          <th scope="col">Endpoint</th>
          <th scope="col" className="num">
            Requests
          </th>
          <th scope="col" className="num">
            Errors
          </th>
          <th scope="col" className="num">
            p95
          </th>
        </tr>
      </thead>
      <tbody>
        {!rows && <SkeletonRows rows={6} columns={4} />}
        {rows?.slice(0, SHOWN).map((row) => (
          <tr key={`${row.service} ${row.method} ${row.endpoint}`}>
            <td>
              <a href={href("endpoint", { service: row.service, method: row.method, endpoint: row.endpoint })}>
                <Route method={row.method} endpoint={row.endpoint} />
              </a>
            </td>
            <td className="num">
              <a href={requestsHref({ ...filter, ...endpointOf(row) })}>{number.count(row.requestCount)}</a>
            </td>
            <td className="num">
              <a href={groupsHref({ ...filter, ...endpointOf(row) })}>
                <Rate
                  value={row.endpoint === "<unmatched>" ? null : row.errorRate}
                  text={number.percent(row.errorRate)}
                />
              </a>
            </td>
            <td className="num">{number.ms(row.p95Ms)}</td>
          </tr>
        ))}
      </tbody>
    </table>
    {rows?.length === 0 && <Empty>No requests in this range.</Empty>}
  </section>
);

export const KeyList = ({ title, rows, filter }: Props<KeyRow>) => (
  <section className="card" aria-label={title}>
    <header className="card-head">
      <h2>{title}</h2>
      {rows && rows.length > SHOWN && (
        <span className="muted">
          {SHOWN} of {rows.length}
        </span>
      )}
    </header>
    <table className="table" data-waiting={!rows}>
      <thead>
        <tr>
          <th scope="col">Consumer</th>
          <th scope="col" className="num">
            Requests
          </th>
          <th scope="col" className="num">
            Errors
          </th>
          <th scope="col" className="num">
            Bandwidth
          </th>
        </tr>
      </thead>
      <tbody>
        {!rows && <SkeletonRows rows={6} columns={4} />}
        {rows?.slice(0, SHOWN).map((row) => (
          <tr key={row.apiKeyId ?? "new"}>
            <td>
              {row.apiKeyId == null ? (
                consumerName(row)
              ) : (
                <a href={href("consumer", { key: String(row.apiKeyId) })}>{consumerName(row)}</a>
              )}
            </td>
            <td className="num">
              {row.apiKeyId == null ? (
                number.count(row.requestCount)
              ) : (
                <a href={requestsHref({ ...filter, key: String(row.apiKeyId) })}>{number.count(row.requestCount)}</a>
              )}
            </td>
            <td className="num">
              {row.apiKeyId == null ? (
                <Rate value={row.errorRate} text={number.percent(row.errorRate)} />
              ) : (
                <a href={groupsHref({ ...filter, key: String(row.apiKeyId) })}>
                  <Rate value={row.errorRate} text={number.percent(row.errorRate)} />
                </a>
              )}
            </td>
            <td className="num">{number.bytes(row.bandwidthBytes)}</td>
          </tr>
        ))}
      </tbody>
    </table>
    {rows?.length === 0 && <Empty>No consumers in this range.</Empty>}
  </section>
);
