use opsctl_api::testkit::Example;
use opsctl_api::{Catalogue, Plain, Secret, Value};

use crate::world::{Emulation, Fresh};

/// `sim`'s own kinds.
pub(crate) struct Own;

pub(crate) fn integer(setting: &str, to: i64) -> Example {
    Example::set(setting, Value::Integer(to))
}

pub(crate) fn text(setting: &str, to: &str) -> Example {
    Example::set(setting, Value::String(to.to_owned()))
}

pub(crate) fn switch(setting: &str, to: bool) -> Example {
    Example::set(setting, Value::Bool(to))
}

pub(crate) fn secret(setting: &str, to: &str) -> Example {
    let plain = Some(Plain::new(to));
    Example::set(setting, Secret { plain, ..Secret::default() }.into())
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

impl Emulation for Own {
    fn catalogue(&self) -> &'static dyn Catalogue {
        opsctl_sim::catalogue()
    }

    fn fresh(&self, kind: &str, nth: usize) -> Fresh {
        let (path, settings) = match kind {
            "document" => (
                format!("a/b/{nth}"),
                "content = \"one\\ntwo\\n\"\nflags = [\"x\", \"y\"]\nformat = \"plain\"\npromoted = false\nratio = 0.5\nsize = \"1Gi\"",
            ),
            "machine" => (format!("{nth}"), "running = true\nsize = \"small\"\nload = 0.5"),
            "number" => (format!("{nth}"), "value = 5"),
            "pool" => (format!("{nth}"), "min = 1\ndesired = 3\nmax = 6"),
            "record" => (format!("name-{nth}/east"), "weight = 100\nttl = \"60s\"\ntargets = [\"192.0.2.1\"]"),
            "scaler" => (format!("{nth}"), "min = 2\nmax = 6"),
            "service" => (
                format!("{nth}"),
                "running = true\nreplicas = 3\nversion = \"1.0\"\ntoken = { plain = \"swordfish\" }\n\"config.a.b\" = \"old\"",
            ),
            "stream" => (format!("{nth}"), "shards = 4"),
            _ => (format!("{nth}"), "on = true\nsuspended = true"),
        };
        let (mut settings, mut beside) = (settings.to_owned(), String::new());
        if kind == "scaler" {
            settings += &format!("\nconfines = [\"sim:service/confined-{nth}\"]");
            beside = format!("at = \"sim:service/confined-{nth}\"\nreplicas = 3");
        }
        Fresh { path, settings, beside }
    }

    fn examples(&self, kind: &str) -> Vec<Example> {
        match kind {
            "document" => vec![
                text("content", "one\nthree\n"),
                text("content", ""),
                Example::set("flags", Value::List(words(&["y", "x"]))),
                Example::absent("flags"),
                text("format", "json"),
                text("format", "markdown"),
                switch("promoted", true),
                Example::set("ratio", Value::Number(0.25)),
                Example::set("size", Value::Quantity("500Mi".parse().unwrap())),
                Example::set("size", Value::Quantity("2Gi".parse().unwrap())),
            ],
            "machine" => vec![switch("running", false), text("size", "large"), text("size", "huge")],
            "number" => vec![integer("value", 9), integer("value", -3)],
            "pool" => vec![
                integer("desired", 5),
                integer("desired", 2),
                integer("max", 9),
                integer("max", 2).couples(),
                integer("min", 4).couples(),
                integer("min", 0),
            ],
            "record" => vec![
                integer("weight", 0),
                integer("weight", 200),
                Example::set("ttl", Value::Duration(std::time::Duration::from_secs(5))),
                Example::set("targets", Value::Set(words(&["192.0.2.1", "192.0.2.2"]).into_iter().collect())),
            ],
            "scaler" => vec![integer("max", 4), integer("max", 9), integer("min", 1), integer("min", 3)],
            "service" => vec![
                integer("replicas", 0),
                integer("replicas", 7),
                switch("running", false),
                text("config_digest", "5e0a"),
                text("config_digest", "91c4"),
                text("version", "1.1"),
                text("version", "2.0"),
                secret("token", "open-sesame"),
                secret("token", "abracadabra"),
                text("config.a.b", "new"),
                text("config.c", "made"),
                Example::absent("config.a.b"),
            ],
            "stream" => vec![integer("shards", 32), integer("shards", 1), integer("shards", 6)],
            _ => vec![switch("on", false), switch("suspended", false), Example::absent("suspended")],
        }
    }

    fn illegal(&self, kind: &str) -> Vec<Example> {
        match kind {
            "pool" => vec![integer("min", 9), integer("desired", 9)],
            "scaler" => vec![integer("min", 7), integer("max", 1)],
            "stream" => vec![integer("shards", 32)],
            _ => Vec::new(),
        }
    }
}
