//! What the database knows of a log: how far it was imported, and by which flush.
//!
//! Before each flush the ledger notes how much of the log the flush will hold. The store's fence says
//! which flush was the last one that is in the database, so the two together say where to go on, also
//! after the process was killed at any moment.

use api_metrics::store::control::imports::ImportRecord;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::summary::Counts;

/// A point in the text of a log, behind whole lines.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Mark {
    /// Bytes of the decompressed text before it.
    pub(super) offset: u64,
    /// SHA-256 of them.
    pub(super) digest: String,
    /// What was counted in them.
    pub(super) counts: Counts,
}

/// What became of an import.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum State {
    /// It was begun and has not come to the log's end.
    Running,
    /// The log was read to its end.
    Complete,
}

/// How far an import came; in the ledger as JSON.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Progress {
    pub(super) state: State,
    /// By which options lines were chosen and read: those who go on must have the same.
    pub(super) options: String,
    /// The number of the flush that brings everything up to `to`.
    pub(super) flush: u64,
    /// Where that flush begins.
    pub(super) from: Mark,
    /// Where it ends.
    pub(super) to: Mark,
}

/// One import of one log.
#[derive(Debug, Clone)]
pub(super) struct Import {
    pub(super) record: ImportRecord,
    pub(super) progress: Progress,
    /// Up to where the database holds it.
    pub(super) at: Mark,
    /// The number of its last flush that was in the database when it was looked up.
    pub(super) fence: u64,
}

impl Import {
    /// An import that has not begun.
    pub(super) fn new(
        head: &str,
        (service, environment): (&str, &str),
        name: &str,
        options: &str,
    ) -> Self {
        let mut record = ImportRecord::new(Uuid::new_v4(), head);
        service.clone_into(&mut record.service);
        environment.clone_into(&mut record.environment);
        name.clone_into(&mut record.name);
        Self {
            record,
            progress: Progress {
                state: State::Running,
                options: options.to_owned(),
                flush: 0,
                from: Mark::default(),
                to: Mark::default(),
            },
            at: Mark::default(),
            fence: 0,
        }
    }

    /// What the ledger holds, and the store's fence of it. `None` where another release wrote what this
    /// one can't read.
    pub(super) fn known(record: ImportRecord, fence: u64) -> Option<Self> {
        let progress: Progress = serde_json::from_str(&record.progress).ok()?;
        let at = if fence >= progress.flush {
            &progress.to
        } else {
            &progress.from
        };
        Some(Self {
            at: at.clone(),
            record,
            progress,
            fence,
        })
    }

    /// Notes what the next flush will hold.
    pub(super) fn begin_flush(&mut self, flush: u64, to: Mark) -> &ImportRecord {
        self.progress.flush = flush;
        self.progress.from = self.at.clone();
        self.progress.to = to;
        self.written()
    }

    /// Notes that the flush is in the database.
    pub(super) fn acknowledge(&mut self) {
        self.at = self.progress.to.clone();
    }

    /// Notes what became of it.
    pub(super) fn now(&mut self, state: State) -> &ImportRecord {
        self.progress.state = state;
        self.written()
    }

    /// As it stands in the ledger.
    fn written(&mut self) -> &ImportRecord {
        // Numbers and texts alone, which always are JSON.
        self.record.progress = serde_json::to_string(&self.progress).unwrap_or_default();
        &self.record
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn mark(offset: u64) -> Mark {
        Mark {
            offset,
            ..Mark::default()
        }
    }

    #[test]
    fn the_fence_decides_where_an_import_goes_on() {
        let mut import = Import::new("head", ("shop", "default"), "access.log", "");
        import.begin_flush(1, mark(100));
        import.acknowledge();
        let record = import.begin_flush(2, mark(250)).clone();
        // Flush 2 was tried again under the number 3, so any number from 2 on has it.
        for (fence, offset) in [(1, 100), (2, 250), (3, 250)] {
            let known = Import::known(record.clone(), fence).unwrap();
            assert_eq!(known.at.offset, offset, "{fence}");
        }
    }

    #[test]
    fn what_another_release_wrote_is_left_alone() {
        let mut record = ImportRecord::new(Uuid::new_v4(), "head");
        record.progress = "{\"version\":2}".to_owned();
        assert!(Import::known(record, 0).is_none());
    }
}
