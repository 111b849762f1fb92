// Requests by status code, one bar per code.
import { useMemo } from "react";
import type { EndpointRow } from "../api/types";
import * as number from "../format/number";
import { Bar } from "../ui/Bar";
import { Empty, SkeletonRows } from "../ui/states";
import type { Params } from "../view/location";
import { requestsHref } from "../view/requests";

/** Requests per status code over all rows, ordered by code. */
const sumsOf = (rows: readonly EndpointRow[]): [string, number][] => {
  const sums = new Map<string, number>();
  for (const row of rows)
    for (const [code, n] of Object.entries(row.statusCodes)) sums.set(code, (sums.get(code) ?? 0) + n);
  return [...sums].sort(([a], [b]) => (a < b ? -1 : 1));
};

interface Props {
  rows: readonly EndpointRow[] | undefined;
  /** Whose they are, as the page Requests names it. */
  filter: Params;
}

export const StatusCodes = ({ rows, filter }: Props) => {
  const codes = useMemo(() => sumsOf(rows ?? []), [rows]);
  const total = codes.reduce((sum, [, n]) => sum + n, 0);
  return (
    <section className="card" aria-label="Status codes">
      <header className="card-head">
        <h2>Status codes</h2>
      </header>
      <table className="table bars" data-waiting={!rows}>
        <thead>
          <tr>
            <th scope="col">Code</th>
            <th scope="col">
              <span className="sr">Share</span>
            </th>
            <th scope="col" className="num">
              Requests
            </th>
            <th scope="col" className="num">
              Share
            </th>
          </tr>
        </thead>
        <tbody>
          {!rows && <SkeletonRows rows={6} columns={4} />}
          {codes.map(([code, n]) => (
            <tr key={code}>
              <th scope="row">
                <a href={requestsHref({ ...filter, status: code })} className="code" data-class={code[0]}>
                  {code}
                </a>
              </th>
              <td className="bar-cell">
                <Bar
                  kind={`s${code[0]}`}
                  value={n}
                  max={total}
                  label={`${code}: ${number.percent((100 * n) / total)}`}
                />
              </td>
              <td className="num">{number.count(n)}</td>
              <td className="num">{number.percent((100 * n) / total)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {rows && codes.length === 0 && <Empty>No requests in this range.</Empty>}
    </section>
  );
};
