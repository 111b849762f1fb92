//! The processor time of this process, and of a Postgres server on this machine.

use std::{fs, time::Duration};

use sqlx::PgPool;

/// User and system time of a process, and of its children that have ended where `with_children`.
fn ticks(pid: u32, with_children: bool) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // The name is in parentheses and may hold anything.
    let fields: Vec<&str> = stat
        .rsplit_once(") ")
        .map_or_else(Vec::new, |(_, rest)| rest.split(' ').collect());
    let field = |n: usize| {
        fields
            .get(n)
            .and_then(|text| text.parse().ok())
            .unwrap_or(0)
    };
    let own: u64 = field(11) + field(12);
    own + if with_children {
        field(13) + field(14)
    } else {
        0
    }
}

fn parent(pid: u32) -> Option<u32> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("PPid:"))?;
    line.trim().parse().ok()
}

fn time(ticks: u64) -> Duration {
    let a_second = rustix::param::clock_ticks_per_second();
    Duration::from_secs_f64(ticks as f64 / a_second as f64)
}

/// Of this process.
pub fn own() -> Duration {
    time(ticks(std::process::id(), false))
}

/// Of the server, its workers that have ended included; `None` where it is none of this machine.
pub async fn server(pool: &PgPool) -> Option<Duration> {
    let backend: i32 = sqlx::query_scalar("SELECT pg_backend_pid()")
        .fetch_one(pool)
        .await
        .unwrap();
    let postmaster = parent(u32::try_from(backend).ok()?)?;
    let processes = fs::read_dir("/proc").ok()?.flatten();
    let workers = processes
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|pid| parent(*pid) == Some(postmaster));
    let live: u64 = workers.map(|pid| ticks(pid, false)).sum();
    Some(time(live + ticks(postmaster, true)))
}
