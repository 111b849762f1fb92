//! Statements that add rows up: for an answer, or for the rows of a coarser table.
//!
//! Numbers, bins and units are summed by a SELECT each, of one form, joined by UNION ALL. An answer takes what each of them
//! gives; a rollup groups them once more. Lists of bins are taken apart and grouped by bin, which takes an eighth of the
//! time that the function for maps takes. Of few rows one SELECT sums all, by that function: most of its time goes into
//! the planning of each.

use std::fmt::Write as _;

use api_metrics_store::{
    bucket_database::{Detail, Excluded, Rollup, SumOf, View},
    time::{Granularity, UnixSeconds},
};

use crate::tables::{GREATEST, LEAST, LISTS, SUMS, columns, table};

/// What a statement groups by, and of which rows.
struct Rows<'a> {
    table: &'a str,
    /// The expression of the step or the period.
    step: String,
    /// The expression of the series.
    series: &'a str,
    /// Conditions on the key.
    of_key: String,
    /// Conditions on the rows that are left when each key has one row.
    counting: String,
    detail: Detail,
    /// Whether they are few, so that what is quicker for each of them gains nothing.
    few: bool,
}

/// Which rows of this table count.
fn counting(view: &View, granularity: Granularity) -> String {
    let mut text = format!("(number = 0 OR epoch <= {})", view.epoch);
    for excluded in &view.excluded {
        text.push_str(&exclusion(excluded, granularity).unwrap_or_default());
    }
    text
}

fn exclusion(excluded: &Excluded, granularity: Granularity) -> Option<String> {
    let (from, upto) = excluded.epochs;
    let mut text = format!(" AND NOT (epoch >= {from} AND epoch <= {upto}");
    if let Some((of, from, to)) = excluded.periods {
        if of != granularity {
            return None;
        }
        let _ = write!(text, " AND period >= {from} AND period < {to}");
    }
    if let Some(series) = &excluded.series {
        let _ = write!(text, " AND {}", among(series));
    }
    text.push(')');
    Some(text)
}

/// A condition that the series is one of these.
fn among(series: &[i64]) -> String {
    let (Some(first), Some(last)) = (series.first(), series.last()) else {
        return "0".to_owned();
    };
    let mut text = format!("series >= {first} AND series <= {last}");
    let all = i64::try_from(series.len()).is_ok_and(|n| last.checked_sub(*first) == Some(n - 1));
    if !all {
        text.push_str(" AND series IN (");
        for (n, id) in series.iter().enumerate() {
            let _ = write!(text, "{}{id}", if n > 0 { "," } else { "" });
        }
        text.push(')');
    }
    text
}

fn within(ranges: &[(UnixSeconds, UnixSeconds)]) -> String {
    let ranges = ranges.iter();
    let ranges = ranges.map(|(from, to)| format!("(period >= {from} AND period < {to})"));
    format!("({})", ranges.collect::<Vec<_>>().join(" OR "))
}

/// The index of the step of a period, of whichever form is the cheapest.
fn step(edges: &[UnixSeconds]) -> String {
    let [first, second, .., before, last] = edges else {
        return match edges {
            [_, middle, _] => format!("toUInt32(period >= {middle})"),
            _ => "toUInt32(0)".to_owned(),
        };
    };
    let inner = edges.get(1..edges.len() - 1).unwrap_or_default();
    let length = inner.get(1).map_or(0, |third| third - second);
    let even = length > 0
        && inner
            .windows(2)
            .all(|ends| matches!(ends, [from, to] if to - from == length));
    if even && second - first <= length && last - before <= length {
        // All but the first and the last are of one length. The last one is no longer than they are.
        return format!(
            "toUInt32(if(period < {second}, 0, 1 + intDiv(period - {second}, {length})))"
        );
    }
    let edges = edges.iter().map(i64::to_string);
    let edges = edges.collect::<Vec<_>>().join(",");
    format!("toUInt32(arrayCount(edge -> edge <= period, [{edges}]) - 1)")
}

/// Old releases answer with a row of no rows where step and series are the same for all, and its least is 0.
const SOME: &str = " HAVING count() > 0";

