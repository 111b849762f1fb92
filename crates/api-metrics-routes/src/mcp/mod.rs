//! `POST /mcp`: assistants ask by the Model Context Protocol (MCP), over streamable HTTP.
//!
//! The server is stateless: each request carries its credentials and is answered as JSON, so that several
//! instances behind one address answer alike, and nothing is kept between two requests. It only reads.
//!
//! A request passes the same authentication, roles, limits and origins as every other route of the admin, and a
//! tool calls the handlers of those routes with the caller's own scope. So a tool can't show more than its route,
//! and refuses the same things in the same words.
//!
//! | file | what it does |
//! |---|---|
//! | `server` | the protocol: what the server is, its tools, a call |
//! | `tool` | the tools, who may call them, and their arguments |
//! | `arguments` | the arguments of a call, and their JSON schema, taken from the routes' parameters |
//! | `call` | a call: the caller, the state, the parameters of a route |
//! | `shape` | answers made small: chosen members, rounded numbers, short texts |
//! | `tools` | a file for each family of tools |
//!
//! # A message, from the socket to the answer
//!
//! 1. The admin's router has checked origin, credentials, role and rate, as for each of its routes, and has put the
//!    `Caller` into the request.
//! 2. The transport reads one message of JSON-RPC, checks the protocol's headers, and starts the server for it.
//! 3. The server finds the tool, checks the role once more against the tool's own access, and reads the arguments.
//! 4. The tool calls one or more handlers, each of which reads the store through the client that bounds every query in
//!    time and in number, and keeps its answer in the cache that the routes use.
//! 5. What the handlers answered is made small.
//!
//! # What it does not do
//!
//! There are no resources, prompts, subscriptions, samplings or tasks: each would need a session, or would let the
//! server speak first. There is no tool that writes: who may acknowledge an alert is for people to decide.

mod arguments;
mod call;
mod server;
mod shape;
mod tool;
mod tools;

use std::sync::Arc;

use axum::{
    body::Body,
    extract::Request,
    response::{IntoResponse as _, Response},
    routing::post,
};
use http::Method;
use rmcp::transport::streamable_http_server::{
    StreamableHttpServerConfig, StreamableHttpService, session::never::NeverSessionManager,
};
use tower_service::Service as _;

use self::server::Server;
use crate::{
    auth::{Access::Read, Caller},
    response::{Kind, Problem},
    router::{App, RouteTable},
};

/// The largest message, which is that of bodies elsewhere.
const MAX_MESSAGE_BYTES: usize = 64 * 1024;

/// The protocol's own service over our server.
type Transport = StreamableHttpService<Server, NeverSessionManager>;

/// Declares the route. `GET` and `DELETE`, by which others open and end sessions, are answered 405.
pub(crate) fn routes(table: RouteTable, app: &App) -> RouteTable {
    let transport = transport(app);
    let serve = move |caller: Caller, request: Request| serve(transport.clone(), caller, request);
    table.hidden(Read, &[Method::POST], "/mcp", post(serve))
}

/// The transport without sessions. Hosts and origins are checked by the admin's own authentication and CORS, which
/// stand before it: a page of another origin has no credentials, and a browser session needs its CSRF token.
fn transport(app: &App) -> Transport {
    let config = StreamableHttpServerConfig::default()
        .with_legacy_session_mode(false)
        .with_json_response(true)
        .with_max_request_body_bytes(MAX_MESSAGE_BYTES)
        .with_cancellation_token(app.shutdown.clone())
        .disable_allowed_hosts()
        .disable_allowed_origins();
    let server = Server::new(app.clone());
    let sessions = Arc::new(NeverSessionManager::default());
    StreamableHttpService::new(move || Ok(server.clone()), sessions, config)
}

/// Answers one message. The caller goes with it, narrowed to a tenant where the URL names one.
async fn serve(mut transport: Transport, caller: Caller, mut request: Request) -> Response {
    request.extensions_mut().insert(caller);
    match transport.call(request).await {
        Ok(response) => response.map(Body::new),
        Err(never) => {
            let detail = format!("the message was not answered: {never}");
            Problem::new(Kind::Internal, detail).into_response()
        }
    }
}
