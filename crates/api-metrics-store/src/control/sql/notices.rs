//! The outbox: what is to be told, to whom, and how that went. And the leader's recurring duties.

use std::future::Future;

use uuid::Uuid;

use crate::{
    control::notify::{Delivery, DeliveryQuery, DeliveryStatus, Notice},
    engine::backend::Result,
    time::UnixSeconds,
};

/// An attempt that this process has taken on.
#[derive(Debug, Clone)]
pub(crate) struct ClaimedRow {
    pub notice: Notice,
    pub channel: String,
    pub attempts: i64,
}

pub(crate) trait NoticeTx: Send {
    /// Answers whether it was new. One that is not told gets no deliveries.
    fn insert_notice(
        &mut self,
        notice: &Notice,
        keep_until: UnixSeconds,
        told: bool,
    ) -> impl Future<Output = Result<bool>> + Send;
    /// Makes the deliveries of notices that have none yet.
    fn fan_out(
        &mut self,
        channels: &[&str],
        now: UnixSeconds,
    ) -> impl Future<Output = Result<()>> + Send;
    /// Takes deliveries that are due, so that nobody else does until `lost_at`.
    fn claim(
        &mut self,
        channel: &str,
        now: UnixSeconds,
        lost_at: UnixSeconds,
        limit: i64,
    ) -> impl Future<Output = Result<Vec<ClaimedRow>>> + Send;
    /// Writes how an attempt went, unless another one has begun since.
    fn settle(&mut self, delivery: &Delivery) -> impl Future<Output = Result<()>> + Send;
    fn list_deliveries(
        &mut self,
        query: &DeliveryQuery,
    ) -> impl Future<Output = Result<Vec<Delivery>>> + Send;
    /// Makes a dead delivery due again.
    fn revive(
        &mut self,
        notice: Uuid,
        channel: &str,
        now: UnixSeconds,
    ) -> impl Future<Output = Result<bool>> + Send;
    /// Removes a bounded number of notices that nobody waits for.
    fn remove_notices(&mut self, before: UnixSeconds) -> impl Future<Output = Result<u64>> + Send;
    fn done_to(&mut self, duty: &str) -> impl Future<Output = Result<Option<UnixSeconds>>> + Send;
    fn set_done_to(
        &mut self,
        duty: &str,
        to: UnixSeconds,
    ) -> impl Future<Output = Result<()>> + Send;
}

fn texts(texts: &[&str]) -> String {
    serde_json::Value::from(texts.to_vec()).to_string()
}

