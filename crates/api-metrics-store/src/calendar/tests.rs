#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, NaiveDateTime, Offset as _, TimeZone as _};
use chrono_tz::TZ_VARIANTS;
use proptest::prelude::*;

use super::{name::floor, zone::offset_at, *};
use crate::time::{Granularity, UnixSeconds};

const DAY: i64 = 86_400;

fn at(text: &str) -> UnixSeconds {
    DateTime::parse_from_rfc3339(text).unwrap().timestamp()
}

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// What a store keeps at `now` by default: minutes for a day, five minutes for a week, hours for 90 days.
fn kept_at(now: UnixSeconds) -> Kept {
    Kept::since_each(
        Granularity::FiveMinutes.floor(now - DAY),
        Granularity::Hour.floor(now - 7 * DAY),
        Granularity::Day.floor(now - 90 * DAY),
        i64::MIN,
    )
}

/// The name by counting minutes, one by one.
fn counted(zone: Tz, step: Step, start: UnixSeconds, end: UnixSeconds) -> NaiveDateTime {
    let mut held: BTreeMap<NaiveDateTime, u32> = BTreeMap::new();
    for minute in (start..end).step_by(60) {
        *held
            .entry(floor(step, local_time(zone, minute)))
            .or_default() += 1;
    }
    held.into_iter()
        .max_by_key(|(_, minutes)| *minutes)
        .unwrap()
        .0
}

