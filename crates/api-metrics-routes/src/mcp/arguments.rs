//! The arguments of a call and their JSON schema.
//!
//! An argument has the name, the meaning and the bounds of the routes' parameter: one declaration feeds the OpenAPI
//! document, the schema here and the parser of both.
//!
//! Values may be strings or numbers where a query string has digits: assistants write both, and a refusal of `"7"` for
//! `7` would help nobody. Lists and objects are refused, but for the rule of a dry run, whose members the route reads.
//!
//! An argument that a tool does not have is refused by name, with those that it has. Left out silently, a misspelt
//! filter would answer about everything, and the assistant would report that as the part it asked for.

use rmcp::model::JsonObject;
use serde_json::{Map, Value, json};

use crate::{
    request::{ParamDocs, shown},
    response::Problem,
};

/// The arguments of a tool, as JSON schema has them.
#[derive(Debug, Default)]
pub(super) struct Schema {
    /// The schema of each argument.
    properties: Map<String, Value>,
    /// Those that must be given.
    required: Vec<&'static str>,
}

impl Schema {
    /// Adds the parameters that `describe` adds to a document, as far as `names` holds them.
    pub(super) fn of(mut self, describe: impl FnOnce(&mut ParamDocs), names: &[&str]) -> Self {
        let mut docs = ParamDocs::default();
        describe(&mut docs);
        for parameter in docs.into_parameters() {
            if !names.contains(&parameter.name) {
                continue;
            }
            let mut schema = parameter.schema;
            schema.insert("description".to_owned(), parameter.description.into());
            self.properties
                .insert(parameter.name.to_owned(), Value::Object(schema));
        }
        self
    }

    /// Adds an argument that no route has as a parameter.
    #[cfg(feature = "control")]
    pub(super) fn own(mut self, name: &'static str, schema: Value) -> Self {
        self.properties.insert(name.to_owned(), schema);
        self
    }

    /// Marks an argument as one that must be given.
    #[cfg(feature = "control")]
    pub(super) fn required(mut self, name: &'static str) -> Self {
        self.required.push(name);
        self
    }

    /// The schema of all arguments together; there are no others.
    pub(super) fn build(self) -> JsonObject {
        let schema = json!({
            "type": "object",
            "properties": self.properties,
            "required": self.required,
            "additionalProperties": false,
        });
        match schema {
            Value::Object(schema) => schema,
            _ => Map::new(),
        }
    }
}

/// The arguments of a call, each taken once by name.
#[derive(Debug)]
pub(super) struct Arguments(Map<String, Value>);

impl Arguments {
    /// Those of a call to a tool with these arguments. A null stands for none.
    ///
    /// # Errors
    /// 400 that names the argument that the tool does not have.
    pub(super) fn of(members: JsonObject, schema: &JsonObject) -> Result<Self, Problem> {
        let known = schema.get("properties").and_then(Value::as_object);
        for name in members.keys() {
            if known.is_none_or(|known| !known.contains_key(name)) {
                let names = known.map(|known| known.keys().cloned().collect::<Vec<_>>());
                let names = names.unwrap_or_default().join(", ");
                let detail = format!("unknown; this tool takes {names}");
                return Err(Problem::parameter(shown(name), detail));
            }
        }
        let given = members.into_iter().filter(|(_, value)| !value.is_null());
        Ok(Self(given.collect()))
    }

    /// An argument as the text that a query string would have.
    ///
    /// # Errors
    /// 400 that names the argument, where it is a list or an object.
    pub(super) fn text(&mut self, name: &'static str) -> Result<Option<String>, Problem> {
        let value = self.0.remove(name);
        value.map(|value| scalar(name, value)).transpose()
    }

    /// An argument as it came.
    #[cfg(feature = "control")]
    pub(super) fn value(&mut self, name: &str) -> Option<Value> {
        self.0.remove(name)
    }

    /// An argument as text, which stays.
    ///
    /// # Errors
    /// 400 that names the argument, where it is a list or an object.
    pub(super) fn peek(&self, name: &str) -> Result<Option<String>, Problem> {
        let value = self.0.get(name).cloned();
        value.map(|value| scalar(name, value)).transpose()
    }

    /// Takes what was not taken yet, as the pairs of a query string.
    ///
    /// # Errors
    /// 400 that names an argument that is a list or an object.
    pub(super) fn pairs(&mut self) -> Result<Vec<(String, String)>, Problem> {
        let pairs = std::mem::take(&mut self.0)
            .into_iter()
            .map(|(name, value)| {
                let text = scalar(&name, value)?;
                Ok((name, text))
            });
        pairs.collect()
    }
}

/// The text of a string, a number or a flag.
///
/// # Errors
/// 400 that names the argument.
fn scalar(name: &str, value: Value) -> Result<String, Problem> {
    match value {
        Value::String(text) => Ok(text),
        Value::Number(number) => Ok(number.to_string()),
        Value::Bool(flag) => Ok(flag.to_string()),
        _ => Err(Problem::parameter(
            shown(name),
            "must be a string or a number",
        )),
    }
}
