//! Where to look and how to sign in.

use std::{
    io::{self, Write},
    net::SocketAddr,
};

use crate::{auth::CONSUMERS, settings::Settings};

/// Prints it. A reader that has gone is no reason to stop.
pub(crate) fn print(settings: &Settings, token: &str, address: SocketAddr) {
    let _ = write(&mut io::stdout().lock(), settings, token, address);
}

fn write(
    out: &mut impl Write,
    settings: &Settings,
    token: &str,
    address: SocketAddr,
) -> io::Result<()> {
    let base = format!("http://{address}");
    let keys: Vec<_> = CONSUMERS.iter().map(|(key, _)| *key).collect();
    writeln!(out, "dashboard   {base}/admin/")?;
    writeln!(out, "sign in     {token}")?;
    writeln!(out, "API         {base}/api/users/1")?;
    writeln!(out, "consumers   x-api-key: {}", keys.join(" | "))?;
    writeln!(
        out,
        "console     curl -H 'x-api-key: {}' '{base}/api/v2/console/metrics/summary'",
        keys.first().copied().unwrap_or_default()
    )?;
    writeln!(
        out,
        "traffic     {} requests a second (--traffic)",
        settings.traffic
    )?;
    writeln!(
        out,
        "by hand     curl -H 'authorization: Bearer {token}' '{base}/admin/api-metrics/summary?period=5m'"
    )?;
    out.flush()
}
