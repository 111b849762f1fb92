//! The contract of a store that keeps a log of requests.

use std::fmt::Debug;

use async_trait::async_trait;
use uuid::Uuid;

use super::{
    buffer::RequestLogBuffer,
    elsewhere,
    flush::{self, KEY_LIFE_MS, RequestsFlushed, floor_ms, hash},
    group_sums,
    query::{
        CountryCount, CountryQuery, Erased, Erasure, RequestGroup, RequestLogStatus, RequestPage,
        RequestQuery, StoredRequest,
    },
    rows::Rows,
    search::{self, RequestSearch, SearchResult},
    settings::{AddressDetail, RequestLog},
    similar::Embedder,
    snapshot::StoredSnapshot,
    sql::{DAY_MS, country, marks, read, remove, tail},
    tail::{TailPage, TailPosition, TailQuery},
};
use crate::{
    engine::{audit, backend::Mode, copied::request_seam::RequestsOf, sql::BeginTx},
    query::Scope,
    store::{Maintained, StoreError, invalid},
};

/// Days removed in one call.
const DAYS_A_STEP: u64 = 8;

/// Where a log of requests is kept: beside the buckets, in the same database, in transactions of its own.
///
/// Implemented by `PostgresStore` and `SqliteStore`. All methods may be called from any number of tasks and
/// processes at once and may be cancelled at any await.
#[async_trait]
pub trait RequestLogStore: Send + Sync + Debug + 'static {
    /// Hands over what a process's log has chosen, each request once, whatever becomes of acknowledgements. What
    /// is sampled is due when its minute is over; the `last` flush of a process takes what there is.
    ///
    /// # Errors
    /// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past the statement
    /// limit: what is not acknowledged is kept for the next call. `StoreError::Database` where it refuses: after
    /// the third time the batch is dropped, and counted.
    async fn flush_requests(
        &self,
        log: &RequestLogBuffer,
        last: bool,
    ) -> Result<RequestsFlushed, StoreError>;

    /// A page of requests.
    ///
    /// # Errors
    /// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past the statement
    /// limit, `StoreError::Invalid` where both `before` and `after` are set.
    async fn requests(&self, query: &RequestQuery) -> Result<RequestPage, StoreError>;

    /// One request, if `scope` may see it.
    ///
    /// # Errors
    /// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past the statement
    /// limit.
    async fn request(&self, id: Uuid, scope: &Scope) -> Result<Option<StoredRequest>, StoreError>;

    /// What a request carried, where it has left a snapshot. For those who see everything: who asks is not looked at.
    ///
    /// # Errors
    /// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past the statement
    /// limit.
    async fn request_snapshot(&self, id: Uuid) -> Result<Option<StoredSnapshot>, StoreError>;

    /// Notes in the audit trail that somebody replays a request, or what came of it: `action` says which.
    ///
    /// # Errors
    /// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past the statement
    /// limit.
    async fn note_replay(&self, actor: &str, action: &str, subject: &str)
    -> Result<(), StoreError>;

    /// The groups of errors that stand for most requests, at most `limit` of the query; events are among them unless
    /// the filter names a kind. Its text and its cursors
    /// have no effect.
    ///
    /// # Errors
    /// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past the statement
    /// limit.
    async fn request_groups(&self, query: &RequestQuery) -> Result<Vec<RequestGroup>, StoreError>;

    /// The requests and groups of errors that are found best. Groups that were not embedded yet are embedded by
    /// `embedder`, and their vectors kept.
    ///
    /// # Errors
    /// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past the statement
    /// limit, `StoreError::Invalid` where the filter has a text of its own.
    async fn search_requests(
        &self,
        query: &RequestSearch,
        embedder: &dyn Embedder,
    ) -> Result<SearchResult, StoreError>;

    /// Notes that somebody follows the log: for a minute from now on, processes flush it every second, and what
    /// arrives is noted in its order. Called again and again by whoever follows.
    ///
    /// # Errors
    /// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past the statement
    /// limit.
    async fn follow_requests(&self) -> Result<(), StoreError>;

    /// How far the log has come, and whether somebody follows it.
    ///
    /// # Errors
    /// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past the statement
    /// limit.
    async fn request_tail(&self) -> Result<TailPosition, StoreError>;

    /// What has arrived since somebody looked last; [`follow_requests`](Self::follow_requests) comes before.
    ///
    /// # Errors
    /// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past the statement
    /// limit.
    async fn requests_arrived(&self, query: &TailQuery) -> Result<TailPage, StoreError>;

    /// Erases all requests of a key, a user or an address, and notes in the audit trail who has done it.
    ///
    /// Deletes in steps: after an error some may be gone, and doing it again erases the rest.
    ///
    /// # Errors
    /// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past the statement
    /// limit.
    async fn erase_requests(&self, whose: &Erasure, actor: &str) -> Result<Erased, StoreError>;

    /// Removes a bounded amount of what is older than the settings say, or takes too much room, and destroys the
    /// keys of addresses that are due. Does nothing where another process leads.
    ///
    /// # Errors
    /// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past the statement
    /// limit.
    async fn retain_requests(&self, settings: &RequestLog) -> Result<Maintained, StoreError>;

    /// What the log says of itself.
    ///
    /// # Errors
    /// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past the statement
    /// limit.
    async fn request_log_status(&self) -> Result<RequestLogStatus, StoreError>;

    /// How many requests came from which country in whole hours, the most first: exactly, of all that were counted
    /// while geography was on.
    ///
    /// # Errors
    /// `StoreError::Unavailable` when the database cannot be reached, `StoreError::Timeout` past the statement
    /// limit.
    async fn request_countries(
        &self,
        query: &CountryQuery,
    ) -> Result<Vec<CountryCount>, StoreError>;
}

