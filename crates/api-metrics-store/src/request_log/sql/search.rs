//! Statements of searches.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::{
    Conditions,
    read::{self, SeriesChoice},
    unsigned,
    word_filter::WordFilter,
};
use crate::{
    engine::{
        backend::Result,
        sql::{Dialect, FetchedRow, SqlTx, params},
    },
    request_log::search::RequestSearch,
};

/// Groups compared in a search.
pub(in crate::request_log) const MAX_GROUPS: i64 = 10_000;
/// Requests that hold the words, of which a search knows.
pub(in crate::request_log) const MAX_HOLDING: i64 = 1_000;

/// A group that a search may find.
#[derive(Debug, Clone)]
pub(in crate::request_log) struct Candidate {
    pub(in crate::request_log) id: i64,
    /// What its errors have in common.
    pub(in crate::request_log) text: String,
    /// Its vector, and who made it.
    pub(in crate::request_log) vector: Option<(String, String)>,
    pub(in crate::request_log) kept: u64,
    pub(in crate::request_log) weight: u64,
    pub(in crate::request_log) first_ms: i64,
    pub(in crate::request_log) last_ms: i64,
    /// Its latest request, where that is known already.
    pub(in crate::request_log) latest: Option<Uuid>,
}

/// A request that holds all words.
#[derive(Debug, Clone)]
pub(in crate::request_log) struct WordHit {
    pub(in crate::request_log) id: Uuid,
    pub(in crate::request_log) at_ms: i64,
    pub(in crate::request_log) group: Option<i64>,
}

/// What a search looks at: its range, its filter, and what the caller may see.
async fn conditions<'a>(
    tx: &mut dyn SqlTx,
    query: &'a RequestSearch,
) -> Result<(Conditions<'a>, Dialect)> {
    let mut c = Conditions::default();
    let series = read::series_of(tx, &query.filter).await?;
    let d = add_conditions(tx, query, &series, &mut c);
    Ok((c, d))
}

/// The same, beside other conditions.
fn add_conditions<'a>(
    tx: &mut dyn SqlTx,
    query: &'a RequestSearch,
    series: &SeriesChoice,
    c: &mut Conditions<'a>,
) -> Dialect {
    let d = tx.dialect();
    if let SeriesChoice::Named(series) = series {
        let series = c.param(series.clone());
        c.and(format!("r.series_id IN {}", d.numbers(&series)));
    }
    read::indexed(c, d, &query.filter, &SeriesChoice::All);
    read::unindexed(c, &query.filter, series, &query.scope);
    c.scope("r", d, &query.scope);
    let (from, to) = (c.param(query.from_ms), c.param(query.to_ms));
    c.and(format!("r.at_ms >= {from} AND r.at_ms < {to}"));
    d
}

/// The groups of the range, or `only` some of them, those that were seen last first.
pub(in crate::request_log) async fn candidates(
    tx: &mut dyn SqlTx,
    query: &RequestSearch,
    only: Option<&BTreeSet<i64>>,
) -> Result<Vec<Candidate>> {
    let (mut c, d) = conditions(tx, query).await?;
    c.and("r.group_id IS NOT NULL".to_owned());
    if let Some(only) = only {
        if only.is_empty() {
            return Ok(Vec::new());
        }
        let only = c.param(serde_json::json!(only).to_string());
        c.and(format!("r.group_id IN {}", d.numbers(&only)));
    }
    let text = c.text();
    let limit = c.param(MAX_GROUPS);
    let weight = match d {
        Dialect::Postgres => "sum(r.weight)::bigint",
        Dialect::Sqlite => "sum(r.weight)",
    };
    let sql = format!(
        "SELECT g.*, t.text, v.embedder, v.vector FROM \
           (SELECT r.group_id, count(*) AS kept, {weight} AS weight, \
                   min(r.at_ms) AS first_ms, max(r.at_ms) AS last_ms \
            FROM {list} AS r WHERE {text} \
            GROUP BY r.group_id ORDER BY last_ms DESC LIMIT {limit}) AS g \
         JOIN {texts} AS t ON t.group_id = g.group_id \
         LEFT JOIN {vectors} AS v ON v.group_id = g.group_id ORDER BY g.last_ms DESC, g.group_id",
        list = d.table("request_log"),
        texts = d.table("request_log_group_text"),
        vectors = d.table("request_log_group_vector"),
    );
    let candidate = |row: &FetchedRow| {
        Ok(Candidate {
            id: row.int("group_id")?,
            text: row.text("text")?,
            vector: row
                .optional_text("embedder")?
                .zip(row.optional_text("vector")?),
            kept: unsigned(row.int("kept")?),
            weight: unsigned(row.int("weight")?),
            first_ms: row.int("first_ms")?,
            last_ms: row.int("last_ms")?,
            latest: None,
        })
    };
    tx.fetch(sql, &c.params)
        .await?
        .iter()
        .map(candidate)
        .collect()
}

