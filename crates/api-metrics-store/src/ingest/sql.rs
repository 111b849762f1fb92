//! SQL of ingest: a function a statement, shared by both databases.

use serde_json::json;

use super::{
    batch::RefusedItem,
    store::DeadLetter,
    token::{IngestToken, NewIngestToken},
};
use crate::{
    engine::{
        backend::Result,
        sql::{Dialect, FetchedRow, SqlTx, params},
    },
    store::StoreError,
    time::UnixSeconds,
};

/// The most dead letters that are kept; the oldest go first.
const MAX_DEAD_LETTERS: i64 = 10_000;

/// The statement that reads tokens; `tail` is its condition and order.
fn select_tokens(d: Dialect, tail: &str) -> String {
    format!(
        "SELECT id, name, service, environment, tenant_id, templates, origins, created_by, \
           {created} AS created_at, {revoked} AS revoked_at, {used} AS last_used_at, quantile_error \
         FROM {tokens} {tail}",
        created = d.epoch("created_at"),
        revoked = d.epoch("revoked_at"),
        used = d.epoch("last_used_at"),
        tokens = d.table("ingest_token"),
    )
}

fn token(row: &FetchedRow) -> Result<IngestToken> {
    let list = |column: &str| {
        serde_json::from_str(&row.text(column)?)
            .map_err(|_| StoreError::Corrupt(format!("the {column} of an ingest token")))
    };
    Ok(IngestToken {
        id: row.int("id")?,
        name: row.text("name")?,
        service: row.text("service")?,
        environment: row.text("environment")?,
        tenant_id: row.optional_text("tenant_id")?,
        templates: list("templates")?,
        origins: list("origins")?,
        created_at: row.int("created_at")?,
        created_by: row.text("created_by")?,
        revoked_at: row.optional_int("revoked_at")?,
        last_used_at: row.optional_int("last_used_at")?,
        quantile_error: row.optional_real("quantile_error")?,
    })
}

/// Adds a token and reads it; whether it was not there before.
pub(super) async fn insert_token(
    tx: &mut dyn SqlTx,
    new: &NewIngestToken,
    hash: &str,
    actor: &str,
    now: UnixSeconds,
) -> Result<(IngestToken, bool)> {
    let d = tx.dialect();
    let sql = format!(
        "INSERT INTO {tokens} (name, service, environment, tenant_id, templates, origins, hash, created_by, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, {now}) ON CONFLICT DO NOTHING",
        tokens = d.table("ingest_token"),
        now = d.at("$9"),
    );
    let templates = json!(new.templates).to_string();
    let origins = json!(new.origins).to_string();
    let values = params![
        &new.name,
        &new.service,
        &new.environment,
        &new.tenant_id,
        templates,
        origins,
        hash,
        actor,
        now,
    ];
    let is_new = tx.execute(sql, values).await? > 0;
    let found = find_token(tx, hash).await?;
    let found = found
        .ok_or_else(|| StoreError::Corrupt("a token that was just made is not found".into()))?;
    Ok((found, is_new))
}

/// The token of this hash, also where it is revoked.
pub(super) async fn find_token(tx: &mut dyn SqlTx, hash: &str) -> Result<Option<IngestToken>> {
    let sql = select_tokens(tx.dialect(), "WHERE hash = $1");
    let rows = tx.fetch(sql, params![hash]).await?;
    rows.first().map(token).transpose()
}

/// All tokens, the newest first.
pub(super) async fn list_tokens(tx: &mut dyn SqlTx) -> Result<Vec<IngestToken>> {
    let sql = select_tokens(tx.dialect(), "ORDER BY id DESC LIMIT 10000");
    let rows = tx.fetch(sql, params![]).await?;
    rows.iter().map(token).collect()
}

/// The token of this number, locked for this transaction.
pub(super) async fn lock_token(tx: &mut dyn SqlTx, id: i64) -> Result<Option<IngestToken>> {
    let d = tx.dialect();
    let sql = select_tokens(d, &format!("WHERE id = $1{}", d.for_update()));
    let rows = tx.fetch(sql, params![id]).await?;
    rows.first().map(token).transpose()
}

