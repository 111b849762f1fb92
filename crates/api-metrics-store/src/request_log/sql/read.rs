//! Statements that read requests.

use uuid::Uuid;

use super::{
    Conditions, signed, unsigned,
    word_filter::{Begin, WordFilter},
};
use crate::{
    engine::{
        backend::Result,
        sql::{Dialect, FetchedRow, SqlTx, params},
    },
    query::{Protocols, Scope},
    request_log::{
        Dropped, RequestLogCounts,
        entry::{EVENT, ms_of},
        event,
        query::{EntryKind, RequestFilter, RequestPage, RequestQuery, StoredRequest},
        words::words,
    },
    store::StoreError,
};

/// Requests that a page looks at where a filter has no index.
const SCAN: i64 = 20_000;
/// Series that a filter may name.
const MAX_SERIES: i64 = 10_000;

/// The columns of a request, of the list or a page of it as `r`.
fn select(d: Dialect, list: &str) -> String {
    format!(
        "SELECT r.at_ms, r.id, r.api_key_id, k.external_id AS api_key, r.status, r.counted, r.outcome, \
           r.latency_us, r.weight, r.reason, r.group_id, r.trace_id, r.user_id, r.levels, r.country, \
           s.service, s.environment, s.version, s.protocol, s.http_method, s.endpoint, s.source, \
           d.instance, d.path, d.user_agent, d.address, d.request_id, d.span_id, d.error_type, d.message, \
           d.ttfb_us, d.queue_wait_us, d.request_bytes, d.response_bytes, \
           d.fields, d.lines, d.lines_left_out, d.region, d.city, d.latitude, d.longitude \
         FROM {list} AS r JOIN {detail} AS d ON d.at_ms = r.at_ms AND d.id = r.id \
         JOIN {series} AS s ON s.id = r.series_id \
         LEFT JOIN {keys} AS k ON k.id = r.api_key_id",
        detail = d.table("request_log_detail"),
        series = d.table("request_log_series"),
        keys = d.table("api_keys"),
    )
}

/// The first requests of a statement of rows of the list, and what else is known of them.
///
/// They are chosen from the list before anything is joined: Postgres takes a time and an id for independent, expects one
/// row of the join by both, and would join the whole range before it sorts and cuts it.
fn joined(d: Dialect, rows: &str, order: &str) -> String {
    format!(
        "WITH page AS MATERIALIZED ({rows}) {select} ORDER BY r.at_ms {order}, r.id {order}",
        select = select(d, "page"),
    )
}

/// The first rows of the list in an order for which conditions hold. Conditions on details have to be joined.
fn rows(d: Dialect, conditions: &str, reads_detail: bool, order: &str, limit: &str) -> String {
    format!(
        "SELECT r.* {chosen} WHERE {conditions} ORDER BY r.at_ms {order}, r.id {order} LIMIT {limit}",
        chosen = chosen(d, reads_detail),
    )
}

/// The list as `r`, joined to its details where conditions are about them.
fn chosen(d: Dialect, reads_detail: bool) -> String {
    if reads_detail {
        from(d)
    } else {
        format!("FROM {} AS r", d.table("request_log"))
    }
}

/// What conditions are about: the list as `r`, its details as `d`.
fn from(d: Dialect) -> String {
    format!(
        "FROM {list} AS r JOIN {detail} AS d ON d.at_ms = r.at_ms AND d.id = r.id",
        list = d.table("request_log"),
        detail = d.table("request_log_detail"),
    )
}

