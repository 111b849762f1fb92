//! What becomes of a flush, and what the model expects of it.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use api_metrics_store::store::{FlushError, Flushed};

use crate::simulation::{Ended, Process, Simulation};

impl Simulation {
    pub(crate) fn begin_flush(&mut self, process: usize) {
        let history = self.processes[process].history;
        let Process {
            writer,
            max_unresolved,
            ..
        } = &self.processes[process];
        if writer.recorder.status().unresolved_batches >= *max_unresolved {
            self.observed("numbers tried again");
        }
        self.find_what_is_missing(process);
        let now = self.now();
        let writer = &mut self.writers[history];
        // Under the last number once more, or under the next, or both.
        writer.wall_at.insert(writer.begun, now);
        writer.wall_at.insert(writer.begun + 1, now);
    }

    /// Which number the records got that had none.
    pub(crate) fn number_records(&mut self, process: usize) {
        let history = self.processes[process].history;
        let recorder = Arc::clone(&self.processes[process].writer.recorder);
        let (sealed, acknowledged) = (recorder.status().last_seq, recorder.status().acknowledged);
        let held = recorder.capture(&|_, _| true);
        let held: BTreeSet<u64> = held.batches.iter().map(|(tag, _)| *tag).collect();
        self.note_what_is_gone(history, acknowledged);
        let begun = std::mem::replace(&mut self.writers[history].begun, sealed);
        if sealed > begun + 1 {
            self.fail("one flush took two numbers");
        }
        // What is neither held under the new number nor in was released.
        if sealed > begun && (held.contains(&sealed) || acknowledged == sealed) {
            for record in self.records.iter_mut().filter(|r| r.writer == history) {
                record.tag.get_or_insert(sealed);
            }
        }
    }

    /// What it may claim; the next look at the tables tells whether it is true.
    pub(crate) fn end_flush(
        &mut self,
        process: usize,
        outcome: Option<Result<Flushed, FlushError>>,
    ) {
        let history = self.processes[process].history;
        let acknowledged = self.processes[process]
            .writer
            .recorder
            .status()
            .acknowledged;
        let monotonic = self.monotonic();
        let writer = &mut self.writers[history];
        let sealed = writer.begun;
        for n in 1..=acknowledged {
            writer.acknowledged_at.entry(n).or_insert(monotonic);
        }
        let told = matches!(outcome, Some(Ok(_)))
            .then(|| writer.untold.take())
            .flatten();
        if told.is_some() {
            self.observed("losses told");
        }
        let number = match &outcome {
            Some(Ok(flushed)) => Some(flushed.number),
            _ => None,
        };
        self.ended.push(Ended {
            history,
            acknowledged,
            number,
        });
        match outcome {
            // Cancelled, or nobody knows: the fence will tell.
            None => self.observed("flushes cancelled"),
            Some(Err(FlushError::Unknown(_))) => self.observed("flushes with an unknown outcome"),
            Some(Err(FlushError::NotSent(_))) => self.observed("flushes not sent"),
            Some(Ok(Flushed { number, lost, .. })) => {
                if (number, lost, number) != (sealed, told, acknowledged) {
                    self.fail(&format!("expected {sealed} and {told:?} lost"));
                }
            }
            Some(Err(error)) => self.fail(&format!("{error}")),
        }
    }

    /// After a failover: acknowledged records that neither the database nor the process holds.
    fn find_what_is_missing(&mut self, process: usize) {
        let Process {
            history, writer, ..
        } = &self.processes[process];
        let (history, known_committed) = (*history, writer.recorder.status().acknowledged);
        let held = self.capture(process).records;
        let fence = self.writers[history].fence;
        let missing = self
            .records_of(history)
            .filter(|(at, record)| {
                fence < known_committed
                    && record.tag.is_some_and(|tag| tag > fence)
                    && !record.gone
                    && !held.contains_key(at)
            })
            .map(|(at, _)| at)
            .collect();
        self.writers[history].known_committed = known_committed;
        self.writers[history].missing = missing;
    }

    /// The process has noticed, if what it takes for committed has changed.
    fn note_what_is_gone(&mut self, history: usize, acknowledged: u64) {
        let missing = std::mem::take(&mut self.writers[history].missing);
        if acknowledged == self.writers[history].known_committed {
            return;
        }
        let monotonic = self.monotonic();
        for at in missing {
            let Some(tag) = self.records[at].tag else {
                continue;
            };
            let writer = &mut self.writers[history];
            let since = writer.acknowledged_at.get(&tag);
            if since.is_none_or(|at| monotonic < *at + Duration::from_secs(60)) {
                self.fail(&format!("record {at} of flush {tag} was freed too early"));
            }
            let untold = writer.untold.unwrap_or((tag, tag));
            writer.untold = Some((untold.0.min(tag), untold.1.max(tag)));
            self.records[at].gone = true;
            self.observed("records gone");
        }
    }
}
