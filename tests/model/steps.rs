//! What can happen in the simulation, at random.

use std::{future::Future, pin::Pin, sync::Arc, task::Poll, time::Duration};

use api_metrics_store::store::Store;
use api_metrics_tests::pg_proxy::{Request, Verdict};

use crate::{
    buckets::Trouble,
    reads::State,
    simulation::{Capture, Simulation, Snapshot},
};

/// What a leader does.
#[derive(Debug, Clone, Copy)]
pub(crate) enum LeaderTask {
    Fold,
    RollUp,
    Retain,
}

impl Simulation {
    pub(crate) async fn step(&mut self) {
        let before = self.tables.clone();
        let mut went_back = false;
        let process = self.random.index(self.processes.len());
        match self.random.below(100) {
            0..26 => self.some_records(process),
            26..36 => self.time_passes(),
            36..50 => self.flush(process, false).await,
            50..56 => self.flush(process, true).await,
            56..64 if self.folds_side_by_side() && self.random.one_in(2) => {
                self.fold_side_by_side(process).await;
            }
            56..64 => self.lead(process, LeaderTask::Fold, 4).await,
            64..70 => self.lead(process, LeaderTask::RollUp, 4).await,
            70..74 => self.retain(process).await,
            74..78 => {
                let capture = self.capture(process);
                self.log.push(format!(
                    "{process} captures {} records",
                    capture.records.len()
                ));
                self.processes[process].captures.push(capture);
            }
            78..84 => self.read(process).await,
            84..88 => self.read_during(process).await,
            88..92 if !self.scenario.failover || self.snapshots.is_empty() => {
                self.read_during(process).await;
            }
            92..94 => self.at_once().await,
            94..96 => self.crash(process),
            96..98 if self.scenario.failover => self.snapshot().await,
            88..92 | 98..100 if self.scenario.failover && !self.snapshots.is_empty() => {
                self.fail_over().await;
                went_back = true;
            }
            _ => self.some_records(process),
        }
        self.look().await;
        if self.tables.floors != before.floors && !went_back {
            self.observed("floors moved");
        }
        if !went_back {
            self.floors_have_not_gone_back(&before);
        }
        self.check();
    }

    fn some_records(&mut self, process: usize) {
        let n = 1 + self.random.below(6);
        let now = self.now();
        for _ in 0..n {
            let random = &mut self.random;
            let at = now
                + match random.below(20) {
                    0..8 => -random.between(0, 90),
                    8..11 => -random.between(0, 900),
                    11..14 => -random.between(0, 3 * 3_600),
                    14..16 => -random.between(0, 2 * 86_400),
                    16..17 => -random.between(0, 40 * 86_400),
                    17..18 => random.between(0, 3_500),
                    18..19 if !self.scenario.coarse => random.between(3_500, 200 * 86_400),
                    _ => -random.between(0, 60),
                };
            self.record(process, at);
        }
        self.log.push(format!("{process} records {n} at {now}"));
    }

    fn time_passes(&mut self) {
        let by = match self.random.below(8) {
            0 => self.random.between(1, 59),
            1 | 2 => self.random.between(60, 700),
            3 | 4 => self.random.between(600, 4_000),
            5 => self.random.between(3_600, 30_000),
            6 => self.random.between(86_400, 3 * 86_400),
            _ if self.random.one_in(4) => self.random.between(5 * 86_400, 20 * 86_400),
            _ => 75,
        };
        self.clock.advance(Duration::from_secs(by.unsigned_abs()));
        // The wall clock may jump, and sooner or later somebody sets it right.
        if self.random.one_in(6) {
            let to = self.true_now() + self.random.between(-3 * 86_400, 3 * 86_400);
            self.clock.step_to(to);
        } else if self.random.one_in(2) {
            self.clock.step_to(self.true_now());
        }
        let now = self.now();
        self.log.push(format!(
            "{by} s pass, the clock says {now} ({:+})",
            now - self.true_now()
        ));
    }

