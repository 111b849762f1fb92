//! The simulation of a run: processes, what they recorded, and what must be true of it.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::{Duration, UNIX_EPOCH},
};

use api_metrics_layer::{ApiKey, MetricSink, Outcome, RequestRecord, Units};
use api_metrics_store::{
    bucket::Bucket,
    recorder::{OwnDeltas, Recorder, RecorderOptions},
    sketch::SketchKind,
    store::{Instance, Store, Writer},
    time::{Clock, ManualClock, UnixSeconds},
};
use api_metrics_tests::random::Random;
use uuid::Uuid;

use crate::{
    database::{Database, Pool, Tables},
    sum::Sum,
};

/// 2026-03-10T12:00:00Z, a Tuesday.
pub(crate) const NOON: UnixSeconds = 1_773_144_000;
pub(crate) const SERVICES: [&str; 2] = ["shop", "blog"];
pub(crate) const ENDPOINTS: [&str; 3] = ["/a", "/b/{id}", "/c"];
pub(crate) const KEYS: [Option<&str>; 3] = [None, Some("x"), Some("y")];

/// What a run has to do with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scenario {
    /// Recorders with so little memory that they coarsen.
    pub(crate) coarse: bool,
    /// Snapshots and going back to them.
    pub(crate) failover: bool,
}

/// One record and what has become of it.
#[derive(Debug, Clone)]
pub(crate) struct Record {
    /// By its place in [`Simulation::writers`].
    pub(crate) writer: usize,
    pub(crate) endpoint: usize,
    pub(crate) key: usize,
    /// The start of its minute as recorded.
    pub(crate) minute: UnixSeconds,
    pub(crate) latency_us: u64,
    pub(crate) status: u16,
    pub(crate) weights: (u64, u64),
    /// The first flush that sealed it.
    pub(crate) tag: Option<u64>,
    /// The minute under which the database holds it; `None` while it does not.
    pub(crate) stored: Option<UnixSeconds>,
    /// Acknowledged, taken back by a failover, and no longer in memory then.
    pub(crate) gone: bool,
}

/// A recording process's history, from its first record to its end.
pub(crate) struct WriterHistory {
    pub(crate) id: Uuid,
    pub(crate) service: usize,
    /// The last number that was taken.
    pub(crate) begun: u64,
    /// By number: the database's clock during that flush.
    pub(crate) wall_at: BTreeMap<u64, UnixSeconds>,
    /// While a flush is under way: the last number that its recorder took for committed before, and the
    /// records that are neither in the database nor held any more.
    pub(crate) known_committed: u64,
    pub(crate) missing: Vec<usize>,
    /// By number: when it was first acknowledged, on the monotonic clock.
    pub(crate) acknowledged_at: BTreeMap<u64, Duration>,
    /// The fence as last seen.
    pub(crate) fence: u64,
    /// The numbers of what is gone and has not been told yet.
    pub(crate) untold: Option<(u64, u64)>,
}

pub(crate) struct Process {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) pool: Pool,
    pub(crate) writer: Arc<Writer>,
    /// In [`Simulation::writers`].
    pub(crate) history: usize,
    /// From so many flush batches without an outcome on it tries the last one again.
    pub(crate) max_unresolved: usize,
    /// Walls seen by its retention runs, with the monotonic clock.
    pub(crate) retained_at: Vec<(Duration, UnixSeconds)>,
    pub(crate) captures: Vec<Capture>,
}

/// A process's own memory at some earlier moment.
#[derive(Clone)]
pub(crate) struct Capture {
    pub(crate) own: OwnDeltas,
    /// The records in it, each with the number of the flush that is to carry it.
    pub(crate) records: BTreeMap<usize, u64>,
}

/// What the process of a flush known_committed at its end.
#[derive(Clone, Copy)]
pub(crate) struct Ended {
    pub(crate) history: usize,
    pub(crate) acknowledged: u64,
    /// Its number, where it was acknowledged.
    pub(crate) number: Option<u64>,
}

/// A state to go back to.
pub(crate) struct Snapshot {
    pub(crate) number: usize,
    pub(crate) stored: Vec<Option<UnixSeconds>>,
    /// Whether the database has gone back behind it since.
    pub(crate) abandoned: bool,
}

