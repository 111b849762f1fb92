//! Whether all counts agree: inbox, every granularity, what views answer, and the invoice.
//!
//! Everything is read in one snapshot, so that a difference is a fault and not a race. For each UTC
//! day:
//!
//! | left | right | where |
//! |---|---|---|
//! | billed + not counted + unbilled | ledger | every day |
//! | totals of a granularity | base rows of that granularity | where it keeps the whole day |
//! | base rows of a granularity + inbox | ledger | also: no period of it waits for its rollup |
//!
//! The ledger is what a view answers. Billed are requests of known keys whose status counts; not
//! counted are those of the same keys with other statuses; unbilled are requests without a key and
//! those of `<other key>`. For each month that the range touches, the quantities on all invoice lines
//! are compared with the usage.
//!
//! A difference is a sentence with both numbers, such as `1h totals: 1,008, 1h rows: 1,007`. Where every list is
//! empty, [`agrees`](Reconciliation#structfield.agrees) is true.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::{
    BillingSettings, invoices,
    report::{billed_keys, first_of_month, report, tariff},
};
use crate::{
    control::{ControlStore, text::count},
    store::{StoreError, invalid},
    time::{Granularity, UnixSeconds, utc_date},
};

/// A day, counted in every place.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReconciledDay {
    /// The UTC day.
    pub date: NaiveDate,
    /// Requests that are committed and not folded yet.
    pub inbox: u64,
    /// In each granularity that keeps the whole day: the requests of base series, those of the
    /// aggregate series of kind total, and whether periods wait for their rollup. Then both lag behind.
    pub stored: BTreeMap<Granularity, (u64, u64, bool)>,
    /// What views answer.
    pub ledger: u64,
    /// What is billed.
    pub billed: u64,
    /// Requests of billed keys whose status does not count.
    pub not_counted: u64,
    /// Requests without a key, or of keys beyond the recorder's bound.
    pub unbilled: u64,
    /// Where the counts differ, in words; empty where they agree.
    pub differences: Vec<String>,
}

/// A month's invoices, held against the usage that they are for: from the month's first day to its
/// end, or to the end of the range.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReconciledMonth {
    /// The month's first day.
    pub month: NaiveDate,
    /// Requests that are to be billed.
    pub usage: u64,
    /// Requests on all lines of all invoices.
    pub invoiced: u64,
    /// Where they differ, in words; empty where they agree.
    pub differences: Vec<String>,
}

/// A range of days, counted in every place.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reconciliation {
    /// The first day.
    pub from: NaiveDate,
    /// The first day after it.
    pub to: NaiveDate,
    /// The moment of the snapshot.
    pub at: UnixSeconds,
    /// Every day.
    pub days: Vec<ReconciledDay>,
    /// Every month that the range touches and that has usage.
    pub months: Vec<ReconciledMonth>,
    /// Whether every count agrees: no day and no month has differences.
    pub agrees: bool,
}

