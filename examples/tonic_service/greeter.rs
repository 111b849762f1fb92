//! What `tonic-prost-build` makes of this, by hand:
//!
//! ```protobuf
//! package shop;
//! service Greeter { rpc Hello(Text) returns (Text); }
//! message Text { string text = 1; }
//! ```

use std::{
    convert::Infallible,
    net::SocketAddr,
    pin::Pin,
    task::{Context, Poll},
};

use http::uri::PathAndQuery;
use tonic::{
    Request, Response, Status,
    body::Body,
    metadata::MetadataValue,
    server::NamedService,
    transport::{Channel, Endpoint},
};
use tonic_prost::ProstCodec;
use tower::{Service, service_fn};

const HELLO: &str = "/shop.Greeter/Hello";

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Text {
    #[prost(string, tag = "1")]
    pub(crate) text: String,
}

/// Greets whoever has a name.
#[derive(Clone)]
pub(crate) struct Greeter;

impl NamedService for Greeter {
    const NAME: &'static str = "shop.Greeter";
}

async fn hello(request: Request<Text>) -> Result<Response<Text>, Status> {
    let name = request.into_inner().text;
    if name.is_empty() {
        return Err(Status::invalid_argument("a name is needed"));
    }
    let text = format!("hello {name}");
    Ok(Response::new(Text { text }))
}

impl Service<http::Request<Body>> for Greeter {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        Box::pin(async move {
            if request.uri().path() != HELLO {
                return Ok(Status::unimplemented("no such method").into_http());
            }
            let mut grpc = tonic::server::Grpc::new(ProstCodec::<Text, Text>::default());
            Ok(grpc.unary(service_fn(hello), request).await)
        })
    }
}

/// The client.
pub(crate) struct Client(tonic::client::Grpc<Channel>);

impl Client {
    pub(crate) async fn connect(address: SocketAddr) -> Result<Self, tonic::transport::Error> {
        let channel = Endpoint::from_shared(format!("http://{address}"))?;
        Ok(Self(tonic::client::Grpc::new(channel.connect().await?)))
    }

    /// Calls `Hello` as `client`.
    pub(crate) async fn hello(&mut self, name: &str, client: &str) -> Result<String, Status> {
        let ready = self.0.ready().await;
        ready.map_err(|error| Status::unavailable(error.to_string()))?;
        let text = name.to_owned();
        let mut request = Request::new(Text { text });
        let client = MetadataValue::try_from(client);
        let client = client.map_err(|_| Status::invalid_argument("a client in ASCII is needed"))?;
        request.metadata_mut().insert("x-client", client);
        let codec = ProstCodec::<Text, Text>::default();
        let answer = self
            .0
            .unary(request, PathAndQuery::from_static(HELLO), codec)
            .await?;
        Ok(answer.into_inner().text)
    }
}
