//! Threads that live as long as a server's do.

use std::{
    sync::{Arc, Barrier, mpsc},
    thread,
};

use crate::support::thread_time;
use axum::Router;

use crate::{exchange::exchange, requests::Requests};

/// Requests of one measurement: few enough to stay in the cache until they are served, as in a server
/// that has just parsed them; enough to make the clock's own cost vanish.
const BATCH: usize = 128;

/// A turn of one subject.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Round {
    /// Batches before the measured ones, that bring the caches back.
    pub(crate) warm: usize,
    pub(crate) measured: usize,
}

impl Round {
    pub(crate) fn requests(self) -> usize {
        (self.warm + self.measured) * BATCH
    }
}

pub(crate) struct Workers {
    work: Vec<mpsc::Sender<(Router, Round)>>,
    times: mpsc::Receiver<Vec<f64>>,
}

impl Workers {
    pub(crate) fn start(threads: usize, series: usize) -> Self {
        let (report, times) = mpsc::channel();
        let together = Arc::new(Barrier::new(threads));
        let work = (0..threads).map(|number| {
            let (sender, orders) = mpsc::channel::<(Router, Round)>();
            let (report, together) = (report.clone(), Arc::clone(&together));
            thread::spawn(move || {
                let mut requests = Requests::new(series, number as u64 + 1);
                for (mut app, turn) in orders {
                    together.wait();
                    let mut times = Vec::with_capacity(turn.measured);
                    for batch in 0..turn.warm + turn.measured {
                        let time = batch_time(&mut app, &mut requests);
                        if batch >= turn.warm {
                            times.push(time);
                        }
                    }
                    drop(app);
                    if report.send(times).is_err() {
                        return;
                    }
                }
            });
            sender
        });
        Self {
            work: work.collect(),
            times,
        }
    }

    /// All threads at once; the time of a request in every batch, in nanoseconds.
    pub(crate) fn take_turn(&self, app: &Router, turn: Round) -> Vec<f64> {
        for worker in &self.work {
            worker.send((app.clone(), turn)).unwrap();
        }
        let reports = self.work.iter().map(|_| self.times.recv().unwrap());
        reports.flatten().collect()
    }
}

fn batch_time(app: &mut Router, requests: &mut Requests) -> f64 {
    let batch = requests.next(BATCH);
    let since = thread_time();
    for request in batch {
        exchange(app, request);
    }
    (thread_time() - since).as_nanos() as f64 / BATCH as f64
}
