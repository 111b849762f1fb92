//! The dashboard: a page that was built beforehand and is part of the program.
//!
//! Its scripts and styles have their content's hash in their names, so browsers keep them for ever;
//! each lies here compressed. The page itself is asked for each time.

mod encoding;

use std::io::Read as _;

use axum::{
    body::Body,
    extract::{OriginalUri, Path, State},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use flate2::read::GzDecoder;
use http::{HeaderMap, HeaderValue, StatusCode, header};

use self::encoding::Encoding;
use crate::{
    auth::SignIn,
    response::{Kind, Problem},
    router::App,
    ui::page::{base, html},
};

/// The page itself, with places for the mount point and the version.
const INDEX: &str = include_str!("../../../assets/dashboard/index.html");

/// A file beside the page.
struct File {
    /// Its name, with a hash of its content.
    name: &'static str,
    /// Its media type.
    content_type: &'static str,
    /// Compressed by Brotli.
    brotli: &'static [u8],
    /// Compressed by gzip.
    gzip: &'static [u8],
}

static FILES: &[File] = &include!("../../../assets/dashboard/files.rs");

/// The page.
pub(crate) async fn root(State(app): State<App>, OriginalUri(uri): OriginalUri) -> Response {
    let open = matches!(app.auth.sign_in, SignIn::NoAuth);
    let page = INDEX
        .replace("{{base}}", &base(uri.path()))
        .replace("{{open}}", if open { "true" } else { "false" })
        .replace("{{version}}", env!("CARGO_PKG_VERSION"))
        // Last, so that nothing in it is taken for a place.
        .replace(
            "{{traceUrl}}",
            &attribute(app.trace_url.as_deref().unwrap_or_default()),
        );
    html(&page)
}

/// Text as the value of an attribute in double quotes.
fn attribute(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('"', "&quot;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

/// One of its files.
pub(crate) async fn asset(Path(name): Path<String>, request: HeaderMap) -> Response {
    let Some(file) = FILES.iter().find(|file| file.name == name) else {
        return Problem::new(Kind::NotFound, "the page has no such file").into_response();
    };
    file.response(&request)
}

impl File {
    /// The file in the smallest form that the browser takes; 304 where it has it.
    fn response(&self, request: &HeaderMap) -> Response {
        // The name says the content already; a tag serves those that ask all the same.
        let tag = HeaderValue::try_from(format!("W/\"{}\"", self.name));
        let known = tag.as_ref().is_ok_and(|tag| {
            request
                .get_all(header::IF_NONE_MATCH)
                .iter()
                .any(|known| known == tag)
        });
        let encoding = Encoding::of(request);
        let mut response = if known {
            StatusCode::NOT_MODIFIED.into_response()
        } else {
            let body = match encoding {
                Encoding::Brotli => Bytes::from_static(self.brotli),
                Encoding::Gzip => Bytes::from_static(self.gzip),
                Encoding::Identity => self.decompressed(),
            };
            Response::new(Body::from(body))
        };
        let headers = response.headers_mut();
        if let Ok(tag) = tag {
            headers.insert(header::ETAG, tag);
        }
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static(self.content_type),
        );
        if let Some(name) = encoding.name() {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(name));
        }
        headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        headers.insert(
            header::CACHE_CONTROL,
            HeaderValue::from_static("public, max-age=31536000, immutable"),
        );
        response
    }

    /// The file as it is. No browser asks for it, so that it is not kept.
    fn decompressed(&self) -> Bytes {
        let mut bytes = Vec::new();
        match GzDecoder::new(self.gzip).read_to_end(&mut bytes) {
            Ok(_) => bytes.into(),
            // A test has decompressed every file.
            Err(error) => {
                tracing::error!(%error, name = self.name, "a file of the page is damaged");
                Bytes::new()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::expect_used)]
    use super::*;

    #[test]
    fn the_page_names_only_files_that_are_there_and_nothing_elsewhere() {
        let named: Vec<_> = INDEX
            .match_indices("./assets/")
            .map(|(at, prefix)| {
                let rest = INDEX.get(at + prefix.len()..).unwrap_or_default();
                rest.split('"').next().unwrap_or_default()
            })
            .collect();
        assert!(!named.is_empty());
        for name in named {
            assert!(FILES.iter().any(|file| file.name == name), "{name}");
        }
        let outside = INDEX.matches("://").count();
        // The name space of the icon's SVG, which is no address.
        assert_eq!(outside, INDEX.matches("http://www.w3.org/2000/svg").count());
        for placeholder in ["{{base}}", "{{open}}", "{{version}}", "{{traceUrl}}"] {
            assert!(INDEX.contains(placeholder), "{placeholder}");
        }
        assert!(!INDEX.contains("<style") && !INDEX.contains("<script>"));
    }

    #[test]
    fn the_address_of_traces_stays_within_its_attribute() {
        assert_eq!(
            attribute(r#"https://t.example/?a=1&b="><script>"#),
            "https://t.example/?a=1&amp;b=&quot;&gt;&lt;script&gt;"
        );
    }

    #[test]
    fn compressed_forms_are_smaller_and_the_first_load_fits_its_budget() {
        for file in FILES {
            let plain = file.decompressed().len();
            assert!((1..=plain).contains(&file.brotli.len()), "{}", file.name);
            assert!(file.gzip.len() <= plain + 32, "{}", file.name);
        }
        // What every page together loads before its charts, which is more than any one does, and the charts.
        let (charts, pages): (Vec<_>, Vec<_>) = FILES
            .iter()
            .partition(|file| file.name.starts_with("echarts-"));
        let (styles, scripts): (Vec<_>, Vec<_>) = pages
            .into_iter()
            .partition(|file| file.name.ends_with(".css"));
        let sum = |files: &[&File]| files.iter().map(|file| file.gzip.len()).sum::<usize>();
        let (charts, scripts, styles) = (sum(&charts), sum(&scripts), sum(&styles));
        assert!(scripts <= 200 * 1024, "{scripts} bytes of script");
        assert!((1..=12 * 1024).contains(&styles), "{styles} bytes of style");
        assert!((1..=180 * 1024).contains(&charts), "{charts} bytes");
    }

    #[test]
    fn a_file_is_kept_for_ever_and_sent_as_the_browser_takes_it() {
        let file = FILES.first().expect("there are files");
        let ask = |encodings: &str| {
            let mut request = HeaderMap::new();
            let value = HeaderValue::try_from(encodings).expect("a header");
            request.insert(header::ACCEPT_ENCODING, value);
            file.response(&request)
        };
        let response = ask("gzip, deflate, br");
        assert_eq!(response.headers()[header::CONTENT_ENCODING], "br");
        assert_eq!(response.headers()[header::VARY], "accept-encoding");
        let cache = &response.headers()[header::CACHE_CONTROL];
        assert_eq!(cache, "public, max-age=31536000, immutable");
        assert_eq!(ask("gzip").headers()[header::CONTENT_ENCODING], "gzip");
        let plain = ask("identity");
        assert!(!plain.headers().contains_key(header::CONTENT_ENCODING));
    }
}