    /// A flush, with `trouble` one that is cut off or cancelled somewhere.
    pub(crate) async fn flush(&mut self, process: usize, trouble: bool) {
        self.begin_flush(process);
        let (store, writer) = self.store_and_writer(process);
        let kind = if trouble { self.arm(false) } else { "" };
        let polls = (kind == "cancelled").then(|| match self.random.below(3) {
            0 => self.random.below(self.awaits),
            _ => self.awaits.saturating_sub(self.random.below(3)),
        });
        let mut awaits = 0;
        let call = counted(store.flush(&writer), &mut awaits);
        let outcome = if kind == "unheard" {
            let id = self.writers[self.processes[process].history].id;
            self.database.until_committed(id, call).await
        } else {
            interrupted(call, polls).await
        };
        if outcome.is_some() && kind.is_empty() {
            self.awaits = awaits;
        }
        self.disarm();
        let told = match &outcome {
            None => "cancelled".to_owned(),
            Some(outcome) => format!("{outcome:?}"),
        };
        self.log.push(format!("{process} flushes {kind}: {told}"));
        self.number_records(process);
        self.end_flush(process, outcome);
    }

    /// A task of the leader's, of which one in `trouble` is cut off or cancelled somewhere, or none where that is 0.
    pub(crate) async fn lead(&mut self, process: usize, task: LeaderTask, trouble: u64) {
        self.note_retention(process, task);
        let (store, _) = self.store_and_writer(process);
        let kind = if trouble > 0 && self.random.one_in(trouble) {
            self.arm(true)
        } else {
            ""
        };
        let polls = matches!(kind, "cancelled" | "unheard").then(|| self.random.below(40));
        let before = self.tables.clone();
        let outcome = interrupted(task.call(&store), polls).await;
        self.disarm();
        self.log
            .push(format!("{process} {task:?} {kind}: {outcome:?}"));
        if matches!(&outcome, Some(Ok((_, 2..)))) {
            self.observed("services folded side by side");
        }
        if matches!(task, LeaderTask::Fold) && matches!(outcome, Some(Err(_))) {
            self.look().await;
            let pending = || {
                before
                    .fences
                    .iter()
                    .filter(|(id, seq)| before.folded(**id) < **seq)
            };
            let has_moved = |id| self.tables.folded(id) > before.folded(id);
            if pending().any(|(id, _)| has_moved(*id)) && !pending().all(|(id, _)| has_moved(*id)) {
                self.observed("shares that failed alone");
            }
        }
        if !matches!(outcome, Some(Ok(_))) {
            self.observed("leaders interrupted");
        }
        if kind.is_empty() && !matches!(outcome, Some(Ok(_))) {
            self.fail("it failed though nothing stood in its way");
        }
    }

    /// Whether the stores of this run fold services side by side.
    fn folds_side_by_side(&self) -> bool {
        self.database.is_postgres() && self.database.buckets().is_none()
    }

    /// Everybody flushes something of now, for which there are partitions, before a fold.
    async fn fold_side_by_side(&mut self, process: usize) {
        self.lead(process, LeaderTask::Retain, 0).await;
        // What is late may need a partition, which a leader alone makes.
        self.lead(process, LeaderTask::Fold, 0).await;
        for process in 0..self.processes.len() {
            for _ in 0..1 + self.random.below(4) {
                let at = self.now() - self.random.between(0, 60);
                self.record(process, at);
            }
            self.flush(process, false).await;
            self.look().await;
        }
        self.lead(process, LeaderTask::Fold, 2).await;
    }

    /// Two runs, so that floors can move: with time between them, or a clock that somebody has touched.
    async fn retain(&mut self, process: usize) {
        self.lead(process, LeaderTask::Retain, 4).await;
        self.time_passes();
        self.lead(process, LeaderTask::Retain, 4).await;
    }

