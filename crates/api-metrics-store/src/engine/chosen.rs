//! Which flush batches a fold takes: as many as fit into its budget, instance after instance.
//!
//! They are picked by their sizes and read later, by whoever folds them.

use std::collections::HashMap;

use uuid::Uuid;

use super::backend::{InboxChunk, Pending, Result, Tx, VersionLabels};

/// Rows of flush batches that one fold takes at most. A single larger flush batch is taken
/// whole, because a fold mark can't stand within a batch.
const ROWS_A_FOLD: u64 = 200_000;
/// Flush batches that a fold takes of one instance: those in `(instance.folded, upto]`.
#[derive(Debug, Clone)]
pub(super) struct Mark {
    /// The instance, and what it runs.
    pub instance: Pending,
    /// The number of the last of them.
    pub upto: u64,
    /// How many there are.
    pub batches: u64,
    /// Buckets in them.
    pub rows: u64,
}

/// What fits into one fold.
#[derive(Debug, Default)]
pub(super) struct Picked {
    /// By instance.
    pub marks: Vec<Mark>,
    /// Whether the inbox holds others.
    pub more: bool,
}

impl Picked {
    /// How many batches there are.
    pub(super) fn batches(&self) -> u64 {
        self.marks.iter().map(|mark| mark.batches).sum()
    }
}

/// Flush batches that a fold takes, with their contents.
#[derive(Default)]
pub(super) struct Chosen {
    /// Their chunks, by instance, number and place.
    pub chunks: Vec<InboxChunk>,
    /// Which instances they are of, and up to which number.
    pub marks: Vec<(Uuid, u64)>,
    /// Which versions these instances run.
    pub versions: HashMap<Uuid, VersionLabels>,
    /// How many there are.
    pub batches: u64,
    /// Whether the inbox holds others.
    pub more: bool,
}

/// Picks what fits into one fold, and reads it.
pub(super) async fn choose(tx: &mut dyn Tx) -> Result<Chosen> {
    let picked = pick(tx).await?;
    let (batches, more) = (picked.batches(), picked.more);
    let taken = take(tx, &picked.marks).await?;
    Ok(Chosen {
        batches,
        more,
        ..taken
    })
}

/// Picks what fits into one fold. Reads no contents.
pub(super) async fn pick(tx: &mut dyn Tx) -> Result<Picked> {
    let pending = tx.pending().await?;
    let mut picked = Picked::default();
    let mut room = ROWS_A_FOLD;
    for instance in pending {
        let mut upto = instance.seq;
        let (mut batches, mut of_instance) = (0, 0);
        for (seq, rows) in tx
            .inbox_sizes(instance.id, instance.folded, instance.seq)
            .await?
        {
            if rows > room && room < ROWS_A_FOLD {
                upto = seq - 1;
                picked.more = true;
                break;
            }
            room = room.saturating_sub(rows);
            batches += 1;
            of_instance += rows;
        }
        if upto > instance.folded {
            picked.marks.push(Mark {
                instance,
                upto,
                batches,
                rows: of_instance,
            });
        }
        if picked.more {
            break;
        }
    }
    Ok(picked)
}

/// Reads what was picked.
pub(super) async fn take(tx: &mut dyn Tx, marks: &[Mark]) -> Result<Chosen> {
    let mut chosen = Chosen::default();
    for Mark { instance, upto, .. } in marks {
        let chunks = tx.inbox(instance.id, instance.folded, *upto).await?;
        chosen.chunks.extend(chunks);
        chosen.marks.push((instance.id, *upto));
        chosen.versions.insert(instance.id, instance.of.clone());
    }
    Ok(chosen)
}
