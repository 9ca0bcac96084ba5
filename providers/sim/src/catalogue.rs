use std::time::Duration;

use opsctl_api::{
    Batch, Catalogue, Change, Config, ConfigKey, Confines, Edit, Hop, Kind, Live, NoWay, Rate, Segment, Setting, Type,
    Value, shell_word,
};

/// What `sim` knows by itself, where it emulates no other provider: plain kinds that between them have every type, effect and
/// property that a setting can have.
pub fn catalogue() -> &'static dyn Catalogue {
    &SimCatalogue
}

#[derive(Debug)]
struct SimCatalogue;

const COUNT: Type = Type::Integer { min: 0, max: 100_000 };
const NAME: &[Segment] = &[Segment::One("NAME")];

const DOCUMENT: Kind = Kind {
    name: "document",
    doc: "A text with properties that have no direction.",
    path: &[Segment::Rest("PATH")],
    settings: &[
        Setting::new("content", Type::Text, "What it says."),
        Setting::new("flags", Type::List, "Words in an order.").optional(),
        Setting::new("format", Type::OneOf(&["plain", "markdown", "json"]), "How it is written.").optional(),
        Setting::new("promoted", Type::Bool, "Whether it stands by itself; once it does, it does so for good.")
            .one_way(),
        Setting::new("ratio", Type::Number { min: 0.0, max: 1.0 }, "A part of one.").optional(),
        Setting::new("size", Type::Quantity, "How much it may hold.").optional(),
    ],
    confines: None,
    rate: None,
};

const MACHINE: Kind = Kind {
    name: "machine",
    doc: "Something that runs, and takes another size only while it does not.",
    path: NAME,
    settings: &[
        Setting::new("load", Type::Number { min: 0.0, max: 1_000.0 }, "How much it has to do.").observed(),
        Setting::new("running", Type::Bool, "Whether it runs.").power(),
        Setting::new("size", Type::String, "How large it is.").read_with(&["running"]),
    ],
    confines: None,
    rate: Some(Rate { burst: 100, per_second: 50.0 }),
};

const NUMBER: Kind = Kind {
    name: "number",
    doc: "One number, which is all there is to it.",
    path: NAME,
    settings: &[Setting::new("value", Type::Integer { min: -1_000_000, max: 1_000_000 }, "The number.").capacity()],
    confines: None,
    rate: None,
};

const POOL: Kind = Kind {
    name: "pool",
    doc: "A group with bounds: raising its minimum raises what is desired, lowering its maximum lowers it.",
    path: NAME,
    settings: &[
        Setting::new("desired", COUNT, "How many there shall be.").count().group("size").read_with(&["max", "min"]),
        Setting::new("max", COUNT, "The most that there may be.")
            .capacity()
            .group("size")
            .read_with(&["desired", "min"]),
        Setting::new("min", COUNT, "The least that there may be.")
            .capacity()
            .group("size")
            .read_with(&["desired", "max"]),
    ],
    confines: None,
    rate: None,
};

const RECORD: Kind = Kind {
    name: "record",
    doc: "A name's answer, with the share of the traffic that it gets. Records of one call change together.",
    path: &[Segment::One("NAME"), Segment::Optional("SET")],
    settings: &[
        Setting::new("targets", Type::Set, "What it answers.").group("record"),
        Setting::new("ttl", Type::Duration, "How long an answer may be kept.").group("record"),
        Setting::new("weight", Type::Integer { min: 0, max: 255 }, "Its share of the traffic.")
            .traffic()
            .group("record"),
    ],
    confines: None,
    rate: None,
};

const SCALER: Kind = Kind {
    name: "scaler",
    doc: "Keeps the replicas of a service within bounds. A service at 0 is left alone.",
    path: NAME,
    settings: &[
        Setting::new("max", Type::Integer { min: 1, max: 100_000 }, "The most replicas.")
            .capacity()
            .read_with(&["min"]),
        Setting::new("min", Type::Integer { min: 1, max: 100_000 }, "The least replicas.")
            .capacity()
            .read_with(&["max"]),
    ],
    confines: Some(Confines { floor: "min", ceiling: "max", of: &[("service", "replicas")] }),
    rate: None,
};

