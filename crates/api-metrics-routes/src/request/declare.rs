//! Declarations of single parameters: one constant feeds both the parser and the OpenAPI document.

use serde_json::{Map, Value};

use super::{Params, filter::storable, shown};
use crate::response::Problem;

/// The parameters of a route as the OpenAPI document and the tools of assistants list them.
#[derive(Default)]
pub(crate) struct ParamDocs(Vec<ParamDoc>);

/// One parameter, which may be absent.
#[cfg_attr(
    not(any(test, feature = "mcp")),
    expect(dead_code, reason = "the document was made beforehand")
)]
pub(crate) struct ParamDoc {
    /// Its name.
    pub(crate) name: &'static str,
    /// What it is.
    pub(crate) description: &'static str,
    /// An example.
    #[cfg_attr(
        all(not(test), feature = "mcp"),
        expect(dead_code, reason = "a tool has none")
    )]
    pub(crate) example: Option<Value>,
    /// The JSON schema of its values.
    pub(crate) schema: Map<String, Value>,
}

impl ParamDocs {
    /// What was added, in its order.
    #[cfg(any(test, feature = "mcp"))]
    pub(crate) fn into_parameters(self) -> Vec<ParamDoc> {
        self.0
    }
}

/// A JSON schema of these members; what is null is none.
fn schema<const N: usize>(members: [(&str, Value); N]) -> Map<String, Value> {
    let members = members.into_iter().filter(|(_, value)| !value.is_null());
    members
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

/// A parameter that takes one of several words.
#[derive(Debug)]
pub(crate) struct OneOf<T: 'static> {
    /// The parameter.
    pub(crate) name: &'static str,
    /// What it chooses, for the document.
    pub(crate) description: &'static str,
    /// The words, and what each stands for.
    pub(crate) options: &'static [(&'static str, T)],
    /// What it is where it is not given. The document names it if it is one of the options.
    pub(crate) default: T,
}

impl<T: Copy + PartialEq> OneOf<T> {
    /// Reads it.
    ///
    /// # Errors
    /// 400 that names the parameter and its options.
    pub(crate) fn take(&self, params: &mut Params) -> Result<T, Problem> {
        match params.take(self.name)? {
            None => Ok(self.default),
            Some(text) => self.read(&text),
        }
    }

    /// What a text stands for that was taken before.
    pub(crate) fn read(&self, text: &str) -> Result<T, Problem> {
        self.options
            .iter()
            .find(|(name, _)| *name == text)
            .map(|(_, choice)| *choice)
            .ok_or_else(|| {
                let names: Vec<&str> = self.names().collect();
                Problem::parameter(
                    self.name,
                    format!("`{}` is none of {}", shown(text), names.join(", ")),
                )
            })
    }

    /// Adds it to the document.
    pub(crate) fn describe(&self, docs: &mut ParamDocs) {
        let default = self.options.iter().find(|(_, of)| *of == self.default);
        self.describe_with(docs, default.map(|(name, _)| *name));
    }

    /// Adds it to the document with a default that holds only where other parameters are absent too.
    pub(crate) fn describe_with(&self, docs: &mut ParamDocs, default: Option<&str>) {
        let names: Vec<&str> = self.names().collect();
        docs.0.push(ParamDoc {
            name: self.name,
            description: self.description,
            example: None,
            schema: schema([
                ("type", "string".into()),
                ("enum", names.into()),
                ("default", default.into()),
            ]),
        });
    }

    /// The words, in the order of the declaration.
    fn names(&self) -> impl Iterator<Item = &'static str> {
        self.options.iter().map(|(name, _)| *name)
    }
}

/// A parameter that takes any text of a bounded length that a database can hold.
#[derive(Debug)]
pub(crate) struct Text {
    /// The parameter.
    pub(crate) name: &'static str,
    /// What it is, for the document.
    pub(crate) description: &'static str,
    /// An example, for the document.
    pub(crate) example: &'static str,
    /// The most bytes of UTF-8.
    pub(crate) max_bytes: usize,
}

