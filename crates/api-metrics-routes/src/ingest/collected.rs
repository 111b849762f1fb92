//! What comes in shapes of the collector: read item by item, named by the keys of its users, and counted as
//! everything else is.
//!
//! An organisation reports by a token of its own that nobody holds. Dead letters and idempotency keys are its, so two
//! organisations never share one.
//! # A report's way
//!
//! 1. The route has read its body, and names the shape of each item.
//! 2. Each item is read by itself; what is wrong with one refuses that one.
//! 3. The keys of all users are looked up, or remembered for ten seconds; those of new users are made.
//! 4. The store commits what is left, together with what arrived at the same time, and answers.
//!
//! A key is made in a transaction of its own, before the report is counted: one that is never counted leaves a key
//! without events, which the user's next one takes.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use api_metrics_layer::ApiKey;
use api_metrics_store::ingest::{
    CollectorSession, DeadLetter, IngestAnswer, IngestBatch, IngestItem, IngestStore, RefusedItem,
};
use http::{HeaderMap, Uri};
use serde_json::Value;
use sha2::{Digest, Sha256};
use tokio::time::timeout;
use uuid::Uuid;

use super::{
    Ingest, IngestParts,
    report::{PATIENCE, idempotency_key, problem},
    shape::{self, Shape},
    writer::{Limits, Writer},
};
use crate::{
    response::{Kind, Problem},
    ttl_cache::TtlCache,
};

/// How long tokens and keys are remembered.
const REMEMBERED: Duration = Duration::from_secs(10);
/// Organisations that are remembered.
const ORGANISATIONS: usize = 10_000;
/// Users that are remembered.
const USERS: usize = 100_000;
/// The service that all items are of.
const SERVICE: &str = "collector";

/// What is remembered of organisations and users.
#[derive(Debug)]
pub(super) struct Organisations {
    /// Where both are looked up.
    store: Arc<dyn IngestStore>,
    /// Tokens by environment and tenant.
    writers: TtlCache<(String, Option<String>), Arc<Writer>, Problem>,
    /// Keys by tenant and user.
    keys: TtlCache<(Option<String>, String), ApiKey>,
    /// How long reports took and when the last one was committed.
    took: Mutex<Took>,
}

/// What is known of the reports of this process.
#[derive(Debug, Clone, Copy, Default)]
struct Took {
    /// From their receipt to their commit in milliseconds, on average: each counts a tenth.
    average_ms: Option<f64>,
    /// When the last one was committed.
    last: Option<SystemTime>,
}

/// One report in shapes of the collector.
#[derive(Debug, Default)]
pub(crate) struct Collected {
    /// The items, each with its shape, those of one shape together.
    pub(crate) items: Vec<(Shape, Value)>,
    /// When they happened where they don't say so.
    pub(crate) at: Option<SystemTime>,
    /// The session that ends.
    pub(crate) session: Option<CollectorSession>,
    /// The body, for the idempotency key.
    pub(crate) body: Vec<u8>,
    /// The name under which it is counted once.
    pub(crate) key: Option<String>,
}

/// What became of a report.
#[derive(Debug)]
pub(crate) struct Answered {
    /// Items that are counted.
    pub(crate) accepted: u32,
    /// Items that are not.
    pub(crate) refused: Vec<RefusedItem>,
    /// Whether it had been counted before.
    pub(crate) repeated: bool,
}

impl From<IngestAnswer> for Answered {
    fn from(answer: IngestAnswer) -> Self {
        let mut refused = answer.refused;
        for one in &mut refused {
            // The transaction knows keys, and callers know users.
            if one.member.as_deref() == Some("key") {
                one.member = Some("user_id".to_owned());
            }
        }
        Self {
            accepted: answer.accepted,
            refused,
            repeated: answer.repeated,
        }
    }
}

impl Organisations {
    /// Nobody was seen yet.
    pub(super) fn new(store: Arc<dyn IngestStore>) -> Self {
        Self {
            store,
            writers: TtlCache::new(ORGANISATIONS, REMEMBERED),
            keys: TtlCache::new(USERS, REMEMBERED),
            took: Mutex::default(),
        }
    }

    /// Forgets what is remembered: a token has changed.
    pub(super) fn forget(&self) {
        self.writers.clear();
    }

    /// The keys of these users; those whose key can't be made are left out.
    ///
    /// # Errors
    /// 503 and 504 where the store does not answer.
    async fn keys(
        &self,
        tenant: Option<&str>,
        users: BTreeSet<String>,
    ) -> Result<HashMap<String, ApiKey>, Problem> {
        let name = |user: &String| (tenant.map(str::to_owned), user.clone());
        let mut keys = HashMap::with_capacity(users.len());
        let mut unknown = Vec::new();
        for user in users {
            match self.keys.get(&name(&user)) {
                Some(key) => drop(keys.insert(user, key)),
                None => unknown.push(user),
            }
        }
        if unknown.is_empty() {
            return Ok(keys);
        }
        for (user, key) in self.store.keys_of_users(tenant, &unknown).await? {
            let key = ApiKey::from(key);
            self.keys.insert(name(&user), key.clone());
            keys.insert(user, key);
        }
        Ok(keys)
    }
}