fn request(row: &FetchedRow) -> Result<StoredRequest> {
    let count = |column| -> Result<Option<u64>> { Ok(row.optional_int(column)?.map(unsigned)) };
    let status = |found: i64| {
        u16::try_from(found).map_err(|_| StoreError::Corrupt(format!("`{found}` is no status")))
    };
    let reason = row.text("reason")?;
    let kind = if reason == EVENT {
        EntryKind::Event
    } else {
        EntryKind::Request
    };
    let lines = row.optional_text("lines")?;
    Ok(StoredRequest {
        id: row.uuid("id")?,
        kind,
        at_ms: row.int("at_ms")?,
        service: row.text("service")?,
        environment: row.text("environment")?,
        version: row.text("version")?,
        instance: row.uuid("instance")?,
        protocol: row.text("protocol")?,
        method: row.text("http_method")?,
        endpoint: row.text("endpoint")?,
        path: row.text("path")?,
        status: row.optional_int("status")?.map(status).transpose()?,
        counted_status: status(row.int("counted")?)?,
        outcome: row.text("outcome")?,
        latency_us: count("latency_us")?,
        time_to_headers_us: count("ttfb_us")?,
        queue_wait_us: count("queue_wait_us")?,
        request_bytes: unsigned(row.int("request_bytes")?),
        response_bytes: unsigned(row.int("response_bytes")?),
        api_key_id: row.int("api_key_id")?,
        api_key: row.optional_text("api_key")?,
        user: row.optional_text("user_id")?,
        address: row.optional_uuid("address")?,
        user_agent: row.optional_text("user_agent")?,
        request_id: row.optional_text("request_id")?,
        trace_id: row.optional_uuid("trace_id")?,
        span_id: row.optional_text("span_id")?,
        error_type: row.optional_text("error_type")?,
        message: row.optional_text("message")?,
        group: row.optional_int("group_id")?,
        weight: unsigned(row.int("weight")?),
        reason,
        source: Some(row.text("source")?).filter(|source| !source.is_empty()),
        level: event::most_severe(row.int("levels")?),
        fields: row.optional_text("fields")?,
        lines: lines.as_deref().map(event::lines).unwrap_or_default(),
        lines_left_out: unsigned(row.int("lines_left_out")?),
        country: row.optional_text("country")?,
        region: row.optional_text("region")?,
        city: row.optional_text("city")?,
        coordinates_tenths: row
            .optional_int("latitude")?
            .zip(row.optional_int("longitude")?),
    })
}

/// The series that a filter means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::request_log) enum SeriesChoice {
    /// All.
    All,
    /// These, as a JSON list.
    Named(String),
    /// All for which this condition holds: some are of a protocol that is not asked for.
    Where(String),
}

/// The series that a filter means.
pub(in crate::request_log) async fn series_of(
    tx: &mut dyn SqlTx,
    filter: &RequestFilter,
) -> Result<SeriesChoice> {
    let d = tx.dialect();
    let mut c = Conditions::default();
    for (column, value) in [
        ("service", &filter.service),
        ("environment", &filter.environment),
        ("version", &filter.version),
        ("http_method", &filter.method),
        ("endpoint", &filter.endpoint),
        ("source", &filter.source),
    ] {
        c.equals(column, value.as_deref());
    }
    let protocols = Protocols::of(filter.protocol.as_deref());
    if let Protocols::One(name) = protocols {
        c.equals("protocol", Some(name));
    }
    // Names of ours: nothing that a caller has written. The host's own log has no protocol.
    let list = |names: &[&str]| format!("('{}')", names.join("', '"));
    let foreign = match protocols {
        Protocols::Any | Protocols::One(_) => None,
        Protocols::Among(names) => Some(format!(
            "protocol <> '' AND protocol NOT IN {}",
            list(names)
        )),
        Protocols::AllBut(names) => Some(format!("protocol IN {}", list(names))),
    };
    let table = d.table("request_log_series");
    if c.params.is_empty() {
        let Some(foreign) = foreign else {
            return Ok(SeriesChoice::All);
        };
        let sql = format!("SELECT 1 AS found FROM {table} WHERE {foreign} LIMIT 1");
        // Mostly there are none, and no request has to be tried.
        return Ok(match tx.fetch(sql, params![]).await?.is_empty() {
            true => SeriesChoice::All,
            false => SeriesChoice::Where(format!(
                "r.series_id NOT IN (SELECT id FROM {table} WHERE {foreign})"
            )),
        });
    }
    if let Some(foreign) = foreign {
        c.and(format!("NOT ({foreign})"));
    }
    let sql = format!(
        "SELECT id FROM {} WHERE {} ORDER BY id DESC LIMIT {MAX_SERIES}",
        table,
        c.text()
    );
    let rows = tx.fetch(sql, &c.params).await?;
    let ids: Result<Vec<_>> = rows
        .iter()
        .map(|row| Ok(row.int("id")?.to_string()))
        .collect();
    Ok(SeriesChoice::Named(format!("[{}]", ids?.join(","))))
}

