//! What writers and leaders do.

use std::{
    collections::BTreeMap,
    fs::{File, OpenOptions},
    io::Write,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, UNIX_EPOCH},
};

use api_metrics_layer::{ApiKey, LoggedRequest, MetricSink, RequestLogSink, RequestRecord};
use api_metrics_store::{
    recorder::{Recorder, RecorderOptions},
    request_log::{Keep, RequestLog, RequestLogBuffer, RequestLogStore},
    store::{Instance, Store, Writer},
    time::Clock,
};
use api_metrics_tests::{
    fast_clock::FastClock,
    newcomer::{NEWCOMERS, newcomer},
    random::Random,
};

pub(crate) struct Task {
    pub(crate) log: PathBuf,
    pub(crate) id: uuid::Uuid,
    pub(crate) total: u64,
    pub(crate) seed: u64,
    /// Whether each flush brings series that nobody has seen before.
    pub(crate) always_new: bool,
    /// Whether it is one of two services, by its id.
    pub(crate) of_two: bool,
}

/// Every request is kept, in so little memory that some are dropped while the database is away.
fn settings() -> RequestLog {
    let mut settings = RequestLog::new();
    settings.keep = Keep::Everything;
    settings.memory_budget = 256 << 10;
    settings
}

/// Folds, rolls up and retains until it is killed.
pub(crate) async fn lead(store: Arc<dyn Store>, requests: Arc<dyn RequestLogStore>) {
    let settings = settings();
    loop {
        // What fails is tried again: that is what a maintainer does.
        let _ = store.fold().await;
        let _ = store.roll_up().await;
        let _ = store.retain().await;
        let _ = requests.retain_requests(&settings).await;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Records `total` requests, a tenth of them late, flushes on the way, and ends when all are acknowledged;
/// earlier, where a file `.stop` beside the log asks for it. Beside them runs a log of the requests.
pub(crate) async fn write(
    store: Arc<dyn Store>,
    requests: Arc<dyn RequestLogStore>,
    task: Task,
    clock: FastClock,
) {
    let mut random = Random::new(task.seed);
    let mut log = Log::open(&task.log);
    let clock: Arc<dyn Clock> = Arc::new(clock);
    let mut options = RecorderOptions::default();
    options.shards = 1;
    options.max_series = 100_000;
    options.max_keys = 100_000;
    options.clock = Arc::clone(&clock);
    let recorder = Recorder::new(options);
    let [first, ..] = *task.id.as_bytes();
    let service = if task.of_two && first % 2 == 1 {
        "blog"
    } else {
        "shop"
    };
    let mut instance = Instance::new(task.id, service, "test");
    instance.version = "1".to_owned();
    instance.host = "here".to_owned();
    instance.started_at = clock.unix_seconds();
    let kept = Arc::new(RequestLogBuffer::new(settings(), instance.clone()));
    let ended = Arc::new(AtomicBool::new(false));
    let keeper = tokio::spawn(keep(
        requests,
        Arc::clone(&kept),
        Arc::clone(&ended),
        Log::open(&task.log),
    ));
    let writer = Writer::new(instance, Arc::new(recorder));
    let (mut recorded, mut flushes, mut total) = (0, 0, task.total);
    // The last batch that has records, as the fence counts them.
    let mut filled = 0;
    let stop = task.log.with_extension("stop");
    // By day: the sums of what was recorded since the last flush.
    let mut open: BTreeMap<i64, (u64, u64)> = BTreeMap::new();
    loop {
        if stop.exists() {
            total = recorded;
        }
        let batch = (50 + random.below(150)).min(total - recorded);
        for _ in 0..batch {
            let new = task.always_new.then_some(flushes + 1);
            let (day, weight) = record(&writer, &kept, &mut random, clock.unix_seconds(), new);
            let sum = open.entry(day).or_default();
            *sum = (sum.0 + 1, sum.1 + weight);
        }
        recorded += batch;
        flushes += 1;
        let number = writer.recorder.status().last_seq + 1;
        log.flush_begins(number, &open);
        let flushed = store.flush(&writer).await;
        // With too many unresolved batches it has sent the last one again. What is open then goes into the next,
        // which has this number and is said to begin once more.
        if writer.recorder.status().last_seq == number {
            // A batch without records moves no fence.
            if !open.is_empty() {
                filled = number;
            }
            open.clear();
        }
        log.outcome(filled, &flushed);
        if recorded == total && writer.recorder.status().unflushed_records == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(random.below(90))).await;
    }
    ended.store(true, Ordering::Release);
    keeper.await.expect("the log of requests is stored");
    log.line("done");
}

/// Stores what the log of requests has kept, until everything is in the database after the end.
async fn keep(
    requests: Arc<dyn RequestLogStore>,
    kept: Arc<RequestLogBuffer>,
    ended: Arc<AtomicBool>,
    mut log: Log,
) {
    loop {
        let last = ended.load(Ordering::Acquire);
        if requests.flush_requests(&kept, last).await.is_ok() {
            let counts = kept.counts();
            let (kept, dropped) = (counts.kept, counts.dropped.total());
            log.line(&format!("kept {} {kept} {dropped}", counts.chosen));
            if last {
                return;
            }
        }
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
}

fn record(
    writer: &Writer,
    kept: &RequestLogBuffer,
    random: &mut Random,
    now: i64,
    new: Option<u64>,
) -> (i64, u64) {
    const ENDPOINTS: [&str; 4] = ["/a", "/b/{id}", "/c", "/d"];
    let at = now
        - match random.below(20) {
            0 => random.between(0, 2 * 86_400),
            1 => random.between(0, 3 * 3_600),
            _ => random.between(0, 60),
        };
    let key = ApiKey::from(random.between(1, 4));
    let endpoint = match new {
        Some(number) => newcomer(number, random.below(NEWCOMERS)),
        None => (*random.pick::<&str>(&ENDPOINTS)).to_owned(),
    };
    let finished_at = UNIX_EPOCH + Duration::from_secs(at.unsigned_abs());
    let mut request = RequestRecord::new("GET", &endpoint, finished_at);
    request.api_key = (!random.one_in(4)).then_some(&key);
    request.latency = Some(Duration::from_micros(1 + random.below(1_000_000)));
    request.status = Some(200);
    // A random weight, so that a sum tells which records are in it.
    request.response_bytes = 1 + random.below(1 << 40);
    writer.recorder.record(&request);
    kept.log(&LoggedRequest::new(&request));
    (at.div_euclid(86_400) * 86_400, request.response_bytes)
}

/// Lines that outlive the process: each is with the operating system before what it says begins.
struct Log(File);

impl Log {
    fn open(path: &PathBuf) -> Self {
        Self(
            OpenOptions::new()
                .create(true)
                .append(true)
                .open(path)
                .expect("the log opens"),
        )
    }

    fn line(&mut self, line: &str) {
        self.0
            .write_all(format!("{line}\n").as_bytes())
            .expect("the log is written");
    }

    fn flush_begins(&mut self, number: u64, open: &BTreeMap<i64, (u64, u64)>) {
        let mut line = format!("flush {number}");
        for (day, (records, weight)) in open {
            line += &format!(" {day}:{records}:{weight}");
        }
        self.line(&line);
    }

    fn outcome(
        &mut self,
        number: u64,
        flushed: &Result<api_metrics_store::store::Flushed, api_metrics_store::store::FlushError>,
    ) {
        use api_metrics_store::store::FlushError;
        let line = match flushed {
            Ok(flushed) => {
                if let Some((first, last)) = flushed.lost {
                    self.line(&format!("lost {first} {last}"));
                }
                format!("acknowledged {number}")
            }
            Err(FlushError::NotSent(_)) => format!("failed {number}"),
            Err(FlushError::Unknown(_)) => format!("unknown {number}"),
            Err(error) => format!("wrong {error}"),
        };
        self.line(&line);
    }
}
