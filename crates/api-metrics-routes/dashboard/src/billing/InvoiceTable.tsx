// The line items of invoices, one body a currency.
import type { InvoiceAnswer } from "../api/types";
import * as number from "../format/number";
import { day } from "../format/time";
import { SkeletonRows } from "../ui/states";

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
        Quantity
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
            {number.exactMoney(line.exact, invoice.currency)}
          </td>
          <td className="num">{number.money(line.amount, invoice.currency)}</td>
        </tr>
      ))}
    </tbody>
    <tbody className="sum">
      <tr>
        <th scope="row" colSpan={2}>
          Total ({invoice.currency})
          {invoice.lines.length < invoice.lineCount && ` of all ${number.count(invoice.lineCount)} lines`}
        </th>
        <td data-wide="2" />
        <td data-wide="3" />
        <td className="num">{number.count(invoice.quantity)}</td>
        <td data-wide="1" />
        <td className="num" data-wide="3">
          {number.exactMoney(invoice.exact, invoice.currency)}
        </td>
        <td className="num" data-total={invoice.currency}>
          {number.money(invoice.total, invoice.currency)}
        </td>
      </tr>
    </tbody>
  </>
);

export const InvoiceTable = ({ invoices }: { invoices: readonly Lines[] | undefined }) => (
  <table className="table invoice" data-waiting={!invoices}>
    <caption className="sr">Invoice preview</caption>
    <Head />
    {!invoices && (
      <tbody>
        <SkeletonRows rows={5} columns={8} />
      </tbody>
    )}
    {invoices?.map((each) => (
      <Body key={each.currency} invoice={each} />
    ))}
  </table>
);