/// Counts `[from, to)` in every place, in one snapshot, and compares. A granularity is compared
/// where it keeps the whole day and no period of it waits for its rollup.
///
/// Reads from the first day of the first month on, because positions on invoices begin there. Costs a
/// sum over each granularity; run it by hand or once a day.
///
/// # Errors
/// [`StoreError::Invalid`] where the range is empty or longer than 366 days,
/// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past the
/// statement limit.
pub async fn reconcile(
    store: &dyn ControlStore,
    settings: &BillingSettings,
    from: NaiveDate,
    to: NaiveDate,
) -> Result<Reconciliation, StoreError> {
    if to <= from {
        return invalid("to", "lies before from");
    }
    if (to - from).num_days() > 366 {
        return invalid("from", "lies more than 366 days before to");
    }
    let counts = store.ledger_counts(from, to).await?;
    let tariff = tariff(store, settings).await?;
    let bills = report(settings, tariff, &counts.keys, &counts.answer, from, to);

    let mut ledger: BTreeMap<NaiveDate, u64> = BTreeMap::new();
    let mut usage: BTreeMap<NaiveDate, u64> = BTreeMap::new();
    let billable = billed_keys(&counts.keys);
    for row in &counts.answer.rows {
        let Some(day) = row.group.period_start.map(utc_date) else {
            continue;
        };
        *ledger.entry(day).or_default() += row.bucket.request_count;
        if row
            .group
            .api_key_id
            .is_some_and(|id| billable.contains(&id))
        {
            *usage.entry(first_of_month(day)).or_default() +=
                settings.status_counts.of(&row.bucket);
        }
    }
    let mut billed: BTreeMap<NaiveDate, (u64, u64)> = BTreeMap::new();
    for day in bills.keys.iter().flat_map(|bill| &bill.days) {
        let sums = billed.entry(day.date).or_default();
        sums.0 += day.requests;
        sums.1 += day.not_counted;
    }
    let days: Vec<ReconciledDay> = counts
        .days
        .into_iter()
        .map(|(date, counts)| {
            let (billed, not_counted) = billed.get(&date).copied().unwrap_or_default();
            let mut day = ReconciledDay {
                date,
                inbox: counts.inbox,
                stored: counts.stored,
                ledger: ledger.get(&date).copied().unwrap_or_default(),
                billed,
                not_counted,
                unbilled: bills.unbilled.get(&date).copied().unwrap_or_default(),
                differences: Vec::new(),
            };
            day.differences = differences(&day);
            day
        })
        .collect();
    let months: Vec<ReconciledMonth> = usage
        .into_iter()
        .map(|(month, usage)| {
            let invoiced = invoices(&bills, month).iter().map(|i| i.quantity).sum();
            let mut differences = Vec::new();
            differ(
                &mut differences,
                "the invoices",
                invoiced,
                "the usage",
                usage,
            );
            ReconciledMonth {
                month,
                usage,
                invoiced,
                differences,
            }
        })
        .collect();
    let agrees = days.iter().all(|day| day.differences.is_empty())
        && months.iter().all(|month| month.differences.is_empty());
    Ok(Reconciliation {
        from,
        to,
        at: bills.at,
        days,
        months,
        agrees,
    })
}

/// The sentences of one day.
fn differences(day: &ReconciledDay) -> Vec<String> {
    let mut found = Vec::new();
    let billed = day.billed + day.not_counted + day.unbilled;
    differ(
        &mut found,
        "billed, not counted and unbilled",
        billed,
        "the ledger",
        day.ledger,
    );
    for (granularity, (base, totals, waiting)) in &day.stored {
        let name = granularity.as_str();
        // Both are recomputed together, so they agree at any time.
        differ(
            &mut found,
            &format!("{name} totals"),
            *totals,
            &format!("{name} rows"),
            *base,
        );
        if !waiting {
            let all = base + day.inbox;
            differ(
                &mut found,
                &format!("{name} rows and inbox"),
                all,
                "the ledger",
                day.ledger,
            );
        }
    }
    found
}

/// Adds a sentence where two numbers differ.
fn differ(found: &mut Vec<String>, what: &str, n: u64, other: &str, m: u64) {
    if n != m {
        found.push(format!("{what}: {}, {other}: {}", count(n), count(m)));
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn day(ledger: u64, billed: u64, stored: &[(Granularity, u64, u64, bool)]) -> ReconciledDay {
        ReconciledDay {
            date: NaiveDate::from_ymd_opt(2026, 3, 1).unwrap(),
            inbox: 2,
            stored: stored
                .iter()
                .map(|(g, base, totals, dirty)| (*g, (*base, *totals, *dirty)))
                .collect(),
            ledger,
            billed,
            not_counted: 0,
            unbilled: 0,
            differences: Vec::new(),
        }
    }

    #[test]
    fn a_difference_is_told_with_both_numbers() {
        let hour = Granularity::Hour;
        assert_eq!(
            differences(&day(10, 10, &[(hour, 8, 8, false)])),
            Vec::<String>::new()
        );
        assert_eq!(
            differences(&day(10, 10, &[(hour, 5, 5, true)])),
            Vec::<String>::new()
        );
        assert_eq!(
            differences(&day(1_010, 1_009, &[(hour, 1_007, 1_008, false)])),
            [
                "billed, not counted and unbilled: 1,009, the ledger: 1,010",
                "1h totals: 1,008, 1h rows: 1,007",
                "1h rows and inbox: 1,009, the ledger: 1,010",
            ]
        );
    }
}
