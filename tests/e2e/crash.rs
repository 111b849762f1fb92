//! A writer that is killed at any moment.

use std::{
    hash::{BuildHasher, RandomState},
    process::Command,
    time::Duration,
};

use api_metrics_tests::{PgDatabase, Process};

use api_metrics_tests::stored;

const ROUNDS: u32 = 20;

/// What the last words of a writer were.
#[derive(Debug, Default, Clone, Copy)]
struct Said {
    recorded: u64,
    acknowledged: u64,
}

impl Said {
    /// A flush is one transaction: the one under way at the kill is there whole or not at all.
    fn allows(self, service: &str, found: u64) {
        assert!(
            found == self.acknowledged || found == self.recorded,
            "{service}: {found} found, {self:?}"
        );
    }

    fn hear(&mut self, line: &str) {
        if let Some(total) = line.strip_prefix("recorded ") {
            self.recorded = total.parse().unwrap();
        }
        if let Some(total) = line.strip_prefix("acknowledged ") {
            self.acknowledged = total.parse().unwrap();
        }
    }
}

#[tokio::test]
async fn whatever_a_killed_writer_had_acknowledged_is_there_once() {
    let database = PgDatabase::create().await;
    let store = stored::open(&database.url());
    store.prepare().await.unwrap();
    let mut rounds = Vec::new();
    for round in 0..ROUNDS {
        let service = format!("round-{round}");
        let (url, name) = (database.url(), service.clone());
        let killing = tokio::task::spawn_blocking(move || kill_at_random(&url, &name));
        // Somebody else leads meanwhile: what is folded and what is not must not matter.
        while !killing.is_finished() {
            store.fold().await.unwrap();
            store.roll_up().await.unwrap();
        }
        let said = killing.await.unwrap();
        let found = stored::requests(&*store, Some(&service)).await;
        said.allows(&service, found);
        rounds.push((service, said, found));
    }
    while store.fold().await.unwrap().more {}
    let mut total = 0;
    for (service, said, before) in rounds {
        let found = stored::requests(&*store, Some(&service)).await;
        said.allows(&service, found);
        // A server may finish a COMMIT that it had received after its client died.
        assert!(found >= before, "{service}: {before}, then {found}");
        total += found;
    }
    assert_eq!(stored::requests(&*store, None).await, total);
}

fn kill_at_random(url: &str, service: &str) -> Said {
    let mut writer = Process::start(
        Command::new(env!("CARGO_BIN_EXE_writer"))
            .env("API_METRICS_DATABASE_URL", url)
            .env("API_METRICS_SERVICE", service),
    );
    let random = RandomState::new().hash_one(service);
    let mut said = Said::default();
    let mut acknowledgements = 0;
    while acknowledgements < 1 + random % 30 {
        writer.line(|line| {
            acknowledgements += u64::from(line.starts_with("acknowledged"));
            said.hear(line);
            Some(())
        });
    }
    // Not at the end of a flush, where the line above was printed, but anywhere in the next ones.
    std::thread::sleep(Duration::from_micros(random / 30 % 20_000));
    writer.signal("KILL");
    for line in writer.ended().output.lines() {
        said.hear(line);
    }
    said
}