/// The three SELECTs.
fn parts(rows: &Rows<'_>) -> String {
    let mut text = String::new();
    let Rows {
        table,
        step,
        series,
        of_key,
        counting,
        detail,
        few,
    } = rows;
    let key = format!("{step} AS k_step, {series} AS k_series");
    let tail = format!("PREWHERE {of_key} WHERE {counting}");
    let counts = *detail != Detail::Requests;
    let each = |names: &[&str], alias: char, of: &dyn Fn(&str) -> String| {
        let mut text = String::new();
        for (n, name) in names.iter().enumerate() {
            let _ = write!(text, ", {} AS {alias}{n}", of(name));
        }
        text
    };
    let lists = |of: &dyn Fn(usize) -> Option<String>| {
        let mut text = String::new();
        for (n, (_, sort)) in LISTS.iter().enumerate() {
            let list = of(n).unwrap_or_else(|| format!("emptyArray{sort}()"));
            let _ = write!(text, ", {list} AS a{n}");
        }
        text
    };
    let sums = each(&SUMS, 'v', &|name| {
        if counts || name == "requests" {
            format!("sum({name})")
        } else {
            "toUInt64(0)".to_owned()
        }
    });
    let none = format!(
        "{}{}",
        each(&LEAST, 'l', &|_| "toUInt64(18446744073709551615)"
            .to_owned()),
        each(&GREATEST, 'g', &|_| "toUInt64(0)".to_owned())
    );
    let of_rows = format!(
        "{}{}",
        each(&LEAST, 'l', &|name| format!("min({name})")),
        each(&GREATEST, 'g', &|name| format!("max({name})"))
    );
    let extremes = if counts { &of_rows } else { &none };
    let map = |keys: &str, values: &str, part: usize| {
        format!("tupleElement(sumMap({keys}, {values}), {part})")
    };
    let with_bins = *few && *detail == Detail::Quantiles;
    let maps = lists(&|n| match n {
        _ if !counts => None,
        0 | 1 => Some(map("statuses", "status_counts", n + 1)),
        2 | 3 if with_bins => Some(map("bins", "bin_counts", n - 1)),
        // Which values of a unit add up is told by its key. Whoever reads them knows.
        4 if *few => Some("groupArrayArray(unit_keys)".to_owned()),
        5 if *few => Some("groupArrayArray(unit_values)".to_owned()),
        _ => None,
    });
    let _ = write!(
        text,
        "SELECT {key}, max(if(number = 0, epoch, toInt64(0))) AS rolled{sums}{extremes}{maps} \
         FROM {table} FINAL {tail} GROUP BY k_step, k_series{SOME}"
    );
    if *few {
        return text;
    }
    let nothing = each(&SUMS, 'v', &|_| "toUInt64(0)".to_owned());
    if *detail == Detail::Quantiles {
        // The extremes once more, since nothing tells a histogram's from its bins.
        let kept = format!(
            "{}{}",
            each(&["l0", "l1"], 'l', &|name| format!("min({name})")),
            each(&["g0", "g1"], 'g', &|name| format!("max({name})"))
        );
        let bins = lists(&|n| match n {
            2 => Some("groupArray(bin)".to_owned()),
            3 => Some("groupArray(n_bin)".to_owned()),
            _ => None,
        });
        let _ = write!(
            text,
            " UNION ALL SELECT k_step, k_series, toInt64(0) AS rolled{nothing}{kept}{bins} FROM (\
             SELECT {key}, bin, sum(n) AS n_bin{of_rows} \
             FROM {table} FINAL ARRAY JOIN bins AS bin, bin_counts AS n {tail} \
             GROUP BY k_step, k_series, bin) GROUP BY k_step, k_series{SOME}"
        );
    }
    if counts {
        let units = lists(&|n| match n {
            4 => Some("groupArray(unit)".to_owned()),
            5 => Some("groupArray(n_unit)".to_owned()),
            _ => None,
        });
        let _ = write!(
            text,
            " UNION ALL SELECT k_step, k_series, toInt64(0) AS rolled{nothing}{none}{units} FROM (\
             SELECT {key}, unit, multiIf(substring(unit, 1, 1) = '-', min(n), substring(unit, 1, 1) = '+', max(n), sum(n)) \
             AS n_unit \
             FROM {table} FINAL ARRAY JOIN unit_keys AS unit, unit_values AS n {tail} \
             GROUP BY k_step, k_series, unit) GROUP BY k_step, k_series{SOME}"
        );
    }
    text
}

