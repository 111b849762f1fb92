// What other plans would make of the same counts.
import type { Bill } from "../api/types";
import * as number from "../format/number";
import { tiersOf } from "./Plans";

export const Alternatives = ({ bill }: { bill: Bill }) => (
  <section className="card" aria-label="Other plans">
    <header className="card-head">
      <h2>Other plans</h2>
      <span className="muted">the same requests and units, by the prices of</span>
    </header>
    <div className="scroll-x" tabIndex={0} role="region" aria-label="Other plans, scrollable">
      <table className="table">
        <caption className="sr">What other plans would make of the same counts</caption>
        <thead>
          <tr>
            <th scope="col">Plan</th>
            <th scope="col" data-wide="1">
              Price of 1,000
            </th>
            <th scope="col" className="num">
              {bill.closed ? "The month" : "So far"}
            </th>
            <th scope="col" className="num">
              Difference
            </th>
            {!bill.closed && (
              <th scope="col" className="num">
                Projected
              </th>
            )}
          </tr>
        </thead>
        <tbody>
          {bill.alternatives.map(({ plan, isCurrent, cost, difference, projectedCost }) => (
            <tr key={plan.id}>
              <td>
                {plan.name}
                {isCurrent && (
                  <span className="badge" data-level="good">
                    Current
                  </span>
                )}
              </td>
              <td data-wide="1">
                {plan.freeRequests > 0 && `${number.count(plan.freeRequests)} free, `}
                {tiersOf(plan)}
              </td>
              <td className="num">{number.money(cost.amount, cost.currency)}</td>
              <td className="num">
                {difference == null ? (
                  <span className="muted">another currency</span>
                ) : (
                  number.money(difference, cost.currency)
                )}
              </td>
              {!bill.closed && (
                <td className="num">
                  {number.money(projectedCost?.amount, projectedCost?.currency ?? cost.currency)}
                </td>
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  </section>
);
