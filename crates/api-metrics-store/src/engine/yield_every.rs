//! Long work in small pieces.

/// So many rows are worked on at a stretch: some tens of microseconds.
const ROWS: u32 = 128;

/// Lets other tasks run again and again. Fold and rollup share a runtime with the host's requests, which
/// must not wait for them.
#[derive(Debug, Default)]
pub(super) struct YieldEvery(u32);

impl YieldEvery {
    /// To be called once a row.
    pub(super) async fn step(&mut self) {
        self.0 += 1;
        if self.0 >= ROWS {
            self.0 = 0;
            tokio::task::yield_now().await;
        }
    }
}
