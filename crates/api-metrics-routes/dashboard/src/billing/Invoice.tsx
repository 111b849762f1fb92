// The line items of a month's invoice.
import { invoiceUrl, useInvoice } from "../api/control";
import type { InvoiceAnswer } from "../api/types";
import * as number from "../format/number";
import { day } from "../format/time";
import { Empty, Failure, SkeletonRows } from "../ui/states";
import { useView } from "../view/view";

type Lines = InvoiceAnswer["data"][number];

/** Two dates of one month as a range, such as "12 – 21 Nov". */
const days = (first: string, last: string): string =>
  first === last ? day(Date.parse(last), "UTC") : `${Number(first.slice(8))} – ${day(Date.parse(last), "UTC")}`;

const Head = () => (
  <thead>
    <tr>
      <th scope="col">Consumer</th>
      <th scope="col">Line item</th>
      <th scope="col" data-wide="2">
        Plan
      </th>
      <th scope="col" data-wide="3">
        Period
      </th>
      <th scope="col" className="num">
        Requests
      </th>
      <th scope="col" className="num" data-wide="1">
        Per 1,000
      </th>
      <th scope="col" className="num" data-wide="3">
        Unrounded
      </th>
      <th scope="col" className="num">
        Amount
      </th>
    </tr>
  </thead>
);

const Body = ({ invoice }: { invoice: Lines }) => (
  <>
    <tbody>
      {invoice.lines.map((line, n) => (
        <tr key={n}>
          <td>{line.keyName}</td>
          <td>{line.description}</td>
          <td data-wide="2">{line.plan}</td>
          <td data-wide="3">{days(line.firstDay, line.lastDay)}</td>
          <td className="num">{number.count(line.quantity)}</td>
          <td className="num" data-wide="1">
            {number.exactMoney(line.perThousand, invoice.currency)}
          </td>
          <td className="num" data-wide="3">
            {line.exact}
          </td>
          <td className="num">{number.money(line.amount, invoice.currency)}</td>
        </tr>
      ))}
    </tbody>
    <tbody className="sum">
      <tr>
        <th scope="row" colSpan={2}>
          Total ({invoice.currency})
        </th>
        <td data-wide="2" />
        <td data-wide="3" />
        <td className="num">{number.count(invoice.quantity)}</td>
        <td data-wide="1" />
        <td className="num" data-wide="3">
          {invoice.exact}
        </td>
        <td className="num" data-total={invoice.currency}>
          {number.money(invoice.total, invoice.currency)}
        </td>
      </tr>
    </tbody>
  </>
);

export const Invoice = ({ month, apiKeyId }: { month: string | undefined; apiKeyId?: string }) => {
  const view = useView();
  const params = { month, ...(apiKeyId === undefined ? {} : { apiKeyId }) };
  const invoice = useInvoice(view, params);
  return (
    <section className="card" aria-label="Invoice preview" data-stale={invoice.isPlaceholderData}>
      <header className="card-head">
        <h2>Invoice preview</h2>
        {invoice.data && (
          <span className="badge" data-level={invoice.data.closed ? "good" : "some"}>
            {invoice.data.closed ? "Closed" : "In progress"}
          </span>
        )}
        <span className="card-tools export" role="group" aria-label="Export">
          <span className="muted">Export</span>
          {["csv", "json"].map((format) => (
            <a
              key={format}
              className="button ghost"
              href={invoiceUrl(format, params)}
              download={format === "json" ? `invoice_${month ?? "current"}.json` : ""}
              aria-label={`Invoice as ${format.toUpperCase()}`}
            >
              {format.toUpperCase()}
            </a>
          ))}
        </span>
      </header>
      {invoice.error && !invoice.data ? (
        <Failure error={invoice.error} retry={() => void invoice.refetch()} />
      ) : (
        <div className="scroll-x" tabIndex={0} role="region" aria-label="Invoice preview, scrollable">
          <table className="table invoice" data-waiting={!invoice.data}>
            <caption className="sr">Invoice preview</caption>
            <Head />
            {!invoice.data && (
              <tbody>
                <SkeletonRows rows={5} columns={8} />
              </tbody>
            )}
            {invoice.data?.data.map((each) => (
              <Body key={each.currency} invoice={each} />
            ))}
          </table>
          {invoice.data?.data.length === 0 && <Empty>This invoice has no line items.</Empty>}
        </div>
      )}
      {invoice.data && invoice.data.data.length > 0 && <p className="muted card-note">{invoice.data.rounding}</p>}
    </section>
  );
};
