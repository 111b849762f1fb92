//! Auto traits: everything is `Send`, `Sync`, `Clone` and `Unpin` as the inner is, and not where it isn't.

use std::{fmt::Debug, marker::PhantomPinned, rc::Rc, sync::Arc};

use api_metrics_layer::{
    AnyBody, ApiMetricsLayer, ApiMetricsService, AxumBody, CountingBody, FromMatchedPath, InFlight,
    MetricSink, RequestRecord, ResponseBody, ResponseFuture,
};

/// Whether a type has a trait: an inherent constant hides the trait's only where its bound holds.
macro_rules! has {
    ($type:ty: $bound:path) => {{
        #[allow(dead_code)]
        trait Otherwise {
            const HAS: bool = false;
        }
        impl<T: ?Sized> Otherwise for T {}
        struct Probe<T: ?Sized>(std::marker::PhantomData<T>);
        #[allow(dead_code)]
        impl<T: ?Sized + $bound> Probe<T> {
            const HAS: bool = true;
        }
        <Probe<$type>>::HAS
    }};
}

type Sink = Arc<dyn MetricSink>;

struct NotClone;

impl MetricSink for NotClone {
    fn record(&self, _: &RequestRecord<'_>) {}
}

#[test]
fn layers_are_send_sync_clone_and_debug_whatever_the_sink() {
    type Layer<P> = ApiMetricsLayer<NotClone, FromMatchedPath, (), P>;
    assert_eq!(
        [
            has!(Layer<AnyBody>: Send),
            has!(Layer<AnyBody>: Sync),
            has!(Layer<AnyBody>: Clone),
            has!(Layer<AnyBody>: Debug),
            has!(Layer<AxumBody>: Clone),
            has!(InFlight: Send),
            has!(InFlight: Sync),
            has!(InFlight: Clone),
        ],
        [true; 8]
    );
    // Functions are shared: one that can't be sent makes a layer that can't, but none has to clone.
    assert!(!has!(ApiMetricsLayer<(), Rc<u8>>: Send));
    assert!(has!(ApiMetricsLayer<(), NotClone, NotClone>: Clone));
    assert!(has!(ApiMetricsService<u8, NotClone, NotClone, NotClone>: Clone));
}

#[test]
fn services_are_what_the_inner_service_is() {
    assert!(has!(ApiMetricsService<u8, Sink>: Send));
    assert!(has!(ApiMetricsService<u8, Sink>: Sync));
    assert!(has!(ApiMetricsService<u8, NotClone>: Clone));
    assert!(has!(ApiMetricsService<u8, NotClone>: Debug));
    assert!(!has!(ApiMetricsService<Rc<u8>, Sink>: Send));
    assert!(!has!(ApiMetricsService<std::cell::Cell<u8>, Sink>: Sync));
    assert!(!has!(ApiMetricsService<NotClone, Sink>: Clone));
}

#[test]
fn futures_and_bodies_are_what_the_inner_ones_are() {
    assert!(has!(ResponseFuture<u8, Sink>: Send));
    assert!(has!(ResponseFuture<u8, Sink>: Sync));
    assert!(has!(ResponseFuture<u8, Sink>: Unpin));
    assert!(has!(ResponseBody<u8, Sink>: Send));
    assert!(has!(ResponseBody<u8, Sink>: Sync));
    assert!(has!(ResponseBody<u8, Sink>: Unpin));
    assert!(has!(CountingBody<u8>: Send));
    assert!(has!(CountingBody<u8>: Sync));
    assert!(has!(CountingBody<u8>: Unpin));

    assert!(!has!(ResponseFuture<Rc<u8>, Sink>: Send));
    assert!(!has!(ResponseFuture<PhantomPinned, Sink>: Unpin));
    assert!(!has!(ResponseBody<Rc<u8>, Sink>: Send));
    assert!(!has!(ResponseBody<PhantomPinned, Sink>: Unpin));
    assert!(!has!(CountingBody<Rc<u8>>: Send));
    assert!(!has!(CountingBody<PhantomPinned>: Unpin));
}
