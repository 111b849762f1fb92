//! The protocol by which counts stay exact: flush, fold, rollup, retention and the read, written once
//! over what a database can do.
//!
//! | module | step | who runs it |
//! |---|---|---|
//! | `flush` | a process's flush batches into the inbox | every process, every ten seconds by default |
//! | `fold` | the inbox into buckets; the only place that adds | the leader |
//! | `shares` | several services folded side by side | the leader |
//! | `rollup` | finer periods into coarser ones, recomputed | the leader |
//! | `retention` | floors move, what lies below them goes | the leader |
//! | `read` | buckets, inbox and own memory into an answer | every process |
//! | `versions` | what each version of a service has answered, with the fold | the leader |
//! | `copied` | fold, rollup and read where buckets are kept in another database | the leader, every process |
//! | `damage` | what can't be read is kept aside and left out | the leader |
//!
//! `backend` is the contract with a database, `payload` and `period_counts` are the two encodings, and
//! `plan`, `axis` and `condition` decide what a read looks at. `docs/protocol.md` has the rules and the
//! reason for each.
//!
//! # Invariants
//!
//! At every moment, counting each record as one element:
//!
//! 1. Flush batches above `folded` and base rows together hold every committed record once.
//! 2. A clean period at or above its children's floor equals the sum of its children.
//! 3. A flush batch is committed if and only if the fence of its instance has reached its seq.
//! 4. An aggregate row equals the sum of its base rows, and period counts equal the aggregate rows.
//! 5. Floors never go back, and nothing dirty lies below its children's floor.
//! 6. The counts of versions sum up to the folded requests of the processes that name one, as far back as hours are kept.

mod admit;
pub(crate) mod audit;
mod axis;
pub(crate) mod backend;
mod chosen;
pub(crate) mod condition;
#[cfg_attr(
    not(feature = "postgres"),
    allow(
        dead_code,
        unreachable_pub,
        reason = "Postgres alone leaves its buckets to another database"
    )
)]
pub(crate) mod copied;
pub(crate) mod damage;
pub(crate) mod flush;
pub(crate) mod fold;
#[cfg(feature = "fuzzing")]
pub(crate) mod fuzzing;
mod groups;
pub(crate) mod payload;
pub(crate) mod period_counts;
pub(crate) mod plan;
pub(crate) mod read;
pub(crate) mod retention;
pub(crate) mod rollup;
pub(crate) mod shares;
pub(crate) mod sorted_cursor;
// The request log needs less of it than the control plane.
#[cfg_attr(not(feature = "control"), allow(dead_code))]
pub(crate) mod sql;
pub(crate) mod store;
pub(crate) mod sum;
mod unstored;
pub(crate) mod versions;
mod yield_every;

/// What this release knows of the schema's meaning; databases say how much they ask for.
///
/// A process below `meta.leader_min` flushes and reads but does not lead. One below `meta.writer_min`
/// keeps what it records and says so. Raise it when a release gives stored rows a meaning that older
/// code would get wrong; a mere new column needs no change.
pub(crate) const SCHEMA_KNOWLEDGE: i64 = 3;

/// What a leader knows beyond that where buckets are kept in another database: a process that does not name it must not
/// fold.
pub(crate) const COPIES_BUCKETS: i64 = 1_000;