fn check_tiles(axis: &Axis) {
    let periods: Vec<_> = axis.periods().collect();
    assert_eq!(periods.first().unwrap().start, axis.from);
    assert_eq!(periods.last().unwrap().end, axis.to);
    for (place, period) in periods.iter().enumerate() {
        assert!(period.start < period.end, "{axis:?} {period:?}");
        assert_eq!(axis.place(period.start), Some(place));
        assert_eq!(axis.place(period.end - 1), Some(place));
        let inner = place > 0 && place + 1 < periods.len();
        assert!(
            !(inner && period.cut),
            "only the first and the last may be cut"
        );
        if axis.step <= Step::Hour && !period.cut {
            assert_eq!(period.end - period.start, axis.step.seconds());
        }
    }
    for pair in periods.windows(2) {
        assert_eq!(pair[0].end, pair[1].start);
    }
    assert_eq!(axis.place(axis.from - 1), None);
    assert_eq!(axis.place(axis.to), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn periods_tile_any_range_and_bear_the_name_that_holds_most_of_them(
        zone in prop::sample::select(Tz::all()),
        step in prop::sample::select(&Step::ALL[..]),
        from in at("2006-01-01T00:00:00Z")..at("2026-01-01T00:00:00Z"),
        periods in 1_i64..40,
        // Of a range that ends about now the start is kept more coarsely than the end.
        age in prop_oneof![0_i64..3_600, 0..8 * DAY, 0..400 * DAY],
    ) {
        let to = from + (periods * step.seconds()).min(60 * DAY);
        let kept = kept_at(to + age);
        match Axis::resolve(from, to, step, zone, &kept) {
            Ok(axis) => {
                check_tiles(&axis);
                prop_assert!(axis.from <= from || kept.finest_at(from) > step.granularity());
                prop_assert!(axis.to >= to);
                for place in 0..axis.len() {
                    let edges = axis.whole(place).unwrap();
                    let expected = counted(zone, step, edges.0, edges.1);
                    prop_assert_eq!(axis.name(place).unwrap(), expected, "{:?} {:?}", &axis, edges);
                    // Whatever is not at the range's end can be cut out of what is kept.
                    for edge in [edges.0, edges.1] {
                        if axis.from < edge && edge < axis.to {
                            prop_assert_eq!(edge % kept.finest_at(edge - 1).seconds(), 0);
                        }
                    }
                }
            }
            Err(refused) => {
                prop_assert!(step.granularity() < kept.finest_at(from));
                prop_assert!(refused.finest > step);
                prop_assert!(Axis::resolve(from, to, refused.finest, zone, &kept).is_ok());
            }
        }
    }
}

#[test]
fn every_zone_has_a_name_of_its_own_and_rules() {
    let zones = Tz::all();
    assert!(zones.len() > 590);
    for zone in zones {
        assert_eq!(zone.name().parse(), Ok(zone));
        assert!(zone.is_readable(), "{zone}");
    }
    for wrong in ["", "Mars/Olympus", "europe/berlin", "Europe/Berlin ", "utc"] {
        assert_eq!(
            wrong.parse::<Tz>().unwrap_err().to_string(),
            format!("`{wrong}` is no IANA zone like Europe/Berlin")
        );
    }
}

#[test]
fn clocks_show_what_another_copy_of_the_database_says() {
    // The other one is older: what was found out since about earlier years, and what was decided, is not in it.
    let (from, to) = (at("2000-01-01T00:00:00Z"), at("2022-01-01T00:00:00Z"));
    for other in TZ_VARIANTS {
        let zone: Tz = other.name().parse().unwrap();
        let offset = |at| {
            let utc = DateTime::from_timestamp(at, 0).unwrap().naive_utc();
            i64::from(other.offset_from_utc_datetime(&utc).fix().local_minus_utc())
        };
        let mut places: Vec<_> = (from..to).step_by(17 * 86_400 + 1_234).collect();
        // Both sides of each change of the clocks.
        for (start, end, _) in zone::pieces(zone, from, to) {
            places.extend([start - 1, start, start + 1, end - 1]);
            // What is shown twice, skipped, or shown soon before and after.
            places.extend([-5_400, -1_800, 1_800, 5_400].map(|near| start + near));
        }
        for place in places {
            assert_eq!(offset_at(zone, place), offset(place), "{zone} {place}");
            // An hour later may be skipped. In its last second the other copy names an instant that shows another hour.
            for later in [0, 3_600] {
                let shown = place + offset(place) + later;
                let local = DateTime::from_timestamp(shown, 0).unwrap().naive_utc();
                let earliest = other.from_local_datetime(&local).earliest();
                let earliest = earliest.map(|at| at.timestamp());
                assert_eq!(
                    zone::earliest(zone, local),
                    earliest.filter(|at| at + offset(*at) == shown),
                    "{zone} {local}"
                );
            }
        }
    }
}

#[test]
fn rules_hold_beyond_the_years_that_are_listed() {
    let berlin = Tz::named("Europe/Berlin");
    for (day, hours) in [("2100-01-15", 1), ("2100-07-15", 2), ("9999-07-15", 2)] {
        let noon = at(&format!("{day}T12:00:00Z"));
        assert_eq!(offset_at(berlin, noon), hours * 3_600, "{day}");
    }
    for far in [i64::MIN, i64::MAX] {
        assert!(offset_at(berlin, far).abs() < 86_400);
    }
}

#[test]
fn every_zone_is_tiled_over_twenty_years_and_names_each_local_date_once() {
    let (from, to) = (at("2006-01-01T00:00:00Z"), at("2026-01-01T00:00:00Z"));
    for zone in Tz::all() {
        for step in [Step::Day, Step::Week, Step::Month] {
            let axis = Axis::resolve(from, to, step, zone, &Kept::default()).unwrap();
            check_tiles(&axis);
            let alignment = axis.alignment;
            assert_eq!(alignment, Alignment::Local);
            let mut last = None;
            // Around each change of the clocks, and now and then elsewhere.
            for place in (0..axis.len()).filter(|place| {
                let (start, end) = axis.whole(*place).unwrap();
                place % 97 == 0 || offset_at(zone, start) != offset_at(zone, end)
            }) {
                let (start, _) = axis.whole(place).unwrap();
                let name = axis.name(place).unwrap().date();
                assert_eq!(name, local_date(zone, start), "{zone} {name}");
                assert!(last < Some(name), "{zone} names {name} twice");
                last = Some(name);
            }
        }
    }
}

#[test]
fn days_have_23_to_25_hours_where_the_clocks_change() {
    let berlin = Tz::named("Europe/Berlin");
    let hours = |from: &str, to: &str| -> Vec<i64> {
        let axis = Axis::resolve(at(from), at(to), Step::Day, berlin, &Kept::default()).unwrap();
        axis.periods()
            .map(|day| (day.end - day.start) / 3_600)
            .collect()
    };
    assert_eq!(
        hours("2026-03-27T23:00:00Z", "2026-03-29T22:00:00Z"),
        [24, 23]
    );
    assert_eq!(hours("2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"), [25]);
}

#[test]
fn a_day_begins_at_the_jump_where_its_midnight_is_skipped() {
    for (zone, day, begins) in [
        (
            Tz::named("America/Santiago"),
            "2024-09-08",
            "2024-09-08T04:00:00Z",
        ),
        (
            Tz::named("Africa/Cairo"),
            "2024-04-26",
            "2024-04-25T22:00:00Z",
        ),
        // The jump is in the middle of what is skipped: from 23:30 to 00:30.
        (
            Tz::named("America/Toronto"),
            "1919-03-31",
            "1919-03-31T04:30:00Z",
        ),
        // Midnight comes twice.
        (
            Tz::named("America/Havana"),
            "2025-11-02",
            "2025-11-02T04:00:00Z",
        ),
    ] {
        assert_eq!(start_of_day(zone, date(day)), at(begins), "{zone}");
    }
}

#[test]
fn a_date_that_a_zone_left_out_has_no_period() {
    // Samoa went from the 29th to the 31st of December 2011.
    let axis = Axis::resolve(
        at("2011-12-28T10:00:00Z"),
        at("2012-01-01T10:00:00Z"),
        Step::Day,
        Tz::named("Pacific/Apia"),
        &Kept::default(),
    )
    .unwrap();
    let dates: Vec<_> = (0..axis.len())
        .map(|place| axis.name(place).unwrap().date().to_string())
        .collect();
    assert_eq!(
        dates,
        ["2011-12-28", "2011-12-29", "2011-12-31", "2012-01-01"]
    );
}

#[test]
fn hours_stay_hours_where_the_clocks_change_by_half_an_hour() {
    let axis = Axis::resolve(
        at("2026-04-04T12:00:00Z"),
        at("2026-04-05T12:00:00Z"),
        Step::Hour,
        Tz::named("Australia/Lord_Howe"),
        &Kept::default(),
    )
    .unwrap();
    assert_eq!(axis.len(), 24);
    check_tiles(&axis);
}

#[test]
fn days_of_a_zone_off_the_hour_are_whole_utc_hours_where_only_hours_are_kept() {
    let now = at("2026-11-28T12:00:00Z");
    let axis = Axis::resolve(
        now - 30 * DAY,
        now,
        Step::Day,
        Tz::named("Asia/Kolkata"),
        &kept_at(now),
    )
    .unwrap();
    assert_eq!(axis.alignment, Alignment::UtcHours);
    check_tiles(&axis);
    for (place, day) in axis.periods().enumerate().filter(|(_, day)| !day.cut) {
        assert_eq!(day.start % 3_600, 0);
        assert_eq!(day.end - day.start, DAY);
        assert_eq!(
            axis.name(place).map(|name| name.date()),
            Some(local_date(Tz::named("Asia/Kolkata"), day.start + DAY / 2))
        );
    }
}

/// The ends of such a range are cut at minutes, and its days at whole hours: both must fit together at each
/// minute of the day.
#[test]
fn ranges_up_to_now_are_tiled_at_each_time_of_day_in_zones_off_the_hour() {
    let midnight = at("2026-11-29T00:00:00Z");
    for zone in [
        Tz::named("Asia/Kolkata"),
        Tz::named("Asia/Kathmandu"),
        Tz::named("America/St_Johns"),
        Tz::named("Australia/Adelaide"),
        Tz::named("Pacific/Chatham"),
    ] {
        for now in (midnight..midnight + DAY).step_by(420) {
            for (step, days) in [(Step::SixHours, 30), (Step::HalfDay, 60), (Step::Day, 60)] {
                let axis = Axis::resolve(now - days * DAY, now, step, zone, &kept_at(now)).unwrap();
                assert_eq!(axis.alignment, Alignment::UtcHours, "{zone} {now}");
                check_tiles(&axis);
                for period in axis.periods() {
                    let (length, most) = (period.end - period.start, step.seconds() + 3_600);
                    assert!(length <= most, "{zone} {now} {period:?}");
                }
            }
        }
    }
}

#[test]
fn utc_days_bear_the_local_date_that_holds_most_of_them() {
    let now = at("2026-11-28T12:00:00Z");
    for (zone, utc, named) in [
        (
            Tz::named("Asia/Kolkata"),
            "2026-02-03T00:00:00Z",
            "2026-02-03",
        ),
        (
            Tz::named("America/New_York"),
            "2026-02-03T00:00:00Z",
            "2026-02-03",
        ),
        (
            Tz::named("America/St_Johns"),
            "2026-02-03T00:00:00Z",
            "2026-02-03",
        ),
        // Twelve hours each: the later.
        (
            Tz::named("Etc/GMT-12"),
            "2026-02-03T00:00:00Z",
            "2026-02-04",
        ),
        (
            Tz::named("Pacific/Kiritimati"),
            "2026-02-03T00:00:00Z",
            "2026-02-04",
        ),
    ] {
        let axis = Axis::resolve(now - 365 * DAY, now, Step::Day, zone, &kept_at(now)).unwrap();
        assert_eq!(axis.alignment, Alignment::UtcDays, "{zone}");
        check_tiles(&axis);
        let place = axis.place(at(utc)).unwrap();
        assert_eq!(
            axis.name(place).map(|name| name.date()),
            Some(date(named)),
            "{zone}"
        );
    }
}

#[test]
fn a_step_that_is_not_kept_is_refused_and_the_finest_is_named() {
    let now = at("2026-11-28T12:00:00Z");
    let kept = kept_at(now);
    let refused = Axis::resolve(
        now - 26 * 3_600,
        now - 22 * 3_600,
        Step::Minute,
        Tz::UTC,
        &kept,
    )
    .unwrap_err();
    assert_eq!(refused.finest, Step::FiveMinutes);
    assert_eq!(refused.since, at("2026-11-27T12:00:00Z"));
    assert_eq!(
        refused.to_string(),
        "steps of 1m are kept since 2026-11-27T12:00:00Z; the finest step for the whole range is 5m"
    );
    let refused = Axis::resolve(now - 365 * DAY, now, Step::SixHours, Tz::UTC, &kept).unwrap_err();
    assert_eq!(refused.finest, Step::Day);
}

#[test]
fn a_range_as_long_as_the_retention_always_has_an_answer() {
    // The clock is a little behind the database's, which has just removed the oldest minutes.
    let now = at("2026-11-28T12:04:00Z");
    let kept = kept_at(now + 240);
    for (days, step) in [(1, Step::Minute), (7, Step::FiveMinutes), (90, Step::Hour)] {
        let axis = Axis::resolve(now - days * DAY, now, step, Tz::UTC, &kept).unwrap();
        check_tiles(&axis);
        assert!(axis.from - (now - days * DAY) <= 300);
    }
}

#[test]
fn auto_is_the_finest_step_that_is_kept_for_the_whole_range() {
    let now = at("2026-11-28T12:00:00Z");
    let auto = |from: i64, to: i64| Step::auto(now - from, now - to, 300, &kept_at(now)).as_str();
    assert_eq!(auto(4 * 3_600, 0), "1m");
    assert_eq!(auto(26 * 3_600, 22 * 3_600), "5m");
    assert_eq!(auto(DAY, 0), "5m");
    assert_eq!(auto(7 * DAY, 0), "1h");
    assert_eq!(auto(20 * DAY, 20 * DAY - 3 * 3_600), "1h");
    assert_eq!(auto(365 * DAY, 0), "1w");
    assert_eq!(auto(200 * DAY, 0), "1d");
}

#[test]
fn the_range_before_has_the_same_length_or_there_is_none() {
    let now = at("2026-11-28T12:34:00Z");
    let kept = kept_at(now);
    // 24 hours 90 days ago: hours are kept of the range, days of the one before.
    let (from, to) = (at("2026-08-30T12:00:00Z"), at("2026-08-31T12:00:00Z"));
    assert_eq!(kept.finest_at(from), Granularity::Hour);
    assert_eq!(
        kept.before(from, to),
        Some((at("2026-08-29T00:00:00Z"), at("2026-08-30T00:00:00Z")))
    );
    // 7 days up to now: the end is moved to where the week before can be cut as well.
    let from = Granularity::FiveMinutes.floor(now - 7 * DAY);
    assert_eq!(kept.before(from, now), None);
    let end = kept.comparable_end(from, now);
    assert!(end > now && end - now < 3_600, "{}", end - now);
    let (start, stop) = kept.before(from, end).unwrap();
    assert_eq!(stop - start, end - from);
    assert!(stop <= from && from - stop < 3_600);
    assert_eq!(start % kept.finest_at(start).seconds(), 0);
    assert_eq!(stop % kept.finest_at(stop - 1).seconds(), 0);
}

#[test]
fn each_step_has_a_name_of_its_own() {
    let names = std::collections::BTreeSet::from(Step::ALL.map(|step| step.to_string()));
    assert_eq!(names.len(), Step::ALL.len());
    for granularity in Granularity::ALL {
        let step = Step::from(granularity);
        assert_eq!(step.to_string(), granularity.to_string());
        assert_eq!(step.granularity(), granularity);
        assert_eq!(step.seconds(), granularity.seconds());
    }
}