/// Refuses a token from now on, unless it is refused already.
pub(super) async fn revoke_token(tx: &mut dyn SqlTx, id: i64, now: UnixSeconds) -> Result<bool> {
    let d = tx.dialect();
    let sql = format!(
        "UPDATE {tokens} SET revoked_at = {now} WHERE id = $1 AND revoked_at IS NULL",
        tokens = d.table("ingest_token"),
        now = d.at("$2"),
    );
    Ok(tx.execute(sql, params![id, now]).await? > 0)
}

/// Replaces the templates of a token.
pub(super) async fn put_templates(
    tx: &mut dyn SqlTx,
    id: i64,
    templates: &[String],
) -> Result<bool> {
    let tokens = tx.dialect().table("ingest_token");
    let sql = format!("UPDATE {tokens} SET templates = $2 WHERE id = $1");
    let templates = json!(templates).to_string();
    Ok(tx.execute(sql, params![id, templates]).await? > 0)
}

/// Notes that tokens were used, to the minute. Rows that somebody else writes right now are left out.
pub(super) async fn touch_tokens(tx: &mut dyn SqlTx, ids: &[i64], now: UnixSeconds) -> Result<()> {
    let d = tx.dialect();
    let tokens = d.table("ingest_token");
    let sql = format!(
        "UPDATE {tokens} SET last_used_at = {now} WHERE id IN (SELECT id FROM {tokens} \
           WHERE id IN {ids} AND (last_used_at IS NULL OR last_used_at < {before}){skip})",
        now = d.at("$2"),
        before = d.at("$3"),
        ids = d.numbers("$1"),
        skip = d.skip_locked(),
    );
    let ids = json!(ids).to_string();
    tx.execute(sql, params![ids, now, now - 60]).await?;
    Ok(())
}

/// Keys by their text, with their tenants. Keys that do not exist are left out.
pub(super) async fn owners(
    tx: &mut dyn SqlTx,
    keys: &[&str],
) -> Result<Vec<(String, Option<String>)>> {
    let d = tx.dialect();
    let sql = format!(
        "SELECT external_id, tenant_id FROM {keys} WHERE external_id IN {texts}",
        keys = d.table("api_keys"),
        texts = d.texts("$1"),
    );
    let rows = tx.fetch(sql, params![json!(keys).to_string()]).await?;
    rows.iter()
        .map(|row| Ok((row.text("external_id")?, row.optional_text("tenant_id")?)))
        .collect()
}

/// How many keys a tenant has.
pub(super) async fn count_keys(tx: &mut dyn SqlTx, tenant: &str) -> Result<u64> {
    let keys = tx.dialect().table("api_keys");
    let sql = format!("SELECT count(*) AS n FROM {keys} WHERE tenant_id = $1");
    let rows = tx.fetch(sql, params![tenant]).await?;
    let n = rows.first().map(|row| row.int("n")).transpose()?;
    Ok(u64::try_from(n.unwrap_or_default()).unwrap_or_default())
}

/// Adds keys of tenants, given in one order by all processes; those that exist stay as they are.
pub(super) async fn claim_keys(
    tx: &mut dyn SqlTx,
    keys: &[(&str, &str)],
    now: UnixSeconds,
) -> Result<()> {
    let d = tx.dialect();
    let sql = format!(
        "INSERT INTO {keys} (external_id, tenant_id, created_at, updated_at) \
         SELECT {key}, {tenant}, {now}, {now} FROM {items} WHERE 1 = 1 ON CONFLICT DO NOTHING",
        keys = d.table("api_keys"),
        key = d.item_text(0),
        tenant = d.item_text(1),
        items = d.items("$1"),
        now = d.at("$2"),
    );
    tx.execute(sql, params![json!(keys).to_string(), now])
        .await?;
    Ok(())
}

/// A batch that is to be counted once.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct KeptBatch {
    pub(super) token: i64,
    pub(super) key: String,
    pub(super) fingerprint: String,
    pub(super) answer: String,
}