macro_rules! notice_statements {
    ($module:ident, $tx:path, $row:path, $d:ident) => {
        mod $module {
            use sqlx::Row as _;
            use uuid::Uuid;
            use $row as DbRow;

            use super::{ClaimedRow, Delivery, DeliveryQuery, DeliveryStatus, NoticeTx, texts};
            use crate::{control::{notify::{MOST_ATTEMPTS, Notice}, sql::{bounded, signed, unknown, unsigned}}, engine::backend::Result, store::StoreError, time::UnixSeconds};

            impl NoticeTx for $tx {
                async fn insert_notice(
                    &mut self,
                    notice: &Notice,
                    keep_until: UnixSeconds,
                    told: bool,
                ) -> Result<bool> {
                    let done = sqlx::query(concat!(
                        "INSERT INTO ", $d!(table "notices"), " (id, at, keep_until, body, fanned_out) VALUES ($1, ",
                        $d!(at "$2"), ", ", $d!(at "$3"), ", $4, $5) ON CONFLICT DO NOTHING"
                    ))
                    .bind(notice.id)
                    .bind(bounded(notice.at))
                    .bind(bounded(keep_until))
                    .bind(notice.to_json())
                    .bind(!told)
                    .execute(&mut *self.sql)
                    .await?;
                    Ok(done.rows_affected() > 0)
                }

                async fn fan_out(&mut self, channels: &[&str], now: UnixSeconds) -> Result<()> {
                    // Waits for another channel's turn instead of skipping what that is about to make.
                    let waiting: Vec<Uuid> = sqlx::query_scalar(concat!(
                        "SELECT id FROM ", $d!(table "notices"), " WHERE ", $d!(is_false "fanned_out"),
                        " ORDER BY at, id LIMIT 200", $d!(for_update)
                    ))
                    .fetch_all(&mut *self.sql)
                    .await?;
                    for id in waiting {
                        sqlx::query(concat!(
                            "INSERT INTO ", $d!(table "deliveries"), " (notice_id, channel, next_attempt_at, updated_at) \
                             SELECT $1, c.value, ", $d!(at "$3"), ", ", $d!(at "$3"), " FROM ",
                            $d!(texts "$2"), " AS c WHERE ", $d!(yes), " ON CONFLICT DO NOTHING"
                        ))
                        .bind(id)
                        .bind(texts(channels))
                        .bind(now)
                        .execute(&mut *self.sql)
                        .await?;
                        sqlx::query(concat!(
                            "UPDATE ", $d!(table "notices"), " SET fanned_out = ", $d!(yes), " WHERE id = $1"
                        ))
                        .bind(id)
                        .execute(&mut *self.sql)
                        .await?;
                    }
                    Ok(())
                }

                async fn claim(
                    &mut self,
                    channel: &str,
                    now: UnixSeconds,
                    lost_at: UnixSeconds,
                    limit: i64,
                ) -> Result<Vec<ClaimedRow>> {
                    let taken = sqlx::query(concat!(
                        "UPDATE ", $d!(table "deliveries"), " SET attempts = attempts + 1, next_attempt_at = ",
                        $d!(at "$3"), ", updated_at = ", $d!(at "$2"), " WHERE (notice_id, channel) IN (\
                         SELECT notice_id, channel FROM ", $d!(table "deliveries"),
                        " WHERE status = 'pending' AND next_attempt_at <= ", $d!(at "$2"), " AND channel = $1 ORDER BY next_attempt_at, notice_id LIMIT $4", $d!(skip_locked),
                        ") RETURNING notice_id, channel, attempts"
                    ))
                    .bind(channel)
                    .bind(now)
                    .bind(lost_at)
                    .bind(limit)
                    .fetch_all(&mut *self.sql)
                    .await?;
                    let mut claimed = Vec::with_capacity(taken.len());
                    for row in &taken {
                        let id: Uuid = row.try_get("notice_id")?;
                        let body: String = sqlx::query_scalar(concat!(
                            "SELECT body FROM ", $d!(table "notices"), " WHERE id = $1"
                        ))
                        .bind(id)
                        .fetch_one(&mut *self.sql)
                        .await?;
                        let channel: String = row.try_get("channel")?;
                        let attempts: i64 = row.try_get("attempts")?;
                        match read_notice(&body) {
                            Ok(notice) => claimed.push(ClaimedRow { notice, channel, attempts }),
                            Err(error) => self.unreadable(id, &channel, attempts, &error.to_string()).await?,
                        }
                    }
                    // An event is told before its end.
                    claimed.sort_by(|a, b| {
                        (a.notice.at, a.notice.kind, a.notice.id).cmp(&(b.notice.at, b.notice.kind, b.notice.id))
                    });
                    Ok(claimed)
                }

                async fn settle(&mut self, delivery: &Delivery) -> Result<()> {
                    sqlx::query(concat!(
                        "UPDATE ", $d!(table "deliveries"), " SET status = $4, next_attempt_at = ", $d!(at "$5"),
                        ", last_error = $6, updated_at = ", $d!(at "$7"),
                        " WHERE notice_id = $1 AND channel = $2 AND attempts = $3"
                    ))
                    .bind(delivery.notice.id)
                    .bind(&delivery.channel)
                    .bind(signed(delivery.attempts))
                    .bind(delivery.status.as_str())
                    .bind(bounded(delivery.next_attempt_at))
                    .bind(&delivery.last_error)
                    .bind(delivery.updated_at)
                    .execute(&mut *self.sql)
                    .await?;
                    Ok(())
                }

                async fn list_deliveries(&mut self, query: &DeliveryQuery) -> Result<Vec<Delivery>> {
                    let limit = usize::try_from(query.limit).unwrap_or(usize::MAX);
                    let mut before = query.before.clone();
                    let mut found = Vec::new();
                    loop {
                        let rows = sqlx::query(concat!(
                            "SELECT n.body, d.notice_id, d.channel, d.status, d.attempts, d.last_error, ",
                            $d!(epoch "d.next_attempt_at"), " AS next_attempt_at, ", $d!(epoch "d.updated_at"),
                            " AS updated_at FROM ", $d!(table "deliveries"), " AS d JOIN ", $d!(table "notices"),
                            " AS n ON n.id = d.notice_id WHERE ($1 IS NULL OR d.status = $1) AND ($2 IS NULL OR d.updated_at < ",
                            $d!(at "$2"), " OR (d.updated_at = ", $d!(at "$2"),
                            " AND (d.notice_id < $3 OR (d.notice_id = $3 AND d.channel < $4)))) \
                             ORDER BY d.updated_at DESC, d.notice_id DESC, d.channel DESC LIMIT $5"
                        ))
                        .bind(query.status.map(DeliveryStatus::as_str))
                        .bind(before.as_ref().map(|(at, _, _)| bounded(*at)))
                        .bind(before.as_ref().map(|(_, id, _)| *id))
                        .bind(before.as_ref().map(|(_, _, channel)| channel.as_str()))
                        .bind(i64::from(query.limit))
                        .fetch_all(&mut *self.sql)
                        .await?;
                        // What can't be read is left out, and the list goes on behind it.
                        for row in &rows {
                            found.extend(delivery(row)?);
                        }
                        let Some(last) = rows.last().filter(|_| rows.len() >= limit && found.len() < limit) else {
                            found.truncate(limit);
                            return Ok(found);
                        };
                        before = Some((
                            last.try_get("updated_at")?,
                            last.try_get("notice_id")?,
                            last.try_get("channel")?,
                        ));
                    }
                }

                async fn revive(&mut self, notice: Uuid, channel: &str, now: UnixSeconds) -> Result<bool> {
                    let done = sqlx::query(concat!(
                        "UPDATE ", $d!(table "deliveries"), " SET status = 'pending', attempts = 0, next_attempt_at = ",
                        $d!(at "$3"), ", updated_at = ", $d!(at "$3"),
                        " WHERE notice_id = $1 AND channel = $2 AND status = 'dead'"
                    ))
                    .bind(notice)
                    .bind(channel)
                    .bind(now)
                    .execute(&mut *self.sql)
                    .await?;
                    Ok(done.rows_affected() > 0)
                }

                async fn remove_notices(&mut self, before: UnixSeconds) -> Result<u64> {
                    Ok(sqlx::query(concat!(
                        "DELETE FROM ", $d!(table "notices"), " WHERE id IN (SELECT n.id FROM ", $d!(table "notices"),
                        " AS n WHERE n.keep_until < ", $d!(at "$1"), " AND NOT EXISTS (SELECT 1 FROM ",
                        $d!(table "deliveries"), " AS d WHERE d.notice_id = n.id AND d.status = 'pending') LIMIT 1000)"
                    ))
                    .bind(bounded(before))
                    .execute(&mut *self.sql)
                    .await?
                    .rows_affected())
                }

                async fn done_to(&mut self, duty: &str) -> Result<Option<UnixSeconds>> {
                    Ok(sqlx::query_scalar(concat!(
                        "SELECT ", $d!(epoch "done_to"), " AS done_to FROM ", $d!(table "duties"), " WHERE name = $1"
                    ))
                    .bind(duty)
                    .fetch_optional(&mut *self.sql)
                    .await?)
                }

                async fn set_done_to(&mut self, duty: &str, to: UnixSeconds) -> Result<()> {
                    sqlx::query(concat!(
                        "INSERT INTO ", $d!(table "duties"), " (name, done_to) VALUES ($1, ", $d!(at "$2"),
                        ") ON CONFLICT (name) DO UPDATE SET done_to = excluded.done_to"
                    ))
                    .bind(duty)
                    .bind(to)
                    .execute(&mut *self.sql)
                    .await?;
                    Ok(())
                }
            }

            fn read_notice(body: &str) -> Result<Notice> {
                Notice::from_json(body).map_err(|error| StoreError::Corrupt(error.to_string()))
            }

            impl $tx {
                /// The attempt is left to run out, so that a newer release among the processes can take
                /// the next; once all have failed it is a dead letter.
                async fn unreadable(&mut self, id: Uuid, channel: &str, attempts: i64, error: &str) -> Result<()> {
                    let dead = unsigned(attempts) >= MOST_ATTEMPTS;
                    tracing::warn!(channel, %id, attempts, dead, "a notice can't be read: {error}");
                    let status = if dead { DeliveryStatus::Dead } else { DeliveryStatus::Pending };
                    sqlx::query(concat!(
                        "UPDATE ", $d!(table "deliveries"),
                        " SET status = $3, last_error = $4 WHERE notice_id = $1 AND channel = $2"
                    ))
                    .bind(id)
                    .bind(channel)
                    .bind(status.as_str())
                    // Postgres takes no NUL in text.
                    .bind(error.replace('\0', "\u{fffd}"))
                    .execute(&mut *self.sql)
                    .await?;
                    Ok(())
                }
            }

            /// `None`: its notice can't be read.
            fn delivery(row: &DbRow) -> Result<Option<Delivery>> {
                let body: String = row.try_get("body")?;
                let status: String = row.try_get("status")?;
                let Ok(notice) = read_notice(&body) else {
                    return Ok(None);
                };
                Ok(Some(Delivery {
                    notice,
                    channel: row.try_get("channel")?,
                    status: DeliveryStatus::from_name(&status).ok_or_else(|| unknown("status", &status))?,
                    attempts: unsigned(row.try_get("attempts")?),
                    next_attempt_at: row.try_get("next_attempt_at")?,
                    last_error: row.try_get("last_error")?,
                    updated_at: row.try_get("updated_at")?,
                }))
            }
        }
    };
}

#[cfg(feature = "postgres")]
notice_statements!(postgres, crate::postgres::PgTx, sqlx::postgres::PgRow, pg);
#[cfg(feature = "sqlite")]
notice_statements!(
    sqlite,
    crate::sqlite::SqliteTx,
    sqlx::sqlite::SqliteRow,
    lite
);