/// What the errors of a group have in common.
#[derive(Debug, Clone)]
pub(in crate::request_log) struct GroupText {
    pub(in crate::request_log) group: i64,
    pub(in crate::request_log) text: String,
    /// Its vector, and who made it.
    pub(in crate::request_log) vector: Option<(String, String)>,
}

/// The texts of groups, of those that have one.
pub(in crate::request_log) async fn texts(
    tx: &mut dyn SqlTx,
    groups: &[i64],
) -> Result<Vec<GroupText>> {
    let d = tx.dialect();
    let sql = format!(
        "SELECT t.group_id, t.text, v.embedder, v.vector FROM {texts} AS t \
         LEFT JOIN {vectors} AS v ON v.group_id = t.group_id WHERE t.group_id IN {wanted}",
        texts = d.table("request_log_group_text"),
        vectors = d.table("request_log_group_vector"),
        wanted = d.numbers("$1"),
    );
    let groups = serde_json::json!(groups).to_string();
    let text = |row: &FetchedRow| {
        Ok(GroupText {
            group: row.int("group_id")?,
            text: row.text("text")?,
            vector: row
                .optional_text("embedder")?
                .zip(row.optional_text("vector")?),
        })
    };
    let rows = tx.fetch(sql, params![&groups]).await?;
    rows.iter().map(text).collect()
}

/// The newest requests that hold all words.
pub(in crate::request_log) async fn holding(
    tx: &mut dyn SqlTx,
    query: &RequestSearch,
) -> Result<Vec<WordHit>> {
    let d = tx.dialect();
    let mut c = Conditions::default();
    let range = (query.from_ms, query.to_ms);
    let Some(held) = WordFilter::new(&mut c, d, &query.text, &query.scope, range, |_| ()) else {
        return Ok(Vec::new());
    };
    let series = read::series_of(tx, &query.filter).await?;
    let begin = held.begin(tx, &c, &query.filter, &series).await?;
    add_conditions(tx, query, &series, &mut c);
    let conditions = c.text();
    let limit = c.param(MAX_HOLDING);
    let sql = held.rows(d, begin, &conditions, "DESC", &limit);
    let held = |row: &FetchedRow| {
        Ok(WordHit {
            id: row.uuid("id")?,
            at_ms: row.int("at_ms")?,
            group: row.optional_int("group_id")?,
        })
    };
    tx.fetch(sql, &c.params).await?.iter().map(held).collect()
}

/// The latest request of a group that a search may find.
pub(in crate::request_log) async fn latest(
    tx: &mut dyn SqlTx,
    query: &RequestSearch,
    group: i64,
) -> Result<Option<Uuid>> {
    let (mut c, d) = conditions(tx, query).await?;
    c.equals("r.group_id", Some(group));
    let sql = format!(
        "SELECT r.id FROM {} AS r WHERE {} ORDER BY r.at_ms DESC, r.id DESC LIMIT 1",
        d.table("request_log"),
        c.text()
    );
    let rows = tx.fetch(sql, &c.params).await?;
    rows.first().map(|row| row.uuid("id")).transpose()
}

/// Keeps the vectors of groups, under the name of who made them.
pub(in crate::request_log) async fn keep_vectors(
    tx: &mut dyn SqlTx,
    embedder: &str,
    vectors: &[(i64, String)],
) -> Result<()> {
    let d = tx.dialect();
    // A group that was erased meanwhile has no text any more, and gets no vector.
    let sql = format!(
        "INSERT INTO {vectors} (group_id, embedder, vector) SELECT {id}, $2, {vector} FROM {items} \
         WHERE {id} IN (SELECT group_id FROM {texts}) \
         ON CONFLICT (group_id) DO UPDATE SET embedder = excluded.embedder, vector = excluded.vector",
        vectors = d.table("request_log_group_vector"),
        texts = d.table("request_log_group_text"),
        id = d.item_number(0),
        vector = d.item_text(1),
        items = d.items("$1"),
    );
    let items = serde_json::json!(vectors).to_string();
    tx.execute(sql, params![&items, embedder]).await?;
    Ok(())
}

/// Keeps the texts of groups that have none yet.
pub(in crate::request_log) async fn keep_texts(
    tx: &mut dyn SqlTx,
    texts: &BTreeMap<i64, String>,
) -> Result<()> {
    if texts.is_empty() {
        return Ok(());
    }
    let d = tx.dialect();
    let sql = format!(
        "INSERT INTO {table} (group_id, text) SELECT {id}, {text} FROM {items} WHERE 1 = 1 \
         ON CONFLICT (group_id) DO NOTHING",
        table = d.table("request_log_group_text"),
        id = d.item_number(0),
        text = d.item_text(1),
        items = d.items("$1"),
    );
    let items: Vec<_> = texts.iter().collect();
    let items = serde_json::json!(items).to_string();
    tx.execute(sql, params![&items]).await?;
    Ok(())
}
