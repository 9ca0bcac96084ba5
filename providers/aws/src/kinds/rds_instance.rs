use opsctl_api::{Change, Hop, Kind, Live, NoWay, Segment, Setting, Type, Value, shell_word};

use super::{Served, after, alone, edit, hop};

#[cfg(feature = "live")]
mod classes;
#[cfg(feature = "live")]
mod live;
#[cfg(feature = "live")]
mod pending;
#[cfg(feature = "live")]
mod snapshots;

pub(super) const SERVED: Served = Served {
    kind: Kind {
        name: "rds-instance",
        doc: "An RDS database instance. AWS compares nothing: who changes it right before is overwritten.",
        path: &[Segment::One("ID")],
        settings: &[
            Setting::new(
                "class",
                Type::String,
                "Its instance class, such as db.r6g.large. A change restarts it at once; refused while other modifications are pending, \
                 which the same call would make.",
            )
            .restarts()
            .read_with(&["running"]),
            Setting::new(
                "promoted",
                Type::Bool,
                "Whether it stands by itself and is no read replica. A promoted replica follows its source no more; to be \
                 promoted restarts it.",
            )
            .restarts()
            .read_with(&["running"])
            .one_way(),
            Setting::new(
                "running",
                Type::Bool,
                "Whether it runs. AWS starts a stopped one by itself after seven days, and stops none that is or has a read replica.",
            )
            .power()
            .read_with(&["promoted"]),
            Setting::new(
                "snapshot_age",
                Type::Duration,
                "How old its newest available snapshot is, automated or manual. Absent where there is none.",
            )
            .observed(),
        ],
        confines: None,
        rate: None,
    },
    hops,
    batch: alone,
    by_hand,
    #[cfg(feature = "live")]
    calls: live::CALLS,
};

/// It takes changes only while it runs, one at a time.
fn hops(change: &Change, live: &Live) -> Result<Vec<Hop>, NoWay> {
    let runs = live.value("running") != Some(&Value::Bool(false));
    let starts = edit(&change.edits, "running").filter(|edit| edit.to == Some(Value::Bool(true)));
    let stops = edit(&change.edits, "running").filter(|edit| edit.to == Some(Value::Bool(false)));
    let others = || change.edits.iter().filter(|edit| edit.setting != "running");
    if others().next().is_some() && !runs && starts.is_none() {
        return Err(NoWay {
            why: "a stopped instance takes no other change than to be started".to_owned(),
            instead: "set running = true, too".to_owned(),
        });
    }
    // (<https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_StopInstance.html>)
    if stops.is_some() && after(change, live, "promoted") == Some(&Value::Bool(false)) {
        return Err(NoWay {
            why: "AWS stops no read replica".to_owned(),
            instead: "set promoted = true, too, or leave it running".to_owned(),
        });
    }
    if edit(&change.edits, "promoted").is_some_and(|edit| edit.to != Some(Value::Bool(true))) {
        return Err(NoWay {
            why: "a promoted replica follows its source no more".to_owned(),
            instead: "make a new replica".to_owned(),
        });
    }
    // A replica is promoted before anything else becomes of it.
    let rank = |setting: &str| if setting == "promoted" { 0 } else { 1 };
    let mut others: Vec<_> = others().cloned().collect();
    others.sort_by_key(|edit| rank(&edit.setting));
    let all = starts.cloned().into_iter().chain(others).chain(stops.cloned());
    Ok(all.map(|edit| hop(change, vec![edit])).collect())
}

fn by_hand(hop: &Hop, aws: &str) -> String {
    let id = shell_word(hop.at.path());
    let calls: Vec<String> = hop
        .edits
        .iter()
        .map(|edit| match (edit.setting.as_str(), &edit.to) {
            ("running", Some(Value::Bool(true))) => format!("{aws} rds start-db-instance --db-instance-identifier {id}"),
            ("running", _) => format!("{aws} rds stop-db-instance --db-instance-identifier {id}"),
            ("promoted", _) => format!("{aws} rds promote-read-replica --db-instance-identifier {id}"),
            (_, to) => {
                let class = to.as_ref().and_then(Value::as_str).unwrap_or_default();
                format!(
                    "{aws} rds modify-db-instance --db-instance-identifier {id} --db-instance-class {} --apply-immediately",
                    shell_word(class)
                )
            }
        })
        .collect();
    calls.join(" && ")
}

#[cfg(test)]
mod tests {
    use opsctl_api::{Edit, LiveSetting};

    use super::*;

    #[test]
    fn test_a_replica_is_stopped_only_once_it_is_promoted() {
        let mut live = Live::new("aws:rds-instance/west".parse().unwrap());
        for (setting, on) in [("promoted", false), ("running", true)] {
            live.settings.insert(setting.to_owned(), LiveSetting::is(Value::Bool(on), on.into()));
        }
        let edit = |setting: &str, from: bool| Edit {
            setting: setting.to_owned(),
            from: Some(Value::Bool(from)),
            to: Some(Value::Bool(!from)),
        };
        let hops = |edits: &[Edit]| hops(&Change { at: live.at.clone(), edits: edits.to_vec() }, &live);
        assert!(hops(&[edit("running", true)]).unwrap_err().why.contains("replica"));
        let both = hops(&[edit("promoted", false), edit("running", true)]).unwrap();
        let order: Vec<&str> = both.iter().map(|hop| hop.edits[0].setting.as_str()).collect();
        assert_eq!(order, ["promoted", "running"]);
    }
}
