//! Who may report, and how often.
//!
//! A token is looked up once and remembered for ten seconds, so that a revoked one is refused within
//! that time. Wrong ones are answered late, counted and logged, as those of admins are.
//!
//! | what | limit a minute | counted for |
//! |---|---|---|
//! | a report with a single item, new templates | 1,000 | a tenant's tokens together, or a token without one |
//! | a report with several items | 10,000 | the same, by itself |
//! | reading templates | 1,000 | the same, by itself |
//!
//! Items are not limited but by the size of a report: who has many sends larger ones.

use std::{num::NonZeroU32, sync::Arc, time::Duration};

use api_metrics_store::{
    ingest::{IngestStore, IngestToken},
    time::Clock,
};
use axum::extract::FromRequestParts;
use http::{header, request::Parts};
use sha2::{Digest, Sha256};

use super::IngestState;
use crate::{
    auth::{FailedLogins, Organisation, RequestLimit, Verdict, peer},
    response::{Kind, Problem},
    ttl_cache::TtlCache,
};

/// How long a token is remembered.
const REMEMBERED: Duration = Duration::from_secs(10);
/// Tokens that are remembered.
const TOKENS: usize = 10_000;
/// Requests with a single item, and reads, that an organisation may send in a minute.
const PER_MINUTE: NonZeroU32 = NonZeroU32::new(1_000).unwrap();
/// Requests with several items.
const BATCHES_PER_MINUTE: NonZeroU32 = NonZeroU32::new(10_000).unwrap();

/// A token and what is made of it once.
#[derive(Debug)]
pub(crate) struct Writer {
    /// The token as it was when it was looked up.
    pub(crate) token: IngestToken,
    /// The templates of its service.
    pub(super) templates: Templates,
}

impl Writer {
    /// The writer of a token. Its templates were checked when they were put.
    pub(super) fn of(token: IngestToken) -> Self {
        let templates = Templates::new(&token.templates).unwrap_or_default();
        Self { token, templates }
    }

    /// Whether its token is in pages, for everybody to see.
    pub(super) fn is_browser(&self) -> bool {
        !self.token.origins.is_empty()
    }
}

/// Templates that paths are matched against, with axum's precedence.
#[derive(Default)]
pub(super) struct Templates(matchit::Router<String>);

impl Templates {
    /// Reads route templates in axum's syntax.
    ///
    /// # Errors
    /// Why one of them, which is named, is none.
    pub(super) fn new(templates: &[String]) -> Result<Self, String> {
        let mut router = matchit::Router::new();
        for template in templates {
            router
                .insert(template, template.clone())
                .map_err(|error| format!("{template}: {error}"))?;
        }
        Ok(Self(router))
    }

    /// The template of a path.
    pub(super) fn of(&self, path: &str) -> Option<&str> {
        self.0.at(path).ok().map(|found| found.value.as_str())
    }
}

impl std::fmt::Debug for Templates {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Templates(..)")
    }
}

/// What a request is counted as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Counted {
    /// It changes nothing.
    Read,
    /// It holds one item, or new templates.
    One,
    /// It holds several items.
    Batch,
}

/// The writers that were seen, and their limits.
#[derive(Debug)]
pub(super) struct Writers {
    /// Where tokens are looked up.
    store: Arc<dyn IngestStore>,
    /// Those that were seen lately, by the SHA-256 hash of their secret.
    known: TtlCache<[u8; 32], Arc<Writer>>,
    /// What becomes of wrong ones.
    failed: FailedLogins,
    /// The limits of the table above.
    limits: Limits,
}

/// The limits of organisations. The collector counts by the same.
#[derive(Debug)]
pub(crate) struct Limits {
    pub(crate) reads: Arc<RequestLimit<Organisation>>,
    pub(crate) single: Arc<RequestLimit<Organisation>>,
    pub(crate) batches: Arc<RequestLimit<Organisation>>,
}

impl Writers {
    /// Nobody was seen yet. Limits refill by `clock`.
    pub(super) fn new(store: Arc<dyn IngestStore>, clock: &Arc<dyn Clock>) -> Self {
        Self {
            store,
            known: TtlCache::new(TOKENS, REMEMBERED),
            failed: FailedLogins::default(),
            limits: Limits {
                reads: Arc::new(RequestLimit::new("reads", PER_MINUTE, clock)),
                single: Arc::new(RequestLimit::new("writes", PER_MINUTE, clock)),
                batches: Arc::new(RequestLimit::new("batches", BATCHES_PER_MINUTE, clock)),
            },
        }
    }

    /// The limits of organisations.
    pub(super) const fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The writer of a secret; `None` where there is none, or where its token is revoked.
    ///
    /// # Errors
    /// 503 where the store does not answer.
    async fn find(&self, secret: &str) -> Result<Option<Arc<Writer>>, Problem> {
        // No secret stays in memory for longer than its request.
        let name: [u8; 32] = Sha256::digest(secret).into();
        if let Some(known) = self.known.get(&name) {
            return Ok(Some(known));
        }
        let Some(token) = self.store.ingest_token(secret).await? else {
            return Ok(None);
        };
        let writer = Arc::new(Writer::of(token));
        self.known.insert(name, Arc::clone(&writer));
        Ok(Some(writer))
    }

    /// Forgets what is remembered: a token has changed.
    pub(super) fn forget(&self) {
        self.known.clear();
    }

    /// Counts a request of a writer.
    pub(super) fn count(&self, writer: &Writer, counted: Counted) -> Verdict {
        let organisation = match &writer.token.tenant_id {
            // Whoever looks at a page must not use up what the tenant's servers may send.
            Some(tenant) if !writer.is_browser() => Organisation::Tenant(tenant.clone()),
            _ => Organisation::Token(writer.token.id),
        };
        let limit = match counted {
            Counted::Read => &self.limits.reads,
            Counted::One => &self.limits.single,
            Counted::Batch => &self.limits.batches,
        };
        limit.check(organisation)
    }
}

/// The service whose token a request carries; pages are refused.
#[derive(Debug)]
pub(super) struct Authenticated(pub(super) Arc<Writer>);

impl FromRequestParts<IngestState> for Authenticated {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &IngestState) -> Result<Self, Problem> {
        let AnyWriter(writer) = AnyWriter::from_request_parts(parts, state).await?;
        if writer.is_browser() {
            let detail = "a browser's token writes events of `webrtc` alone";
            return Err(Problem::new(Kind::Forbidden, detail));
        }
        Ok(Self(writer))
    }
}

/// The writer whose token a request carries, a service or a page.
#[derive(Debug)]
pub(super) struct AnyWriter(pub(super) Arc<Writer>);

impl FromRequestParts<IngestState> for AnyWriter {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &IngestState) -> Result<Self, Problem> {
        let unauthenticated =
            || Problem::new(Kind::Unauthenticated, "this needs the token of a writer");
        let header = parts.headers.get(header::AUTHORIZATION);
        let bearer = header
            .and_then(|value| value.to_str().ok())
            .and_then(|value| {
                let (scheme, secret) = value.split_once(' ')?;
                scheme
                    .eq_ignore_ascii_case("bearer")
                    .then_some(secret.trim())
            });
        let Some(secret) = bearer else {
            return Err(unauthenticated());
        };
        let writers = &state.0.writers;
        if let Some(writer) = writers.find(secret).await? {
            return Ok(Self(writer));
        }
        if writers.failed.delay(peer(&parts.extensions)).await {
            Err(unauthenticated())
        } else {
            let detail = "too many wrong tokens are waiting for their answer";
            Err(Problem::new(Kind::TooManyRequests, detail).retry_after(1))
        }
    }
}
