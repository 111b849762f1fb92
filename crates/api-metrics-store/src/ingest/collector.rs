//! What the collector keeps beside buckets: whose keys its users have, an organisation's own token, sessions.
//!
//! A user is the keys with its `user_id`. Its events count for the one with the lowest number, and one is made on
//! the first event. An organisation reports by a token of its own, which nobody holds: no secret has its hash. It
//! stands among the writers' tokens, and revoking it ends what the organisation may report.

use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{
    collector_sql,
    commit::MAX_KEYS,
    sql,
    token::{IngestToken, NewIngestToken, hex},
};
use crate::{
    engine::{
        audit,
        backend::{Mode, Result},
        sql::{BeginTx, SqlTx},
    },
    store::invalid,
    time::UnixSeconds,
};

/// How long a session is known after its start, in seconds.
const SESSIONS_KEPT_SECONDS: i64 = 30 * 86_400;
/// The longest name of an organisation, in bytes: its users' keys begin with it.
const MAX_TENANT_BYTES: usize = 200;

/// A session that has begun.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CollectorSession {
    /// Its id.
    pub id: Uuid,
    /// The token of the organisation by which it came.
    pub token_id: i64,
    /// Whose it is.
    pub user_id: String,
    /// When it began, in milliseconds since 1970.
    pub started_ms: i64,
    /// When its end was reported.
    pub ended_at: Option<UnixSeconds>,
}

impl CollectorSession {
    /// A session that goes on.
    #[must_use]
    pub fn new(id: Uuid, token_id: i64, user_id: impl Into<String>, started_ms: i64) -> Self {
        Self {
            id,
            token_id,
            user_id: user_id.into(),
            started_ms,
            ended_at: None,
        }
    }
}

/// The key that is made for a user of an organisation. Two organisations never share one.
fn key_of(tenant: Option<&str>, user: &str) -> String {
    tenant.map_or_else(|| user.to_owned(), |tenant| format!("{tenant}/{user}"))
}

/// See `IngestStore::keys_of_users`.
pub(super) async fn keys_of_users(
    store: &dyn BeginTx,
    tenant: Option<&str>,
    users: &[String],
) -> Result<Vec<(String, String)>> {
    let mut tx = store.begin(Mode::Write).await?;
    let mut found = collector_sql::keys_of_users(&mut *tx, tenant, users).await?;
    let mut missing: Vec<&String> = users
        .iter()
        .filter(|user| !found.iter().any(|(known, _)| known == *user))
        .collect();
    // In one order, so that two transactions never wait for each other in a circle.
    missing.sort_unstable();
    missing.dedup();
    if !missing.is_empty() {
        if let Some(tenant) = tenant {
            let room = MAX_KEYS.saturating_sub(sql::count_keys(&mut *tx, tenant).await?);
            missing.truncate(usize::try_from(room).unwrap_or(usize::MAX));
        }
        let keys: Vec<(String, Option<&str>, &str)> = missing
            .iter()
            .map(|user| (key_of(tenant, user), tenant, user.as_str()))
            .collect();
        let now = tx.meta().await?.now();
        collector_sql::add_users_keys(&mut *tx, &keys, now).await?;
        // Somebody else may have been faster, or the text may be another's key.
        found = collector_sql::keys_of_users(&mut *tx, tenant, users).await?;
    }
    tx.commit().await?;
    Ok(found)
}

/// See `IngestStore::collector_token`.
pub(super) async fn token(
    store: &dyn BeginTx,
    service: &str,
    environment: &str,
    tenant: Option<&str>,
) -> Result<IngestToken> {
    if tenant.is_some_and(|tenant| tenant.len() > MAX_TENANT_BYTES) {
        return invalid("tenant", format!("has at most {MAX_TENANT_BYTES} bytes"));
    }
    // No secret has this hash: those of secrets have digits alone.
    let name = format!("{service}\0{environment}\0{}", tenant.unwrap_or_default());
    let hash = format!("collector {}", hex(&Sha256::digest(name)));
    let mut tx = store.begin(Mode::Read).await?;
    let found = sql::find_token(&mut *tx, &hash).await?;
    tx.commit().await?;
    if let Some(found) = found {
        return Ok(found);
    }
    let mut new = NewIngestToken::new("collector", service, environment);
    new.tenant_id = tenant.map(str::to_owned);
    let mut tx = store.begin(Mode::Write).await?;
    let made = match sql::find_token(&mut *tx, &hash).await? {
        Some(found) => found,
        None => {
            let now = tx.meta().await?.now();
            let (made, is_new) = sql::insert_token(&mut *tx, &new, &hash, "collector", now).await?;
            if is_new {
                let subject = format!("ingest token {} (collector) of {service}", made.id);
                audit::note(&mut *tx, now, "collector", "create ingest token", &subject).await?;
            }
            made
        }
    };
    tx.commit().await?;
    Ok(made)
}

/// See `IngestStore::start_session`.
pub(super) async fn start_session(store: &dyn BeginTx, session: &CollectorSession) -> Result<()> {
    let mut tx = store.begin(Mode::Write).await?;
    let now = tx.meta().await?.now();
    collector_sql::insert_session(&mut *tx, session, now).await?;
    tx.commit().await
}

/// See `IngestStore::session`.
pub(super) async fn session(store: &dyn BeginTx, id: Uuid) -> Result<Option<CollectorSession>> {
    let mut tx = store.begin(Mode::Read).await?;
    let found = collector_sql::find_session(&mut *tx, id).await?;
    tx.commit().await?;
    Ok(found)
}

/// See `IngestStore::end_session`.
pub(super) async fn end_session(store: &dyn BeginTx, id: Uuid) -> Result<bool> {
    let mut tx = store.begin(Mode::Write).await?;
    let now = tx.meta().await?.now();
    let ended = collector_sql::end_session(&mut *tx, id, now).await?;
    tx.commit().await?;
    Ok(ended)
}

/// Forgets sessions that began a month ago.
pub(super) async fn forget_sessions(tx: &mut dyn SqlTx, now: UnixSeconds) -> Result<u64> {
    collector_sql::forget_sessions(tx, now - SESSIONS_KEPT_SECONDS).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_of_two_organisations_never_share_a_key() {
        let user = "6f9619ff-8b86-4d01-b42d-00cf4fc964ff";
        let keys =
            [None, Some("acme"), Some("acme/"), Some("a")].map(|tenant| key_of(tenant, user));
        let unlike: std::collections::BTreeSet<_> = keys.iter().collect();
        assert_eq!(unlike.len(), keys.len());
        assert_eq!(keys.first().map(String::as_str), Some(user));
    }
}
