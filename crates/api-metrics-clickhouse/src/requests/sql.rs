//! Statements about single requests. What comes from a caller becomes a literal here and nowhere else.

use std::fmt::Write as _;

use api_metrics_store::request_database::{
    GroupOrder, RequestLabel, RequestOrder, RequestView, RequestsOf, RequestsWanted,
};
use uuid::Uuid;

use crate::{
    cluster::quoted,
    requests::tables::{DETAIL, LIST, names},
};

/// A text as a literal.
fn literal(text: &str) -> String {
    quoted(text).replace('\0', "\\0")
}

/// An id as a literal of 16 bytes.
fn id_literal(id: Uuid) -> String {
    format!("toFixedString(unhex('{}'), 16)", id.simple())
}

/// `column IN (..)`; nothing is in an empty list.
fn among<T>(column: &str, items: &[T], literal: impl Fn(&T) -> String) -> String {
    if items.is_empty() {
        return "0".to_owned();
    }
    let items: Vec<_> = items.iter().map(literal).collect();
    format!("{column} IN ({})", items.join(", "))
}

const fn column(label: RequestLabel) -> &'static str {
    match label {
        RequestLabel::Service => "service",
        RequestLabel::Environment => "environment",
        RequestLabel::Version => "version",
        RequestLabel::Method => "method",
        RequestLabel::Endpoint => "endpoint",
        RequestLabel::Source => "source",
        RequestLabel::Outcome => "outcome",
        RequestLabel::User => "user_id",
    }
}

/// Which rows count.
pub(crate) fn counting(view: &RequestView) -> String {
    let mut text = format!("mark <= {}", view.mark);
    let single = |(from, upto): &&(i64, i64)| from == upto;
    let (singles, ranges): (Vec<_>, Vec<_>) = view.excluded.iter().partition(single);
    if !singles.is_empty() {
        let _ = write!(
            text,
            " AND NOT {}",
            among("mark", &singles, |it: &&(i64, i64)| it.0.to_string())
        );
    }
    for (from, upto) in ranges {
        let _ = write!(text, " AND NOT (mark >= {from} AND mark <= {upto})");
    }
    text
}

/// That a row holds a word: one of those that have blanks between.
fn holds(column: &str, word: &str, is_modern: bool) -> String {
    let word = literal(word);
    if is_modern {
        format!("hasToken({column}, {word})")
    } else {
        format!("has(splitByChar(' ', {column}), {word})")
    }
}

/// All that holds for the wanted.
pub(crate) fn conditions(wanted: &RequestsWanted, is_modern: bool) -> String {
    let (from, to) = wanted.times;
    let mut all = vec![
        format!("at_ms >= {from} AND at_ms < {to}"),
        counting(&wanted.view),
    ];
    // Ids sort by time.
    let ends = [("<", wanted.before), (">", wanted.after)];
    for (sign, end) in ends {
        all.extend(end.map(|end| format!("id {sign} {}", id_literal(end))));
    }
    if let Some(ids) = &wanted.ids {
        all.push(among("id", ids, |id| id_literal(*id)));
    }
    if let Some(marks) = &wanted.marks {
        all.push(among("mark", marks, i64::to_string));
    }
    for (label, value) in &wanted.labels {
        all.push(format!("{} = {}", column(*label), literal(value)));
    }
    if let Some(protocols) = &wanted.protocols {
        all.push(among("protocol", protocols, |name| literal(name)));
    }
    if !wanted.other_protocols.is_empty() {
        let others = among("protocol", &wanted.other_protocols, |name| literal(name));
        all.push(format!("NOT {others}"));
    }
    if let Some(keys) = &wanted.api_keys {
        let named: Vec<&String> = keys.iter().flatten().collect();
        let mut either = among("api_key", &named, |key| literal(key));
        if keys.contains(&None) {
            either = format!("(isNull(api_key) OR {either})");
        }
        all.push(either);
    }
    if let Some(trace) = wanted.trace_id {
        all.push(format!("trace_id = {}", id_literal(trace)));
    }
    if let Some(groups) = &wanted.groups {
        all.push(among("group_id", groups, i64::to_string));
    }
    if wanted.is_grouped {
        all.push("isNotNull(group_id)".to_owned());
    }
    if let Some(is_event) = wanted.is_event {
        let sign = if is_event { "=" } else { "!=" };
        all.push(format!("reason {sign} 'event'"));
    }
    if let Some(levels) = wanted.levels {
        all.push(format!("bitAnd(levels, {levels}) != 0"));
    }
    match &wanted.country {
        None => {}
        Some(None) => all.push("isNull(country) AND reason != 'event'".to_owned()),
        Some(Some(country)) => all.push(format!("country = {}", literal(country))),
    }
    for (from, to) in &wanted.statuses {
        all.push(format!("counted >= {from} AND counted < {to}"));
    }
    if let Some(least) = wanted.min_latency_us {
        all.push(format!("latency_us >= {least}"));
    }
    for word in &wanted.words {
        all.push(holds("words", word, is_modern));
        if !wanted.sees_lines {
            let shown = holds("assumeNotNull(shown_words)", word, is_modern);
            all.push(format!("(isNull(shown_words) OR {shown})"));
        }
    }
    all.join(" AND ")
}

