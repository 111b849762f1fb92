//! Pages: the dashboard or the small page in its place, the API reference, and the sign-in.
//!
//! No page loads anything from elsewhere, and none has inline scripts or styles: the content
//! security policy forbids both. URLs are relative, so that a page works at any mount point and
//! behind proxies that cut the path.

#[cfg(feature = "dashboard")]
mod dashboard;
mod page;
mod session;

use axum::routing::{get, post};
use http::Method;

use crate::{
    auth::Access::{Open, Read},
    router::RouteTable,
};

/// Declares the sign-in and, unless `with_page` is false, the pages and their files.
pub(crate) fn routes(table: RouteTable, with_page: bool) -> RouteTable {
    let mut table = table
        .hidden(
            Open,
            &[Method::POST, Method::DELETE],
            "/session",
            post(session::sign_in).delete(session::sign_out),
        )
        .hidden(Read, &[Method::GET], "/session", get(session::who));
    if with_page {
        table = root(table).hidden(Open, &[Method::GET], "/reference", get(page::reference));
        for asset in page::ASSETS {
            table = table.hidden(
                Open,
                &[Method::GET],
                asset.path,
                get(move || asset.response()),
            );
        }
    }
    table
}

/// The dashboard and its files.
#[cfg(feature = "dashboard")]
fn root(table: RouteTable) -> RouteTable {
    table
        .hidden(Open, &[Method::GET], "/", get(dashboard::root))
        .hidden(
            Open,
            &[Method::GET],
            "/assets/{name}",
            get(dashboard::asset),
        )
}

/// The small page.
#[cfg(not(feature = "dashboard"))]
fn root(table: RouteTable) -> RouteTable {
    table.hidden(Open, &[Method::GET], "/", get(page::root))
}