impl Text {
    /// Reads it.
    ///
    /// # Errors
    /// 400 that names the parameter, where its text is longer or holds a NUL character.
    pub(crate) fn take(&self, params: &mut Params) -> Result<Option<String>, Problem> {
        let value = params.take(self.name)?;
        if let Some(value) = &value {
            storable(self.name, value, self.max_bytes)?;
        }
        Ok(value)
    }

    /// Adds it to the document.
    pub(crate) fn describe(&self, docs: &mut ParamDocs) {
        docs.0.push(ParamDoc {
            name: self.name,
            description: self.description,
            example: Some(self.example.into()),
            schema: Form::Bounded(self.max_bytes).schema(),
        });
    }
}

/// What values of a [`Parsed`] parameter look like in the document.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Form {
    /// Text without a form that JSON Schema knows.
    Text,
    /// Text of 1 to this many bytes.
    Bounded(usize),
    /// A date of RFC 3339.
    #[cfg(feature = "control")]
    Date,
    /// A UUID.
    #[cfg(feature = "control")]
    Uuid,
    /// A whole number of 32 bits within bounds, with a default.
    Small {
        /// The least.
        minimum: u32,
        /// The greatest.
        maximum: u32,
        /// What it is where it is not given.
        default: u32,
    },
    /// The number of something that the store has numbered, from this one up.
    Number(u32),
}

impl Form {
    /// The JSON schema of such a value.
    fn schema(self) -> Map<String, Value> {
        match self {
            Self::Text => schema([("type", "string".into())]),
            Self::Bounded(max) => schema([
                ("type", "string".into()),
                ("minLength", 1.into()),
                ("maxLength", max.into()),
            ]),
            #[cfg(feature = "control")]
            Self::Date => schema([("type", "string".into()), ("format", "date".into())]),
            #[cfg(feature = "control")]
            Self::Uuid => schema([("type", "string".into()), ("format", "uuid".into())]),
            Self::Small {
                minimum,
                maximum,
                default,
            } => schema([
                ("type", "integer".into()),
                ("format", "int32".into()),
                ("minimum", minimum.into()),
                ("maximum", maximum.into()),
                ("default", default.into()),
            ]),
            Self::Number(minimum) => schema([
                ("type", "integer".into()),
                ("format", "int64".into()),
                ("minimum", minimum.into()),
            ]),
        }
    }

    /// An example as the JSON that a client would have.
    fn example(self, text: &str) -> Value {
        match self {
            Self::Small { .. } | Self::Number(_) => text
                .parse::<i64>()
                .map_or_else(|_| text.into(), Value::from),
            _ => text.into(),
        }
    }
}

/// A parameter whose text stands for a value.
#[derive(Debug)]
pub(crate) struct Parsed<T> {
    /// The parameter.
    pub(crate) name: &'static str,
    /// What it is, for the document.
    pub(crate) description: &'static str,
    /// An example, for the document.
    pub(crate) example: Option<&'static str>,
    /// What its values look like, for the document.
    pub(crate) form: Form,
    /// The value of a text, where it is one.
    pub(crate) read: fn(&str) -> Option<T>,
    /// What a text is that is no value: "no number from 0 up".
    pub(crate) wrong: &'static str,
}

impl<T> Parsed<T> {
    /// Reads it.
    ///
    /// # Errors
    /// 400 that names the parameter and repeats its text.
    pub(crate) fn take(&self, params: &mut Params) -> Result<Option<T>, Problem> {
        let Some(text) = params.take(self.name)? else {
            return Ok(None);
        };
        self.read(&text).map(Some)
    }

    /// The value of a text that was taken before.
    pub(crate) fn read(&self, text: &str) -> Result<T, Problem> {
        (self.read)(text).ok_or_else(|| {
            let detail = format!("`{}` is {}", shown(text), self.wrong);
            Problem::parameter(self.name, detail)
        })
    }

    /// Adds it to the document.
    pub(crate) fn describe(&self, docs: &mut ParamDocs) {
        docs.0.push(ParamDoc {
            name: self.name,
            description: self.description,
            example: self.example.map(|text| self.form.example(text)),
            schema: self.form.schema(),
        });
    }
}