/// The statement of an answer; `source` has the rows.
pub(crate) fn select(of: &SumOf<'_>, source: &str) -> String {
    parts(&Rows {
        table: source,
        step: step(of.edges),
        series: if of.by_series { "series" } else { "toInt64(0)" },
        of_key: format!("{} AND {}", within(of.ranges), among(of.series)),
        counting: counting(of.view, of.granularity),
        detail: of.detail,
        few: are_few(of),
    })
}

/// Rows of which one SELECT sums all: what the function for maps takes longer for them is less than what two more SELECTs
/// take to be planned and to read. A day of a thousand endpoints is 24,000.
const FEW_ROWS: u64 = 30_000;

/// Whether an answer is of few rows. A minute may have any number for each series: one of each flush of each instance.
fn are_few(of: &SumOf<'_>) -> bool {
    let seconds = of.ranges.iter().map(|(from, to)| to.saturating_sub(*from));
    let periods = seconds.sum::<i64>() / of.granularity.seconds().max(1);
    let series = u64::try_from(of.series.len()).unwrap_or(u64::MAX);
    let rows = series.saturating_mul(u64::try_from(periods).unwrap_or(0));
    of.granularity != Granularity::Minute && rows <= FEW_ROWS
}

/// Sums that one statement of a rollup makes at most: it holds all of them, with each of their bins, in the server's memory.
const MOST_SUMS: u64 = 20_000;
/// Series are counted by so many numbers that follow each other. All of them in all periods of a rollup, which are 12 at
/// most, fit into one statement.
const COUNTED_TOGETHER: i64 = 1_000;

/// Which times the children of a rollup are of.
fn times(of: &Rollup<'_>) -> String {
    let seconds = of.granularity.seconds();
    let ranges = of.periods.iter().map(|period| (*period, period + seconds));
    within(&ranges.collect::<Vec<_>>())
}

/// The statement that tells how many series a rollup has, by what [`pieces`] takes.
pub(crate) fn series_of(of: &Rollup<'_>, source: &str) -> String {
    format!(
        "SELECT intDiv(series, {COUNTED_TOGETHER}) AS k, uniq(series) FROM {source} WHERE {} GROUP BY k ORDER BY k",
        times(of)
    )
}

/// Which series, from one to before another, each statement of a rollup makes anew: `counted` tells how many there are.
pub(crate) fn pieces(counted: &[(i64, u64)], periods: usize) -> Vec<(i64, i64)> {
    let most = MOST_SUMS / u64::try_from(periods).unwrap_or(u64::MAX).max(1);
    let mut pieces: Vec<(i64, i64)> = Vec::new();
    let mut room = 0;
    for (k, series) in counted {
        let from = k.saturating_mul(COUNTED_TOGETHER);
        let upto = from.saturating_add(COUNTED_TOGETHER);
        match pieces.last_mut().filter(|_| *series <= room) {
            Some(piece) => {
                piece.1 = upto;
                room -= series;
            }
            None => {
                pieces.push((from, upto));
                room = most.saturating_sub(*series);
            }
        }
    }
    pieces
}

