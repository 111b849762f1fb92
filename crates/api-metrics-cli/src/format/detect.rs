//! Which format a log is in, by its first lines.

use memchr::memmem;

use super::{Format, LineOptions, Reject, parse_line};

/// From special to general: the first one that reads as many lines as any other is it.
const CANDIDATES: [&str; 14] = [
    "caddy",
    "traefik",
    "json",
    "w3c",
    "alb",
    "elb",
    "s3",
    "haproxy",
    "istio",
    "envoy",
    "ingress-nginx",
    "ingress-nginx-old",
    "traefik-clf",
    "combined",
];

/// What the first lines are.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Detected {
    /// The format that reads most of them.
    pub format: Format,
    /// How many of them it reads.
    pub matching: usize,
    /// How many there are, blank ones and directives left out.
    pub lines: usize,
}

/// Finds the format that reads most of `lines`. Blank ones say nothing.
///
/// # Errors
/// Why the first line is none of the combined format, when no format reads any of them; `None` where
/// there is no line.
pub fn detect(lines: &[&[u8]], reading: &LineOptions) -> Result<Detected, Option<Reject>> {
    let lines: Vec<&[u8]> = lines
        .iter()
        .copied()
        .filter(|line| !line.trim_ascii().is_empty())
        .collect();
    let mut best: Option<Detected> = None;
    for name in CANDIDATES {
        // One reader for both, by their directives.
        let is_cloudfront = |line: &&[u8]| memmem::find(line, b"x-edge-location").is_some();
        let name = match name {
            "w3c" if lines.iter().any(is_cloudfront) => "cloudfront",
            name => name,
        };
        let Some(fresh) = Format::named(name) else {
            continue;
        };
        let mut format = fresh.clone();
        let (mut matching, mut directives) = (0, 0);
        for line in &lines {
            if format.directive(line) {
                directives += 1;
            } else if parse_line(&format, line, reading)
                .is_ok_and(|entry| *entry.path != *"-" || name == "combined")
            {
                matching += 1;
            }
        }
        let more = best.as_ref().is_none_or(|best| matching > best.matching);
        if matching > 0 && more {
            best = Some(Detected {
                format: fresh,
                matching,
                lines: lines.len() - directives,
            });
        }
    }
    best.ok_or_else(|| {
        let first = lines.first()?;
        parse_line(&Format::named("combined")?, first, reading).err()
    })
}
