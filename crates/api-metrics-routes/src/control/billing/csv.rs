//! Invoices as a file for a spreadsheet.

use std::fmt::Write as _;

use api_metrics_store::control::billing::Invoice;

use crate::response::csv_field as field;

/// Appends the rows of one invoice.
fn append(invoice: &Invoice, csv: &mut String) {
    for line in &invoice.lines {
        let tier = line
            .tier_from
            .map(|from| from.to_string())
            .unwrap_or_default();
        // Writing to a string can't fail.
        let _ = write!(
            csv,
            "{},{},{},{},{},{},{},{},{},{tier},{},{},{},{},{},{},{},{}\r\n",
            invoice.period_start,
            invoice.period_end,
            field(line.tenant_id.as_deref().unwrap_or_default()),
            line.api_key_id,
            field(&line.external_id),
            field(&line.key_name),
            field(&line.description),
            field(&line.plan),
            line.plan_from,
            line.first_day,
            line.last_day,
            line.quantity,
            line.per_thousand,
            line.exact,
            line.amount,
            invoice.currency,
            field(line.unit.as_deref().unwrap_or_default()),
        );
    }
    let _ = write!(
        csv,
        "{},{},,,,,Total,,,,,,{},,{},{},{},\r\n",
        invoice.period_start,
        invoice.period_end,
        invoice.quantity,
        invoice.exact,
        invoice.total,
        invoice.currency,
    );
}

/// Invoices as CSV (RFC 4180): a header, then each invoice's lines and a row for its total. A cell that
/// a spreadsheet would take for a formula begins with an apostrophe.
pub(super) fn invoices_to_csv(invoices: &[Invoice]) -> String {
    let mut csv = String::from(
        "period_start,period_end,tenant,api_key_id,key,name,description,plan,plan_from,tier_from,first_day,\
         last_day,quantity,per_thousand,exact,amount,currency,unit\r\n",
    );
    for invoice in invoices {
        append(invoice, &mut csv);
    }
    csv
}
