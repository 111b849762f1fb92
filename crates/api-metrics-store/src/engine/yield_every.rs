//! Long work in small pieces, so that it does not hold up a runtime that it shares.
//!
//! Fold, rollup and reads merge many thousands of buckets. They run on the host's runtime, whose worker
//! threads also answer the host's requests: on one worker a fold of 200,000 rows without a pause would
//! stop everything else for the time that it takes.

/// Rows that are worked on without a pause: some tens of microseconds.
const ROWS: u32 = 128;

/// Yields to the runtime after every 128 rows. Fold and rollup share a runtime with the host's
/// requests, which must not wait for them. The counter lives with the loop; it needs no clock.
#[derive(Debug, Default)]
pub(super) struct YieldEvery(u32);

impl YieldEvery {
    /// Counts one row, and yields after each 128th. To be called once a row.
    ///
    /// Safe to cancel at this point: the loops that call it hold only memory and an open transaction.
    pub(super) async fn step(&mut self) {
        self.0 += 1;
        if self.0 >= ROWS {
            self.0 = 0;
            tokio::task::yield_now().await;
        }
    }
}
