//! A rule's values around an event.
//!
//! Windows end on multiples of a step, as in a [dry run](super::super::dry_run::dry_run): of a minute where minutes are
//! kept, else of the finest granularity that is. Where that would be more than 720 points the step is five minutes, an
//! hour or a day, so that the end of the event is seen. Each point is a whole window all the same.

use std::collections::HashMap;

use super::super::{
    AlertEvent, AlertSpec, AlertType,
    baseline::BaselineHistory,
    dry_run::{MAX_STEPS, finest, steps},
    evaluate::cuts,
    limited_keys::{RuleSettings, limits},
    releases::ReleaseWindows,
    sliding::Windows,
};
use crate::{
    control::{ControlStore, health, keys::KeyRecord},
    query::TimeRange,
    store::{StoreError, Writer},
    time::{Granularity, UnixSeconds},
};

/// How much is shown before the event's first window, and after its end, in seconds.
const AROUND: i64 = 3_600;
/// Points of a curve at most.
const MAX_POINTS: i64 = 720;

/// The values of a rule, evaluated as it is now.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Curve {
    /// How far the ends of two windows lie apart.
    pub step: Granularity,
    /// Whether the event goes on beyond the last point.
    pub cut: bool,
    /// In the order of time.
    pub points: Vec<CurvePoint>,
}

/// A window of a rule.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct CurvePoint {
    /// Its end.
    pub at: UnixSeconds,
    /// Its value; `None` where it is not evaluated: too few requests, or an outage's coarse periods.
    pub value: Option<f64>,
    /// Its requests.
    pub requests: u64,
}

/// The curve around an event. `None` where what is still kept is too coarse for the rule's windows.
pub(super) async fn read(
    store: &dyn ControlStore,
    spec: &AlertSpec,
    event: &AlertEvent,
    keys: &HashMap<i64, KeyRecord>,
    now: UnixSeconds,
    settings: &RuleSettings,
    own: Option<&Writer>,
) -> Result<Option<Curve>, StoreError> {
    let length = i64::from(spec.window_minutes) * 60;
    let shortest = i64::from(spec.shortest_minutes()) * 60;
    let from = event.fired_at - length - AROUND;
    let whole = event.resolved_at.map_or(now, |end| now.min(end + AROUND));
    let of_health = spec.alert_type.is_health();
    let finest = match of_health {
        true => Granularity::Minute,
        false => finest(store, Granularity::Minute.floor(from) - length).await?,
    };
    // What a window can be summed of. Coarser ones serve where there would be too many to read.
    let mut readable = Granularity::ALL.into_iter().filter(|of| {
        let limit = spec.alert_type == AlertType::RateLimit && *of != Granularity::Minute;
        *of >= finest && shortest % of.seconds() == 0 && !limit
    });
    let Some(mut granularity) = readable.next() else {
        return Ok(None);
    };
    for coarser in readable {
        if !of_health && (whole - from + length) / granularity.seconds() > MAX_STEPS {
            granularity = coarser;
        }
    }
    let shown = Granularity::ALL
        .into_iter()
        .find(|of| *of >= granularity && (whole - of.floor(from)) / of.seconds() <= MAX_POINTS)
        .unwrap_or(Granularity::Day);
    let step = shown.seconds();
    let from = shown.floor(from);
    let last = shown.floor(whole);
    let most = (MAX_STEPS * granularity.seconds()).min(MAX_POINTS * step);
    let to = last.min(from + shown.floor(most));
    let history = if spec.alert_type.is_anomaly() {
        Some(BaselineHistory::read(store, spec, from, to, settings.tz).await?)
    } else {
        None
    };
    let limits = limits(keys, &settings.limits);
    let range = TimeRange::new(from - length, to);
    let coarse = store.coarse_spans(range).await?;
    let mut releases = ReleaseWindows::read(store, spec, TimeRange::new(from, to)).await?;
    let steps = if of_health {
        health::steps(store, range).await?
    } else if releases.is_some() {
        Vec::new()
    } else {
        steps(store, spec, range, granularity, &limits, own).await?
    };
    let mut windows = Windows::over(&steps);
    let mut points = Vec::new();
    let mut end = from + step;
    while end <= to {
        tokio::task::yield_now().await;
        let baseline = history.as_ref().and_then(|history| history.at(end - 1));
        let measured = match &mut releases {
            Some(releases) => releases.measured(spec, end),
            None => windows.measured(spec, end, baseline)?,
        };
        points.push(CurvePoint {
            at: end,
            value: measured.value.filter(|_| !cuts(&coarse, spec, end)),
            requests: measured.requests,
        });
        end += step;
    }
    Ok(Some(Curve {
        step: shown,
        cut: to < last,
        points,
    }))
}
