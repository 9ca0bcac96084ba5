use opsctl_api::Given;
use toml::de::DeValue;

/// What a file wrote where a value belongs.
///
/// # Errors
/// A sentence: a world says what is there, so nothing but plain values.
pub(crate) fn given(value: &DeValue<'_>) -> Result<Given, String> {
    Ok(match value {
        DeValue::String(text) => Given::String(text.to_string()),
        DeValue::Integer(number) => Given::Integer(
            i64::from_str_radix(number.as_str(), number.radix()).map_err(|_| format!("{number} is too large"))?,
        ),
        DeValue::Float(number) => Given::Number(number.as_str().parse().map_err(|_| "this is no number".to_owned())?),
        DeValue::Boolean(value) => Given::Bool(*value),
        DeValue::Array(items) => Given::List(items.iter().map(|item| given(item.get_ref())).collect::<Result<_, _>>()?),
        DeValue::Datetime(_) => return Err("no setting is a date".to_owned()),
        DeValue::Table(_) => return Err("a world says what is there: a value, not a table".to_owned()),
    })
}

/// The same as JSON, which is what knobs are read from.
pub(crate) fn json(value: &DeValue<'_>) -> serde_json::Value {
    match value {
        DeValue::String(text) => text.as_ref().into(),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix()).ok().into(),
        DeValue::Float(number) => number.as_str().parse::<f64>().ok().into(),
        DeValue::Boolean(value) => (*value).into(),
        DeValue::Datetime(time) => time.to_string().into(),
        DeValue::Array(items) => items.iter().map(|item| json(item.get_ref())).collect(),
        DeValue::Table(table) => {
            table.iter().map(|(key, value)| (key.get_ref().to_string(), json(value.get_ref()))).collect()
        }
    }
}
