use opsctl_api::{Change, Hop, Kind, Live, NoWay, Rate, Segment, Setting, Type, Value, shell_word};

use super::{Served, after, alone, edit, one_call};

#[cfg(feature = "live")]
mod live;
#[cfg(feature = "live")]
mod versions;

/// UpdateAlias carries all of it, against the revision that was read.
const ROUTING: &str = "routing";

pub(super) const SERVED: Served = Served {
    kind: Kind {
        name: "lambda-alias",
        // Which deployment groups of CodeDeploy an alias is of is nowhere beside the alias, and there is no list by function.
        doc: "An alias of a Lambda function: the version that it stands for, and how much another one gets. CodeDeploy \
              moves both while it deploys, and AWS does not tell at the alias that it does.",
        path: &[Segment::One("FUNCTION"), Segment::One("ALIAS")],
        settings: &[
            Setting::new("version", Type::String, "The version that gets what no weight gives away.")
                .traffic()
                .group(ROUTING),
            Setting::new(
                "weights",
                Type::Number { min: 0.0, max: 1.0 },
                "The share of another version, 0 to 1; one version may have one. Absent where it has none.",
            )
            .traffic()
            .keyed("VERSION")
            .group(ROUTING)
            .read_with(&["version"]),
        ],
        confines: None,
        rate: Some(Rate { burst: 15, per_second: 15.0 }),
    },
    hops,
    batch: alone,
    by_hand,
    #[cfg(feature = "live")]
    calls: live::CALLS,
};

fn hops(change: &Change, live: &Live) -> Result<Vec<Hop>, NoWay> {
    let weights = weights(change, live);
    // "Invalid function version 7. Function version 7 is already included in routing configuration."
    if let Some(version) = after(change, live, "version").and_then(Value::as_str)
        && weights.iter().any(|(weighed, _)| weighed == version)
    {
        return Err(NoWay {
            why: format!("it stands for version {version}, which then has no weight of its own"),
            instead: format!("set weights.{version} = {{ absent = true }}"),
        });
    }
    if weights.len() > 1 {
        let versions: Vec<&str> = weights.iter().map(|(version, _)| version.as_str()).collect();
        return Err(NoWay {
            why: format!("an alias has one more version, and these would be {}", versions.join(" and ")),
            instead: "take the weight of the others away: weights.VERSION = { absent = true }".to_owned(),
        });
    }
    if edit(&change.edits, "version").is_some_and(|edit| edit.to.is_none()) {
        return Err(NoWay { why: "an alias stands for a version".to_owned(), instead: String::new() });
    }
    one_call(change)
}

/// The weights after a change.
fn weights(change: &Change, live: &Live) -> Vec<(String, Value)> {
    let mut all: std::collections::BTreeMap<String, Value> = live
        .settings
        .iter()
        .filter_map(|(key, setting)| Some((key.strip_prefix("weights.")?.to_owned(), setting.value()?.clone())))
        .collect();
    for edit in &change.edits {
        let Some(version) = edit.setting.strip_prefix("weights.") else { continue };
        match &edit.to {
            Some(value) => drop(all.insert(version.to_owned(), value.clone())),
            None => drop(all.remove(version)),
        }
    }
    all.into_iter().collect()
}

fn by_hand(hop: &Hop, aws: &str) -> String {
    let (function, alias) = hop.at.path().split_once('/').unwrap_or_default();
    let mut line =
        format!("{aws} lambda update-alias --function-name {} --name {}", shell_word(function), shell_word(alias));
    if let Some(Value::String(version)) = edit(&hop.edits, "version").and_then(|edit| edit.to.as_ref()) {
        line.push_str(&format!(" --function-version {}", shell_word(version)));
    }
    let shares: Vec<String> = hop
        .edits
        .iter()
        .filter_map(|edit| Some(format!("{:?}:{}", edit.setting.strip_prefix("weights.")?, edit.to.as_ref()?)))
        .collect();
    let routed = hop.edits.iter().any(|edit| edit.setting.starts_with("weights."));
    if routed {
        let config = format!("{{\"AdditionalVersionWeights\":{{{}}}}}", shares.join(","));
        line.push_str(&format!(" --routing-config {}", shell_word(&config)));
    }
    line
}

#[cfg(test)]
mod tests {
    use opsctl_api::{Edit, LiveSetting};

    use super::*;

    #[test]
    fn test_a_canary_becomes_the_version_only_without_its_weight() {
        let mut live = Live::new("aws:lambda-alias/edge/live".parse().unwrap());
        let share = Value::Number(0.1);
        live.settings.insert("version".to_owned(), LiveSetting::is(Value::String("6".into()), "6".into()));
        live.settings.insert("weights.7".to_owned(), LiveSetting::is(share.clone(), 0.1.into()));
        let (from, to) = (Some(Value::String("6".into())), Some(Value::String("7".into())));
        let version = Edit { setting: "version".to_owned(), from, to };
        let weight = Edit { setting: "weights.7".to_owned(), from: Some(share), to: None };
        let hops = |edits: Vec<Edit>| hops(&Change { at: live.at.clone(), edits }, &live);
        assert_eq!(hops(vec![version.clone()]).unwrap_err().instead, "set weights.7 = { absent = true }");
        assert_eq!(hops(vec![version, weight]).unwrap().len(), 1);
    }
}
