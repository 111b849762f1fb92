//! The API reference; and the page at the mount point where the dashboard is left out: sign-in, links
//! and a live overview. All of their URLs are relative.
//!
//! Files are compiled in; browsers ask for them each time.

#[cfg(not(feature = "dashboard"))]
use axum::extract::OriginalUri;
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, header};

use crate::{auth::SignIn, router::App};

/// The small page at the mount point.
#[cfg(not(feature = "dashboard"))]
const ROOT: &str = include_str!("root.html");
/// The API reference.
const REFERENCE: &str = include_str!("reference.html");

/// No inline script, no inline style, nothing from elsewhere, no frames.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
                      img-src 'self' data:; base-uri 'self'; form-action 'self'; \
                      frame-ancestors 'none'";

/// A file that the page needs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asset {
    /// Below the mount point.
    pub(crate) path: &'static str,
    /// Its media type.
    content_type: &'static str,
    /// Its content.
    text: &'static str,
}

/// All of them.
pub(crate) const ASSETS: &[Asset] = &[
    #[cfg(not(feature = "dashboard"))]
    Asset {
        path: "/assets/root.js",
        content_type: "text/javascript; charset=utf-8",
        text: include_str!("root.js"),
    },
    Asset {
        path: "/assets/reference.js",
        content_type: "text/javascript; charset=utf-8",
        text: include_str!("reference.js"),
    },
    Asset {
        path: "/assets/page.css",
        content_type: "text/css; charset=utf-8",
        text: include_str!("page.css"),
    },
];

impl Asset {
    /// The file, which browsers ask for each time.
    pub(crate) async fn response(self) -> Response {
        (
            [
                (header::CONTENT_TYPE, self.content_type),
                (header::CACHE_CONTROL, "no-cache"),
            ],
            self.text,
        )
            .into_response()
    }
}

/// The root page.
#[cfg(not(feature = "dashboard"))]
pub(crate) async fn root(State(app): State<App>, OriginalUri(uri): OriginalUri) -> Response {
    html(&filled(ROOT, &app).replace("{{base}}", &base(uri.path())))
}

/// The API reference: made in the browser from the document, nothing comes from elsewhere.
pub(crate) async fn reference(State(app): State<App>) -> Response {
    html(&filled(REFERENCE, &app))
}

/// A page with its notices and its version.
fn filled(page: &str, app: &App) -> String {
    let notice = if matches!(app.auth.sign_in, SignIn::NoAuth) {
        "<p class=\"notice\" role=\"alert\">This admin is open to everybody: it was started with \
         <code>no_auth()</code>.</p>"
    } else {
        ""
    };
    page.replace("{{notice}}", notice)
        .replace("{{version}}", env!("CARGO_PKG_VERSION"))
}

/// A page under the policy of all pages.
pub(crate) fn html(page: &str) -> Response {
    (
        [
            (
                header::CONTENT_TYPE,
                HeaderValue::from_static("text/html; charset=utf-8"),
            ),
            (
                header::CONTENT_SECURITY_POLICY,
                HeaderValue::from_static(POLICY),
            ),
        ],
        page.to_owned(),
    )
        .into_response()
}

/// What relative URLs are relative to. At `/admin`, without a trailing slash, a browser would
/// resolve them against `/`; the last segment is all that is needed to mend it, also behind a proxy
/// that has cut the path's beginning.
pub(crate) fn base(path: &str) -> String {
    let last = path.rsplit('/').next().unwrap_or_default();
    let last: String = last
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || "-._~%!$()*+,;=@".contains(*c))
        .collect();
    format!("./{last}{}", if last.is_empty() { "" } else { "/" })
}

#[cfg(test)]
mod tests {
    use super::base;

    #[test]
    fn relative_urls_resolve_below_the_mount_point_with_and_without_a_slash() {
        assert_eq!(base("/admin"), "./admin/");
        assert_eq!(base("/admin/"), "./");
        assert_eq!(base("/a/b"), "./b/");
        assert_eq!(base("/"), "./");
    }

    #[test]
    fn a_path_can_not_leave_the_attribute() {
        assert_eq!(base("/x\"><script>"), "./xscript/");
    }
}
