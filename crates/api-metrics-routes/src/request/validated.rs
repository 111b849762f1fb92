//! The parameters of a route as one struct, which reads, checks and documents itself.
//!
//! The order of the fields in a struct is the order in which parameters are taken, and so the order
//! in which errors are found.

use std::sync::Arc;

use api_metrics_store::time::{Clock, UnixSeconds};
use axum::extract::{FromRequestParts, RawPathParams};
use http::request::Parts;

use super::{ParamDocs, Params, cursor::question};
use crate::response::Problem;

/// What parameters are read against.
#[derive(Debug, Clone, Default)]
pub(crate) struct Context {
    /// The moment of the request.
    pub(crate) now: UnixSeconds,
    /// What tells this question from all others, so that a cursor of another is refused.
    pub(crate) question: String,
}

impl Context {
    /// Of a request at `now` for something that has no pages.
    pub(crate) const fn at(now: UnixSeconds) -> Self {
        Self {
            now,
            question: String::new(),
        }
    }
}

/// A part of a query string: all parameters of a route, or several that belong together.
pub(crate) trait QueryParams: Sized {
    /// Names the list that a route pages through. Cursors of one list are refused by another.
    const LIST: &'static str = "";

    /// Adds all parameters to the document.
    #[cfg_attr(
        not(any(test, feature = "mcp")),
        allow(dead_code, reason = "the document was made beforehand")
    )]
    fn describe(docs: &mut ParamDocs);

    /// Reads all parameters, each once.
    ///
    /// # Errors
    /// 400 that names the parameter that is wrong.
    fn take(params: &mut Params, context: &Context) -> Result<Self, Problem>;

    /// Checks what only all parameters together can tell. Called after unknown ones were refused.
    ///
    /// # Errors
    /// 400 that names the parameter that is wrong.
    fn validate(&self) -> Result<(), Problem> {
        Ok(())
    }
}

/// A route without parameters.
impl QueryParams for () {
    fn describe(_: &mut ParamDocs) {}

    fn take(_: &mut Params, _: &Context) -> Result<Self, Problem> {
        Ok(())
    }
}

/// Declares a struct whose fields are parts, and reads and documents them in their order.
macro_rules! query_params {
    (
        $(#[$meta:meta])*
        $vis:vis struct $name:ident $(of $list:literal)? {
            $($(#[$field_meta:meta])* $field_vis:vis $field:ident: $part:ty,)*
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone)]
        $vis struct $name {
            $($(#[$field_meta])* $field_vis $field: $part,)*
        }

        impl $crate::request::QueryParams for $name {
            $(const LIST: &'static str = $list;)?

            fn describe(docs: &mut $crate::request::ParamDocs) {
                $(<$part as $crate::request::QueryParams>::describe(docs);)*
            }

            fn take(
                params: &mut $crate::request::Params,
                context: &$crate::request::Context,
            ) -> Result<Self, $crate::response::Problem> {
                Ok(Self {
                    $($field: $crate::request::QueryParams::take(params, context)?,)*
                })
            }
        }
    };
}
pub(crate) use query_params;

/// State that knows the time.
pub(crate) trait HasClock {
    /// The clock that decides what `now` is.
    fn clock(&self) -> &Arc<dyn Clock>;
}

/// The parameters of a route: read, checked, and free of any that the route does not know.
///
/// `params(Validated<P>)` in a route's attribute documents the same parameters.
#[derive(Debug)]
pub(crate) struct Validated<P> {
    /// What was read.
    pub(crate) params: P,
    /// The moment that it was read against.
    pub(crate) now: UnixSeconds,
}

impl<P: QueryParams, S: HasClock + Send + Sync> FromRequestParts<S> for Validated<P> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let now = state.clock().unix_seconds();
        let mut params = Params::from_uri(&parts.uri)?;
        let mut context = Context::at(now);
        if !P::LIST.is_empty() {
            let of = numbered(parts, state).await;
            let list = of.map_or_else(|| P::LIST.to_owned(), |id| format!("{} of {id}", P::LIST));
            context.question = question(&list, &params);
        }
        let taken = P::take(&mut params, &context)?;
        params.finish()?;
        taken.validate()?;
        Ok(Self { params: taken, now })
    }
}

/// The number in the path of a route, as text.
async fn numbered<S: Send + Sync>(parts: &mut Parts, state: &S) -> Option<String> {
    let params = RawPathParams::from_request_parts(parts, state).await.ok()?;
    params
        .iter()
        .find(|(name, _)| *name == "keyId" || *name == "id")
        .map(|(_, value)| value.to_owned())
}

#[cfg(feature = "mcp")]
impl<P: QueryParams> Validated<P> {
    /// The parameters of these pairs, read and checked as those of a query string are.
    ///
    /// # Errors
    /// 400 that names the parameter that is wrong.
    pub(crate) fn of(now: UnixSeconds, pairs: Vec<(String, String)>) -> Result<Self, Problem> {
        let mut params = Params::from_pairs(pairs)?;
        let taken = P::take(&mut params, &Context::at(now))?;
        params.finish()?;
        taken.validate()?;
        Ok(Self { params: taken, now })
    }
}

#[cfg(test)]
impl<P: QueryParams> utoipa::IntoParams for Validated<P> {
    fn into_params(
        _: impl Fn() -> Option<utoipa::openapi::path::ParameterIn>,
    ) -> Vec<utoipa::openapi::path::Parameter> {
        let mut docs = ParamDocs::default();
        P::describe(&mut docs);
        let documented = docs.into_parameters().into_iter().map(|parameter| {
            serde_json::from_value(serde_json::json!({
                "in": "query",
                "required": false,
                "name": parameter.name,
                "description": parameter.description,
                "example": parameter.example,
                "schema": parameter.schema,
            }))
            .unwrap_or_else(|error| panic!("{}: {error}", parameter.name))
        });
        documented.collect()
    }
}