#[async_trait]
impl<T: BeginTx> RequestLogStore for T {
    async fn flush_requests(
        &self,
        log: &RequestLogBuffer,
        last: bool,
    ) -> Result<RequestsFlushed, StoreError> {
        flush::flush(self, log, last).await
    }

    async fn requests(&self, query: &RequestQuery) -> Result<RequestPage, StoreError> {
        if query.before.is_some() && query.after.is_some() {
            return invalid("after", "can't be combined with before");
        }
        let mut tx = self.begin_read(&query.scope).await?;
        let page = Rows::of(self).page(&mut *tx, query).await?;
        tx.commit().await?;
        Ok(page)
    }

    async fn request(&self, id: Uuid, scope: &Scope) -> Result<Option<StoredRequest>, StoreError> {
        let mut tx = self.begin_read(scope).await?;
        let request = Rows::of(self).one(&mut *tx, id, scope).await?;
        tx.commit().await?;
        Ok(request)
    }

    async fn request_snapshot(&self, id: Uuid) -> Result<Option<StoredSnapshot>, StoreError> {
        let mut tx = self.begin(Mode::Read).await?;
        let found = Rows::of(self).snapshot(&mut *tx, id).await?;
        tx.commit().await?;
        Ok(found)
    }

    async fn note_replay(
        &self,
        actor: &str,
        action: &str,
        subject: &str,
    ) -> Result<(), StoreError> {
        let mut tx = self.begin(Mode::Write).await?;
        let now = tx.meta().await?.now();
        audit::note(&mut *tx, now, actor, action, subject).await?;
        tx.commit().await
    }

    async fn request_groups(&self, query: &RequestQuery) -> Result<Vec<RequestGroup>, StoreError> {
        let mut tx = self.begin_read(&query.scope).await?;
        let groups = group_sums::groups(&mut *tx, Rows::of(self), query).await?;
        tx.commit().await?;
        Ok(groups)
    }

    async fn search_requests(
        &self,
        query: &RequestSearch,
        embedder: &dyn Embedder,
    ) -> Result<SearchResult, StoreError> {
        search::search(self, query, embedder).await
    }

    async fn follow_requests(&self) -> Result<(), StoreError> {
        let mut tx = self.begin(Mode::Write).await?;
        let now_ms = tx.meta().await?.now_us.div_euclid(1_000);
        tail::follow(&mut *tx, Rows::of(self).noted(), now_ms).await?;
        tx.commit().await
    }

    async fn request_tail(&self) -> Result<TailPosition, StoreError> {
        let mut tx = self.begin(Mode::Read).await?;
        let position = tail::position(&mut *tx).await?;
        tx.commit().await?;
        Ok(position)
    }

    async fn requests_arrived(&self, query: &TailQuery) -> Result<TailPage, StoreError> {
        let mut tx = self.begin_read(&query.scope).await?;
        let page = Rows::of(self).arrived(&mut *tx, query).await?;
        tx.commit().await?;
        Ok(page)
    }