/// What has an index: series, key, user, trace, group, and that something is an event.
pub(in crate::request_log) fn indexed<'a>(
    c: &mut Conditions<'a>,
    d: Dialect,
    filter: &'a RequestFilter,
    series: &'a SeriesChoice,
) {
    if let SeriesChoice::Named(series) = series {
        let series = c.param(series.as_str());
        c.and(format!("r.series_id IN {}", d.numbers(&series)));
    }
    c.equals("r.api_key_id", filter.api_key_id);
    for (column, owner) in [("user_id", &filter.user_id), ("team_id", &filter.team_id)] {
        if let Some(owner) = owner {
            let owner = c.param(owner.as_str());
            let keys = d.table("api_keys");
            c.and(format!(
                "r.api_key_id IN (SELECT id FROM {keys} WHERE {column} = {owner})"
            ));
        }
    }
    c.equals("r.user_id", filter.user.as_deref());
    c.equals("r.trace_id", filter.trace_id);
    c.equals("r.group_id", filter.group);
    if filter.api_key_id == Some(0) && filter.kind.is_none() {
        // Requests without a key: an event has none either, and is none.
        c.and(format!("r.reason <> '{EVENT}'"));
    }
    if filter.kind == Some(EntryKind::Event) {
        // As the index has it, so that a planner sees that they agree.
        c.and(format!("r.reason = '{EVENT}'"));
    }
}

/// What has none: protocols that are left out, status, outcome, latency, level, country, and that something is a request.
pub(in crate::request_log) fn unindexed<'a>(
    c: &mut Conditions<'a>,
    filter: &'a RequestFilter,
    series: &SeriesChoice,
    scope: &Scope,
) {
    if let SeriesChoice::Where(condition) = series {
        c.and(condition.clone());
    }
    if filter.kind == Some(EntryKind::Request) {
        c.and(format!("r.reason <> '{EVENT}'"));
    }
    if let Some(level) = filter.level {
        if *scope == Scope::All {
            c.and(format!("(r.levels & {}) <> 0", event::bit(level)));
        } else {
            // Levels are those of lines, which others are not shown.
            c.and("1 = 0".to_owned());
        }
    }
    match filter.country.as_deref() {
        Some("") => c.and(format!("r.country IS NULL AND r.reason <> '{EVENT}'")),
        country => c.equals("r.country", country),
    }
    c.equals("r.counted", filter.status.map(i64::from));
    if let Some(class) = filter.status_class {
        let from = c.param(i64::from(class) * 100);
        let to = c.param(i64::from(class) * 100 + 100);
        c.and(format!("r.counted >= {from} AND r.counted < {to}"));
    }
    c.equals("r.outcome", filter.outcome.as_deref());
    if let Some(latency) = filter.min_latency_us {
        let latency = c.param(signed(latency));
        c.and(format!("r.latency_us >= {latency}"));
    }
}

/// Whether a filter has a part without an index.
fn has_unindexed(filter: &RequestFilter, series: &SeriesChoice) -> bool {
    matches!(series, SeriesChoice::Where(_))
        || filter.status.is_some()
        || filter.status_class.is_some()
        || filter.outcome.is_some()
        || filter.min_latency_us.is_some()
        || filter.level.is_some()
        || filter.country.is_some()
        || filter.kind == Some(EntryKind::Request)
}

/// The details that hold all words of a text: lines too, where everything is seen. `None` where it has no words:
/// nothing is found then.
pub(in crate::request_log) fn holds(
    c: &mut Conditions<'_>,
    d: Dialect,
    text: &str,
    scope: &Scope,
) -> Option<()> {
    let sees_lines = *scope == Scope::All;
    let words = words([text]);
    if words.is_empty() {
        return None;
    }
    // Letters and digits alone, so that nothing in it can be anything but a word.
    let quoted = |mark: &str, and: &str| {
        let words: Vec<_> = words
            .split(' ')
            .map(|word| format!("{mark}{word}{mark}"))
            .collect();
        words.join(and)
    };
    match d {
        Dialect::Postgres => {
            let query = c.param(quoted("'", " & "));
            c.and(format!("d.words @@ {query}::tsquery"));
            if !sees_lines {
                c.and(format!(
                    "(d.shown_words IS NULL OR d.shown_words @@ {query}::tsquery)"
                ));
            }
        }
        Dialect::Sqlite => {
            let query = quoted("\"", " ");
            let query = c.param(if sees_lines {
                query
            } else {
                format!("words : ({query})")
            });
            c.and(format!(
                "d.number IN (SELECT rowid FROM api_metrics_request_log_words \
                 WHERE api_metrics_request_log_words MATCH {query})"
            ));
        }
    }
    Some(())
}

