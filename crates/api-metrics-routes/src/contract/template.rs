//! Templates of routes, compared by their shape.
//!
//! | written | by | its shape |
//! |---|---|---|
//! | `/users/{id}`, `/users/{user_id}`, `/users/:id`, `/users/<int:id>` | OpenAPI, axum, older routers | `/users/{}` |
//! | `/files/{name}.{ext}` | OpenAPI | `/files/{}.{}` |
//! | `/static/{*path}`, `/static/*path` | axum | `/static/{*}` |
//! | `/users/{id}/` | either | `/users/{}` |
//!
//! Names of parameters are nobody's but the author's, so they don't count. Letters do: paths are told apart by them.

/// The shape of a template, by which two are compared.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Shape(String);

/// The rest of a path, however many segments it has.
const REST: &str = "{*}";

impl Shape {
    /// The shape of a template, with a base before it. Slashes at the ends of either don't count.
    pub(crate) fn of(base: &str, template: &str) -> Self {
        let mut shape = String::with_capacity(base.len() + template.len() + 1);
        let segments = base.split('/').chain(template.split('/'));
        for segment in segments.filter(|segment| !segment.is_empty()) {
            shape.push('/');
            push_segment(&mut shape, segment);
        }
        if shape.is_empty() {
            shape.push('/');
        }
        Self(shape)
    }

    /// The same with one parameter where the rest of the path was: documents have no word for the rest.
    pub(crate) fn with_a_parameter_for_the_rest(&self) -> Option<Self> {
        let base = self.0.strip_suffix(REST)?;
        Some(Self(format!("{base}{{}}")))
    }
}

/// Adds the shape of one segment.
fn push_segment(shape: &mut String, segment: &str) {
    if segment.starts_with('*') || (segment.starts_with("{*") && segment.ends_with('}')) {
        shape.push_str(REST);
        return;
    }
    if let Some(name) = segment.strip_prefix(':')
        && !name.is_empty()
    {
        shape.push_str("{}");
        return;
    }
    let mut rest = segment;
    while let Some(open) = rest.find(['{', '<']) {
        let close = if rest.as_bytes().get(open) == Some(&b'{') {
            '}'
        } else {
            '>'
        };
        let (before, from) = rest.split_at(open);
        let Some(end) = from.find(close) else { break };
        shape.push_str(before);
        shape.push_str("{}");
        rest = from.get(end + 1..).unwrap_or_default();
    }
    shape.push_str(rest);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn same(a: &str, b: &str) -> bool {
        Shape::of("", a) == Shape::of("", b)
    }

    #[test]
    fn names_of_parameters_and_how_they_are_written_do_not_count() {
        for written in [
            "/users/{id}",
            "/users/{user_id}",
            "/users/:id",
            "/users/<int:id>",
            "/users/{id}/",
            "users/{id}",
        ] {
            assert!(same(written, "/users/{x}"), "{written}");
        }
        assert!(same("/files/{name}.{ext}", "/files/{a}.{b}"));
        assert!(same("/static/{*path}", "/static/*rest"));
        assert!(same("", "/"));
    }

    #[test]
    fn what_is_written_counts() {
        for (a, b) in [
            ("/users/{id}", "/users/me"),
            ("/users/{id}", "/user/{id}"),
            ("/users/{id}", "/Users/{id}"),
            ("/users/{id}", "/users/{id}/orders"),
            ("/files/{name}.{ext}", "/files/{name}"),
            ("/static/{*path}", "/static/{path}"),
            ("/a:b", "/a{b}"),
            ("/{open", "/{}"),
        ] {
            assert!(!same(a, b), "{a} {b}");
        }
    }

    #[test]
    fn a_base_stands_before_it() {
        assert_eq!(
            Shape::of("/v1/", "/users/{id}"),
            Shape::of("", "/v1/users/{id}")
        );
        assert_eq!(Shape::of("/", "/users"), Shape::of("", "/users"));
    }

    #[test]
    fn the_rest_may_be_documented_as_one_parameter() {
        let rest = Shape::of("", "/static/{*path}").with_a_parameter_for_the_rest();
        assert_eq!(rest, Some(Shape::of("", "/static/{path}")));
        assert_eq!(
            Shape::of("", "/static").with_a_parameter_for_the_rest(),
            None
        );
    }

    proptest! {
        #[test]
        fn any_text_has_a_shape_that_is_its_own(text in "\\PC{0,60}", base in "\\PC{0,20}") {
            let shape = Shape::of(&base, &text);
            prop_assert_eq!(&Shape::of("", &shape.0), &shape);
            prop_assert!(shape.0.starts_with('/'));
        }

        #[test]
        fn renamed_parameters_change_nothing(
            segments in proptest::collection::vec(("[a-z]{1,8}", any::<bool>()), 0..8),
            names in proptest::collection::vec("[a-z_]{1,8}", 8),
        ) {
            let written = |names: &dyn Fn(usize) -> String| -> String {
                let segments = segments.iter().enumerate();
                segments
                    .map(|(at, (text, is_parameter))| {
                        if *is_parameter { format!("/{{{}}}", names(at)) } else { format!("/{text}") }
                    })
                    .collect()
            };
            prop_assert_eq!(
                Shape::of("", &written(&|at| names[at].clone())),
                Shape::of("", &written(&|at| format!("p{at}")))
            );
        }
    }
}
