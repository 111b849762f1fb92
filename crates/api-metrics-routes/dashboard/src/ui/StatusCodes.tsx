// How requests were answered, one bar a code.
import * as number from "../format/number";
import { Bar } from "./Bar";

export const StatusCodes = ({ codes }: { codes: Readonly<Record<string, number>> }) => {
  const rows = Object.entries(codes).sort(([a], [b]) => (a < b ? -1 : 1));
  const total = rows.reduce((sum, [, n]) => sum + n, 0);
  return (
    <section className="card" aria-label="Status codes">
      <header className="card-head"><h2>Status codes</h2></header>
      <table className="table bars">
        <thead><tr><th scope="col">Code</th><th scope="col"><span className="sr">Share</span></th><th scope="col" className="num">Requests</th><th scope="col" className="num">Share</th></tr></thead>
        <tbody>
          {rows.map(([code, n]) => (
            <tr key={code}>
              <th scope="row"><span className="code" data-class={code[0]}>{code}</span></th>
              <td className="bar-cell"><Bar kind={`s${code[0]}`} value={n} most={total} label={`${code}: ${number.percent((100 * n) / total)}`} /></td>
              <td className="num">{number.count(n)}</td>
              <td className="num">{number.percent((100 * n) / total)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
};
