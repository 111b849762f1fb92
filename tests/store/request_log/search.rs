//! Searching: by words, by likeness, and by both.

use std::collections::BTreeSet;

use api_metrics_store::request_log::{EmbedError, Embedder, NgramEmbedder, SearchHit, SearchMode};

use super::*;

/// A question as somebody types it who remembers an error roughly, and the error: its request, status, type and
/// message.
const LABELLED: &str = include_str!("labelled.tsv");

const MODES: [SearchMode; 3] = [SearchMode::Words, SearchMode::Similar, SearchMode::Hybrid];

impl Stage {
    async fn search(&self, text: &str, mode: SearchMode) -> Vec<SearchHit> {
        self.search_for(text, mode, |_| {}).await
    }

    async fn search_for(
        &self,
        text: &str,
        mode: SearchMode,
        change: impl FnOnce(&mut RequestSearch),
    ) -> Vec<SearchHit> {
        let mut search = RequestSearch::default();
        search.to_ms = NOON_MS + 10 * DAY * 1_000;
        search.text = text.to_owned();
        search.mode = mode;
        search.limit = 10;
        change(&mut search);
        let found = self
            .store
            .search_requests(&search, &NgramEmbedder::default())
            .await
            .unwrap();
        assert_eq!(found.pending, 0);
        let scores: Vec<_> = found.hits.iter().map(|hit| hit.score).collect();
        assert!(scores.is_sorted_by(|a, b| a >= b), "{scores:?}");
        assert!(
            scores.iter().all(|score| (0.0..=1.0).contains(score)),
            "{scores:?}"
        );
        found.hits
    }
}

fn messages(hits: &[SearchHit]) -> Vec<&str> {
    let hits = hits.iter().map(|hit| hit.request.message.as_deref());
    hits.map(Option::unwrap_or_default).collect()
}

/// The even lines were looked at while the search was tuned, the odd ones were not.
pub(super) async fn what_somebody_remembers_roughly_is_among_the_first_ten(database: Database) {
    let stage = Stage::on(database).await;
    let lines: Vec<[&str; 5]> = LABELLED
        .lines()
        .map(|line| line.split('\t').collect::<Vec<_>>().try_into().unwrap())
        .collect();
    assert_eq!(lines.len(), 200);
    let shown = lines
        .iter()
        .map(|[_, target, status, error_type, message]| {
            let (method, endpoint) = target.split_once(' ').unwrap();
            Shown {
                method,
                path: endpoint,
                error: Some(ErrorDetail::new(*message).with_type(*error_type)),
                ..Shown::new(endpoint, status.parse().unwrap())
            }
        });
    let shown: Vec<_> = shown.collect();
    stage.keep(&shown).await;
    if let Database::ClickHouse(..) = &stage.h.database {
        // What Postgres finds, which is asked for all of them.
        let other = Stage::on(Database::postgres().await).await;
        other.keep(&shown).await;
        for [question, ..] in lines.iter().step_by(11) {
            for mode in MODES {
                let found = stage.search(question, mode).await;
                let expected = other.search(question, mode).await;
                assert_eq!(messages(&found), messages(&expected), "{question}");
            }
        }
        return;
    }
    // In the order in which they were kept.
    let mut kept = stage.find(|query| query.limit = 1_000).await;
    kept.reverse();
    let groups: BTreeSet<_> = kept.iter().map(|request| request.group).collect();
    assert_eq!(groups.len(), 200, "each is a group of its own");
    let mut recall = [[0_u32; 3]; 2];
    for (at, [question, ..]) in lines.iter().enumerate() {
        for (mode, recalled) in MODES.into_iter().zip(&mut recall[at % 2]) {
            let hits = stage.search(question, mode).await;
            assert!(hits.len() <= 10);
            *recalled += u32::from(hits.iter().any(|hit| hit.request.id == kept[at].id));
        }
    }
    for (half, [words, similar, hybrid]) in ["tuned", "held out"].into_iter().zip(recall) {
        let found = format!("{half}: words {words}, similar {similar}, hybrid {hybrid} of 100");
        assert!(hybrid >= words && similar >= 80, "{found}");
    }
}

