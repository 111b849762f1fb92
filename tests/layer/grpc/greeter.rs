//! A tonic service and its client, written by hand so that building the tests needs no protoc.

use std::{
    convert::Infallible,
    net::SocketAddr,
    pin::Pin,
    task::{Context, Poll},
};

use http::uri::PathAndQuery;
use tokio::sync::mpsc;
use tokio_stream::{Stream, StreamExt, wrappers::UnboundedReceiverStream};
use tonic::{
    Code, Request, Response, Status, Streaming, body::Body, server::NamedService,
    transport::Channel,
};
use tonic_prost::ProstCodec;
use tower::{Service, service_fn};

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Text {
    #[prost(string, tag = "1")]
    pub(super) text: String,
}

/// On the wire: five bytes of gRPC framing, two of protobuf's, then the text.
pub(super) fn wire_bytes(text: &str) -> u64 {
    7 + text.len() as u64
}

type Texts = Pin<Box<dyn Stream<Item = Result<Text, Status>> + Send>>;

/// `Hello` greets; `Fail` ends at once with the code in its text; `Count` streams as many texts as its text
/// says, and then the code after the comma, if there is one; `Hang` answers a text, and never the lack of one;
/// `HangStream` streams its text and no more, and doesn't end unless it is empty.
#[derive(Clone)]
pub(crate) struct Greeter {
    /// Says that a method runs.
    pub(crate) entered: mpsc::UnboundedSender<()>,
}

impl NamedService for Greeter {
    const NAME: &'static str = "test.Greeter";
}

async fn hello(request: Request<Text>) -> Result<Response<Text>, Status> {
    let text = format!("hello {}", request.into_inner().text);
    Ok(Response::new(Text { text }))
}

async fn fail(request: Request<Text>) -> Result<Response<Text>, Status> {
    let code: i32 = request.into_inner().text.parse().unwrap();
    Err(Status::new(Code::from(code), "as asked"))
}

async fn count(request: Request<Text>) -> Result<Response<Texts>, Status> {
    let text = request.into_inner().text;
    let (number, code) = text.split_once(',').unwrap_or((&text, ""));
    let texts = (0..number.parse().unwrap()).map(|i: u32| {
        let text = i.to_string();
        Ok(Text { text })
    });
    let end = code
        .parse::<i32>()
        .ok()
        .map(|code| Err(Status::new(Code::from(code), "as asked")));
    Ok(Response::new(Box::pin(tokio_stream::iter(
        texts.chain(end),
    ))))
}

impl<B> Service<http::Request<B>> for Greeter
where
    B: http_body::Body<Data = bytes::Bytes> + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>> + Send,
{
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<B>) -> Self::Future {
        let entered = self.entered.clone();
        Box::pin(async move {
            let mut grpc = tonic::server::Grpc::new(ProstCodec::<Text, Text>::default());
            if let Some(code) = request.headers().get("x-refuse") {
                // What an interceptor says before any method is looked up.
                let code = code.to_str().unwrap().parse::<i32>().unwrap();
                return Ok(Status::new(Code::from(code), "refused").into_http());
            }
            let response = match request.uri().path() {
                "/test.Greeter/Hello" => grpc.unary(service_fn(hello), request).await,
                "/test.Greeter/Fail" => grpc.unary(service_fn(fail), request).await,
                "/test.Greeter/Count" => grpc.server_streaming(service_fn(count), request).await,
                "/test.Greeter/Hang" => {
                    let hang = move |request: Request<Text>| {
                        let entered = entered.clone();
                        async move {
                            if request.get_ref().text.is_empty() {
                                entered.send(()).unwrap();
                                std::future::pending::<()>().await;
                            }
                            Ok::<_, Status>(Response::new(request.into_inner()))
                        }
                    };
                    grpc.unary(service_fn(hang), request).await
                }
                "/test.Greeter/HangStream" => {
                    let hang = |request: Request<Text>| async {
                        let text = request.into_inner();
                        let (sender, receiver) = mpsc::unbounded_channel();
                        if !text.text.is_empty() {
                            sender.send(Ok(text)).unwrap();
                            tokio::spawn(async move { sender.closed().await });
                        }
                        let texts = UnboundedReceiverStream::new(receiver);
                        Ok::<_, Status>(Response::new(texts))
                    };
                    grpc.server_streaming(service_fn(hang), request).await
                }
                _ => Status::unimplemented("no such method").into_http(),
            };
            Ok(response)
        })
    }
}

/// The client of one connection.
#[derive(Clone)]
pub(super) struct Client(tonic::client::Grpc<Channel>);

impl Client {
    pub(super) async fn connect(addr: SocketAddr) -> Self {
        let channel = Channel::from_shared(format!("http://{addr}"))
            .unwrap()
            .connect()
            .await
            .unwrap();
        Self(tonic::client::Grpc::new(channel))
    }

    pub(super) async fn unary(&mut self, path: &str, text: &str) -> Result<String, Status> {
        self.0.ready().await.unwrap();
        let request = Request::new(Text { text: text.into() });
        let codec = ProstCodec::<Text, Text>::default();
        let path: PathAndQuery = path.parse().unwrap();
        let response = self.0.unary(request, path, codec).await?;
        Ok(response.into_inner().text)
    }

    /// A call with a deadline of the client's, in `grpc-timeout`.
    pub(super) async fn unary_within(
        &mut self,
        path: &str,
        text: &str,
        timeout: std::time::Duration,
    ) -> Result<String, Status> {
        self.0.ready().await.unwrap();
        let mut request = Request::new(Text { text: text.into() });
        request.set_timeout(timeout);
        let codec = ProstCodec::<Text, Text>::default();
        let path: PathAndQuery = path.parse().unwrap();
        let response = self.0.unary(request, path, codec).await?;
        Ok(response.into_inner().text)
    }

    /// A call that is refused with this code before its method is looked up.
    pub(super) async fn refused(&mut self, path: &str, code: &str) -> Status {
        self.0.ready().await.unwrap();
        let mut request = Request::new(Text::default());
        request
            .metadata_mut()
            .insert("x-refuse", code.parse().unwrap());
        let codec = ProstCodec::<Text, Text>::default();
        let path: PathAndQuery = path.parse().unwrap();
        self.0.unary(request, path, codec).await.unwrap_err()
    }

    pub(super) async fn streaming(&mut self, path: &str, text: &str) -> Streaming<Text> {
        self.0.ready().await.unwrap();
        let request = Request::new(Text { text: text.into() });
        let codec = ProstCodec::<Text, Text>::default();
        let path: PathAndQuery = path.parse().unwrap();
        let response = self.0.server_streaming(request, path, codec).await;
        response.unwrap().into_inner()
    }
}

/// The texts of a stream, and the status at its end, if it isn't OK.
pub(super) async fn collect(mut stream: Streaming<Text>) -> (Vec<String>, Option<Code>) {
    let mut texts = Vec::new();
    while let Some(next) = stream.next().await {
        match next {
            Ok(text) => texts.push(text.text),
            Err(status) => return (texts, Some(status.code())),
        }
    }
    (texts, None)
}
