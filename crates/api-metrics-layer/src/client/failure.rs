//! Why a call has got no answer.

use std::{error::Error, io};

/// How far a chain of causes is followed.
const MAX_CAUSES: usize = 16;

/// Why a call has got no answer, or not all of one.
///
/// | failure | counted as | as a gateway would say |
/// |---|---|---|
/// | `Timeout` | 504 | nothing came in time |
/// | `Connect` | 502 | nobody was there |
/// | `Other` | 502 | what came was no answer, or the connection broke |
///
/// A call whose head has arrived keeps the status of that, whatever happens to its body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CallFailure {
    /// No connection could be made.
    Connect,
    /// It took too long.
    Timeout,
    /// Anything else.
    Other,
}

impl CallFailure {
    /// What an error and its causes say: the first `io::Error` that names a timeout, or that there is nobody.
    ///
    /// ```
    /// use std::io;
    ///
    /// use api_metrics_layer::CallFailure;
    ///
    /// let refused = io::Error::from(io::ErrorKind::ConnectionRefused);
    /// assert_eq!(CallFailure::of(&refused), CallFailure::Connect);
    /// assert_eq!(CallFailure::of(&io::Error::other("?")), CallFailure::Other);
    /// ```
    #[must_use]
    pub fn of(error: &(dyn Error + 'static)) -> Self {
        let mut cause = Some(error);
        for _ in 0..MAX_CAUSES {
            let Some(error) = cause else { break };
            if let Some(error) = error.downcast_ref::<io::Error>() {
                match error.kind() {
                    io::ErrorKind::TimedOut => return Self::Timeout,
                    io::ErrorKind::ConnectionRefused
                    | io::ErrorKind::HostUnreachable
                    | io::ErrorKind::NetworkUnreachable
                    | io::ErrorKind::AddrNotAvailable => return Self::Connect,
                    _ => {}
                }
            }
            cause = error.source();
        }
        Self::Other
    }

    /// The status under which the call is counted.
    #[must_use]
    pub const fn counted_status(self) -> u16 {
        match self {
            Self::Timeout => 504,
            Self::Connect | Self::Other => 502,
        }
    }
}

/// Reads a client's error. Implemented by [`StdErrors`], by [`BoxedErrors`], and by closures
/// `Fn(&E) -> CallFailure`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't read the client's error `{E}`",
    label = "not a `ReadFailure<{E}>`",
    note = "where the client's error is a `Box<dyn Error + Send + Sync>`, call `.boxed_errors()` on the layer",
    note = "for any other type pass a closure `|error: &E| -> CallFailure` to `.errors(..)`"
)]
pub trait ReadFailure<E: ?Sized>: Send + Sync + 'static {
    /// Why there was no answer.
    fn failure(&self, error: &E) -> CallFailure;
}

/// The default: errors that implement [`std::error::Error`], read by [`CallFailure::of`].
#[derive(Debug, Clone, Copy, Default)]
pub struct StdErrors;

impl<E: Error + 'static> ReadFailure<E> for StdErrors {
    fn failure(&self, error: &E) -> CallFailure {
        CallFailure::of(error)
    }
}

/// Errors in a box, as tower's own middleware has them, read by [`CallFailure::of`].
#[derive(Debug, Clone, Copy, Default)]
pub struct BoxedErrors;

impl ReadFailure<Box<dyn Error + Send + Sync>> for BoxedErrors {
    fn failure(&self, error: &Box<dyn Error + Send + Sync>) -> CallFailure {
        CallFailure::of(&**error)
    }
}

impl<E, F> ReadFailure<E> for F
where
    F: Fn(&E) -> CallFailure + Send + Sync + 'static,
{
    fn failure(&self, error: &E) -> CallFailure {
        self(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_causes_of_an_error_say_why_there_was_no_answer() {
        let of = |kind: io::ErrorKind| {
            let boxed: Box<dyn Error + Send + Sync> = Box::new(io::Error::from(kind));
            let wrapped = io::Error::other(boxed);
            (
                BoxedErrors.failure(&Box::from(io::Error::from(kind))),
                StdErrors.failure(&wrapped),
            )
        };
        for (kind, expected) in [
            (io::ErrorKind::TimedOut, CallFailure::Timeout),
            (io::ErrorKind::ConnectionRefused, CallFailure::Connect),
            (io::ErrorKind::HostUnreachable, CallFailure::Connect),
            (io::ErrorKind::ConnectionReset, CallFailure::Other),
        ] {
            // `io::Error` hides what it wraps as its own source's source.
            let (boxed, _) = of(kind);
            assert_eq!(boxed, expected, "{kind:?}");
        }
        assert_eq!(CallFailure::Timeout.counted_status(), 504);
        assert_eq!(CallFailure::Connect.counted_status(), 502);
    }
}