pub(crate) struct Simulation {
    pub(crate) seed: u64,
    pub(crate) scenario: Scenario,
    pub(crate) random: Random,
    pub(crate) database: Database,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) processes: Vec<Process>,
    pub(crate) writers: Vec<WriterHistory>,
    pub(crate) records: Vec<Record>,
    pub(crate) snapshots: Vec<Snapshot>,
    /// The database at the last look.
    pub(crate) tables: Tables,
    /// Flushes that have ended since.
    pub(crate) ended: Vec<Ended>,
    /// The furthest that floors may have moved.
    pub(crate) floor_bound: UnixSeconds,
    pub(crate) log: Vec<String>,
    /// How many awaits the last whole flush had: the last of them is that of the COMMIT.
    pub(crate) awaits: u64,
    /// How often what is worth testing has happened.
    pub(crate) seen: BTreeMap<&'static str, u64>,
}

impl Simulation {
    pub(crate) async fn new(seed: u64, scenario: Scenario, database: Database) -> Self {
        let mut simulation = Self {
            seed,
            scenario,
            random: Random::new(seed),
            database,
            clock: Arc::new(ManualClock::at(NOON)),
            processes: Vec::new(),
            writers: Vec::new(),
            records: Vec::new(),
            snapshots: Vec::new(),
            tables: Tables::default(),
            ended: Vec::new(),
            floor_bound: NOON,
            log: Vec::new(),
            awaits: 8,
            seen: BTreeMap::new(),
        };
        for _ in 0..3 {
            let process = simulation.start_process();
            simulation.processes.push(process);
        }
        simulation.processes[0].store.prepare().await.unwrap();
        simulation
    }

    /// A new process with a recorder and an id of its own.
    pub(crate) fn start_process(&mut self) -> Process {
        let service = self.random.index(SERVICES.len());
        let clock: Arc<dyn Clock> = Arc::<ManualClock>::clone(&self.clock);
        // Few, so that it happens.
        let max_unresolved = [1, 1, 2, 3][self.random.index(4)];
        let mut options = RecorderOptions::default();
        options.clock = clock;
        options.shards = 1;
        options.max_unresolved_batches = max_unresolved;
        if self.scenario.coarse {
            options.memory_budget = 300;
        }
        let mut instance = Instance::new(
            Uuid::from_u64_pair(self.seed, self.random.next()),
            SERVICES[service],
            "test",
        );
        instance.version = (1 + self.writers.len() % 2).to_string();
        instance.host = "here".to_owned();
        instance.started_at = self.clock.unix_seconds();
        self.writers.push(WriterHistory {
            id: instance.id,
            service,
            begun: 0,
            wall_at: BTreeMap::new(),
            known_committed: 0,
            missing: Vec::new(),
            acknowledged_at: BTreeMap::new(),
            fence: 0,
            untold: None,
        });
        let (store, pool) = self.database.store(&self.clock);
        Process {
            store,
            pool,
            writer: Arc::new(Writer::new(instance, Arc::new(Recorder::new(options)))),
            history: self.writers.len() - 1,
            max_unresolved,
            retained_at: Vec::new(),
            captures: Vec::new(),
        }
    }

    pub(crate) fn monotonic(&self) -> Duration {
        self.clock.monotonic()
    }

    pub(crate) fn now(&self) -> UnixSeconds {
        self.clock.unix_seconds()
    }

    /// The clock if nobody had ever touched it.
    pub(crate) fn true_now(&self) -> UnixSeconds {
        NOON + self.monotonic().as_secs().cast_signed()
    }

    pub(crate) fn record(&mut self, process: usize, at: UnixSeconds) {
        let history = self.processes[process].history;
        let random = &mut self.random;
        let record = Record {
            writer: history,
            endpoint: random.index(ENDPOINTS.len()),
            key: random.index(KEYS.len()),
            minute: at.div_euclid(60) * 60,
            latency_us: 1 + random.below(5_000_000),
            status: *random.pick(&[200, 200, 204, 404, 500]),
            weights: (1 + random.below(1 << 40), 1 + random.below(1 << 40)),
            tag: None,
            stored: None,
            gone: false,
        };
        record.to(
            |request| self.processes[process].writer.recorder.record(request),
            at,
        );
        self.records.push(record);
    }

    /// The records of a writer's history.
    pub(crate) fn records_of(&self, history: usize) -> impl Iterator<Item = (usize, &Record)> {
        self.records
            .iter()
            .enumerate()
            .filter(move |(_, record)| record.writer == history)
    }

