//! Four weeks in a few seconds: a clock that is stepped through them, and the real way of a record.

use std::{
    ops::Range,
    sync::Arc,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use api_metrics_store::{
    control::ControlStore,
    control::ControlWorker,
    recorder::{Recorder, RecorderOptions},
    store::{Instance, StoreOptions, Writer},
    text::without_password,
    time::{Clock, ManualClock, SystemClock},
};

use crate::{
    Failure, open,
    random::Random,
    rules,
    settings::Settings,
    shop::{HASTE, INCIDENT, SILENCE, hit_limit, load, record, retries, routes},
};

const DAY: i64 = 86_400;
/// Releases, each from so many seconds before the end on.
const RELEASES: [(i64, &str); 4] = [
    (i64::MAX, "1.7.2"),
    (9 * DAY, "1.8.0"),
    (15 * 3_600, "1.9.0"),
    (SILENCE.start, "1.9.1"),
];

/// Writes the history that ends now.
pub(crate) async fn write(settings: &Settings) -> Result<(), Failure> {
    let begun = Instant::now();
    let end = SystemClock::default().unix_seconds() / 60 * 60;
    let start = (end - settings.days * DAY).div_euclid(DAY) * DAY;
    let clock = Arc::new(ManualClock::at(start));
    let store = open(&settings.database, {
        let mut options = StoreOptions::default();
        options.clock = Some(clock.clone());
        options
    })?;
    store.prepare().await?;
    // A second history would lie on top of the first, and count everything twice.
    if !store.status().await?.instances.is_empty() {
        println!(
            "{} holds data already: nothing is written",
            without_password(&settings.database)
        );
        return Ok(());
    }
    rules::consumers(&*store, start, settings.load).await?;
    let watch = ControlWorker::default();
    let mut watched = false;
    let mut random = Random::new(settings.seed);
    let mut writer = writer(&clock, start, "1.7.2");
    let mut records = 0;
    let mut at = start;
    let noon = noon_before(end);
    while at < end {
        let ago = end - at;
        let step = step(ago, settings.fine);
        if ago <= DAY && !watched {
            rules::alerts(&*store).await?;
            watched = true;
        }
        let version = version(ago);
        if writer.instance.version != version {
            if !SILENCE.contains(&(ago + step)) {
                settle(&*store, &writer).await?;
            }
            writer = self::writer(&clock, at, version);
        }
        if !SILENCE.contains(&ago) {
            for route in routes(settings.hostile) {
                let mean = route.per_minute
                    * load(route.endpoint, at)
                    * retries(route, ago)
                    * settings.load
                    * (step as f64 / 60.0);
                let n = random.count(mean);
                record(&writer.recorder, &mut random, route, (instant(at), ago), n);
                records += n;
            }
        }
        if at == noon {
            hit_limit(
                &writer.recorder,
                instant(at),
                rules::price_watch_limit(settings.load),
            );
            records += HASTE;
        }
        at += step;
        clock.advance(Duration::from_secs(step.unsigned_abs()));
        // A process that is down hands nothing over; what it had is handed over as it goes.
        let goes = SILENCE.contains(&(end - at)) && !SILENCE.contains(&ago);
        let due = at % settling(ago, settings.fine) == 0;
        if goes || (due && !SILENCE.contains(&ago)) {
            settle(&*store, &writer).await?;
            if ago <= DAY {
                // The clock stands at the end of a minute: what it has is all there is.
                watch.tick(&*store, None).await?;
            }
        }
        if at % 21_600 == 0 {
            store.retain().await?;
        }
    }
    settle(&*store, &writer).await?;
    println!(
        "{records} requests of {} days until now, an incident {} h ago, a limit hit at noon, in {:.1} s",
        settings.days,
        INCIDENT.start / 3_600,
        begun.elapsed().as_secs_f64()
    );
    Ok(())
}

/// The last noon in UTC; an hour later where nothing ran at noon, or where it will soon be a day ago.
const fn noon_before(end: i64) -> i64 {
    let noon = end - 60 - (end - 60 - DAY / 2).rem_euclid(DAY);
    let ago = end - noon;
    if ago >= SILENCE.start && ago < SILENCE.end || ago >= DAY - 3_600 {
        noon + 3_600
    } else {
        noon
    }
}

/// Nothing finer is kept so far back, or asked for, so nothing finer is made.
const fn step(ago: i64, fine: i64) -> i64 {
    if ago > fine * DAY {
        3_600
    } else if ago > DAY {
        300
    } else {
        60
    }
}

/// How often what was recorded is handed over, in seconds.
const fn settling(ago: i64, fine: i64) -> i64 {
    if ago > fine * DAY {
        DAY
    } else if ago > DAY {
        6 * 3_600
    } else if near(ago, &INCIDENT) || near(ago, &SILENCE) {
        // Rules are judged then, and are to see how it begins and how it ends.
        600
    } else {
        3_600
    }
}

/// Within half an hour of it.
const fn near(ago: i64, what: &Range<i64>) -> bool {
    ago >= what.start - 1_800 && ago <= what.end + 1_800
}

fn version(ago: i64) -> &'static str {
    let mut running = "1.7.2";
    for (from, version) in RELEASES {
        if ago <= from {
            running = version;
        }
    }
    running
}

fn instant(at: i64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(at.unsigned_abs())
}

fn writer(clock: &Arc<ManualClock>, started_at: i64, version: &str) -> Writer {
    let mut options = RecorderOptions::default();
    options.clock = clock.clone();
    let recorder = Recorder::new(options);
    Writer::new(
        {
            let mut instance = Instance::new(uuid::Uuid::new_v4(), "shop", "production");
            instance.version = version.to_owned();
            instance.host = "web-1".to_owned();
            instance.started_at = started_at;
            instance
        },
        Arc::new(recorder),
    )
}

/// Flushes, folds and rolls up until nothing more is due.
async fn settle(store: &dyn ControlStore, writer: &Writer) -> Result<(), Failure> {
    store.flush(writer).await?;
    while store.fold().await?.more {}
    while store.roll_up().await?.more {}
    Ok(())
}