/// Keeps the answers of batches, given in one order by all processes. Gives the tokens and keys of those
/// that were not there. Waits for a transaction that is about to keep the same one.
pub(super) async fn keep_batches(
    tx: &mut dyn SqlTx,
    batches: &[KeptBatch],
    now: UnixSeconds,
) -> Result<Vec<(i64, String)>> {
    let d = tx.dialect();
    let sql = format!(
        "INSERT INTO {table} (token_id, key, fingerprint, answer, at) \
         SELECT {token}, {key}, {fingerprint}, {answer}, {now} FROM {items} WHERE 1 = 1 \
         ON CONFLICT DO NOTHING RETURNING token_id, key",
        table = d.table("ingest_batch"),
        token = d.item_number(0),
        key = d.item_text(1),
        fingerprint = d.item_text(2),
        answer = d.item_text(3),
        items = d.items("$1"),
        now = d.at("$2"),
    );
    let items: Vec<_> = batches
        .iter()
        .map(|one| json!([one.token, one.key, one.fingerprint, one.answer]))
        .collect();
    let rows = tx
        .fetch(sql, params![json!(items).to_string(), now])
        .await?;
    rows.iter()
        .map(|row| Ok((row.int("token_id")?, row.text("key")?)))
        .collect()
}

/// The batch of this token and key.
pub(super) async fn kept_batch(
    tx: &mut dyn SqlTx,
    token: i64,
    key: &str,
) -> Result<Option<KeptBatch>> {
    let table = tx.dialect().table("ingest_batch");
    let sql = format!("SELECT fingerprint, answer FROM {table} WHERE token_id = $1 AND key = $2");
    let rows = tx.fetch(sql, params![token, key]).await?;
    let Some(row) = rows.first() else {
        return Ok(None);
    };
    Ok(Some(KeptBatch {
        token,
        key: key.to_owned(),
        fingerprint: row.text("fingerprint")?,
        answer: row.text("answer")?,
    }))
}

/// Forgets batches that were counted before that time.
pub(super) async fn forget_batches(tx: &mut dyn SqlTx, before: UnixSeconds) -> Result<u64> {
    let d = tx.dialect();
    let table = d.table("ingest_batch");
    let sql = format!(
        "DELETE FROM {table} WHERE (token_id, key) IN (SELECT token_id, key FROM {table} \
           WHERE at < {before} ORDER BY at LIMIT 5000{skip})",
        before = d.at("$1"),
        skip = d.skip_locked(),
    );
    tx.execute(sql, params![before]).await
}

/// Adds streams of metrics that are missing and locks all of them, given with their tokens and resources in one order
/// by all processes. Reads what was counted of each; nothing of one that was only added.
pub(super) async fn lock_streams(
    tx: &mut dyn SqlTx,
    streams: &[(&str, i64, &str)],
    now: UnixSeconds,
) -> Result<Vec<(String, String)>> {
    let d = tx.dialect();
    let sql = format!(
        "INSERT INTO {table} (id, token_id, resource, counted, at) \
         SELECT {id}, {token}, {resource}, '', {now} FROM {items} WHERE 1 = 1 \
         ON CONFLICT (id) DO UPDATE SET id = excluded.id RETURNING id, counted",
        table = d.table("ingest_stream"),
        id = d.item_text(0),
        token = d.item_number(1),
        resource = d.item_text(2),
        items = d.items("$1"),
        now = d.at("$2"),
    );
    let streams = json!(streams).to_string();
    let rows = tx.fetch(sql, params![streams, now]).await?;
    rows.iter()
        .map(|row| Ok((row.text("id")?, row.text("counted")?)))
        .collect()
}

/// How many streams a token has, and how many of these are among them.
pub(super) async fn count_streams(
    tx: &mut dyn SqlTx,
    token: i64,
    ids: &[&str],
) -> Result<(u64, u64)> {
    let d = tx.dialect();
    let sql = format!(
        "SELECT (SELECT count(*) FROM {table} WHERE token_id = $1) AS all_of_it, \
                (SELECT count(*) FROM {table} WHERE id IN {ids}) AS there",
        table = d.table("ingest_stream"),
        ids = d.texts("$2"),
    );
    let rows = tx
        .fetch(sql, params![token, json!(ids).to_string()])
        .await?;
    let of = |column: &str| -> Result<u64> {
        let n = rows.first().map(|row| row.int(column)).transpose()?;
        Ok(u64::try_from(n.unwrap_or_default()).unwrap_or_default())
    };
    Ok((of("all_of_it")?, of("there")?))
}

