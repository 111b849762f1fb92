//! What only the caller's process holds.
//!
//! A read copies the recorder's batches before it opens its snapshot. Of this copy it adds what the
//! fence in the snapshot has not let in: exactly what the snapshot does not hold.

use std::collections::HashMap;

use crate::{
    engine::{
        backend::{Owner, Result, SeriesLabels, Tx, key_text},
        flush::plausible_period,
    },
    recorder::{DeltaRow, Deltas, OwnDeltas},
    store::{ApiKeyInfo, Writer},
    time::UnixSeconds,
};

/// The number under which own records count whose key has not been stored yet: a key that was first
/// seen since the last flush.
const KEY_NOT_STORED_YET: i64 = -1;

/// What the snapshot does not hold yet, and what the snapshot says of the keys in it.
pub(super) struct Own {
    /// The labels that all own series share.
    owner: Owner,
    /// The batches above the fence, added up, with what is open.
    deltas: Deltas,
    /// What is stored of the keys in it, by their external ids.
    keys: HashMap<String, ApiKeyInfo>,
}

impl Own {
    /// What `fence` has not let in; `None` where there is nothing. One statement, for the numbers of
    /// the keys. A key that is not stored yet counts under the number -1, which no stored key has.
    pub(super) async fn load(
        tx: &mut dyn Tx,
        writer: &Writer,
        own: &OwnDeltas,
        fence: u64,
    ) -> Result<Option<Self>> {
        let deltas = own.newer_than(fence);
        if deltas.is_empty() {
            return Ok(None);
        }
        let mut texts: Vec<String> = deltas
            .rows()
            .filter_map(|row| row.series.api_key.as_ref().map(key_text))
            .collect();
        texts.sort_unstable();
        texts.dedup();
        let keys = tx
            .api_keys_by_external_id(&texts)
            .await?
            .into_iter()
            .map(|key| (key.external_id.clone(), key))
            .collect();
        Ok(Some(Self {
            owner: Owner::of(&writer.instance),
            deltas,
            keys,
        }))
    }

    /// The rows, the periods that they count in at the time `now`, and their labels.
    pub(super) fn rows(
        &self,
        now: UnixSeconds,
    ) -> impl Iterator<Item = (DeltaRow<'_>, UnixSeconds, SeriesLabels)> {
        self.deltas.rows().map(move |row| {
            let api_key_id = row.series.api_key.as_ref().map_or(0, |key| {
                self.keys
                    .get(&key_text(key))
                    .map_or(KEY_NOT_STORED_YET, |info| info.id)
            });
            let labels = self.owner.labels(row.series, api_key_id);
            let period_start = plausible_period(row.period_start, now);
            (row, period_start, labels)
        })
    }
}