/// The first of the wanted.
pub(crate) fn find(source: &str, conditions: &str, order: RequestOrder, limit: u64) -> String {
    let order = match order {
        RequestOrder::NewestFirst => "DESC",
        RequestOrder::OldestFirst => "ASC",
    };
    format!(
        "SELECT {} FROM {source} FINAL WHERE {conditions} ORDER BY at_ms {order}, id {order} LIMIT {limit}",
        names(&LIST)
    )
}

/// What is shown of these requests, by their times and ids.
pub(crate) fn details(source: &str, keys: &[(i64, Uuid)]) -> String {
    let mut times: Vec<i64> = keys.iter().map(|(at_ms, _)| *at_ms).collect();
    times.sort_unstable();
    times.dedup();
    let first = times.first().copied().unwrap_or_default();
    let last = times.last().copied().unwrap_or_default();
    format!(
        "SELECT {} FROM {source} FINAL WHERE at_ms >= {first} AND at_ms <= {last} AND {} AND {}",
        names(&DETAIL),
        among("at_ms", &times, i64::to_string),
        among("id", keys, |(_, id)| id_literal(*id)),
    )
}

/// That a row is of one of these groups.
pub(crate) fn in_groups(groups: &[i64]) -> String {
    among("group_id", groups, i64::to_string)
}

/// The wanted by group.
pub(crate) fn groups(source: &str, conditions: &str, order: GroupOrder, limit: u32) -> String {
    let order = match order {
        GroupOrder::HeaviestFirst => "weights DESC, of_group",
        GroupOrder::LatestFirst => "last_ms DESC, of_group",
    };
    format!(
        "SELECT assumeNotNull(group_id) AS of_group, count() AS kept, sum(weight) AS weights, \
           toUInt64(assumeNotNull(uniqExact(api_key))) AS api_keys, min(at_ms) AS first_ms, max(at_ms) AS last_ms, \
           max(id) AS latest \
         FROM {source} FINAL WHERE {conditions} GROUP BY of_group ORDER BY {order} LIMIT {limit}"
    )
}

/// The wanted by group, version and part.
pub(crate) fn group_parts(source: &str, conditions: &str, from_ms: i64, part_ms: i64) -> String {
    format!(
        "SELECT assumeNotNull(group_id) AS of_group, toString(version) AS of_version, \
           toInt64(intDiv(at_ms - ({from_ms}), {part_ms})) AS part, sum(weight) AS weights \
         FROM {source} FINAL WHERE {conditions} GROUP BY of_group, of_version, part ORDER BY of_version, of_group, part"
    )
}

