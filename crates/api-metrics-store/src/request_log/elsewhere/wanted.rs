//! A filter and a scope, as the other database is asked: keys by their texts, words one by one.

use crate::{
    engine::{
        backend::Result,
        copied::request_seam::{RequestLabel, RequestsWanted},
        sql::SqlTx,
    },
    query::{Protocols, Scope},
    request_log::{
        event,
        query::{EntryKind, RequestFilter},
        sql::{Conditions, marks, signed},
        words::words,
    },
};

/// Everything of a range within a scope; `None` where that is nothing. Reads which rows count, too.
pub(super) async fn within(
    tx: &mut dyn SqlTx,
    scope: &Scope,
    times: (i64, i64),
) -> Result<Option<RequestsWanted>> {
    narrowed(tx, &RequestFilter::default(), scope, times).await
}

/// The same for the keys of a filter alone.
async fn narrowed(
    tx: &mut dyn SqlTx,
    filter: &RequestFilter,
    scope: &Scope,
    times: (i64, i64),
) -> Result<Option<RequestsWanted>> {
    let wanted = RequestsWanted {
        view: marks::view(tx).await?,
        times,
        api_keys: keys(tx, filter, scope).await?,
        sees_lines: *scope == Scope::All,
        ..RequestsWanted::default()
    };
    let is_none = wanted.api_keys.as_ref().is_some_and(Vec::is_empty);
    Ok((!is_none && times.0 < times.1).then_some(wanted))
}

/// What a filter finds of a range within a scope; `None` where that is nothing. Reads which rows count, too.
pub(super) async fn wanted(
    tx: &mut dyn SqlTx,
    filter: &RequestFilter,
    scope: &Scope,
    times: (i64, i64),
) -> Result<Option<RequestsWanted>> {
    let Some(mut wanted) = narrowed(tx, filter, scope, times).await? else {
        return Ok(None);
    };
    for (label, value) in [
        (RequestLabel::Service, &filter.service),
        (RequestLabel::Environment, &filter.environment),
        (RequestLabel::Version, &filter.version),
        (RequestLabel::Method, &filter.method),
        (RequestLabel::Endpoint, &filter.endpoint),
        (RequestLabel::Source, &filter.source),
        (RequestLabel::Outcome, &filter.outcome),
        (RequestLabel::User, &filter.user),
    ] {
        let value = value.as_ref().map(|value| (label, value.clone()));
        wanted.labels.extend(value);
    }
    let texts = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
    match Protocols::of(filter.protocol.as_deref()) {
        Protocols::Any => {}
        Protocols::One(name) => wanted.protocols = Some(texts(&[name])),
        Protocols::Among(names) => {
            // The host's own log has no protocol.
            let mut names: Vec<String> = texts(names);
            names.push(String::new());
            wanted.protocols = Some(names);
        }
        Protocols::AllBut(names) => wanted.other_protocols = texts(names),
    }
    wanted.trace_id = filter.trace_id;
    wanted.groups = filter.group.map(|group| vec![group]);
    wanted.is_event = match filter.kind {
        Some(kind) => Some(kind == EntryKind::Event),
        // Requests without a key: an event has none either, and is none.
        None => (filter.api_key_id == Some(0)).then_some(false),
    };
    if let Some(level) = filter.level {
        if *scope != Scope::All {
            // Levels are those of lines, which others are not shown.
            return Ok(None);
        }
        wanted.levels = Some(event::bit(level));
    }
    wanted.country = filter
        .country
        .as_ref()
        .map(|country| Some(country.clone()).filter(|country| !country.is_empty()));
    let status = filter.status.map(i64::from);
    wanted.statuses.extend(status.map(|at| (at, at + 1)));
    let class = filter.status_class.map(|class| i64::from(class) * 100);
    wanted.statuses.extend(class.map(|at| (at, at + 100)));
    wanted.min_latency_us = filter.min_latency_us.map(signed);
    if let Some(text) = &filter.text
        && !hold(&mut wanted, text)
    {
        return Ok(None);
    }
    Ok(Some(wanted))
}

/// Asks for all words of a text; answers whether it has any.
pub(super) fn hold(wanted: &mut RequestsWanted, text: &str) -> bool {
    let words = words([text]);
    let words = words.split(' ').filter(|word| !word.is_empty());
    wanted.words = words.map(str::to_owned).collect();
    !wanted.words.is_empty()
}

/// The texts of the keys that a filter and a scope mean, of none for requests without one; `None` for all requests.
async fn keys(
    tx: &mut dyn SqlTx,
    filter: &RequestFilter,
    scope: &Scope,
) -> Result<Option<Vec<Option<String>>>> {
    let d = tx.dialect();
    let owners = [("user_id", &filter.user_id), ("team_id", &filter.team_id)];
    let is_owned = owners.iter().any(|(_, owner)| owner.is_some());
    match filter.api_key_id {
        None if *scope == Scope::All && !is_owned => return Ok(None),
        // What has no key belongs to nobody.
        Some(0) if *scope == Scope::All && !is_owned => return Ok(Some(vec![None])),
        Some(0) => return Ok(Some(Vec::new())),
        _ => {}
    }
    let mut c = Conditions::default();
    c.equals("id", filter.api_key_id);
    for (column, owner) in owners {
        c.equals(column, owner.as_deref());
    }
    match scope {
        Scope::All => {}
        Scope::Tenant(tenant) => c.equals("tenant_id", Some(tenant.as_str())),
        Scope::Keys(ids) => {
            let ids: Vec<_> = ids.iter().map(i64::to_string).collect();
            let ids = c.param(format!("[{}]", ids.join(",")));
            c.and(format!("id IN {}", d.numbers(&ids)));
        }
    }
    let sql = format!(
        "SELECT external_id FROM {} WHERE {} ORDER BY external_id",
        d.table("api_keys"),
        c.text()
    );
    let rows = tx.fetch(sql, &c.params).await?;
    let texts = rows.iter().map(|row| row.text("external_id").map(Some));
    texts.collect::<Result<_>>().map(Some)
}
