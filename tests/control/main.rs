//! The control plane on real databases: alerts, limits, quotas, billing.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    missing_docs,
    unreachable_pub
)]

pub(crate) use api_metrics_tests::harness;

/// Runs each test on a fresh Postgres database and on a fresh SQLite file.
macro_rules! on_both {
    ($($name:ident)*) => {
        mod postgres {
            $(#[tokio::test] async fn $name() { super::$name(crate::harness::Database::postgres().await).await; })*
        }
        mod sqlite {
            $(#[tokio::test] async fn $name() { super::$name(crate::harness::Database::sqlite().await).await; })*
        }
    };
}

mod alerts;
mod billing;
mod bills;
mod causes;
mod channels;
mod chats;
mod counting;
mod digest;
mod dry_run;
mod fairness;
mod grouping;
mod headroom;
mod health;
mod help;
mod incident;
mod invoices;
mod keys;
mod limits;
mod mail;
mod measures;
mod objectives;
mod outbox;
mod quotas;
mod receiver;
mod reconciliation;
mod releases;
mod roles;
mod scenario;
mod service;
mod silences;
mod trail;
mod units;
mod webhook;