pub(super) async fn errors_of_a_group_are_one_hit_and_what_is_no_error_stands_for_itself(
    database: Database,
) {
    let stage = Stage::on(database).await;
    let failed = |at, message: &str| Shown {
        at,
        ..Shown::failed(message)
    };
    stage
        .keep(&[
            failed(NOON, "the ledger is locked by order 17"),
            failed(NOON + 1, "the ledger is locked by order 18"),
            failed(NOON + 2, "the ledger was closed"),
            failed(NOON + 3, "no image has this size"),
            Shown::new("/ledger/entries", 200),
            Shown::new("/images", 200),
        ])
        .await;
    let hits = stage.search("Ledger LOCKED", SearchMode::Words).await;
    assert_eq!(messages(&hits), ["the ledger is locked by order 18"]);
    let hit = &hits[0];
    assert_eq!(
        (hit.kept, hit.weight, hit.by_words, hit.by_likeness),
        (2, 2, true, false)
    );
    assert_eq!((hit.first_ms, hit.last_ms), (NOON_MS, NOON_MS + 1_000));
    // By the word of one of its requests that is no other's.
    let hits = stage.search("17", SearchMode::Words).await;
    assert_eq!(messages(&hits), ["the ledger is locked by order 17"]);
    assert_eq!(hits[0].kept, 2);
    let hits = stage.search("ledger", SearchMode::Words).await;
    assert_eq!(hits.len(), 3);
    let alone = hits.iter().find(|hit| hit.request.group.is_none()).unwrap();
    assert_eq!(
        (alone.request.endpoint.as_str(), alone.kept, alone.weight),
        ("/ledger/entries", 1, 1)
    );
    // Misspelt, it is found by likeness alone.
    assert_eq!(stage.search("legder lokced", SearchMode::Words).await, []);
    let hits = stage.search("legder lokced", SearchMode::Similar).await;
    assert_eq!(
        hits[0].request.message.as_deref(),
        Some("the ledger is locked by order 18")
    );
    assert!(hits[0].by_likeness && !hits[0].by_words);
    let hits = stage.search("ledger closed", SearchMode::Hybrid).await;
    assert_eq!(
        messages(&hits)[..2],
        ["the ledger was closed", "the ledger is locked by order 18"]
    );
    assert!(hits[0].by_likeness && hits[0].by_words && !hits[1].by_words);
    for mode in MODES {
        for nothing in ["?!", "\" OR 1=1 --", "\0"] {
            let hits = stage.search(nothing, mode).await;
            assert!(hits.iter().all(|hit| !hit.by_words), "{nothing}");
        }
        let bounded = stage
            .search_for("ledger", mode, |search| search.limit = 1)
            .await;
        assert_eq!(bounded.len(), 1);
        type Change = fn(&mut RequestSearch);
        let changes: [Change; 4] = [
            |search| search.to_ms = NOON_MS,
            |search| search.from_ms = NOON_MS + 60_000,
            |search| search.filter.service = Some("other".to_owned()),
            |search| search.filter.status = Some(418),
        ];
        for change in changes {
            assert_eq!(stage.search_for("ledger", mode, change).await, []);
        }
    }
    let mut search = RequestSearch::default();
    search.filter.text = Some("ledger".to_owned());
    let refused = stage
        .store
        .search_requests(&search, &NgramEmbedder::default())
        .await;
    assert!(refused.is_err());
}

