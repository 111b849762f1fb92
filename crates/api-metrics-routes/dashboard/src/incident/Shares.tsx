// Shares of an incident against usual shares, with the verdict first.
import type { ReactNode } from "react";
import type { IncidentBreakdown, IncidentPart } from "../api/types";
import * as number from "../format/number";
import { Bar } from "../ui/Bar";
import { Empty } from "../ui/states";
import { share } from "./model";

interface Props {
  title: string;
  what: string;
  /** What the usual share is of. */
  usual: string;
  breakdown: IncidentBreakdown;
  name: (part: IncidentPart) => ReactNode;
}

/** What had none during the incident explains nothing, unless it usually has some. */
const hasSome = (part: IncidentPart) => part.amount > 0 || (part.usualShare ?? 0) > 0;

export const Shares = ({ title, what, usual, breakdown, name }: Props) => (
  <section className="card" aria-label={title}>
    <header className="card-head">
      <h2>{title}</h2>
    </header>
    <p className="incident-text" data-verdict={breakdown.verdict}>
      {breakdown.text}
    </p>
    {breakdown.parts.length === 0 ? (
      <Empty>No requests in this range.</Empty>
    ) : (
      <div className="scroll-x" tabIndex={0} role="region" aria-label={`${title}, scrollable`}>
        <table className="table bars">
          <caption className="sr">{title}</caption>
          <thead>
            <tr>
              <th scope="col">Name</th>
              <th scope="col" data-wide="1">
                <span className="sr">Share</span>
              </th>
              <th scope="col" className="num">
                {what}
              </th>
              <th scope="col" className="num">
                Share
              </th>
              <th scope="col" className="num" title={`Share ${usual}`}>
                Usual
              </th>
            </tr>
          </thead>
          <tbody>
            {breakdown.parts.filter(hasSome).map((part) => (
              <tr key={part.name}>
                <th scope="row">{name(part)}</th>
                <td className="bar-cell" data-wide="1">
                  <Bar
                    kind={part.share - (part.usualShare ?? 0) >= 0.25 ? "bad" : "fine"}
                    value={part.share}
                    max={1}
                    label={`${part.name}: ${share(part.share)}, usually ${share(part.usualShare)}`}
                  />
                </td>
                <td className="num">{number.count(part.amount)}</td>
                <td className="num">{share(part.share)}</td>
                <td className="num">{share(part.usualShare)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    )}
    {breakdown.of > breakdown.parts.length && (
      <p className="incident-note muted">and {number.count(breakdown.of - breakdown.parts.length)} more</p>
    )}
  </section>
);
