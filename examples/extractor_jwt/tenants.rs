//! Tells the store which tenant a client belongs to.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use api_metrics::{ApiMetrics, store::control::keys::KeyChange};
use tokio::sync::mpsc;

use crate::claims::Claims;

/// Clients beyond these are told again with each request, so that memory stays bounded.
const REMEMBERED: usize = 10_000;

/// Which tenant each client has been seen with. What is new goes to a task, so that no request waits for the
/// database.
#[derive(Debug)]
pub(crate) struct Tenants {
    seen: Mutex<HashMap<String, String>>,
    news: mpsc::Sender<(String, KeyChange)>,
}

impl Tenants {
    pub(crate) fn of(metrics: &ApiMetrics) -> Self {
        let (news, told) = mpsc::channel(1_000);
        tokio::spawn(write(metrics.clone(), told));
        Self {
            seen: Mutex::default(),
            news,
        }
    }

    pub(crate) fn saw(&self, claims: &Claims) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.get(&claims.sub) == Some(&claims.tenant) {
            return;
        }
        let mut change = KeyChange::default();
        change.tenant_id = Some(Some(claims.tenant.clone()));
        // Where the queue is full, the next request of this client tries again.
        let told = self.news.try_send((claims.sub.clone(), change)).is_ok();
        if told && seen.len() < REMEMBERED {
            seen.insert(claims.sub.clone(), claims.tenant.clone());
        }
    }
}

/// Writes what is new, as many at once as have come, until they are written.
async fn write(metrics: ApiMetrics, mut told: mpsc::Receiver<(String, KeyChange)>) {
    let mut changes = Vec::new();
    while told.recv_many(&mut changes, 500).await > 0 {
        let Some(control) = metrics.control() else {
            return;
        };
        while let Err(error) = control.put_keys(&changes).await {
            tracing::warn!("tenants are not written yet: {error}");
            tokio::time::sleep(Duration::from_secs(5)).await;
        }
        changes.clear();
    }
}