const SERVICE: Kind = Kind {
    name: "service",
    doc: "Something that runs and serves.",
    path: NAME,
    settings: &[
        Setting::new("config", Type::Text, "One key of its configuration.").keyed("KEY"),
        Setting::new("config_digest", Type::String, "What it was started with: `restarts_with` sets it.").carries(),
        Setting::new("replicas", COUNT, "How many of it run.").count(),
        Setting::new("running", Type::Bool, "Whether it runs at all.").power(),
        Setting::new("token", Type::Secret, "What it proves itself with.").optional(),
        Setting::new("version", Type::String, "Which version of it runs."),
    ],
    confines: None,
    rate: None,
};

const STREAM: Kind = Kind {
    name: "stream",
    doc: "A stream of shards, which one call may at most double or halve, ten times a day.",
    path: NAME,
    settings: &[Setting::new("shards", Type::Integer { min: 1, max: 10_000 }, "How many shards.")
        .capacity()
        .quota(10, Duration::from_secs(24 * 3600))],
    confines: None,
    rate: None,
};

const SWITCH: Kind = Kind {
    name: "switch",
    doc: "Something that is on or off.",
    path: NAME,
    settings: &[
        Setting::new("on", Type::Bool, "Whether it is on.").power(),
        Setting::new("suspended", Type::Bool, "Whether it rests although it is on.").power_inverted().optional(),
    ],
    confines: None,
    rate: None,
};

/// The keys of an instance.
const CONFIG: &[ConfigKey] = &[
    ConfigKey::new(
        "emulates",
        Type::String,
        "The provider whose kinds it has; kinds of its own where nothing is said.",
    ),
    ConfigKey::new("world", Type::String, "The path of the file that says what is live at first."),
];

impl Catalogue for SimCatalogue {
    fn provider(&self) -> &'static str {
        "sim"
    }

    fn config(&self) -> &'static [ConfigKey] {
        CONFIG
    }

    fn kinds(&self) -> &'static [Kind] {
        &[DOCUMENT, MACHINE, NUMBER, POOL, RECORD, SCALER, SERVICE, STREAM, SWITCH]
    }

    fn hops(&self, change: &Change, live: &Live) -> Result<Vec<Hop>, NoWay> {
        match change.at.kind() {
            "machine" => Ok(machine(change, live)),
            "pool" => pool(change, live),
            "scaler" => scaler(change, live),
            "stream" => Ok(stream(change)),
            _ => Ok(change.in_one_hop()),
        }
    }

    fn batch(&self, hop: &Hop) -> Option<Batch> {
        (hop.at.kind() == "record").then(|| Batch { key: format!("{}:record", hop.at.instance()), most: 100 })
    }

    fn by_hand(&self, hop: &Hop, _config: &Config) -> String {
        let assignments: Vec<String> = hop
            .edits
            .iter()
            .map(|edit| match &edit.to {
                Some(Value::Secret(_)) => format!("{}=…", edit.setting),
                Some(Value::String(text)) => shell_word(&format!("{}={text}", edit.setting)),
                Some(value) => shell_word(&format!("{}={value}", edit.setting)),
                None => edit.setting.clone(),
            })
            .collect();
        format!("opsctl sim set {} {}", hop.at, assignments.join(" "))
    }
}

/// What a setting will be after a change.
fn after(change: &Change, live: &Live, setting: &str) -> Option<i64> {
    match change.edits.iter().find(|edit| edit.setting == setting) {
        Some(edit) => edit.to.as_ref(),
        None => live.value(setting),
    }
    .and_then(Value::as_integer)
}

fn bounds(change: &Change, live: &Live) -> Result<(i64, i64), NoWay> {
    let (min, max) = (after(change, live, "min").unwrap_or(0), after(change, live, "max").unwrap_or(i64::MAX));
    if min > max {
        return Err(NoWay {
            why: format!("the minimum {min} would be above the maximum {max}"),
            instead: "set both".to_owned(),
        });
    }
    Ok((min, max))
}