    /// What a process's memory holds now; what it has freed follows from its own parts.
    pub(crate) fn capture(&mut self, process: usize) -> Capture {
        let Process {
            writer, history, ..
        } = &self.processes[process];
        let own = writer.recorder.capture(&|_, _| true);
        let parts: BTreeSet<u64> = own.batches.iter().map(|(tag, _)| *tag).collect();
        let next = self.writers[*history].begun + 1;
        let records = self
            .records_of(*history)
            .filter(|(_, record)| record.tag.is_none_or(|tag| parts.contains(&tag)))
            .map(|(at, record)| (at, record.tag.unwrap_or(next)))
            .collect();
        Capture { own, records }
    }

    /// Looks at the database and settles which flushes have happened.
    pub(crate) async fn look(&mut self) {
        self.tables = self.database.tables().await;
        for (history, writer) in self.writers.iter_mut().enumerate() {
            let fence = self.tables.fence(writer.id);
            if fence == writer.fence {
                continue;
            }
            let now = writer.wall_at.get(&fence).copied();
            for record in self
                .records
                .iter_mut()
                .filter(|record| record.writer == history)
            {
                let Some(tag) = record.tag else { continue };
                if tag > fence {
                    record.stored = None;
                } else if record.stored.is_none() && !record.gone {
                    // Only a flush moves a fence forward.
                    let now = now.expect("a fence number that was once a flush's");
                    record.stored = Some(plausible(record.minute, now));
                }
            }
            writer.fence = fence;
        }
        for flush in std::mem::take(&mut self.ended) {
            let WriterHistory {
                fence,
                known_committed,
                ..
            } = self.writers[flush.history];
            let acknowledged = flush.acknowledged;
            // An attempt that did not come so far as to read the fence does not know that it went back.
            if acknowledged > fence && acknowledged != known_committed {
                self.fail(&format!(
                    "{acknowledged} acknowledged, the fence is {fence}"
                ));
            }
            if flush.number.is_some_and(|number| number != fence) {
                self.fail(&format!("{:?} flushed, the fence is {fence}", flush.number));
            }
            if fence > acknowledged {
                self.observed("commits that nobody heard of");
            }
        }
    }

    pub(crate) fn observed(&mut self, what: &'static str) {
        *self.seen.entry(what).or_default() += 1;
    }

    pub(crate) fn fail(&self, what: &str) -> ! {
        let last = self.log.len().saturating_sub(25);
        panic!(
            "seed {} ({:?}), step {}: {what}\nthe last steps:\n  {}\nagain: MODEL_SEED={} tests/run -p api-metrics-tests --test model",
            self.seed,
            self.scenario,
            self.log.len(),
            self.log[last..].join("\n  "),
            self.seed
        );
    }
}

/// Where the store counts a time that is too far ahead.
pub(crate) fn plausible(minute: UnixSeconds, now: UnixSeconds) -> UnixSeconds {
    if minute > now + 3_600 {
        now.div_euclid(60) * 60
    } else {
        minute
    }
}

impl Record {
    /// Gives it as a request to `sink`.
    fn to(&self, sink: impl FnOnce(&RequestRecord<'_>), at: UnixSeconds) {
        let finished_at = UNIX_EPOCH + Duration::from_secs(at.cast_unsigned());
        let key = KEYS[self.key].map(ApiKey::from);
        let mut request = RequestRecord::new("GET", ENDPOINTS[self.endpoint], finished_at);
        request.api_key = key.as_ref();
        request.latency = Some(Duration::from_micros(self.latency_us));
        request.status = Some(self.status);
        request.outcome = Outcome::Completed;
        (request.response_bytes, request.request_bytes) = self.weights;
        let units = Units::new()
            .add("tokens", self.weights.0)
            .gauge("score", f64::from(self.status));
        request.units = Some(&units).filter(|_| self.weights.0 % 2 == 1);
        sink(&request);
    }

    /// Adds it to a bucket, as the recorder does.
    pub(crate) fn count_in(&self, bucket: &mut Bucket) {
        self.to(|request| bucket.record(request), self.minute);
    }

    pub(crate) fn sum(&self) -> Sum {
        let mut bucket = Bucket::new(SketchKind::Histogram);
        self.count_in(&mut bucket);
        Sum::of_bucket(&bucket)
    }
}