/// A page of the list.
pub(in crate::request_log) async fn page(
    tx: &mut dyn SqlTx,
    query: &RequestQuery,
) -> Result<RequestPage> {
    let d = tx.dialect();
    let filter = &query.filter;
    let forward = query.after.is_some();
    let (mut from, mut to) = (query.from_ms, query.to_ms);
    let limit = i64::from(query.limit.clamp(1, 1_000));
    let end = |searched| RequestPage {
        searched_to_ms: searched,
        ..RequestPage::default()
    };
    let series = series_of(tx, filter).await?;
    if let Some(cursor) = query.before {
        to = to.min(ms_of(cursor).saturating_add(1));
    }
    if let Some(cursor) = query.after {
        from = from.max(ms_of(cursor));
    }
    let beside = |of: &'static str| {
        move |c: &mut Conditions<'_>| {
            for (cursor, sign) in [(query.before, "<"), (query.after, ">")] {
                if let Some(cursor) = cursor {
                    let (at, id) = (c.param(ms_of(cursor)), c.param(cursor));
                    c.and(format!("({of}.at_ms, {of}.id) {sign} ({at}, {id})"));
                }
            }
        }
    };
    let mut c = Conditions::default();
    let mut held = None;
    if let Some(text) = &filter.text {
        let range = (from, to);
        let Some(words) = WordFilter::new(&mut c, d, text, &query.scope, range, beside("d")) else {
            return Ok(end(if forward { to } else { from }));
        };
        let begin = words.begin(tx, &c, filter, &series).await?;
        held = Some((words, begin));
    }
    indexed(&mut c, d, filter, &series);
    c.scope("r", d, &query.scope);
    beside("r")(&mut c);
    let (lower, upper) = (c.param(from), c.param(to));
    c.and(format!("r.at_ms >= {lower} AND r.at_ms < {upper}"));
    let (order, beyond) = if forward {
        ("ASC", "<=")
    } else {
        ("DESC", ">=")
    };

    // Where the scan ends, if filters have to be tried on each request.
    let mut boundary = None;
    let is_bounded = match held {
        Some((_, begin)) => begin == Begin::List,
        None => has_unindexed(filter, &series),
    };
    if is_bounded {
        let sql = format!(
            "SELECT r.at_ms, r.id FROM {list} AS r WHERE {conditions} \
             ORDER BY r.at_ms {order}, r.id {order} LIMIT 1 OFFSET {offset}",
            list = d.table("request_log"),
            conditions = c.text(),
            offset = SCAN - 1,
        );
        let rows = tx.fetch(sql, &c.params).await?;
        if let Some(row) = rows.first() {
            let (at, id) = (row.int("at_ms")?, row.uuid("id")?);
            let (at_param, id_param) = (c.param(at), c.param(id));
            c.and(format!("(r.at_ms, r.id) {beyond} ({at_param}, {id_param})"));
            boundary = Some((at, id));
        }
    }
    unindexed(&mut c, filter, &series, &query.scope);
    let more = c.param(limit + 1);
    let rows = match &held {
        Some((words, begin)) => words.rows(d, *begin, &c.text(), order, &more),
        None => rows(d, &c.text(), false, order, &more),
    };
    let sql = joined(d, &rows, order);
    let rows = tx.fetch(sql, &c.params).await?;
    let requests: Result<Vec<_>> = rows.iter().map(request).collect();
    let mut requests = requests?;
    if requests.len() > usize::try_from(limit).unwrap_or(usize::MAX) {
        requests.pop();
        let last = requests.last();
        return Ok(RequestPage {
            next: last.map(|request| request.id),
            searched_to_ms: last.map_or(from, |request| request.at_ms),
            requests,
        });
    }
    let (searched, next) = match boundary {
        Some((at, id)) => (at, Some(id)),
        None => (if forward { to } else { from }, None),
    };
    Ok(RequestPage {
        requests,
        next,
        ..end(searched)
    })
}