/// Another size is given to it while it does not run: a running one is stopped for that, and started again.
fn machine(change: &Change, live: &Live) -> Vec<Hop> {
    let hop = |edit: Edit| Hop { at: change.at.clone(), edits: vec![edit], coupled: Vec::new() };
    let switch = |from, to| {
        let edit = Edit { setting: "running".to_owned(), from: Some(Value::Bool(from)), to: Some(Value::Bool(to)) };
        hop(edit)
    };
    let Some(size) = change.edits.iter().find(|edit| edit.setting == "size") else { return change.in_one_hop() };
    let runs = live.value("running") == Some(&Value::Bool(true));
    let switched = change.edits.iter().find(|edit| edit.setting == "running");
    let shall_run = switched.map_or(runs, |edit| edit.to == Some(Value::Bool(true)));
    let mut hops = Vec::new();
    if runs {
        hops.push(switch(true, false));
    }
    hops.push(hop(size.clone()));
    if shall_run {
        hops.push(switch(false, true));
    }
    hops
}

fn scaler(change: &Change, live: &Live) -> Result<Vec<Hop>, NoWay> {
    bounds(change, live)?;
    Ok(change.in_one_hop())
}

fn pool(change: &Change, live: &Live) -> Result<Vec<Hop>, NoWay> {
    let (min, max) = bounds(change, live)?;
    let mut hops = change.in_one_hop();
    let named = change.edits.iter().any(|edit| edit.setting == "desired");
    let Some(desired) = after(change, live, "desired") else { return Ok(hops) };
    let moved = desired.clamp(min, max);
    if moved != desired {
        if named {
            return Err(NoWay {
                why: format!("{desired} desired is not within {min} and {max}"),
                instead: "set the bounds too".to_owned(),
            });
        }
        hops[0].coupled.push(Edit {
            setting: "desired".to_owned(),
            from: Some(Value::Integer(desired)),
            to: Some(Value::Integer(moved)),
        });
    }
    Ok(hops)
}

fn stream(change: &Change) -> Vec<Hop> {
    let edit = &change.edits[..];
    let [Edit { setting, from: Some(Value::Integer(from)), to: Some(Value::Integer(to)) }] = edit else {
        return change.in_one_hop();
    };
    let mut hops = Vec::new();
    let mut at = *from;
    loop {
        // Both bounds of one call: at most twice, at least half (rounded up) of what there is.
        let next = (*to).clamp(at - at / 2, (at * 2).max(1));
        hops.push(Hop {
            at: change.at.clone(),
            edits: vec![Edit {
                setting: setting.clone(),
                from: Some(Value::Integer(at)),
                to: Some(Value::Integer(next)),
            }],
            coupled: Vec::new(),
        });
        if next == *to || next == at {
            return hops;
        }
        at = next;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(at: &str, edits: &[(&str, i64, i64)]) -> Change {
        let edits = edits.iter().map(|(setting, from, to)| Edit {
            setting: (*setting).to_owned(),
            from: Some(Value::Integer(*from)),
            to: Some(Value::Integer(*to)),
        });
        Change { at: at.parse().unwrap(), edits: edits.collect() }
    }

    #[test]
    fn test_kinds_are_sorted() {
        assert!(SimCatalogue.kinds().is_sorted_by_key(|kind| kind.name));
    }

    #[test]
    fn test_a_stream_doubles_and_halves() {
        let ways = |from, to| {
            let hops = stream(&change("sim:stream/a", &[("shards", from, to)]));
            hops.iter().map(|hop| hop.edits[0].to.as_ref().unwrap().as_integer().unwrap()).collect::<Vec<_>>()
        };
        assert_eq!(ways(4, 32), [8, 16, 32]);
        assert_eq!(ways(5, 1), [3, 2, 1]);
        assert_eq!(ways(4, 6), [6]);
    }

    #[test]
    fn test_a_raised_minimum_raises_desired() {
        let change = change("sim:pool/a", &[("min", 1, 4)]);
        let mut live = Live::new(change.at.clone());
        for (setting, value) in [("desired", 2), ("max", 6), ("min", 1)] {
            live.settings.insert(
                setting.to_owned(),
                opsctl_api::LiveSetting::is(Value::Integer(value), serde_json::Value::Null),
            );
        }
        let hops = SimCatalogue.hops(&change, &live).unwrap();
        assert_eq!(hops[0].coupled[0].to, Some(Value::Integer(4)));
    }
}
