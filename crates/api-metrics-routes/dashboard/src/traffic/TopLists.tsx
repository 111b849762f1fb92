// Short lists of a consumer's endpoints and of an endpoint's consumers.
import type { EndpointRow, KeyRow } from "../api/types";
import { consumerName } from "../format/consumer";
import * as number from "../format/number";
import { Rate, Route } from "../ui/Route";
import { Empty, SkeletonRows } from "../ui/states";
import { href } from "../view/location";

const SHOWN = 12;

export const EndpointList = ({ title, rows }: { title: string; rows: readonly EndpointRow[] | undefined }) => (
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
            <td className="num">{number.count(row.requestCount)}</td>
            <td className="num">
              <Rate
                value={row.endpoint === "<unmatched>" ? null : row.errorRate}
                text={number.percent(row.errorRate)}
              />
            </td>
            <td className="num">{number.ms(row.p95Ms)}</td>
          </tr>
        ))}
      </tbody>
    </table>
    {rows?.length === 0 && <Empty>No requests in this range.</Empty>}
  </section>
);

export const KeyList = ({ title, rows }: { title: string; rows: readonly KeyRow[] | undefined }) => (
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
            <td className="num">{number.count(row.requestCount)}</td>
            <td className="num">
              <Rate value={row.errorRate} text={number.percent(row.errorRate)} />
            </td>
            <td className="num">{number.bytes(row.bandwidthBytes)}</td>
          </tr>
        ))}
      </tbody>
    </table>
    {rows?.length === 0 && <Empty>No consumers in this range.</Empty>}
  </section>
);
