//! The kinds of problems that this crate answers.
//!
//! Kinds are few and stable: clients may branch on their URNs.

use http::StatusCode;

/// Each has a URN, a title and a status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A parameter or a member is wrong; 400.
    BadParameter,
    /// The body can't be read; 400.
    BadBody,
    /// The body is larger than 64 KiB; 413.
    BodyTooLarge,
    /// A body in an encoding that is not taken; 415.
    #[cfg(feature = "ingest")]
    UnsupportedMediaType,
    /// An idempotency key that belongs to another body; 422.
    #[cfg(feature = "ingest")]
    IdempotencyKeyReused,
    /// No valid credentials; 401.
    Unauthenticated,
    /// The role or the scope does not admit it; 403.
    Forbidden,
    /// A write of a session without its CSRF token; 403.
    BadCsrfToken,
    /// There is no such route or thing, or none that the caller may see; 404.
    NotFound,
    /// Somebody else was faster, or there is one already; 409.
    Conflict,
    /// The route does not take this method; 405.
    MethodNotAllowed,
    /// A limit of requests or of wrong tokens; 429.
    TooManyRequests,
    /// A limit of streams; 503.
    TooManyStreams,
    /// The store does not answer, is damaged, or can't be used by this release; 503.
    StoreUnavailable,
    /// The store can't be used as it is configured; 503.
    StoreMisconfigured,
    /// A query took too long; 504.
    TimedOut,
    /// Instances have not agreed on an admin token yet; 503.
    SignInNotReady,
    /// Anything else, whose cause stands in the log; 500.
    Internal,
}

impl Kind {
    /// The `type` of the problem: never changes its meaning.
    pub(crate) const fn urn(self) -> &'static str {
        match self {
            Self::BadParameter => "urn:api-metrics:bad-parameter",
            Self::BadBody => "urn:api-metrics:bad-body",
            Self::BodyTooLarge => "urn:api-metrics:body-too-large",
            #[cfg(feature = "ingest")]
            Self::UnsupportedMediaType => "urn:api-metrics:unsupported-media-type",
            #[cfg(feature = "ingest")]
            Self::IdempotencyKeyReused => "urn:api-metrics:idempotency-key-reused",
            Self::Unauthenticated => "urn:api-metrics:unauthenticated",
            Self::Forbidden => "urn:api-metrics:forbidden",
            Self::BadCsrfToken => "urn:api-metrics:bad-csrf-token",
            Self::NotFound => "urn:api-metrics:not-found",
            Self::Conflict => "urn:api-metrics:conflict",
            Self::MethodNotAllowed => "urn:api-metrics:method-not-allowed",
            Self::TooManyRequests => "urn:api-metrics:too-many-requests",
            Self::TooManyStreams => "urn:api-metrics:too-many-streams",
            Self::StoreUnavailable => "urn:api-metrics:store-unavailable",
            Self::StoreMisconfigured => "urn:api-metrics:store-misconfigured",
            Self::TimedOut => "urn:api-metrics:timed-out",
            Self::SignInNotReady => "urn:api-metrics:sign-in-not-ready",
            Self::Internal => "urn:api-metrics:internal",
        }
    }

    /// The `title` of the problem.
    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::BadParameter => "Bad parameter",
            Self::BadBody => "Bad body",
            Self::BodyTooLarge => "Body too large",
            #[cfg(feature = "ingest")]
            Self::UnsupportedMediaType => "Unsupported encoding",
            #[cfg(feature = "ingest")]
            Self::IdempotencyKeyReused => "Idempotency key used before",
            Self::Unauthenticated => "Not signed in",
            Self::Forbidden => "Not allowed",
            Self::BadCsrfToken => "Bad CSRF token",
            Self::NotFound => "No such resource",
            Self::Conflict => "Conflict",
            Self::MethodNotAllowed => "Method not allowed",
            Self::TooManyRequests => "Too many requests",
            Self::TooManyStreams => "Too many streams",
            Self::StoreUnavailable => "Store unavailable",
            Self::StoreMisconfigured => "Store misconfigured",
            Self::TimedOut => "Query timed out",
            Self::SignInNotReady => "Sign-in is not ready",
            Self::Internal => "Internal error",
        }
    }

    /// The HTTP status.
    pub(crate) const fn status(self) -> StatusCode {
        match self {
            Self::BadParameter | Self::BadBody => StatusCode::BAD_REQUEST,
            Self::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            #[cfg(feature = "ingest")]
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            #[cfg(feature = "ingest")]
            Self::IdempotencyKeyReused => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Unauthenticated => StatusCode::UNAUTHORIZED,
            Self::Forbidden | Self::BadCsrfToken => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Conflict => StatusCode::CONFLICT,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::TooManyRequests => StatusCode::TOO_MANY_REQUESTS,
            Self::TooManyStreams
            | Self::StoreUnavailable
            | Self::StoreMisconfigured
            | Self::SignInNotReady => StatusCode::SERVICE_UNAVAILABLE,
            Self::TimedOut => StatusCode::GATEWAY_TIMEOUT,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}
