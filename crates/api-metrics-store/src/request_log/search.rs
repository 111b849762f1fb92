//! Searching the log: by words, by likeness, and by both.
//!
//! | mode | finds |
//! |---|---|
//! | [`SearchMode::Words`] | requests that hold all words, by the databases' own indexes; those of one group are one hit |
//! | [`SearchMode::Similar`] | groups of errors whose text is like the question's, by the cosine of their vectors |
//! | [`SearchMode::Hybrid`] | both: what holds all words comes first, what holds some of them and is alike next |
//!
//! # Bounds
//!
//! A search looks at the newest 1,000 requests that hold the words, and compares the 10,000 groups that were seen
//! last in the range. A group is embedded once, when a search comes across it first; one search embeds 2,048 at
//! most and says how many were left.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use uuid::Uuid;

use super::{
    query::{RequestFilter, StoredRequest},
    rows::Rows,
    similar::{Embedder, cosine, packed, tokens},
    sql::search::{self, Candidate, WordHit},
};
use crate::{
    engine::{
        backend::{Mode, Result},
        sql::BeginTx,
    },
    query::Scope,
    store::invalid,
};

/// Groups embedded at once.
const STEP: usize = 256;
/// Steps in one search.
const STEPS: usize = 8;
/// Below this, likeness is chance.
const LEAST_LIKENESS: f64 = 0.12;
/// What holding some of the words counts, where holding all of them counts 1.
const SOME_WORDS: f64 = 0.8;

/// How a search finds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum SearchMode {
    /// By words.
    Words,
    /// By likeness.
    Similar,
    /// By both.
    #[default]
    Hybrid,
}

/// A question.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RequestSearch {
    /// The first millisecond, since 1970.
    pub from_ms: i64,
    /// The first millisecond after the range.
    pub to_ms: i64,
    /// Which requests are searched.
    pub filter: RequestFilter,
    /// What the caller may see.
    pub scope: Scope,
    /// What is looked for.
    pub text: String,
    /// How.
    pub mode: SearchMode,
    /// Hits, 1 to 100.
    pub limit: u32,
}

/// A hit: a group of errors, or a request that belongs to none.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct SearchHit {
    /// How good it is, 0 to 1: to be compared within one answer.
    pub score: f64,
    /// Whether a request of it holds all words.
    pub by_words: bool,
    /// Whether its text is like the question's.
    pub by_likeness: bool,
    /// Its latest request; the latest that holds the words, where it was found by them.
    pub request: StoredRequest,
    /// Requests kept of it in the range.
    pub kept: u64,
    /// Requests that they stand for.
    pub weight: u64,
    /// Its first request in the range, in milliseconds since 1970.
    pub first_ms: i64,
    /// Its last one.
    pub last_ms: i64,
}

/// What was found.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct SearchResult {
    /// The hits, the best first.
    pub hits: Vec<SearchHit>,
    /// Groups that were not compared, because they are not embedded yet.
    pub pending: u64,
}

/// What is known of a hit before it is read.
#[derive(Debug, Default)]
struct Ranked {
    score: f64,
    held: Option<WordHit>,
    group: Option<Candidate>,
    alike: bool,
}

pub(super) async fn search(
    store: &dyn BeginTx,
    query: &RequestSearch,
    embedder: &dyn Embedder,
) -> Result<SearchResult> {
    if query.filter.text.is_some() {
        return invalid("text", "can't be combined with a search");
    }
    let rows = Rows::of(store);
    let mut tx = store.begin_read(&query.scope).await?;
    let held = match query.mode {
        SearchMode::Similar => Vec::new(),
        SearchMode::Words | SearchMode::Hybrid => rows.holding(&mut *tx, query).await?,
    };
    // By words alone no other groups are found than those of requests that hold them.
    let only: Option<BTreeSet<i64>> = (query.mode == SearchMode::Words)
        .then(|| held.iter().filter_map(|held| held.group).collect());
    let groups = rows.candidates(&mut *tx, query, only.as_ref()).await?;
    tx.commit().await?;
    let groups = rows.with_texts(store, groups).await?;
    let alike = match query.mode {
        SearchMode::Words => Alike::default(),
        SearchMode::Similar | SearchMode::Hybrid => {
            alike(store, &groups, &query.text, embedder).await?
        }
    };
    let ranked = rank(query, groups, held, &alike);

    let mut tx = store.begin_read(&query.scope).await?;
    let mut found = Vec::with_capacity(ranked.len());
    for ranked in ranked {
        let id = match (&ranked.held, &ranked.group) {
            (Some(held), _) => Some(held.id),
            (None, Some(group)) => rows.latest(&mut *tx, query, group).await?,
            (None, None) => None,
        };
        found.extend(id.map(|id| (id, ranked)));
    }
    let ids: Vec<Uuid> = found.iter().map(|(id, _)| *id).collect();
    let requests = rows.many(&mut *tx, &ids, &query.scope).await?;
    let requests = requests.into_iter().map(|request| (request.id, request));
    let mut requests: HashMap<Uuid, _> = requests.collect();
    let mut hits = Vec::with_capacity(found.len());
    for (id, ranked) in found {
        // What was erased meanwhile is no hit.
        let Some(request) = requests.remove(&id) else {
            continue;
        };
        let group = ranked.group.as_ref();
        hits.push(SearchHit {
            score: ranked.score,
            by_words: ranked.held.is_some(),
            by_likeness: ranked.alike,
            kept: group.map_or(1, |group| group.kept),
            weight: group.map_or(request.weight, |group| group.weight),
            first_ms: group.map_or(request.at_ms, |group| group.first_ms),
            last_ms: group.map_or(request.at_ms, |group| group.last_ms),
            request,
        });
    }
    tx.commit().await?;
    Ok(SearchResult {
        hits,
        pending: alike.pending,
    })
}