/// The rows of whom is erased. Never null, so that all others are those for which it does not hold.
pub(crate) fn of_whom(whose: &RequestsOf) -> String {
    match whose {
        RequestsOf::ApiKey(key) => format!("ifNull(api_key = {}, 0)", literal(key)),
        RequestsOf::User(user) => format!("ifNull(user_id = {}, 0)", literal(user)),
        RequestsOf::Addresses(hashes) => {
            let one = among("address", hashes, |hash| id_literal(*hash));
            format!("ifNull({one}, 0)")
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn wanted() -> RequestsWanted {
        let mut view = RequestView::default();
        (view.mark, view.excluded) = (9, vec![(3, 3), (5, 7), (8, 8)]);
        let mut wanted = RequestsWanted::default();
        (wanted.view, wanted.times) = (view, (10, 20));
        wanted.sees_lines = true;
        wanted
    }

    #[test]
    fn a_row_counts_up_to_the_mark_and_in_no_range_that_is_excluded() {
        let view = "mark <= 9 AND NOT mark IN (3, 8) AND NOT (mark >= 5 AND mark <= 7)";
        assert_eq!(counting(&wanted().view), view);
        let all = format!("at_ms >= 10 AND at_ms < 20 AND {view}");
        assert_eq!(conditions(&wanted(), true), all);
    }

    #[test]
    fn what_a_caller_writes_stays_one_literal() {
        let mut wanted = wanted();
        wanted.labels = vec![
            (RequestLabel::User, "' OR 1=1 -- ".to_owned()),
            (RequestLabel::Endpoint, "/a\\' OR '".to_owned()),
            (RequestLabel::Source, "\0".to_owned()),
        ];
        let text = conditions(&wanted, true);
        assert!(text.contains(r"user_id = '\' OR 1=1 -- '"), "{text}");
        assert!(text.contains(r"endpoint = '/a\\\' OR \''"), "{text}");
        assert!(text.contains(r"source = '\0'"), "{text}");
    }

    #[test]
    fn no_key_and_no_country_are_asked_for_by_their_absence() {
        let mut wanted = wanted();
        wanted.api_keys = Some(vec![None]);
        wanted.country = Some(None);
        let text = conditions(&wanted, true);
        assert!(text.contains("(isNull(api_key) OR 0)"), "{text}");
        assert!(
            text.contains("isNull(country) AND reason != 'event'"),
            "{text}"
        );
        wanted.api_keys = Some(Vec::new());
        assert!(conditions(&wanted, true).contains(" AND 0 AND "));
    }

    #[test]
    fn words_of_lines_are_for_those_who_see_them() {
        let mut wanted = wanted();
        wanted.words = vec!["zoë".to_owned()];
        assert!(conditions(&wanted, true).ends_with("hasToken(words, 'zoë')"));
        wanted.sees_lines = false;
        assert!(
            conditions(&wanted, true)
                .ends_with("(isNull(shown_words) OR hasToken(assumeNotNull(shown_words), 'zoë'))")
        );
        assert!(conditions(&wanted, false).contains("has(splitByChar(' ', words), 'zoë')"));
    }

    /// As ClickHouse reads a literal: its text, and what follows it.
    fn read(sql: &str) -> Option<(String, &str)> {
        let mut text = String::new();
        let mut chars = sql.strip_prefix('\'')?.char_indices();
        while let Some((at, c)) = chars.next() {
            match c {
                '\'' => return Some((text, &sql[at + 2..])),
                '\\' => match chars.next()?.1 {
                    '0' => text.push('\0'),
                    other => text.push(other),
                },
                other => text.push(other),
            }
        }
        None
    }

    proptest! {
        #[test]
        fn any_text_is_read_as_it_was_meant(text in "[\\\\'\"\0\n a-z\u{e9}\u{1f600}%;-]{0,40}") {
            let literal = literal(&text);
            prop_assert_eq!(read(&literal), Some((text, "")));
        }
    }
}
