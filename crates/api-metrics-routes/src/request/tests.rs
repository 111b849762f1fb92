#![allow(clippy::unwrap_used, clippy::expect_used)]

use api_metrics_store::calendar::{Step, Tz};
use api_metrics_store::query::{Filter, TimeRange};
use proptest::prelude::*;

use super::{cursor::question, *};
use crate::response::Problem;

/// 2026-05-18T09:30:29Z
const NOW: i64 = 1_779_096_629;

fn params(query: &str) -> Params {
    Params::from_uri(&format!("/x?{query}").parse().unwrap()).unwrap()
}

/// A part of a query string, read at [`NOW`].
fn taken<P: QueryParams>(query: &str) -> Result<P, Problem> {
    P::take(&mut params(query), &Context::at(NOW))
}

fn range(query: &str) -> Result<TimeRange, Problem> {
    taken(query)
}

fn named(problem: &Problem) -> String {
    let json = serde_json::to_value(problem).unwrap();
    assert_eq!(json["status"], 400);
    json["parameter"].as_str().unwrap().to_owned()
}

fn wrong(query: &str) -> String {
    named(&range(query).unwrap_err())
}

#[test]
fn a_day_up_to_the_end_of_the_running_minute_is_the_default() {
    let range = range("").unwrap();
    assert_eq!(range.to, 1_779_096_660);
    assert_eq!(range.to - range.from, 86_400);
}

#[test]
fn every_period_has_its_length() {
    for (name, seconds) in [("5m", 300), ("24h", 86_400), ("1y", 365 * 86_400)] {
        let range = range(&format!("period={name}")).unwrap();
        assert_eq!(range.to - range.from, seconds);
    }
}

#[test]
fn a_range_of_the_past_is_taken_as_it_is() {
    let expected = TimeRange::new(1_431_820_800, 1_431_907_200);
    for query in [
        "from=2015-05-17T00:00:00Z&to=2015-05-18T00:00:00Z",
        "from=2015-05-17&to=2015-05-18",
        "from=2015-05-17T02:00:00%2B02:00&to=2015-05-18T02:00:00+02:00",
        "from=2015-05-17T00:00:00.9Z&to=2015-05-17T23:59:59.1Z",
    ] {
        assert_eq!(range(query).unwrap(), expected, "{query}");
    }
}

#[test]
fn a_wrong_range_names_its_parameter() {
    assert_eq!(wrong("period=3h"), "period");
    assert_eq!(wrong("period=24h&from=2015-05-17"), "period");
    assert_eq!(wrong("to=2015-05-17"), "to");
    assert_eq!(wrong("from=yesterday"), "from");
    assert_eq!(wrong("from=2015-02-30"), "from");
    assert_eq!(wrong("from=2015-05-17&to=x"), "to");
    assert_eq!(wrong("from=2015-05-17&to=2015-05-17"), "to");
    assert_eq!(wrong("from=2015-05-17&to=2015-05-16"), "to");
    assert_eq!(wrong("from=1700-01-01&to=2015-05-16"), "from");
    // What was sent is named: without `to` nothing but `from` can be wrong.
    assert_eq!(wrong("from=2215-05-17"), "from");
}

#[test]
fn a_range_that_answers_could_not_name_is_refused() {
    for (query, name) in [
        ("from=-262143-01-01&to=-262143-02-01", "from"),
        ("from=0000-12-31&to=0001-02-01", "from"),
        ("from=9998-12-31&to=9999-01-02", "to"),
        ("from=%2B262142-01-01&to=%2B262142-02-01", "from"),
    ] {
        assert_eq!(wrong(query), name, "{query}");
    }
    for query in [
        "from=0001-01-01&to=0001-02-01",
        "from=9998-12-31&to=9999-01-01",
    ] {
        let taken = range(query).unwrap();
        // A cursor may carry what was taken.
        assert!(range::is_sane(taken), "{query}");
    }
}

#[test]
fn a_wrong_filter_names_its_parameter() {
    let wrong = |query: &str| named(&taken::<Filter>(query).unwrap_err());
    assert_eq!(wrong("apiKeyId=-1"), "apiKeyId");
    assert_eq!(wrong("apiKeyId=7.5"), "apiKeyId");
    assert_eq!(wrong("protocol=HTTP"), "protocol");
    assert_eq!(wrong("service="), "service");
    assert_eq!(wrong("service=a%00b"), "service");
    assert_eq!(
        wrong(&format!("endpoint={}", "x".repeat(1_025))),
        "endpoint"
    );
}

#[test]
fn a_method_is_compared_in_capitals() {
    let filter = taken::<Filter>("method=get").unwrap();
    assert_eq!(filter.method.as_deref(), Some("GET"));
}

#[test]
fn a_limit_is_a_number_from_1_to_1000() {
    let limit = |query: &str| taken::<Limit>(query).map(Limit::rows);
    assert_eq!(limit("").unwrap(), 100);
    assert_eq!(limit("limit=1000").unwrap(), 1_000);
    for wrong in ["0", "1001", "-1", "ten", "1e2"] {
        let problem = limit(&format!("limit={wrong}")).unwrap_err();
        assert_eq!(named(&problem), "limit");
    }
}

