use serde_json::Value;

/// How wide a line may be before what stands on it gets lines of its own.
const WIDTH: usize = 120;

/// A document for people: what fits on a line stands on one. Ends with a line break.
pub fn lines(document: &Value) -> String {
    drawn(document, 0, 0) + "\n"
}

/// A value that begins behind so many letters of its line.
fn drawn(value: &Value, indent: usize, before: usize) -> String {
    let compact = value.to_string();
    if indent + before + compact.len() < WIDTH {
        return compact;
    }
    let (open, close, items): (_, _, Vec<String>) = match value {
        Value::Array(items) => ('[', ']', items.iter().map(|item| drawn(item, indent + 2, 0)).collect()),
        Value::Object(fields) => {
            let field = |(name, value): (&String, &Value)| {
                let name = Value::from(name.as_str()).to_string();
                let value = drawn(value, indent + 2, name.len() + 2);
                format!("{name}: {value}")
            };
            ('{', '}', fields.iter().map(field).collect())
        }
        _ => return compact,
    };
    let gap = " ".repeat(indent + 2);
    format!("{open}\n{gap}{}\n{}{close}", items.join(&format!(",\n{gap}")), " ".repeat(indent))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn test_what_fits_stands_on_one_line() {
        let long = "x".repeat(100);
        let document = json!({ "a": { "b": [1, 2] }, "c": [{ "d": long }, { "e": null }] });
        assert_eq!(
            lines(&document),
            format!(
                "{{\n  \"a\": {{\"b\":[1,2]}},\n  \"c\": [\n    {{\"d\":\"{long}\"}},\n    {{\"e\":null}}\n  ]\n}}\n"
            )
        );
        assert_eq!(serde_json::from_str::<Value>(&lines(&document)).unwrap(), document);
    }
}
