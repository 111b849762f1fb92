// Why a consumer's bill is what it is: what changed, tiers, lines, what will come of it, and other plans.
import { useBill } from "../api/plans";
import type { Bill as Explained } from "../api/types";
import { Alternatives } from "../billing/Alternatives";
import { monthName, months } from "../billing/costs";
import { InvoiceTable } from "../billing/InvoiceTable";
import { Tiers } from "../billing/Tiers";
import { pricedBy, range, why } from "../billing/why";
import { consumerName } from "../format/consumer";
import * as number from "../format/number";
import { day } from "../format/time";
import { Figures } from "../ui/Figures";
import { Select } from "../ui/Select";
import { Empty, Failure, isNotFound, NotFound } from "../ui/states";
import { href, patch, useLocation } from "../view/location";
import { useView } from "../view/view";

const Bill = () => {
  const view = useView();
  const { params } = useLocation();
  const id = params.key ?? "0";
  const known = months(Date.now(), 13);
  const month = params.month !== undefined && known.includes(params.month) ? params.month : undefined;
  const bill = useBill(view, id, month);
  const data = bill.data;
  const name = data ? consumerName(data) : `Key ${id}`;
  return (
    <>
      <header className="page-head">
        <a href={href("billing", { month })} className="back">
          Billing
        </a>
        <h1>Bill of {name}</h1>
        {data?.tenantId && <span className="badge">{data.tenantId}</span>}
        <Select
          label="Month"
          value={month ?? known[0] ?? ""}
          options={known.map((each) => [each, monthName(each)])}
          onChange={(next) => patch({ month: next === known[0] ? undefined : next })}
        />
        <a href={href("consumer", { key: id })}>Consumer</a>
        <button type="button" onClick={() => window.print()}>
          Print
        </button>
      </header>
      {isNotFound(bill.error) ? (
        <NotFound>There is no such API key, or you may not see it.</NotFound>
      ) : bill.error && !data ? (
        <Failure error={bill.error} retry={() => void bill.refetch()} />
      ) : data ? (
        <Explanation bill={data} />
      ) : (
        <div className="page-wait skeleton" />
      )}
    </>
  );
};

const amounts = (all: readonly { amount: string; currency: string }[]): string =>
  all.length === 0 ? number.NONE : all.map(({ amount, currency }) => number.money(amount, currency)).join(" + ");

const Explanation = ({ bill }: { bill: Explained }) => {
  const used = bill.days.at(-1)?.position ?? 0;
  const plan = bill.plans.at(-1)?.plan;
  const free = plan?.freeRequests ?? 0;
  const likely = range(bill);
  const pricing = pricedBy(bill);
  const totals = bill.invoices.map((invoice) => ({ amount: invoice.total, currency: invoice.currency }));
  return (
    <>
      <section className="card why" aria-label="Why this bill">
        <header className="card-head">
          <h2>Why this bill</h2>
          <span className="muted">{monthName(bill.periodStart.slice(0, 7))}</span>
          <span className="badge" data-level={bill.closed ? "good" : "some"}>
            {bill.closed ? "Closed" : "In progress"}
          </span>
        </header>
        <p className="card-note">{why(bill).join(" ")}</p>
        {likely && <p className="card-note muted">Projected: {likely}</p>}
      </section>
      <Figures
        label="Bill"
        values={[
          [bill.closed ? "Total" : "Month to date", amounts(totals)],
          ...(bill.closed ? [] : [["Projected cost", amounts(bill.projection.map((each) => each.cost))] as const]),
          ["Billable requests", number.count(used)],
          ...(bill.closed ? [] : [["Projected requests", number.count(bill.projectedRequests)] as const]),
          ["Allowance used", free > 0 ? number.percent((100 * Math.min(used, free)) / free) : "None"],
          ["Plan", plan?.name ?? number.NONE],
        ]}
      />
      {pricing.map((each) => (
        <section className="card" key={each.firstDay} aria-label={`Tiers of ${each.plan.name}`}>
          <header className="card-head">
            <h2>Tiers of {each.plan.name}</h2>
            <span className="muted">
              the price of 1,000 requests by how many the month has
              {pricing.length > 1 && `, from ${day(Date.parse(each.firstDay), "UTC")} on`}
            </span>
          </header>
          <Tiers
            plan={each.plan}
            priced={each.priced}
            // What is to come is priced by the last one.
            projected={each === pricing.at(-1) ? (bill.projectedRequests ?? null) : null}
          />
        </section>
      ))}
      <section className="card" aria-label="Lines">
        <header className="card-head">
          <h2>Lines</h2>
        </header>
        <div className="scroll-x" tabIndex={0} role="region" aria-label="Lines, scrollable">
          <InvoiceTable invoices={bill.invoices} />
          {bill.invoices.length === 0 && <Empty>Nothing was charged in this month.</Empty>}
        </div>
        {bill.invoices.length > 0 && <p className="muted card-note">{bill.rounding}</p>}
      </section>
      <Alternatives bill={bill} />
      <Days bill={bill} />
    </>
  );
};

const Days = ({ bill }: { bill: Explained }) => (
  <section className="card" aria-label="Days">
    <header className="card-head">
      <h2>Days</h2>
      <span className="muted">in UTC</span>
    </header>
    <div className="scroll-x" tabIndex={0} role="region" aria-label="Days, scrollable">
      <table className="table">
        <caption className="sr">Requests and cost by day</caption>
        <thead>
          <tr>
            <th scope="col">Day</th>
            <th scope="col" className="num">
              Requests
            </th>
            <th scope="col" className="num">
              Month so far
            </th>
            <th scope="col" className="num" data-wide="2">
              Units
            </th>
            <th scope="col" className="num">
              Cost
            </th>
          </tr>
        </thead>
        <tbody>
          {bill.days.map((each) => (
            <tr key={each.date}>
              <td>{day(Date.parse(each.date), "UTC")}</td>
              <td className="num">{number.count(each.requests)}</td>
              <td className="num">{number.count(each.position)}</td>
              <td className="num" data-wide="2">
                {Object.entries(each.units)
                  .map(([unit, amount]) => `${number.count(amount)} ${unit}`)
                  .join(", ") || number.NONE}
              </td>
              <td className="num">{number.money(each.cost.amount, each.cost.currency, 4)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {bill.days.length === 0 && <Empty>No requests in this month.</Empty>}
    </div>
  </section>
);

export default Bill;