    async fn erase_requests(&self, whose: &Erasure, actor: &str) -> Result<Erased, StoreError> {
        let mut erased = Erased::default();
        let mut hashes = Vec::new();
        let (step, subject) = match whose {
            Erasure::ApiKey(key) => (remove::Whose::ApiKey(*key), format!("API key {key}")),
            // Whose requests they were is not kept.
            Erasure::User(user) => (remove::Whose::User(user), "a user".to_owned()),
            Erasure::Address(address) => {
                let mut tx = self.begin(Mode::Read).await?;
                let keys = remove::day_keys(&mut *tx).await?;
                tx.commit().await?;
                // Under whichever setting it was kept.
                let parts = [AddressDetail::Network, AddressDetail::Whole];
                for part in parts
                    .into_iter()
                    .filter_map(|detail| detail.part_of(*address))
                {
                    hashes.extend(keys.iter().filter_map(|key| hash(key, part)));
                }
                let step = remove::Whose::Addresses(&hashes);
                (step, "an address".to_owned())
            }
        };
        let nothing = matches!(step, remove::Whose::Addresses([]));
        loop {
            let mut tx = self.begin(Mode::Write).await?;
            remove::secure(&mut *tx).await?;
            let now = tx.meta().await?.now();
            let count = if nothing {
                0
            } else {
                remove::erase(&mut *tx, &step).await?
            };
            erased.requests += count;
            if count > 0 {
                tx.commit().await?;
                continue;
            }
            // Also of before requests were kept elsewhere.
            if let Some(there) = Rows::of(self).elsewhere() {
                let whose = match step {
                    remove::Whose::ApiKey(key) => elsewhere::remove::key_text(&mut *tx, key)
                        .await?
                        .map(RequestsOf::ApiKey),
                    remove::Whose::User(user) => Some(RequestsOf::User(user.to_owned())),
                    remove::Whose::Addresses([]) => None,
                    remove::Whose::Addresses(hashes) => {
                        Some(RequestsOf::Addresses(hashes.to_vec()))
                    }
                };
                tx.commit().await?;
                erased.requests += elsewhere::remove::erase(self, there, whose.as_ref()).await?;
                tx = self.begin(Mode::Write).await?;
            }
            let subject = format!("{subject}: {} requests", erased.requests);
            audit::note(&mut *tx, now, actor, "erase requests", &subject).await?;
            tx.commit().await?;
            return Ok(erased);
        }
    }

    async fn retain_requests(&self, settings: &RequestLog) -> Result<Maintained, StoreError> {
        let rows = Rows::of(self);
        let mut done = Maintained::default();
        let mut tx = self.begin(Mode::Lead).await?;
        if !tx.try_lead().await? {
            tx.commit().await?;
            return Ok(done);
        }
        done.led = true;
        let now_ms = tx.meta().await?.now_us.div_euclid(1_000);
        let floor = floor_ms(settings, now_ms);
        // A key lives until a day after the end of its own.
        let keys = (now_ms - KEY_LIFE_MS).div_euclid(DAY_MS);
        done.steps += u64::from(remove::destroy_keys(&mut *tx, keys).await? > 0);
        done.steps += u64::from(remove::forget_groups(&mut *tx, floor).await? > 0);
        done.steps += u64::from(country::remove(&mut *tx, floor).await? > 0);
        tail::prune(&mut *tx, rows.noted(), now_ms).await?;
        let days = rows.days(&mut *tx).await?;
        if rows.elsewhere().is_some() {
            // What is open is known until nothing of it is there any more.
            let first = days.first().map_or(floor, |day| day.day * DAY_MS);
            marks::forget_open(&mut *tx, floor.min(first)).await?;
        }
        let left = rows.left_below(&mut *tx, floor).await?;
        tx.commit().await?;
        if let Some(day) = left.first() {
            // The next run tries again where somebody reads it.
            let mut tx = self.begin(Mode::Lead).await?;
            if tx.try_lead().await? {
                remove::remove_day(&mut *tx, *day).await?;
                done.steps += 1;
                done.more = left.len() > 1;
            }
            tx.commit().await?;
        }
        let mut stored: u64 = days.iter().map(|day| day.bytes).sum();
        let today = now_ms.div_euclid(DAY_MS);
        for day in days {
            let old = day.day * DAY_MS < floor;
            let much = stored > settings.stored_bytes && day.day < today;
            if !old && !much {
                break;
            }
            if done.steps >= DAYS_A_STEP {
                done.more = true;
                break;
            }
            let mut tx = self.begin(Mode::Lead).await?;
            if !tx.try_lead().await? {
                tx.commit().await?;
                break;
            }
            match rows.remove_day(&mut *tx, day.day).await {
                Ok(gone) => {
                    tx.commit().await?;
                    done.steps += 1;
                    if !gone {
                        done.more = true;
                        break;
                    }
                    stored -= day.bytes;
                }
                // Somebody reads it: the next run tries again. The leader's next step must find the lead
                // free.
                Err(StoreError::Timeout(_)) => {
                    tx.rollback().await;
                    break;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(done)
    }

    async fn request_log_status(&self) -> Result<RequestLogStatus, StoreError> {
        let mut tx = self.begin(Mode::Read).await?;
        let rows = Rows::of(self);
        let counts = read::counts(&mut *tx).await?;
        let (oldest_ms, newest_ms) = rows.span(&mut *tx).await?.unzip();
        let days = rows.days(&mut *tx).await?;
        tx.commit().await?;
        Ok(RequestLogStatus {
            counts,
            oldest_ms,
            newest_ms,
            bytes: days.iter().map(|day| day.bytes).sum(),
        })
    }

    async fn request_countries(
        &self,
        query: &CountryQuery,
    ) -> Result<Vec<CountryCount>, StoreError> {
        let mut tx = self.begin(Mode::Read).await?;
        let counts = country::counts(&mut *tx, query).await?;
        tx.commit().await?;
        Ok(counts)
    }
}
