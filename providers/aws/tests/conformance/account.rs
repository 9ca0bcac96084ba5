use opsctl_api::Value;
use opsctl_api::testkit::Example;
use opsctl_aws_proxy::Console;

pub(crate) const REGION: &str = "us-east-1";

/// How resources of one kind are made, and what another operator does to them.
pub(crate) trait Ground: Send + Sync {
    /// Makes the one of this number; its path.
    fn make(&self, console: &Console<'_>, nth: usize) -> String;
    fn examples(&self) -> Vec<Example>;
    fn illegal(&self) -> Vec<Example> {
        Vec::new()
    }
    /// Settings that move by themselves.
    fn restless(&self) -> Vec<String> {
        Vec::new()
    }
    fn disturb(&self, console: &Console<'_>, path: &str, setting: &str, to: Option<&Value>);
    fn missing(&self, console: &Console<'_>) -> String;
    /// A pattern of paths that stands for all that were made.
    fn pattern(&self, _console: &Console<'_>) -> String {
        "*".to_owned()
    }
    /// Whether what is made carries the tag `made = "fresh"`.
    fn tagged(&self) -> bool {
        true
    }
    /// The most calls that reading fifty may take.
    fn most_calls(&self) -> u64;
}

pub(crate) fn integer(setting: &str, to: i64) -> Example {
    Example::set(setting, Value::Integer(to))
}

pub(crate) fn text(setting: &str, to: &str) -> Example {
    Example::set(setting, Value::String(to.to_owned()))
}

pub(crate) fn words(words: &[&str]) -> Value {
    Value::Set(words.iter().map(|word| (*word).to_owned()).collect())
}