/// How alike groups are.
#[derive(Debug, Default)]
struct Alike {
    by_group: HashMap<i64, f64>,
    pending: u64,
}

/// Compares groups with a text, those without a vector after they were embedded.
async fn alike(
    store: &dyn BeginTx,
    groups: &[Candidate],
    text: &str,
    embedder: &dyn Embedder,
) -> Result<Alike> {
    let name = embedder.name();
    let mut alike = Alike::default();
    let mut missing: BTreeMap<i64, &str> = BTreeMap::new();
    let mut vectors: Vec<(i64, String)> = Vec::new();
    for group in groups {
        match &group.vector {
            Some((by, vector)) if by == name => vectors.push((group.id, vector.clone())),
            _ => {
                missing.insert(group.id, &group.text);
            }
        }
    }
    alike.pending = missing.len() as u64;
    let question = match embedder.embed(&[text.to_owned()]).await {
        Ok(question) => packed(question.first().map_or(&[], Vec::as_slice)),
        Err(error) => {
            tracing::warn!(%error, embedder = name, "a search finds by words alone");
            alike.pending = groups.len() as u64;
            return Ok(alike);
        }
    };
    let missing: Vec<_> = missing.into_iter().collect();
    for step in missing.chunks(STEP).take(STEPS) {
        let texts: Vec<String> = step.iter().map(|(_, text)| (*text).to_owned()).collect();
        let made = match embedder.embed(&texts).await {
            Ok(made) => made,
            Err(error) => {
                tracing::warn!(%error, embedder = name, "groups of errors are not embedded");
                break;
            }
        };
        let made: Vec<_> = step
            .iter()
            .zip(&made)
            .map(|((id, _), vector)| (*id, packed(vector)))
            .collect();
        let mut tx = store.begin(Mode::Write).await?;
        search::keep_vectors(&mut *tx, name, &made).await?;
        tx.commit().await?;
        alike.pending -= made.len() as u64;
        vectors.extend(made);
    }
    alike.by_group = vectors
        .into_iter()
        .map(|(id, vector)| (id, cosine(&question, &vector).clamp(0.0, 1.0)))
        .collect();
    Ok(alike)
}

/// The best hits, ranked.
fn rank(
    query: &RequestSearch,
    groups: Vec<Candidate>,
    held: Vec<WordHit>,
    alike: &Alike,
) -> Vec<Ranked> {
    let shares = match query.mode {
        SearchMode::Similar => HashMap::new(),
        SearchMode::Words | SearchMode::Hybrid => shares_of_words(&query.text, &groups),
    };
    let mut ranked = Vec::new();
    let mut by_group = BTreeMap::new();
    for held in held {
        match held.group {
            // Newest first: the first of a group is its latest.
            Some(group) => {
                by_group.entry(group).or_insert(held);
            }
            None => ranked.push(Ranked {
                score: if query.mode == SearchMode::Words {
                    1.0
                } else {
                    0.5
                },
                held: Some(held),
                ..Ranked::default()
            }),
        }
    }
    for group in groups {
        let held = by_group.remove(&group.id);
        let likeness = alike.by_group.get(&group.id).copied().unwrap_or(0.0);
        let alike = likeness >= LEAST_LIKENESS;
        let share = shares.get(&group.id).copied().unwrap_or(0.0);
        let words = if held.is_some() {
            1.0
        } else {
            SOME_WORDS * share
        };
        let score = match query.mode {
            // What is found by words is found alike well.
            SearchMode::Words if held.is_some() => 1.0,
            SearchMode::Words => continue,
            SearchMode::Similar if alike => likeness,
            SearchMode::Hybrid if alike || held.is_some() => f64::midpoint(words, likeness),
            SearchMode::Similar | SearchMode::Hybrid => continue,
        };
        ranked.push(Ranked {
            score,
            held,
            alike,
            group: Some(group),
        });
    }
    let last = |ranked: &Ranked| {
        let held = ranked.held.as_ref().map(|held| held.at_ms);
        held.or(ranked.group.as_ref().map(|group| group.last_ms))
    };
    // Of what is found alike well the newest.
    ranked.sort_by(|a, b| b.score.total_cmp(&a.score).then(last(b).cmp(&last(a))));
    ranked.truncate(usize::try_from(query.limit.clamp(1, 100)).unwrap_or(1));
    ranked
}

/// How much of a text's words each group holds; words that few groups hold count for more.
fn shares_of_words(text: &str, groups: &[Candidate]) -> HashMap<i64, f64> {
    let wanted: BTreeSet<String> = tokens(text).into_iter().collect();
    let mut holders: HashMap<&str, usize> = HashMap::new();
    let mut held: Vec<(i64, Vec<&str>)> = Vec::with_capacity(groups.len());
    for group in groups {
        let words: BTreeSet<String> = tokens(&group.text).into_iter().collect();
        let common: Vec<&str> = wanted
            .iter()
            .map(String::as_str)
            .filter(|word| words.contains(*word))
            .collect();
        for word in &common {
            *holders.entry(word).or_default() += 1;
        }
        held.push((group.id, common));
    }
    #[expect(clippy::cast_precision_loss, reason = "some thousand groups")]
    let rarity = |word: &str| {
        let holders = holders.get(word).copied().unwrap_or(0) as f64;
        (1.0 + groups.len() as f64 / (1.0 + holders)).ln()
    };
    let all: f64 = wanted.iter().map(|word| rarity(word)).sum();
    let share = |words: &[&str]| {
        words.iter().map(|word| rarity(word)).sum::<f64>() / all.max(f64::MIN_POSITIVE)
    };
    held.iter().map(|(id, words)| (*id, share(words))).collect()
}
