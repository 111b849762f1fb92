//! Single requests in another database, while everything else of the log stays in this one.
//!
//! Rows go there first, and the fence moves here afterwards. A row counts if the batch of its mark does, which a snapshot
//! of this database says. `docs/decisions/0014-single-requests-in-clickhouse.md` has the choice.
//!
//! | file | what |
//! |---|---|
//! | `flush` | a batch into rows there, and its fence here |
//! | `wanted` | a filter and a scope, as that database is asked |
//! | `read` | lists, single requests, arrivals |
//! | `groups` | groups of errors, searches |
//! | `remove` | erasure |
//! | `row` | a request as a row, and back |

pub(super) mod flush;
pub(super) mod groups;
pub(super) mod read;
pub(super) mod remove;
mod row;
mod wanted;