/// The newest requests for which these conditions hold, in the order of their ids, and how many older ones there
/// are. `reads_detail` says whether conditions are about details, too.
pub(in crate::request_log) async fn newest(
    tx: &mut dyn SqlTx,
    mut c: Conditions<'_>,
    reads_detail: bool,
    limit: u32,
) -> Result<(Vec<StoredRequest>, u64)> {
    let d = tx.dialect();
    let conditions = c.text();
    let all = c.params.len();
    let more = c.param(i64::from(limit) + 1);
    let rows = rows(d, &conditions, reads_detail, "DESC", &more);
    let sql = joined(d, &rows, "DESC");
    let rows = tx.fetch(sql, &c.params).await?;
    let requests: Result<Vec<_>> = rows.iter().map(request).collect();
    let mut requests = requests?;
    let mut left_out = 0;
    if requests.len() as u64 > u64::from(limit) {
        requests.pop();
        let chosen = chosen(d, reads_detail);
        let sql = format!("SELECT count(*) AS found {chosen} WHERE {conditions}");
        c.params.truncate(all);
        let rows = tx.fetch(sql, &c.params).await?;
        let found = rows.first().map(|row| row.int("found")).transpose()?;
        left_out = unsigned(found.unwrap_or_default()).saturating_sub(requests.len() as u64);
    }
    requests.reverse();
    Ok((requests, left_out))
}

/// One request.
pub(in crate::request_log) async fn one(
    tx: &mut dyn SqlTx,
    id: Uuid,
    scope: &Scope,
) -> Result<Option<StoredRequest>> {
    let d = tx.dialect();
    let mut c = Conditions::default();
    c.equals("r.at_ms", Some(ms_of(id)));
    c.equals("r.id", Some(id));
    c.scope("r", d, scope);
    let list = d.table("request_log");
    let sql = format!("{} WHERE {}", select(d, &list), c.text());
    let rows = tx.fetch(sql, &c.params).await?;
    rows.first().map(request).transpose()
}

/// The times of the oldest and of the newest request.
pub(in crate::request_log) async fn span(tx: &mut dyn SqlTx) -> Result<Option<(i64, i64)>> {
    let list = tx.dialect().table("request_log");
    let sql = format!(
        "SELECT (SELECT min(at_ms) FROM {list}) AS oldest, (SELECT max(at_ms) FROM {list}) AS newest"
    );
    let rows = tx.fetch(sql, params![]).await?;
    let Some(row) = rows.first() else {
        return Ok(None);
    };
    Ok(row.optional_int("oldest")?.zip(row.optional_int("newest")?))
}

/// What became of the requests that all processes have chosen and told of.
pub(in crate::request_log) async fn counts(tx: &mut dyn SqlTx) -> Result<RequestLogCounts> {
    let d = tx.dialect();
    let sum = |column: &str| match d {
        Dialect::Postgres => format!("coalesce(sum({column}), 0)::bigint AS {column}"),
        Dialect::Sqlite => format!("coalesce(sum({column}), 0) AS {column}"),
    };
    let columns = [
        "chosen",
        "kept",
        "dropped_rate",
        "dropped_bytes",
        "dropped_memory",
        "dropped_late",
        "dropped_refused",
    ];
    let sums: Vec<_> = columns.into_iter().map(sum).collect();
    let sql = format!(
        "SELECT {} FROM {}",
        sums.join(", "),
        d.table("request_log_instance"),
    );
    let rows = tx.fetch(sql, params![]).await?;
    let Some(row) = rows.first() else {
        return Ok(RequestLogCounts::default());
    };
    let count = |column| row.int(column).map(unsigned);
    Ok(RequestLogCounts {
        chosen: count("chosen")?,
        kept: count("kept")?,
        dropped: Dropped {
            rate: count("dropped_rate")?,
            bytes: count("dropped_bytes")?,
            memory: count("dropped_memory")?,
            late: count("dropped_late")?,
            refused: count("dropped_refused")?,
        },
        waiting: 0,
    })
}

/// Requests by their ids, in any order; those that the caller may not see, or that are gone, are left out.
pub(in crate::request_log) async fn many(
    tx: &mut dyn SqlTx,
    ids: &[Uuid],
    scope: &Scope,
) -> Result<Vec<StoredRequest>> {
    let d = tx.dialect();
    let mut c = Conditions::default();
    let items: Vec<_> = ids
        .iter()
        .map(|id| (ms_of(*id), id.simple().to_string()))
        .collect();
    let items = serde_json::json!(items).to_string();
    let item = c.param(items.as_str());
    c.scope("r", d, scope);
    let list = format!(
        "(SELECT r.* FROM {items} JOIN {list} AS r ON r.at_ms = {at} AND r.id = {id} WHERE {conditions})",
        items = d.items(&item),
        list = d.table("request_log"),
        at = d.item_number(0),
        id = d.item_uuid(1),
        conditions = c.text(),
    );
    let rows = tx.fetch(select(d, &list), &c.params).await?;
    rows.iter().map(request).collect()
}