/// Those of these streams that there are.
pub(super) async fn known_streams(tx: &mut dyn SqlTx, ids: &[&str]) -> Result<Vec<String>> {
    let d = tx.dialect();
    let sql = format!(
        "SELECT id FROM {table} WHERE id IN {ids}",
        table = d.table("ingest_stream"),
        ids = d.texts("$1"),
    );
    let rows = tx.fetch(sql, params![json!(ids).to_string()]).await?;
    rows.iter().map(|row| row.text("id")).collect()
}

/// Those of these resources of which streams are known.
pub(super) async fn known_resources(tx: &mut dyn SqlTx, resources: &[&str]) -> Result<Vec<String>> {
    let d = tx.dialect();
    let sql = format!(
        "SELECT DISTINCT resource FROM {table} WHERE resource IN {resources}",
        table = d.table("ingest_stream"),
        resources = d.texts("$1"),
    );
    let resources = json!(resources).to_string();
    let rows = tx.fetch(sql, params![resources]).await?;
    rows.iter().map(|row| row.text("resource")).collect()
}

/// Sets what was counted of streams.
pub(super) async fn put_streams(
    tx: &mut dyn SqlTx,
    streams: &[(&str, String)],
    now: UnixSeconds,
) -> Result<()> {
    if streams.is_empty() {
        return Ok(());
    }
    let d = tx.dialect();
    let table = d.table("ingest_stream");
    let sql = format!(
        "UPDATE {table} SET counted = new.counted, at = {now} \
         FROM (SELECT {id} AS id, {counted} AS counted FROM {items}) AS new WHERE {table}.id = new.id",
        id = d.item_text(0),
        counted = d.item_text(1),
        items = d.items("$1"),
        now = d.at("$2"),
    );
    let streams = json!(streams).to_string();
    tx.execute(sql, params![streams, now]).await?;
    Ok(())
}

/// Notes delta points, given in one order by all processes; answers those that were not there yet.
pub(super) async fn insert_deltas(
    tx: &mut dyn SqlTx,
    points: &[&str],
    now: UnixSeconds,
) -> Result<Vec<String>> {
    let d = tx.dialect();
    let sql = format!(
        "INSERT INTO {table} (id, at) SELECT p.value, {now} FROM {points} AS p WHERE 1 = 1 \
         ON CONFLICT DO NOTHING RETURNING id",
        table = d.table("ingest_delta"),
        now = d.at("$2"),
        points = d.texts("$1"),
    );
    let points = json!(points).to_string();
    let rows = tx.fetch(sql, params![points, now]).await?;
    rows.iter().map(|row| row.text("id")).collect()
}

/// Delta points that one statement forgets at most.
pub(super) const MAX_DELTAS: u64 = 20_000;

/// Forgets delta points that came before that time, at most [`MAX_DELTAS`]; answers how many.
pub(super) async fn forget_deltas(tx: &mut dyn SqlTx, before: UnixSeconds) -> Result<u64> {
    let d = tx.dialect();
    let table = d.table("ingest_delta");
    let sql = format!(
        "DELETE FROM {table} WHERE id IN (SELECT id FROM {table} \
           WHERE at < {before} ORDER BY at LIMIT {MAX_DELTAS}{skip})",
        before = d.at("$1"),
        skip = d.skip_locked(),
    );
    tx.execute(sql, params![before]).await
}

/// Forgets streams of which nothing was counted since that time.
pub(super) async fn forget_streams(tx: &mut dyn SqlTx, before: UnixSeconds) -> Result<u64> {
    let d = tx.dialect();
    let table = d.table("ingest_stream");
    let sql = format!(
        "DELETE FROM {table} WHERE id IN (SELECT id FROM {table} \
           WHERE at < {before} ORDER BY at LIMIT 5000{skip})",
        before = d.at("$1"),
        skip = d.skip_locked(),
    );
    tx.execute(sql, params![before]).await
}

/// Notes by how much quantiles of a token's service may be off, where that is more than before.
pub(super) async fn raise_quantile_error(tx: &mut dyn SqlTx, token: i64, error: f64) -> Result<()> {
    let tokens = tx.dialect().table("ingest_token");
    let sql = format!(
        "UPDATE {tokens} SET quantile_error = $2 \
         WHERE id = $1 AND (quantile_error IS NULL OR quantile_error < $2)"
    );
    tx.execute(sql, params![token, error]).await?;
    Ok(())
}