    fn note_retention(&mut self, process: usize, task: LeaderTask) {
        if !matches!(task, LeaderTask::Retain) {
            return;
        }
        let (monotonic, wall) = (self.monotonic(), self.now());
        let runs = &mut self.processes[process].retained_at;
        let agreed = runs
            .iter()
            .filter(|(at, _)| monotonic - *at >= Duration::from_secs(600))
            .map(|(_, earlier)| wall.min(*earlier))
            .max();
        runs.push((monotonic, wall));
        self.floor_bound = self.floor_bound.max(agreed.unwrap_or(self.floor_bound));
    }

    /// Captures, or takes an earlier capture, or none, and reads.
    async fn read(&mut self, process: usize) {
        let own = self.some_capture(process);
        let query = self.random_query();
        let (store, writer) = self.store_and_writer(process);
        let given = own.as_ref().map(|capture| (&*writer, capture.own.clone()));
        let answer = store.read(&query, given).await;
        self.log
            .push(format!("{process} reads {query:?}, own: {}", own.is_some()));
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) => self.fail(&format!("a read failed: {error}")),
        };
        let own = own
            .as_ref()
            .map(|capture| (self.processes[process].history, capture));
        if let Err(difference) = self.judge(&answer, &query, own, &self.state()) {
            self.fail(&difference);
        }
    }

    fn some_capture(&mut self, process: usize) -> Option<Capture> {
        match self.random.below(3) {
            0 => Some(self.capture(process)),
            1 => {
                let earlier = self.processes[process].captures.clone();
                (!earlier.is_empty()).then(|| self.random.pick(&earlier).clone())
            }
            _ => None,
        }
    }

    /// A read that is held up somewhere while a flush or a leader's task happens. It must see the
    /// database from before or from after.
    async fn read_during(&mut self, process: usize) {
        // Mostly something waits in the inbox, for a fold to take away under the read's eyes.
        let waiting = self.random.index(self.processes.len());
        if !self.random.one_in(3) {
            self.flush(waiting, false).await;
            self.look().await;
        }
        let (other, act) = (
            self.random.index(self.processes.len()),
            self.random.below(6),
        );
        if act > 3 {
            // Another run that agrees, so that something goes while the read looks for it.
            self.lead(other, LeaderTask::Retain, 0).await;
            self.time_passes();
            self.look().await;
        }
        let own = self.some_capture(process);
        let query = self.random_query();
        let (store, writer) = self.store_and_writer(process);
        let given = own.as_ref().map(|capture| (&*writer, capture.own.clone()));
        let before = self.state();
        // Up to its last statement: a read on Postgres takes 9 to 25.
        let polls = self.random.below(26);
        let mut reading = store.read(&query, given);
        let early = interrupted(&mut reading, Some(polls)).await;
        // In no trouble: what cuts a connection does not ask whose it is.
        match act {
            0 => self.flush(other, false).await,
            1 | 2 => self.lead(other, LeaderTask::Fold, 0).await,
            3 => self.lead(other, LeaderTask::RollUp, 0).await,
            _ => self.lead(other, LeaderTask::Retain, 0).await,
        }
        let late = early.is_none();
        let answer = match early {
            Some(answer) => answer,
            None => reading.await,
        };
        self.look().await;
        self.log.push(format!(
            "{process} read meanwhile {query:?}, own: {}",
            own.is_some()
        ));
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) => self.fail(&format!("a read failed: {error}")),
        };
        let own = own
            .as_ref()
            .map(|capture| (self.processes[process].history, capture));
        let after: State = self.state();
        if late {
            *self.seen.entry("reads held up").or_default() += 1;
        }
        if let Err(difference) = self.judge(&answer, &query, own, &before)
            && (!late || self.judge(&answer, &query, own, &after).is_err())
        {
            self.fail(&format!("neither from before nor from after: {difference}"));
        }
    }

    /// Everybody does something at the same moment.
    async fn at_once(&mut self) {
        let stores: Vec<_> = self
            .processes
            .iter()
            .map(|p| Arc::clone(&p.store))
            .collect();
        self.begin_flush(0);
        self.begin_flush(1);
        for process in 0..3 {
            self.note_retention(process, LeaderTask::Retain);
        }
        let writers: Vec<_> = self
            .processes
            .iter()
            .map(|p| Arc::clone(&p.writer))
            .collect();
        let (first, second, a, b, c, d) = tokio::join!(
            stores[0].flush(&writers[0]),
            stores[1].flush(&writers[1]),
            stores[2].fold(),
            stores[1].fold(),
            stores[2].roll_up(),
            stores[0].retain(),
        );
        self.log.push(format!(
            "at once: {first:?} {second:?} {a:?} {b:?} {c:?} {d:?}"
        ));
        if a.is_err() || b.is_err() || c.is_err() || d.is_err() || first.is_err() || second.is_err()
        {
            self.fail("they hindered one another");
        }
        self.number_records(0);
        self.number_records(1);
        self.end_flush(0, Some(first));
        self.end_flush(1, Some(second));
    }

    /// The process is gone, and with it what it had not handed over. Another takes its place.
    fn crash(&mut self, process: usize) {
        self.saw_coarsened(process);
        let started = self.start_process();
        self.log.push(format!("{process} crashes"));
        self.processes[process] = started;
    }

    pub(crate) fn saw_coarsened(&mut self, process: usize) {
        let status = self.processes[process].writer.recorder.status();
        if !status.coarsened.is_empty() {
            self.observed("memories coarsened");
        }
    }

    async fn snapshot(&mut self) {
        self.look().await;
        let number = self.database.snapshot().await;
        let State { stored, .. } = self.state();
        self.snapshots.push(Snapshot {
            number,
            stored,
            abandoned: false,
        });
        self.log.push(format!("snapshot {number}"));
    }

    /// The database goes back to another state, and all that came after that is not in it. The state that
    /// is left may come back in its turn, as when a service returns to the server that it had fled.
    pub(crate) async fn fail_over(&mut self) {
        if self.random.one_in(2) {
            self.snapshot().await;
        }
        let left = self
            .snapshots
            .iter()
            .position(|snapshot| snapshot.abandoned);
        let at = match left {
            // Who went back and wrote there can't return: what was written in between hides other rows of ClickHouse.
            _ if self.database.buckets().is_some() => {
                self.snapshots.retain(|snapshot| !snapshot.abandoned);
                self.random.index(self.snapshots.len())
            }
            Some(at) if self.random.one_in(2) => at,
            _ => self.random.index(self.snapshots.len()),
        };
        if std::mem::take(&mut self.snapshots[at].abandoned) {
            self.observed("abandoned histories");
        }
        for later in &mut self.snapshots[at + 1..] {
            later.abandoned = true;
        }
        let Snapshot { number, stored, .. } = &self.snapshots[at];
        let (number, stored) = (*number, stored.clone());
        if !self.database.is_postgres() {
            // The file is replaced, so nobody may have it open; the recorders live on.
            for process in &mut self.processes {
                process.pool.close().await;
                (process.store, process.pool) = self.database.store(&self.clock);
            }
        }
        self.database.restore(number).await;
        for (record, stored) in self
            .records
            .iter_mut()
            .zip(stored.into_iter().chain(std::iter::repeat(None)))
        {
            record.stored = stored;
        }
        let tables = self.database.tables().await;
        for writer in &mut self.writers {
            writer.fence = tables.fence(writer.id);
        }
        if tables.has_gone_back {
            self.observed("copies of a lost history");
        }
        self.log.push(format!("failover to snapshot {number}"));
    }

    /// Arms some trouble for the next call; answers its name.
    fn arm(&mut self, leads: bool) -> &'static str {
        // A fold of several services sends more.
        let at = self.random.below(if leads { 40 } else { 16 });
        // One of several commits at the same time, or all.
        let every = !leads || self.random.one_in(2);
        let buckets = self.database.buckets().filter(|_| leads);
        let trouble = buckets.map(|b| Arc::clone(&b.trouble));
        if let Some(trouble) = trouble
            && self.random.one_in(2)
        {
            let n = self.random.below(4);
            let which = match self.random.below(3) {
                0 => Trouble::Refused(n),
                1 => Trouble::Unheard(n),
                _ => Trouble::Halved(n),
            };
            *trouble.lock().unwrap() = Some(which);
            self.observed("buckets in trouble");
            return "buckets in trouble";
        }
        let Some(proxy) = self.database.proxy() else {
            return if self.random.one_in(2) {
                "cancelled"
            } else {
                "unheard"
            };
        };
        let mut seen = 0;
        let mut at_request = move || {
            seen += 1;
            seen == at + 1
        };
        match self.random.below(7) {
            0 => {
                proxy.judge(move |_| {
                    if at_request() {
                        Verdict::CutBefore
                    } else {
                        Verdict::Pass
                    }
                });
                "cut before a statement"
            }
            1 => {
                proxy.judge(move |_| {
                    if at_request() {
                        Verdict::CutAfter
                    } else {
                        Verdict::Pass
                    }
                });
                "cut after a statement"
            }
            2 => {
                proxy.judge(on_commit(Verdict::CutBefore, every));
                "cut before COMMIT"
            }
            3 | 4 => {
                proxy.judge(on_commit(Verdict::CutAfter, every));
                "cut after COMMIT"
            }
            5 => {
                proxy.judge(on_commit(Verdict::CutAtOnce, every));
                "cut at COMMIT"
            }
            _ => "cancelled",
        }
    }

    fn disarm(&self) {
        if let Some(proxy) = self.database.proxy() {
            proxy.pass();
        }
        if let Some(buckets) = self.database.buckets() {
            *buckets.trouble.lock().unwrap() = None;
        }
    }

    fn store_and_writer(
        &self,
        process: usize,
    ) -> (Arc<dyn Store>, Arc<api_metrics_store::store::Writer>) {
        let process = &self.processes[process];
        (Arc::clone(&process.store), Arc::clone(&process.writer))
    }
}

