//! The end of a run: everything is handed over, folded and rolled up.

use std::time::Duration;

use api_metrics_store::{
    query::{Query, TimeRange},
    time::Granularity,
};

use crate::{
    simulation::{NOON, Simulation},
    sum::Sum,
};

impl Simulation {
    /// After it the inbox and the marks are empty and the days hold every record: all that was recorded,
    /// without what crashed processes had not committed and what is gone.
    pub(crate) async fn drain(&mut self) {
        for process in 0..self.processes.len() {
            self.saw_coarsened(process);
            self.flush(process, false).await;
            self.look().await;
            self.check();
        }
        self.clock.step_to(self.true_now().max(self.now()));
        self.clock.advance(Duration::from_secs(220 * 86_400));
        let store = std::sync::Arc::clone(&self.processes[0].store);
        while store.fold().await.unwrap().more {}
        // Days that are over wait for late data.
        self.clock.advance(Duration::from_secs(900));
        while store.roll_up().await.unwrap().steps > 0 {}
        self.look().await;
        self.check();
        if !self.tables.dirty.is_empty() {
            self.fail(&format!("marks are left: {:?}", self.tables.dirty));
        }
        let unfolded = self
            .tables
            .inbox
            .iter()
            .any(|((id, seq), _)| *seq > self.tables.folded(*id));
        if unfolded {
            self.fail("flush batches are left");
        }
        let living: Vec<usize> = self.processes.iter().map(|p| p.history).collect();
        let mut expected = Sum::default();
        for record in &self.records {
            if record.stored.is_some() {
                expected.add(&record.sum());
            } else if living.contains(&record.writer) && !record.gone {
                self.fail("a living process's record was never stored");
            }
        }
        let mut days = Sum::default();
        for ((_, series), sum) in &self.tables.rows[&Granularity::Day] {
            if self.tables.series[series].kind == 0 {
                days.add(sum);
            }
        }
        if days != expected {
            self.fail(&format!("the days hold {days:?} instead of {expected:?}"));
        }
        let all = Query::over(TimeRange::new(NOON - 400 * 86_400, NOON + 4_000 * 86_400));
        let answer = store.read(&all, None).await.unwrap();
        let total = answer.total().map(Sum::of_bucket).unwrap_or_default();
        if total != expected {
            self.fail(&format!("the total is {total:?} instead of {expected:?}"));
        }
    }
}
