//! Twenty warm runs, and the table that they end in.

use std::time::{Duration, Instant};

use sqlx::PgPool;

const RUNS: usize = 20;

#[derive(Debug)]
pub struct Table {
    title: &'static str,
    rows: Vec<(String, Duration, Duration, String)>,
}

impl Table {
    pub fn new(title: &'static str) -> Self {
        Self {
            title,
            rows: Vec::new(),
        }
    }

    /// Runs `work` three times to warm up and twenty times for the record.
    pub async fn measure<T>(
        &mut self,
        name: &str,
        mut work: impl AsyncFnMut() -> T,
        note: impl Fn(&T) -> String,
    ) {
        if std::env::var("BENCH_MATCH").is_ok_and(|wanted| !name.contains(&wanted)) {
            return;
        }
        for _ in 0..3 {
            work().await;
        }
        let mut times = Vec::with_capacity(RUNS);
        let mut last = None;
        for _ in 0..RUNS {
            let started = Instant::now();
            last = Some(work().await);
            times.push(started.elapsed());
        }
        self.add(
            name,
            times,
            last.map_or_else(String::new, |last| note(&last)),
        );
    }

    pub fn add(&mut self, name: &str, mut times: Vec<Duration>, note: String) {
        times.sort_unstable();
        let at =
            |q: f64| times[((times.len() as f64 * q).ceil() as usize).clamp(1, times.len()) - 1];
        let (p50, p95) = (at(0.5), at(0.95));
        println!(
            "  {name}: p50 {:.1} ms, p95 {:.1} ms  {note}",
            ms(p50),
            ms(p95)
        );
        self.rows.push((name.to_owned(), p50, p95, note));
    }

    pub fn print(&self) {
        println!(
            "\n| {} | p50 ms | p95 ms | |\n|---|---:|---:|---|",
            self.title
        );
        for (name, p50, p95, note) in &self.rows {
            println!("| {name} | {:.1} | {:.1} | {note} |", ms(*p50), ms(*p95));
        }
        println!();
    }
}

pub fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// Bytes a row, indexes included, of partitioned tables.
pub async fn sizes(pool: &PgPool, tables: &[&str]) {
    println!("\n| table | rows | bytes a row | of it indexes |\n|---|---:|---:|---:|");
    for table in tables {
        let (rows, total, indexes): (i64, i64, i64) = sqlx::query_as(
            "SELECT sum(c.reltuples)::bigint, sum(pg_total_relation_size(c.oid))::bigint, \
                    sum(pg_indexes_size(c.oid))::bigint \
             FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid \
             WHERE i.inhparent = to_regclass('api_metrics.' || $1)",
        )
        .bind(table)
        .fetch_one(pool)
        .await
        .unwrap();
        let each = |bytes: i64| bytes / rows.max(1);
        println!("| {table} | {rows} | {} | {} |", each(total), each(indexes));
    }
}