impl LeaderTask {
    /// What it says, and by how many transactions it folded.
    async fn call(
        self,
        store: &Arc<dyn Store>,
    ) -> Result<(String, u64), api_metrics_store::store::StoreError> {
        Ok(match self {
            Self::Fold => {
                let folded = store.fold().await?;
                (format!("{folded:?}"), folded.transactions)
            }
            Self::RollUp => (format!("{:?}", store.roll_up().await?), 0),
            Self::Retain => (format!("{:?}", store.retain().await?), 0),
        })
    }
}

/// What happens to every COMMIT, or to the first.
fn on_commit(verdict: Verdict, every: bool) -> impl FnMut(Request) -> Verdict + Send + 'static {
    let mut seen = false;
    move |request| match request {
        Request::Commit if every || !std::mem::replace(&mut seen, true) => verdict.clone(),
        _ => Verdict::Pass,
    }
}

/// Runs a call to its end, or drops it at one of its awaits.
async fn interrupted<F: Future>(call: F, polls: Option<u64>) -> Option<F::Output> {
    let mut call: Pin<Box<F>> = Box::pin(call);
    let mut left = polls;
    std::future::poll_fn(|context| match call.as_mut().poll(context) {
        Poll::Ready(outcome) => Poll::Ready(Some(outcome)),
        Poll::Pending => match &mut left {
            Some(0) => Poll::Ready(None),
            Some(left) => {
                *left -= 1;
                Poll::Pending
            }
            None => Poll::Pending,
        },
    })
    .await
}

/// Counts the awaits of a call.
async fn counted<F: Future>(call: F, awaits: &mut u64) -> F::Output {
    let mut call: Pin<Box<F>> = Box::pin(call);
    std::future::poll_fn(|context| {
        let outcome = call.as_mut().poll(context);
        *awaits += u64::from(outcome.is_pending());
        outcome
    })
    .await
}