/// A refused item before it is kept.
#[derive(Debug, Clone, Copy)]
pub(super) struct Letter<'a> {
    pub(super) token: i64,
    pub(super) is_event: bool,
    pub(super) shape: Option<&'static str>,
    pub(super) refused: &'a RefusedItem,
    pub(super) item: &'a str,
}

/// Keeps refused items.
pub(super) async fn put_dead_letters(
    tx: &mut dyn SqlTx,
    letters: &[Letter<'_>],
    now: UnixSeconds,
) -> Result<()> {
    let d = tx.dialect();
    let table = d.table("ingest_refused");
    let sql = format!(
        "INSERT INTO {table} (token_id, member, reason, item, is_event, shape, at) \
         SELECT {token}, {member}, {reason}, {item}, {is_event} <> 0, {shape}, {now} FROM {items}",
        token = d.item_number(0),
        member = d.item_text(1),
        reason = d.item_text(2),
        item = d.item_text(3),
        is_event = d.item_number(4),
        shape = d.item_text(5),
        items = d.items("$1"),
        now = d.at("$2"),
    );
    // Postgres keeps no NUL in a text.
    let plain = |text: &str| text.replace('\0', "\u{fffd}");
    let items: Vec<_> = letters
        .iter()
        .map(|letter| {
            let refused = letter.refused;
            let (member, reason) = (refused.member.as_deref().map(plain), plain(&refused.reason));
            let is_event = u8::from(letter.is_event);
            json!([
                letter.token,
                member,
                reason,
                plain(letter.item),
                is_event,
                letter.shape
            ])
        })
        .collect();
    let items = json!(items).to_string();
    tx.execute(sql, params![items, now]).await?;
    Ok(())
}

/// Removes the oldest dead letters beyond their bound.
pub(super) async fn trim_dead_letters(tx: &mut dyn SqlTx) -> Result<u64> {
    let d = tx.dialect();
    let table = d.table("ingest_refused");
    let sql = format!(
        "DELETE FROM {table} WHERE id IN (SELECT id FROM {table} ORDER BY id DESC \
           LIMIT 5000 OFFSET $1)",
    );
    tx.execute(sql, params![MAX_DEAD_LETTERS]).await
}

/// Dead letters below `before`, the newest first.
pub(super) async fn list_dead_letters(
    tx: &mut dyn SqlTx,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<DeadLetter>> {
    let sql = select_dead_letters(
        tx.dialect(),
        "WHERE $1 IS NULL OR r.id < $1 ORDER BY r.id DESC LIMIT $2",
    );
    let rows = tx.fetch(sql, params![before, limit]).await?;
    rows.iter().map(dead_letter).collect()
}

/// The dead letter of this number.
pub(super) async fn find_dead_letter(tx: &mut dyn SqlTx, id: i64) -> Result<Option<DeadLetter>> {
    let sql = select_dead_letters(tx.dialect(), "WHERE r.id = $1");
    let rows = tx.fetch(sql, params![id]).await?;
    rows.first().map(dead_letter).transpose()
}

fn select_dead_letters(d: Dialect, tail: &str) -> String {
    format!(
        "SELECT r.id, r.token_id, {at} AS at, r.member, r.reason, r.item, r.is_event, r.shape FROM {table} AS r {tail}",
        at = d.epoch("r.at"),
        table = d.table("ingest_refused"),
    )
}

fn dead_letter(row: &FetchedRow) -> Result<DeadLetter> {
    Ok(DeadLetter {
        id: row.int("id")?,
        token_id: row.int("token_id")?,
        at: row.int("at")?,
        member: row.optional_text("member")?,
        reason: row.text("reason")?,
        item: row.text("item")?,
        is_event: row.flag("is_event")?,
        shape: row.optional_text("shape")?,
    })
}

/// Deletes a dead letter.
pub(super) async fn delete_dead_letter(tx: &mut dyn SqlTx, id: i64) -> Result<bool> {
    let table = tx.dialect().table("ingest_refused");
    let sql = format!("DELETE FROM {table} WHERE id = $1");
    Ok(tx.execute(sql, params![id]).await? > 0)
}
