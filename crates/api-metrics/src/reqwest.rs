//! Calls of a [`reqwest`](https://docs.rs/reqwest/0.13) client, by a middleware of
//! [`reqwest-middleware`](https://docs.rs/reqwest-middleware/0.5).

use api_metrics_layer::{CallFailure, ClientBody, ClientLayer, Endpoint, MetricSink, Partner};
use async_trait::async_trait;
use axum::http::{self, Extensions};
use reqwest::{Body, Request, Response, ResponseBuilderExt};
use reqwest_middleware::{Error, Middleware, Next, Result};

/// Records every call of a `reqwest` client, as [`ClientLayer`] does. Made by
/// [`ApiMetrics::reqwest_middleware`](crate::ApiMetrics::reqwest_middleware), or of a layer with settings of its own.
///
/// The route template of a call is an [`Endpoint`] among its extensions. Where a middleware retries, this one may stand on both
/// of its sides: then a call is recorded once, with its retries.
///
/// ```
/// use api_metrics::{ApiMetrics, layer::Endpoint};
/// use reqwest_middleware::{ClientBuilder, Result};
///
/// async fn charge(metrics: &ApiMetrics, order: u64) -> Result<u16> {
///     let client = ClientBuilder::new(reqwest::Client::new())
///         .with(metrics.reqwest_middleware())
///         .build();
///     let response = client
///         .post(format!("https://payments.example/charges/{order}"))
///         .with_extension(Endpoint::from("/charges/{id}"))
///         .send()
///         .await?;
///     Ok(response.status().as_u16())
/// }
/// ```
pub struct ReqwestCalls<M: MetricSink>(ClientLayer<M>);

// Not derived: a derive would ask the sink to be `Clone`.
impl<M: MetricSink> Clone for ReqwestCalls<M> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<M: MetricSink> From<ClientLayer<M>> for ReqwestCalls<M> {
    fn from(layer: ClientLayer<M>) -> Self {
        Self(layer)
    }
}

impl<M: MetricSink> std::fmt::Debug for ReqwestCalls<M> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("ReqwestCalls").field(&self.0).finish()
    }
}

#[async_trait]
impl<M: MetricSink> Middleware for ReqwestCalls<M> {
    async fn handle(
        &self,
        request: Request,
        extensions: &mut Extensions,
        next: Next<'_>,
    ) -> Result<Response> {
        let template = extensions.get::<Endpoint>().cloned();
        let url = request.url();
        let partner = Partner {
            host: url.host_str(),
            // None where it is the scheme's own.
            port: url.port(),
            path: url.path(),
            template: template.as_ref().map(Endpoint::as_str),
        };
        let mut call = self.0.begin(request.method(), &partner, extensions);
        let bytes = request.body().and_then(Body::as_bytes).map(<[u8]>::len);
        call.on_request_bytes(bytes.unwrap_or_default() as u64);
        match next.run(request, extensions).await {
            Ok(response) => {
                let url = response.url().clone();
                let (mut parts, body) = http::Response::<Body>::from(response).into_parts();
                call.on_head(parts.status, &parts.headers, &body);
                if let Some(address) = address(url) {
                    parts.extensions.extend(address);
                }
                let body = Body::wrap(ClientBody::new(body, call));
                Ok(http::Response::from_parts(parts, body).into())
            }
            Err(error) => {
                call.fail(failure(&error));
                Err(error)
            }
        }
    }
}

/// What keeps a response's address while its body is replaced.
fn address(url: reqwest::Url) -> Option<Extensions> {
    let response = http::Response::builder().url(url).body(()).ok()?;
    Some(response.into_parts().0.extensions)
}

fn failure(error: &Error) -> CallFailure {
    match error {
        Error::Reqwest(error) if error.is_timeout() => CallFailure::Timeout,
        Error::Reqwest(error) if error.is_connect() => CallFailure::Connect,
        error => CallFailure::of(error),
    }
}
