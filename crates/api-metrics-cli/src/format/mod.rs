//! Formats of access logs, and what their lines say.
//!
//! [`parse_line`] is a plain function over bytes for each of them:
//!
//! ```
//! use api_metrics_cli::format::{Format, LineOptions, parse_line};
//!
//! let format = Format::named_or_written(r#"$remote_addr [$time_local] "$request" $status $request_time"#)?;
//! let line = br#"192.0.2.1 [17/May/2015:10:05:03 +0000] "GET /users/7?a=b HTTP/1.1" 200 0.250"#;
//! let entry = parse_line(&format, line, &LineOptions::default())?;
//! assert_eq!((entry.method, &*entry.path, entry.status), ("GET", "/users/7", Some(200)));
//! assert_eq!(entry.latency, Some(std::time::Duration::from_millis(250)));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod apache;
mod aws;
mod columns;
mod combined;
mod detect;
mod entry;
mod envoy;
mod field;
mod haproxy;
mod json;
mod nginx;
mod pattern;
#[cfg(test)]
mod properties;
mod time;
mod value;

use std::fmt;

use columns::{Columns, Writer};
use json::Json;
use pattern::Pattern;

pub use detect::{Detected, detect};
pub use entry::{Entry, LineOptions, Reject};
pub use field::Unit;

/// The names that [`Format::named_or_written`] knows, each with what it reads.
pub const NAMES: [(&str, &str); 16] = [
    (
        "common",
        "Apache's and nginx's common format; whatever stands before the time is passed over",
    ),
    (
        "combined",
        "the same with referer and user agent, also with the virtual host in front",
    ),
    (
        "json",
        "a JSON object a line: nginx's variable names, or whatever --field names",
    ),
    ("caddy", "Caddy's JSON"),
    ("traefik", "Traefik's JSON"),
    ("traefik-clf", "Traefik's default text"),
    (
        "w3c",
        "W3C extended, by its #Fields; a time needs --time-unit unless #Software is Microsoft's",
    ),
    (
        "iis",
        "the same as IIS writes it: time-taken in milliseconds",
    ),
    ("cloudfront", "AWS CloudFront standard logs"),
    ("alb", "AWS Application Load Balancer"),
    ("elb", "AWS Classic Load Balancer"),
    ("s3", "AWS S3 server access logs"),
    (
        "haproxy",
        "HAProxy's httplog, with or without a syslog header",
    ),
    ("envoy", "Envoy's default"),
    ("istio", "Istio's default for Envoy"),
    (
        "ingress-nginx",
        "ingress-nginx since 0.23; ingress-nginx-old for those before",
    ),
];

/// How to read the lines of one log. A log with directives (`#Fields`) changes it on its way.
#[derive(Debug, Clone, PartialEq)]
pub struct Format {
    name: String,
    kind: Kind,
}

#[derive(Debug, Clone, PartialEq)]
enum Kind {
    Combined,
    Pattern(Pattern),
    Json(Json),
    Columns(Columns),
    Haproxy,
}

impl Format {
    /// A format by its name ([`NAMES`]), or by the string that stands in a server's configuration:
    /// nginx's `log_format` (with `$` variables), Apache's `LogFormat` or Envoy's (with `%`).
    ///
    /// # Errors
    /// A sentence, when it is neither, or when such lines could not be read.
    pub fn named_or_written(text: &str) -> Result<Self, String> {
        if let Some(format) = Self::named(text) {
            return Ok(format);
        }
        let (writer, compiled) = if text.contains('$') {
            ("nginx", nginx::compile(text))
        } else if envoy::is(text) {
            ("Envoy", envoy::compile(text))
        } else if text.contains('%') {
            ("Apache", apache::compile(text))
        } else {
            let names: Vec<_> = NAMES.iter().map(|(name, _)| *name).collect();
            return Err(format!(
                "{text:?} is no format: it is one of {}, or a string with nginx's $variables or \
                 Apache's %directives",
                names.join(", ")
            ));
        };
        match compiled {
            Ok(pattern) => Ok(Self {
                name: format!("{writer}'s {text}"),
                kind: Kind::Pattern(pattern),
            }),
            Err(why) => Err(format!(
                "the format in {writer}'s notation can't be used: {why}"
            )),
        }
    }

    fn named(name: &str) -> Option<Self> {
        let pattern = |compiled: Result<Pattern, String>| compiled.ok().map(Kind::Pattern);
        let kind = match name {
            "common" | "combined" | "vhost_combined" => Some(Kind::Combined),
            "json" | "nginx-json" => Some(Kind::Json(Json::nginx())),
            "caddy" => Some(Kind::Json(Json::caddy())),
            "traefik" => Some(Kind::Json(Json::traefik())),
            "traefik-clf" => pattern(nginx::compile_traefik()),
            "w3c" => Some(Kind::Columns(Columns::new(Writer::Unknown))),
            "iis" => Some(Kind::Columns(Columns::new(Writer::Iis))),
            "cloudfront" => Some(Kind::Columns(Columns::new(Writer::CloudFront))),
            "alb" => pattern(aws::alb()),
            "elb" => pattern(aws::elb()),
            "s3" => pattern(aws::s3()),
            "haproxy" => Some(Kind::Haproxy),
            "envoy" => pattern(envoy::compile(envoy::DEFAULT)),
            "istio" => pattern(envoy::compile(envoy::ISTIO)),
            "ingress-nginx" => pattern(nginx::compile(nginx::INGRESS)),
            "ingress-nginx-old" => pattern(nginx::compile(nginx::INGRESS_OLD)),
            _ => None,
        }?;
        Some(Self {
            name: name.to_owned(),
            kind,
        })
    }

    /// Takes `MEANING=PATH[:UNIT]` of a JSON log.
    ///
    /// # Errors
    /// A sentence, when the format is no JSON, the meaning is none, or a unit is missing.
    pub fn map_field(&mut self, text: &str) -> Result<(), String> {
        match &mut self.kind {
            Kind::Json(json) => json.map(text),
            _ => Err("--field is for JSON logs: --format json, caddy or traefik".to_owned()),
        }
    }

    /// Takes a line in that says something about the following ones (`#Fields: …`); true when it
    /// was one, and so no request.
    pub fn directive(&mut self, line: &[u8]) -> bool {
        match &mut self.kind {
            Kind::Columns(columns) => columns.directive(line),
            _ => false,
        }
    }

    /// Whether it names a field as the request's duration.
    #[must_use]
    pub fn has_latency(&self) -> bool {
        match &self.kind {
            Kind::Combined => false,
            Kind::Pattern(pattern) => pattern.has_latency(),
            Kind::Json(json) => json.has_latency(),
            Kind::Columns(columns) => columns.has_latency(),
            Kind::Haproxy => true,
        }
    }

    /// The name, or the string in a server's notation.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// Reads one line, without its end.
///
/// # Errors
/// [`Reject`], when the line is not of this format or its time is implausible.
pub fn parse_line<'a>(
    format: &Format,
    line: &'a [u8],
    reading: &LineOptions,
) -> Result<Entry<'a>, Reject> {
    match &format.kind {
        Kind::Combined => combined::parse(line, reading),
        Kind::Pattern(pattern) => pattern.parse(line, reading),
        Kind::Json(json) => json.parse(line, reading),
        Kind::Columns(columns) => columns.parse(line, reading),
        Kind::Haproxy => haproxy::parse(line, reading),
    }
}