/// A statement of a rollup, for series from one to before another; `None` without periods. `source` has the rows of the
/// children.
pub(crate) fn roll_up(of: &Rollup<'_>, source: &str, (from, upto): (i64, i64)) -> Option<String> {
    let (first, seconds) = (of.periods.first()?, of.granularity.seconds());
    let parts = parts(&Rows {
        table: source,
        step: format!("toInt64({first}) + intDiv(period - ({first}), {seconds}) * {seconds}"),
        series: "series",
        of_key: format!("{} AND series >= {from} AND series < {upto}", times(of)),
        counting: counting(of.view, of.children),
        detail: Detail::Quantiles,
        few: false,
    });
    let mut sums = String::new();
    for (alias, n, function) in [
        ('v', SUMS.len(), "sum"),
        ('l', LEAST.len(), "min"),
        ('g', GREATEST.len(), "max"),
        ('a', LISTS.len(), "groupArrayArray"),
    ] {
        for n in 0..n {
            let _ = write!(sums, ", {function}({alias}{n})");
        }
    }
    Some(format!(
        "INSERT INTO {} ({}) SELECT k_step, k_series, toFixedString('', 16), toUInt64(0), toInt32(0), toInt64(0), \
         toInt64({}), toUInt64({}){sums} FROM ({parts}) GROUP BY k_step, k_series",
        table(of.granularity),
        columns(),
        of.view.epoch,
        of.version,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400;

    #[test]
    fn steps_are_told_by_one_comparison_where_they_are_of_one_length() {
        assert_eq!(step(&[0, 60]), "toUInt32(0)");
        assert_eq!(step(&[0, 60, 90]), "toUInt32(period >= 60)");
        let even = "toUInt32(if(period < 60, 0, 1 + intDiv(period - 60, 60)))";
        assert_eq!(step(&[0, 60, 120, 180]), even);
        assert_eq!(step(&[30, 60, 120, 180, 190]), even);
        assert!(step(&[0, 60, 120, 300]).contains("arrayCount"));
        assert!(step(&[0, 60, 120, 200, 260]).contains("arrayCount"));
        assert!(step(&[0, 120, 180, 240]).contains("arrayCount"));
    }

    #[test]
    fn series_that_lie_together_are_a_range() {
        assert_eq!(among(&[3, 4, 5]), "series >= 3 AND series <= 5");
        let apart = "series >= 3 AND series <= 6 AND series IN (3,5,6)";
        assert_eq!(among(&[3, 5, 6]), apart);
        assert_eq!(among(&[]), "0");
    }

    #[test]
    fn a_rollup_is_made_in_pieces_of_which_none_has_too_many_sums() {
        let counted = [(0, 1_000), (1, 900), (5, 100), (7, 1), (8, 1_000)];
        assert_eq!(pieces(&counted, 1), [(0, 9_000)]);
        let pieces_of_ten = [(0, 6_000), (7_000, 9_000)];
        assert_eq!(pieces(&counted, 10), pieces_of_ten);
        let each = [(0, 1_000), (1_000, 8_000), (8_000, 9_000)];
        assert_eq!(pieces(&counted, 12), each);
        assert!(pieces(&[], 12).is_empty());
        assert_eq!(pieces(&[(i64::MAX / 1_000, 5)], 12).len(), 1);
    }

    #[test]
    fn few_rows_are_summed_by_one_select_but_of_minutes_nobody_knows_how_many_there_are() {
        let (view, edges) = (View::upto(9), [0, DAY]);
        let selects = |granularity, series: &[i64]| {
            let ranges = [(0, DAY)];
            let mut of = SumOf::new(granularity, (&ranges, &edges), series, &view);
            of.detail = Detail::Quantiles;
            select(&of, "t").matches(" FINAL ").count()
        };
        let series: Vec<i64> = (0..1_251).collect();
        assert_eq!(selects(Granularity::Hour, &series[..1_250]), 1);
        assert_eq!(selects(Granularity::Hour, &series), 3);
        assert_eq!(selects(Granularity::Minute, &series[..1]), 3);
    }

    #[test]
    fn what_is_excluded_of_another_table_is_not_asked_for() {
        let mut of_an_hour = Excluded::epochs(0, 8);
        of_an_hour.series = Some(vec![7]);
        of_an_hour.periods = Some((Granularity::Hour, 0, 3_600));
        let mut view = View::upto(9);
        view.excluded = vec![Excluded::epochs(4, 6), of_an_hour];
        assert_eq!(
            counting(&view, Granularity::Minute),
            "(number = 0 OR epoch <= 9) AND NOT (epoch >= 4 AND epoch <= 6)"
        );
        assert!(counting(&view, Granularity::Hour).ends_with(
            "AND NOT (epoch >= 0 AND epoch <= 8 AND period >= 0 AND period < 3600 AND series >= 7 AND series <= 7)"
        ));
    }
}