impl Ingest {
    /// Notes that a report took so long from its receipt to its commit.
    pub(crate) fn took(&self, took: Duration) {
        let parts = &self.0.state.0;
        let ms = took.as_secs_f64() * 1_000.0;
        let mut known = parts
            .collected
            .took
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let average = known
            .average_ms
            .map_or(ms, |average| average * 0.9 + ms * 0.1);
        known.average_ms = Some(average);
        known.last = Some(parts.clock.wall());
    }

    /// How long reports take from their receipt to their commit, in milliseconds.
    pub(crate) fn latency_ms(&self) -> Option<f64> {
        let took = &self.0.state.0.collected.took;
        took.lock()
            .unwrap_or_else(PoisonError::into_inner)
            .average_ms
    }

    /// When a report was last committed.
    pub(crate) fn last_commit(&self) -> Option<SystemTime> {
        let took = &self.0.state.0.collected.took;
        took.lock().unwrap_or_else(PoisonError::into_inner).last
    }

    /// Items that wait for the database.
    pub(crate) fn waiting(&self) -> u64 {
        u64::try_from(self.0.state.0.queue.waiting()).unwrap_or(u64::MAX)
    }

    /// Whose session an item begins and when, in milliseconds since 1970; `None` where it begins none.
    pub(crate) fn starts(&self, item: &Value, now: SystemTime) -> Option<(String, i64)> {
        let item = shape::read(Shape::SessionStart, item.clone(), None, now, now).ok()?;
        let since = item.finished_at.duration_since(SystemTime::UNIX_EPOCH);
        let started = i64::try_from(since.unwrap_or_default().as_millis()).ok()?;
        Some((user(&item)?, started))
    }

    /// Whether an item of a session can be read.
    pub(crate) fn reads(
        &self,
        shape: Shape,
        item: &Value,
        session: &CollectorSession,
        now: SystemTime,
    ) -> bool {
        shape::read(shape, item.clone(), Some(session), now, now).is_ok()
    }

    /// The limits of organisations.
    pub(crate) fn limits(&self) -> &Limits {
        self.0.state.0.writers.limits()
    }

    /// What an organisation reports by; made on its first report.
    ///
    /// # Errors
    /// 403 where it was revoked, 503 and 504 where the store does not answer.
    pub(crate) async fn organisation(
        &self,
        environment: &str,
        tenant: Option<&str>,
    ) -> Result<Arc<Writer>, Problem> {
        let known = &self.0.state.0.collected;
        let name = (environment.to_owned(), tenant.map(str::to_owned));
        let read = async {
            let token = known.store.collector_token(SERVICE, environment, tenant);
            Ok::<_, Problem>(Arc::new(Writer::of(token.await?)))
        };
        let writer = known.writers.get_or(name, read).await?;
        if writer.token.revoked_at.is_some() {
            let detail = "the token by which this organisation reports was revoked";
            return Err(Problem::new(Kind::Forbidden, detail));
        }
        Ok(writer)
    }

    /// Counts a report of an organisation.
    ///
    /// # Errors
    /// 400 without an item, 422 for a key of another report, 503 and 504 where the database does not answer.
    pub(crate) async fn collect(
        &self,
        writer: &Writer,
        collected: Collected,
    ) -> Result<Answered, Problem> {
        let parts = &self.0.state.0;
        if collected.items.is_empty() {
            return Err(Problem::new(Kind::BadBody, "the body has no item"));
        }
        let submit = async {
            let batch = batch(parts, writer, collected).await?;
            parts
                .queue
                .submit(&writer.token, batch)
                .await
                .map_err(problem)
        };
        match timeout(PATIENCE, submit).await {
            Ok(answer) => Ok(answer?.into()),
            Err(_) => {
                let detail = "the database did not answer in time: send it again, with its key";
                Err(Problem::new(Kind::TimedOut, detail))
            }
        }
    }

    /// Keeps a session, so that its end knows when it began.
    ///
    /// # Errors
    /// 503 and 504 where the store does not answer.
    pub(crate) async fn start_session(&self, session: &CollectorSession) -> Result<(), Problem> {
        Ok(self.store().start_collector_session(session).await?)
    }

    /// A session of an organisation.
    ///
    /// # Errors
    /// 404 where the organisation has none of this id, 503 and 504 where the store does not answer.
    pub(crate) async fn session(
        &self,
        writer: &Writer,
        id: Uuid,
    ) -> Result<CollectorSession, Problem> {
        let found = self.store().collector_session(id).await?;
        found
            .filter(|session| session.token_id == writer.token.id)
            .ok_or_else(|| Problem::new(Kind::NotFound, "there is no such session"))
    }

