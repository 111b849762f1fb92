//! The admin token: a fixed one, one that all instances agree on through the store, or none.
//!
//! Where the operator chose no token, the first process that needs one proposes one, and the store
//! decides which proposal all instances share. Only its hash is stored; the token itself is printed
//! once, to stderr, by the process that made it.

use std::{io::Write as _, sync::Arc, time::Duration};

use api_metrics_store::store::{Store, StoreError};
use tokio::{
    sync::{Mutex, OnceCell},
    time::timeout,
};

use super::secret::{LENGTH, hash, keyed_hash, random, same, text};
use crate::response::{Kind, Problem};

/// The names under which instances share what they agree on.
const SESSION_KEY: &str = "admin-session-key";
/// The SHA-256 of the shared token.
const TOKEN_HASH: &str = "admin-token-hash";
/// How long a caller waits for instances to agree; the next caller tries again.
const AGREE_WITHIN: Duration = Duration::from_secs(3);

/// What checks tokens and signs sessions.
#[derive(Clone)]
pub(crate) struct TokenKeys {
    token_hash: [u8; LENGTH],
    /// Bound to the token too: another token ends all sessions.
    pub(super) session_key: [u8; LENGTH],
}

impl TokenKeys {
    fn new(token_hash: [u8; LENGTH], session_secret: &[u8]) -> Self {
        Self {
            session_key: keyed_hash(session_secret, "session", &token_hash),
            token_hash,
        }
    }

    /// Whether `presented` is the admin token. Hashes are compared, so neither the length nor a
    /// common prefix shows in the time.
    pub(crate) fn admits(&self, presented: &str) -> bool {
        same(&hash(presented.as_bytes()), &self.token_hash)
    }
}

impl std::fmt::Debug for TokenKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TokenKeys(..)")
    }
}

/// How admins sign in.
#[derive(Debug)]
pub(crate) enum SignIn {
    /// By a token that the operator chose.
    Fixed(TokenKeys),
    /// By a token that one process made and printed.
    Shared(SharedToken),
    /// Not at all.
    NoAuth,
}

/// A token that instances agree on once the store answers.
pub(crate) struct SharedToken {
    /// Where instances meet.
    store: Arc<dyn Store>,
    /// Kept over tries: a proposal that was stored while its acknowledgement got lost is
    /// recognised, and its token printed, when the next try finds it.
    proposal: Mutex<Option<Proposal>>,
    /// What all instances agree on; once set, it stays.
    agreed: OnceCell<TokenKeys>,
}

/// What this process proposes, until instances agree.
struct Proposal {
    /// The admin token, to be printed if it is the one agreed on.
    token: String,
    session_secret: [u8; LENGTH],
}

impl std::fmt::Debug for SharedToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SharedToken")
            .field("agreed", &self.agreed.initialized())
            .finish_non_exhaustive()
    }
}

impl SignIn {
    /// Sign-in by this token.
    pub(crate) fn fixed(token: &str) -> Self {
        let secret = keyed_hash(token.as_bytes(), "api-metrics session", b"");
        Self::Fixed(TokenKeys::new(hash(token.as_bytes()), &secret))
    }

    pub(crate) fn shared(store: Arc<dyn Store>) -> Self {
        Self::Shared(SharedToken {
            store,
            proposal: Mutex::new(None),
            agreed: OnceCell::new(),
        })
    }

    /// The keys; `None` where nobody has to sign in.
    ///
    /// # Errors
    /// 503 with `Retry-After` where instances could not agree within 3 s.
    pub(crate) async fn keys(&self) -> Result<Option<TokenKeys>, Problem> {
        match self {
            Self::Fixed(keys) => Ok(Some(keys.clone())),
            Self::NoAuth => Ok(None),
            Self::Shared(shared) => match timeout(AGREE_WITHIN, shared.keys()).await {
                Ok(Ok(keys)) => Ok(Some(keys.clone())),
                Ok(Err(problem)) => Err(problem),
                Err(_) => Err(not_ready()),
            },
        }
    }
}

impl SharedToken {
    async fn keys(&self) -> Result<&TokenKeys, Problem> {
        self.agreed.get_or_try_init(|| self.agree()).await
    }

    /// Proposes a token, and takes what all instances agree on.
    ///
    /// # Errors
    /// 503 where the store fails, 500 without randomness.
    async fn agree(&self) -> Result<TokenKeys, Problem> {
        let mut proposal = self.proposal.lock().await;
        let own = match &mut *proposal {
            Some(own) => own,
            empty => empty.insert(Proposal {
                token: text(&random().map_err(|_| no_random())?),
                session_secret: random().map_err(|_| no_random())?,
            }),
        };
        let own_hash = hash(own.token.as_bytes());
        // The key first: when the token is printed, everything that it needs is there.
        let session = self
            .store
            .shared_secret(SESSION_KEY, &own.session_secret)
            .await
            .map_err(unavailable)?;
        let token = self
            .store
            .shared_secret(TOKEN_HASH, &own_hash)
            .await
            .map_err(unavailable)?;
        let token_hash: [u8; LENGTH] = token.value.as_slice().try_into().map_err(|_| {
            tracing::error!("the shared admin token's hash has a wrong length");
            let told = "the shared admin token can't be read; the log says more";
            Problem::new(Kind::StoreUnavailable, told).retry_after(60)
        })?;
        if same(&token_hash, &own_hash) {
            announce(&own.token);
        } else {
            tracing::info!(
                "the admin token is the one that was printed when this database was first used; \
                 API_METRICS_ADMIN_TOKEN sets another"
            );
        }
        *proposal = None;
        Ok(TokenKeys::new(token_hash, &session.value))
    }
}

/// Not by `tracing`: logs are shipped and kept, a secret must not be.
fn announce(token: &str) {
    let mut stderr = std::io::stderr().lock();
    // A closed stderr is the host's choice; there is nowhere else to say it.
    let _ = writeln!(
        stderr,
        "\napi-metrics admin token (shown once, set API_METRICS_ADMIN_TOKEN to choose your own):\n\
         \n    {token}\n"
    );
}

/// 503: the store failed, so instances could not agree.
fn unavailable(error: StoreError) -> Problem {
    tracing::warn!(%error, "the admin token can't be checked yet");
    not_ready()
}

/// 503 with `Retry-After`: instances have not agreed yet.
fn not_ready() -> Problem {
    Problem::new(
        Kind::SignInNotReady,
        "the store, which keeps the admin token's hash, did not answer",
    )
    .retry_after(5)
}

/// 500: without randomness there is no secret.
fn no_random() -> Problem {
    tracing::error!("the operating system gave no random bytes");
    Problem::new(Kind::Internal, "no random bytes")
}