#[test]
fn a_zone_is_an_iana_name() {
    let zone = taken::<Tz>("tz=Europe/Berlin").unwrap();
    assert_eq!(zone, "Europe/Berlin".parse::<Tz>().unwrap());
    let problem = taken::<Tz>("tz=Mars/Olympus").unwrap_err();
    assert_eq!(named(&problem), "tz");
}

#[test]
fn an_unknown_or_repeated_parameter_is_refused_by_name() {
    let mut unknown = params("perid=7d");
    TimeRange::take(&mut unknown, &Context::at(NOW)).unwrap();
    assert_eq!(named(&unknown.finish().unwrap_err()), "perid");
    let twice = Params::from_uri(&"/x?limit=1&limit=2".parse().unwrap()).unwrap_err();
    assert_eq!(named(&twice), "limit");
}

#[test]
fn a_step_is_auto_unless_it_is_named_and_gives_at_most_11000_points() {
    for query in ["period=5m", "from=1990-01-01&to=2026-01-01"] {
        let range = range(query).unwrap();
        assert_eq!(
            take_step(&mut params(""), range).unwrap(),
            Wanted::Auto(300)
        );
    }
    let year = range("period=1y").unwrap();
    let problem = take_step(&mut params("granularity=1m"), year).unwrap_err();
    assert_eq!(named(&problem), "granularity");
    let daily = take_step(&mut params("granularity=1d"), year).unwrap();
    assert_eq!(daily, Wanted::Named(Step::Day));
    let none = take_step(&mut params("granularity=none"), year).unwrap();
    assert_eq!(none, Wanted::Whole);
    for step in Step::ALL {
        let asked = format!("granularity={step}");
        let day = range("period=24h").unwrap();
        assert_eq!(
            take_step(&mut params(&asked), day).unwrap(),
            Wanted::Named(step)
        );
    }
}

#[test]
fn a_cursor_belongs_to_its_question_and_carries_its_range() {
    let asked = question("endpoints", &params("period=24h&limit=5"));
    let same = question("endpoints", &params("limit=7&period=24h"));
    assert_eq!(asked, same);
    let range = TimeRange::new(60, 120);
    let text = Cursor::new(&asked, range, 7_i64).encode();
    let query = format!("cursor={text}");
    let cursor = Cursor::<i64>::take(&mut params(&query), &asked)
        .unwrap()
        .unwrap();
    assert_eq!((cursor.range(), cursor.key), (range, 7));
    let other = question("endpoints", &params("period=7d"));
    for (query, question) in [
        (query.as_str(), other.as_str()),
        ("cursor=x", &asked),
        ("cursor=e30", &asked),
    ] {
        let problem = Cursor::<i64>::take(&mut params(query), question).unwrap_err();
        assert_eq!(named(&problem), "cursor");
    }
}

#[test]
fn a_forged_cursor_can_not_carry_a_range_that_overflows() {
    let asked = question("endpoints", &params(""));
    for (from, to) in [(i64::MIN, i64::MAX), (i64::MIN, i64::MIN + 60), (5, 5)] {
        let text = Cursor::new(&asked, TimeRange::new(from, to), 0_i64).encode();
        assert!(Cursor::<i64>::take(&mut params(&format!("cursor={text}")), &asked).is_err());
    }
}

/// The parameters that a part documents, and those that it reads.
fn documented_and_read<P: QueryParams>() -> [Vec<String>; 2] {
    let mut docs = ParamDocs::default();
    P::describe(&mut docs);
    let documented = docs
        .into_parameters()
        .into_iter()
        .map(|p| p.name.to_owned());
    let mut params = Params::default();
    assert!(P::take(&mut params, &Context::at(NOW)).is_ok());
    let read = params.known().iter().map(|name| (*name).to_owned());
    let [mut documented, mut read] = [documented.collect::<Vec<_>>(), read.collect()];
    documented.sort();
    read.sort();
    [documented, read]
}

#[test]
fn every_part_documents_what_it_reads() {
    for [documented, read] in [
        documented_and_read::<TimeRange>(),
        documented_and_read::<Filter>(),
        documented_and_read::<Tz>(),
        documented_and_read::<Page<i64>>(),
        documented_and_read::<()>(),
        #[cfg(feature = "control")]
        documented_and_read::<Days>(),
        #[cfg(feature = "control")]
        documented_and_read::<Month>(),
        #[cfg(feature = "control")]
        documented_and_read::<ApiKeyId>(),
    ] {
        assert_eq!(documented, read);
    }
}

proptest! {
    #[test]
    fn no_query_string_panics_and_every_refusal_names_a_parameter(
        pairs in prop::collection::vec(
            (prop::sample::select(vec!["period", "from", "to", "granularity", "tz", "limit",
                "cursor", "apiKeyId", "endpoint", "protocol"]),
             "\\PC{0,40}|[0-9TZ:+. -]{0,40}"),
            0..6,
        ),
    ) {
        let pairs = pairs.into_iter().map(|(n, v)| (n.to_owned(), v)).collect();
        let result = (|| {
            let mut params = Params::from_pairs(pairs)?;
            let context = Context {
                now: NOW,
                question: question("x", &params),
            };
            let range = TimeRange::take(&mut params, &context)?;
            take_step(&mut params, range)?;
            Tz::take(&mut params, &context)?;
            Filter::take(&mut params, &context)?;
            Page::<i64>::take(&mut params, &context)?;
            params.finish()
        })();
        if let Err(problem) = result {
            prop_assert!(!named(&problem).is_empty());
        }
    }
}