    /// Notes that a session's end is counted.
    ///
    /// # Errors
    /// 503 and 504 where the store does not answer.
    pub(crate) async fn end_session(&self, id: Uuid) -> Result<(), Problem> {
        self.store().end_collector_session(id).await?;
        Ok(())
    }
}

impl Collected {
    /// The name under which a report to this route is counted once, from its `Idempotency-Key`.
    ///
    /// # Errors
    /// 400 that names what is wrong.
    pub(crate) fn key(
        route: &str,
        headers: &HeaderMap,
        uri: &Uri,
    ) -> Result<Option<String>, Problem> {
        let key = idempotency_key(headers, uri)?;
        Ok(key.map(|key| format!("collector {route} {key}")))
    }
}

/// The id of a session: of the same report the same one.
pub(crate) fn session_id(writer: &Writer, key: Option<&str>) -> Uuid {
    let Some(key) = key else {
        return Uuid::new_v4();
    };
    let digest = Sha256::digest(format!("{} {key}", writer.token.id));
    let mut bytes = [0; 16];
    for (to, from) in bytes.iter_mut().zip(digest) {
        *to = from;
    }
    uuid::Builder::from_random_bytes(bytes).into_uuid()
}

/// Reads the items of a report, each by itself, and names the keys of their users.
///
/// # Errors
/// 503 and 504 where the store does not answer.
async fn batch(
    parts: &IngestParts,
    writer: &Writer,
    collected: Collected,
) -> Result<IngestBatch, Problem> {
    let now = parts.clock.wall();
    let at = collected.at.unwrap_or(now);
    let mut shapes: Vec<(u32, &'static str)> = Vec::new();
    let mut read = Vec::with_capacity(collected.items.len());
    for (place, (shape, value)) in (0..).zip(collected.items) {
        if shapes
            .last()
            .is_none_or(|(_, last)| *last != shape.as_str())
        {
            shapes.push((place, shape.as_str()));
        }
        let mut text = value.to_string();
        if let (Some(session), Some(rest)) = (&collected.session, text.strip_prefix('{')) {
            // Whoever tries it again has no path to tell which session ends.
            let comma = if rest == "}" { "" } else { "," };
            text = format!("{{\"session_id\":\"{}\"{comma}{rest}", session.id);
        }
        let item = shape::read(shape, value, collected.session.as_ref(), at, now);
        read.push((place, item, text));
    }
    let users = read
        .iter()
        .filter_map(|(_, item, _)| user(item.as_ref().ok()?));
    let tenant = writer.token.tenant_id.as_deref();
    let keys = parts.collected.keys(tenant, users.collect()).await?;
    let mut batch = IngestBatch::new(collected.key.as_deref(), &collected.body).of_shapes(shapes);
    for (place, item, text) in read {
        let named = item.and_then(|item| named(item, &keys));
        match named {
            Ok(item) => batch.push(place, item, &text),
            Err(problem) => {
                let member = problem.named().filter(|name| !name.is_empty());
                batch.refuse(place, member, problem.detail(), &text);
            }
        }
    }
    Ok(batch)
}

/// The user of an item.
fn user(item: &IngestItem) -> Option<String> {
    item.user.as_ref().map(|user| user.as_str().to_owned())
}

/// The same item with the key of its user.
///
/// # Errors
/// A problem that names `user_id`.
fn named(mut item: IngestItem, keys: &HashMap<String, ApiKey>) -> Result<IngestItem, Problem> {
    let key = user(&item).and_then(|user| keys.get(&user).cloned());
    let Some(key) = key else {
        let detail = "is a new one, and the organisation has 10,000 keys already";
        return Err(Problem::parameter("user_id", detail));
    };
    item.api_key = Some(key);
    Ok(item)
}

/// Reads the item of a dead letter once more.
///
/// # Errors
/// What is still wrong with it.
pub(super) async fn again(
    parts: &IngestParts,
    writer: &Writer,
    shape: Option<Shape>,
    value: Value,
    letter: &DeadLetter,
    now: SystemTime,
) -> Result<IngestItem, Problem> {
    let shape = shape.ok_or_else(|| Problem::parameter("shape", "is of a newer release"))?;
    let id = value.get("session_id").and_then(Value::as_str);
    let session = match id.and_then(|id| Uuid::try_parse(id).ok()) {
        Some(id) if shape == Shape::SessionEnd => parts.store.collector_session(id).await?,
        _ => None,
    };
    let session = session.filter(|session| session.token_id == writer.token.id);
    // It happened when it came, as far as anybody knows.
    let at = Duration::from_secs(letter.at.unsigned_abs());
    let at = SystemTime::UNIX_EPOCH + at;
    let item = shape::read(shape, value, session.as_ref(), at, now)?;
    let users = user(&item).into_iter().collect();
    let tenant = writer.token.tenant_id.as_deref();
    let keys = parts.collected.keys(tenant, users).await?;
    named(item, &keys)
}
