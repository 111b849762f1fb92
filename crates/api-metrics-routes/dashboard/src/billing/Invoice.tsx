// The line items of a month's invoice, by pages.
import { type InvoiceParams, invoiceCsv, useInvoice, wholeInvoice } from "../api/plans";
import * as number from "../format/number";
import { save } from "../ui/save";
import { Empty, Failure } from "../ui/states";
import { useView } from "../view/view";
import { InvoiceTable } from "./InvoiceTable";
import { joined } from "./joined";

export const Invoice = ({ month, apiKeyId }: { month: string | undefined; apiKeyId?: string }) => {
  const view = useView();
  const params: InvoiceParams = { month, ...(apiKeyId === undefined ? {} : { apiKeyId }) };
  const invoice = useInvoice(view, params);
  const first = invoice.data?.pages[0];
  const invoices = invoice.data && joined(invoice.data.pages);
  const shown = invoices?.reduce((sum, each) => sum + each.lines.length, 0) ?? 0;
  const all = invoices?.reduce((sum, each) => sum + each.lineCount, 0) ?? 0;
  return (
    <section className="card" aria-label="Invoice preview" data-stale={invoice.isPlaceholderData}>
      <header className="card-head">
        <h2>Invoice preview</h2>
        {first && (
          <span className="badge" data-level={first.closed ? "good" : "some"}>
            {first.closed ? "Closed" : "In progress"}
          </span>
        )}
        {all > 0 && <span className="muted">{number.plural(all, "line")}</span>}
        <span className="card-tools export" role="group" aria-label="Export">
          <span className="muted">Export</span>
          <a className="button ghost" href={invoiceCsv(params)} download="" aria-label="Invoice as CSV">
            CSV
          </a>
          <button
            type="button"
            className="ghost"
            aria-label="Invoice as JSON"
            onClick={() =>
              void wholeInvoice(params).then((whole) =>
                save(JSON.stringify(whole, null, 2), "application/json", `invoice_${month ?? "current"}.json`),
              )
            }
          >
            JSON
          </button>
        </span>
      </header>
      {invoice.error && !invoice.data ? (
        <Failure error={invoice.error} retry={() => void invoice.refetch()} />
      ) : (
        <div className="scroll-x" tabIndex={0} role="region" aria-label="Invoice preview, scrollable">
          <InvoiceTable invoices={invoices} />
          {invoices?.length === 0 && <Empty>This invoice has no line items.</Empty>}
        </div>
      )}
      {invoice.hasNextPage && (
        <button
          type="button"
          className="more"
          disabled={invoice.isFetchingNextPage}
          onClick={() => void invoice.fetchNextPage()}
        >
          Show more ({number.count(all - shown)} remaining)
        </button>
      )}
      {first && all > 0 && <p className="muted card-note">{first.rounding}</p>}
    </section>
  );
};