pub(super) async fn a_search_finds_what_its_scope_allows_and_nothing_that_was_erased(
    database: Database,
) {
    let stage = Stage::on(database).await;
    for (key, tenant) in [("alpha", "acme"), ("beta", "umbrella")] {
        let mut change = KeyChange::default();
        change.tenant_id = Some(Some(tenant.to_owned()));
        stage.h.store.create_key(key, &change, None).await.unwrap();
    }
    let of = |key, message: &str| Shown {
        key,
        user: key,
        ..Shown::failed(message)
    };
    stage
        .keep(&[
            of(Some("alpha"), "the ledger is locked"),
            of(Some("beta"), "the ledger is locked"),
            of(Some("beta"), "the ledger of zebras is locked"),
            of(None, "nobody can lock the ledger"),
        ])
        .await;
    for mode in MODES {
        for (scope, expected) in [
            (
                Scope::Tenant("acme".to_owned()),
                &["the ledger is locked"][..],
            ),
            (
                Scope::Tenant("umbrella".to_owned()),
                &["the ledger is locked", "the ledger of zebras is locked"],
            ),
            (Scope::Tenant("nobody".to_owned()), &[]),
            (Scope::Keys(Vec::new()), &[]),
        ] {
            let hits = stage
                .search_for("ledger locked", mode, |search| search.scope = scope.clone())
                .await;
            let mut found = messages(&hits);
            found.sort_unstable();
            assert_eq!(found, expected, "{mode:?} {scope:?}");
            assert!(hits.iter().all(|hit| hit.kept == 1), "{hits:?}");
        }
    }
    let texts = "SELECT count(*) FROM api_metrics.request_log_group_text";
    assert_eq!(stage.number(texts).await, 3);
    stage
        .store
        .erase_requests(&Erasure::User("beta".to_owned()), "root")
        .await
        .unwrap();
    // What another's error says too stays.
    assert_eq!(stage.number(texts).await, 2);
    stage.checkpoint().await;
    assert!(!contains(&stage.contents().await, "zebras"));
    for mode in MODES {
        let hits = stage.search("zebras", mode).await;
        assert!(
            messages(&hits)
                .iter()
                .all(|message| !message.contains("zebras"))
        );
    }
    // Nor does anything stay of what is too old.
    stage.set(NOON + 100 * DAY);
    stage.retain(&RequestLog::new()).await;
    assert_eq!(stage.number(texts).await, 0);
}

/// Knows two meanings, and how often it was asked for what.
#[derive(Debug, Default)]
struct Meanings {
    asked: std::sync::Mutex<Vec<String>>,
    broken: bool,
}

#[async_trait::async_trait]
impl Embedder for Meanings {
    fn name(&self) -> &str {
        "meanings"
    }

    async fn embed(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, EmbedError> {
        if self.broken {
            return Err(EmbedError("no model".to_owned()));
        }
        self.asked.lock().unwrap().extend_from_slice(texts);
        let money = |text: &String| text.contains("ledger") || text.contains("money");
        Ok(texts
            .iter()
            .map(|text| {
                if money(text) {
                    vec![1.0, 0.1]
                } else {
                    vec![0.0, 1.0]
                }
            })
            .collect())
    }
}

pub(super) async fn each_group_is_embedded_once_by_whoever_is_asked(database: Database) {
    let stage = Stage::on(database).await;
    stage
        .keep(&[
            Shown::failed("the ledger is locked by order 17"),
            Shown::failed("the ledger is locked by order 18"),
            Shown::failed("no image has this size"),
        ])
        .await;
    stage.search("ledger", SearchMode::Similar).await;
    let embedder = Meanings::default();
    let mut search = RequestSearch::default();
    search.to_ms = NOON_MS + DAY * 1_000;
    search.text = "money".to_owned();
    search.mode = SearchMode::Similar;
    search.limit = 10;
    for round in 1..=2 {
        let found = stage
            .store
            .search_requests(&search, &embedder)
            .await
            .unwrap();
        assert_eq!((found.hits.len(), found.pending), (1, 0));
        assert!(
            found.hits[0]
                .request
                .message
                .as_ref()
                .unwrap()
                .contains("ledger")
        );
        let asked = embedder.asked.lock().unwrap();
        assert_eq!(asked.len(), 2 + round, "{asked:?}");
        // Numbers and names of single requests are not what it is shown.
        assert!(
            asked
                .iter()
                .all(|text| !text.contains("17") && !text.contains("18"))
        );
        drop(asked);
    }
    let broken = Meanings {
        broken: true,
        ..Meanings::default()
    };
    search.mode = SearchMode::Hybrid;
    search.text = "ledger locked".to_owned();
    let found = stage.store.search_requests(&search, &broken).await.unwrap();
    assert_eq!((found.hits.len(), found.pending), (1, 2));
    assert!(found.hits[0].by_words && !found.hits[0].by_likeness);
}
